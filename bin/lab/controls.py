"""The README's sheet of the artists' controls, of the samples; `bin/figures controls` makes it."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, ImageDraw

import tf_style
from tf_style.pictures import images, sheet
from tf_style.repaint.painter import Painter
from tf_style.settings.config import Config
from tf_style.vgg.extractor import Extractors
from tf_style.vgg.weights import load_weights

SAMPLES = Path(tf_style.__file__).parent / "samples"
COLUMNS, WIDTH_PX, HEIGHT_PX = 6, 200, 133
ALL = {"optimizer": "lbfgs", "effort": "draft", "image_size": 200}


class Job(NamedTuple):
  """One picture of the sheet: its flags, and the samples that it is made of."""

  flags: dict[str, Any]
  content: str | None = "photo"
  styles: tuple[str, ...] = ("glass",)
  masks: tuple[Image.Image | None, list[Image.Image] | None] = (None, None)

  @property
  def caption(self) -> str:
    given = {**self.flags, **{name: "..." for name, mask in
                              zip(("content_mask", "style_mask"), self.masks, strict=True) if mask}}
    return " ".join(f"{name}={value}" for name, value in given.items())


def cup(inside: str, outside: str) -> Image.Image:
  """Draws a mask of the sample photograph: cup and saucer, and the table around them."""
  mask = Image.new("RGB", (600, 400), outside)
  draw = ImageDraw.Draw(mask)
  for box in ((75, 57, 483, 387), (172, 17, 422, 210)):
    draw.ellipse(box, inside)
  return mask


def flat(color: str) -> Image.Image:
  return Image.new("RGB", (8, 8), color)


def jobs() -> list[Job]:
  both = ("style", "glass")
  return [
      Job({}),
      Job({"content_weight": 0.064}),
      Job({"color": "content"}),
      Job({"color": "luminance"}),
      Job({"color": "match"}),
      Job({"strength": 0.5}),
      Job({}, styles=("style",)),
      Job({"style_blend": "0.5,0.5"}, styles=both),
      Job({}, styles=both, masks=(cup("red", "blue"), [flat("red"), flat("blue")])),
      Job({"mask_keep": "000000"}, styles=("style",), masks=(cup("black", "white"), None)),
      Job({"style_scale": 0.5}, styles=("style",)),
      Job({"style_scale": 2}, styles=("style",)),
      Job({"style_layers": "shallow"}, "cat", ("waves",)),
      Job({}, "cat", ("waves",)),
      Job({"style_layers": "deep"}, "cat", ("waves",)),
      Job({"tv_weight": 20}, "cat", ("waves",)),
      Job({"output_size": "200x133"}, None, ("waves",)),
      Job({"content_layers": "block4_conv2"}, "cat", ()),
  ]


def made(job: Job, network: Extractors) -> np.ndarray:
  """Makes a picture and prints a row of the table."""
  path = lambda name: name and SAMPLES / f"{name}.jpg"
  with Painter([*map(path, job.styles)], Config.of(**{**ALL, **job.flags}),
               style_mask=job.masks[1], network=network) as paint:
    result = paint(path(job.content), content_mask=job.masks[0])
  pictures = " + ".join(filter(None, (job.content, *job.styles)))
  print(f"| {pictures} | {job.caption} | {result.losses['total']:.2f} | {result.seconds:.0f} "
        f"| {network.weights.network.name} | {network.weights.checksum[:12]} |", flush=True)
  return result.picture


def draw() -> Image.Image:
  """Returns the sheet; prints what each picture took."""
  print("| pictures | flags | loss | seconds | network | weights |\n|---|---|---|---|---|---|")
  network = Extractors(load_weights("vgg19"))
  cells: list[sheet.Cell] = [(job.caption or "the default", made(job, network)) for job in jobs()]
  rows = [cells[start:start + COLUMNS] for start in range(0, len(cells), COLUMNS)]
  return Image.fromarray(images.to_uint8(sheet.contact_sheet(rows, HEIGHT_PX, WIDTH_PX)))
