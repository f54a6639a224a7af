"""Pictures in rows and columns, each with its caption under it, as one picture."""

import re
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from tf_style.pictures.encode import to_uint8
from tf_style.pictures.resize import resize

_FONT_PX, _LINE_PX, _MARGIN = 14, 18, 8
_PAPER, _BLANK, _INK = "white", "#e4e4e4", "black"

Cell = tuple[str, np.ndarray | None]


def contact_sheet(rows: Sequence[Sequence[Cell]], height: int, width: int) -> np.ndarray:
  """Returns rows of pictures with captions as one picture, [1, H, W, 3] float32 in [0, 1].

  Captions, of one line or several, are broken where they are wider than a picture; all cells are
  as high as the longest needs.

  Args:
    rows: of each cell the caption and the picture, [1, h, w, 3]; None leaves its place blank.
    height, width: of the places; a smaller picture is centered, a larger one shrunk.
  """
  font = ImageFont.load_default(_FONT_PX)
  captions = [[_broken(caption, font, width) for caption, _ in row] for row in rows]
  lines = max(caption.count("\n") + 1 for row in captions for caption in row)
  down, across = height + lines * _LINE_PX + _MARGIN, width + _MARGIN
  size = max(map(len, rows)) * across + _MARGIN, len(rows) * down + _MARGIN
  sheet = Image.new("RGB", size, _PAPER)
  draw = ImageDraw.Draw(sheet)
  for row, cells in enumerate(rows):
    for column, (_, picture) in enumerate(cells):
      left, top = _MARGIN + column * across, _MARGIN + row * down
      if picture is None:
        draw.rectangle((left, top, left + width - 1, top + height - 1), _BLANK)
      else:
        shown = _fitted(picture, height, width)
        sheet.paste(shown, (left + (width - shown.width) // 2,
                            top + (height - shown.height) // 2))
      for number, line in enumerate(captions[row][column].split("\n")):
        draw.text((left, top + height + number * _LINE_PX), line, _INK, font)
  return np.asarray(sheet, np.float32)[None] / np.float32(255)


def _fitted(picture: np.ndarray, height: int, width: int) -> Image.Image:
  size = picture.shape[1:3]
  if size[0] > height or size[1] > width:
    scale = min(height / size[0], width / size[1])
    picture = resize(picture, *(max(1, round(side * scale)) for side in size))
  return Image.fromarray(to_uint8(picture))


def _broken(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> str:
  """Breaks a text into lines of at most `width` pixels, if it can after blanks, commas or '='."""
  lines = []
  for given in text.split("\n"):
    line = ""
    for part in re.findall(r"[^ ,=]*[ ,=]|[^ ,=]+", given):
      if line and font.getlength((line + part).rstrip()) > width:
        lines.append(line)
        line = ""
      for letter in part:
        if line and font.getlength((line + letter).rstrip()) > width:
          lines.append(line)
          line = ""
        line += letter
    lines.append(line)
  return "\n".join(line.rstrip() for line in lines)
