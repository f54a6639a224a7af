"""Films made of pictures: a folder of numbered frames, an animated GIF, WebP or PNG."""

import os
import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
from PIL import Image, ImageSequence

from tf_style.errors import InputError, expected, one_line
from tf_style.films.film import About, Colors, Frame
from tf_style.pictures import images

_COLORS = Colors(matrix=5, full=False)  # that a file made of them gets below the height of HD
_HD_COLORS = Colors(matrix=1, full=False)
_SHORTEST_MS = 20  # viewers show frames of GIFs that say less for a tenth of a second
_INSTEAD_MS = 100


class FrameFolder:
  """A folder of pictures, in the order of the numbers in their names; see `film.Film`."""

  def __init__(self, path: str, rate: Fraction, max_pixels: int = images.MAX_PIXELS):
    """Looks at the names, and at the first picture.

    Args:
      path: of the folder.
      rate: frames a second.
      max_pixels: larger pictures are refused.
    Raises:
      InputError: there are no pictures, or the first cannot be read.
    """
    self.path, self._max_pixels = path, max_pixels
    self._files = sorted(map(str, images.pictures_of(path, "--content")), key=_number)
    height, width = images.probe_size(self._files[0], max_pixels)
    self.about = About(
        height, width, Fraction(1), rate, 1 / rate, len(self._files),
        float(len(self._files) / rate), usual_colors(height))

  def frames(self, start: Fraction = Fraction(0)) -> Iterator[Frame]:
    """Yields the pictures from a time on; see `film.Film`."""
    step, size = 1 / self.about.rate, (self.about.height, self.about.width)
    for index, path in enumerate(self._files):
      if index * step < start:
        continue
      rgb = images.load_picture(path, None, self._max_pixels).rgb
      if rgb.shape[1:3] != size:
        raise InputError("--content: " + expected(
            f"frames of one size, {size[1]}x{size[0]}",
            f"{rgb.shape[2]}x{rgb.shape[1]} in {path}"))
      yield Frame(images.to_uint8(rgb), index * step, step)

  def lost(self) -> str:
    return ""


class Animation:
  """A GIF, WebP or PNG with several frames; what is transparent is seen over white."""

  def __init__(self, path: str):
    """Looks at the file's head.

    Raises:
      InputError: it cannot be read.
    """
    self.path, self._damage = path, ""
    try:
      with Image.open(path) as image:
        width, height = image.size
        frames, first = getattr(image, "n_frames", 1), _milliseconds(image)
    except Exception as error:  # of a damaged file Pillow raises anything
      raise InputError("--content: " + expected(
          "an animation that can be read", f"{path} ({one_line(error)})")) from error
    self.about = About(height, width, Fraction(1), Fraction(1000, first), Fraction(1, 1000), frames,
                       frames * first / 1000, usual_colors(height))

  def frames(self, start: Fraction = Fraction(0)) -> Iterator[Frame]:
    """Yields the frames from a time on; see `film.Film`."""
    time, number, self._damage = Fraction(0), 0, ""
    with Image.open(self.path) as image:
      try:
        for part in ImageSequence.Iterator(image):
          rgba = np.asarray(part.convert("RGBA"), np.float32)
          duration = Fraction(_milliseconds(part), 1000)
          if time >= start:
            alpha = rgba[..., 3:] / 255
            yield Frame(np.uint8(rgba[..., :3] * alpha + 255 * (1 - alpha) + 0.5), time, duration)
          time, number = time + duration, number + 1
      except (OSError, SyntaxError, ValueError, EOFError):
        self._damage = f"{self.path} ends after {number} of {self.about.frames} frames"

  def lost(self) -> str:
    return self._damage


def usual_colors(height: int) -> Colors:
  """Returns how films of a height are usually encoded."""
  return _HD_COLORS if height >= 720 else _COLORS


def is_animated(path: str | os.PathLike[str]) -> bool:
  """Says whether a file is a picture with several frames."""
  try:
    with Image.open(path) as image:
      return image.format in ("GIF", "WEBP", "PNG") and getattr(image, "n_frames", 1) > 1
  except Exception:  # it is no picture, or a damaged one
    return False


def _number(path: str) -> tuple[int, str]:
  """Returns what files are sorted by: the last number in the name, then the name."""
  numbers = re.findall(r"\d+", Path(path).stem)
  return int(numbers[-1]) if numbers else -1, path


def _milliseconds(image: Image.Image) -> int:
  given = round(float(image.info.get("duration", _INSTEAD_MS) or 0))
  return given if given >= _SHORTEST_MS else _INSTEAD_MS
