"""The sheet of controls by place, of samples and drawings; `bin/figures placed` makes it."""

import functools
from typing import Any, NamedTuple

import controls
import numpy as np
import pairs
from PIL import Image, ImageDraw

from tf_style.pictures import images, sheet
from tf_style.repaint.painter import Painter
from tf_style.repaint.result import Result
from tf_style.settings.config import Config
from tf_style.vgg.extractor import Extractors
from tf_style.vgg.weights import load_weights

COLUMNS, WIDTH_PX, HEIGHT_PX = 4, 240, 190
ALL = {"optimizer": "lbfgs", "effort": "draft", "image_size": 176}
SKY, GROUND, MOON = "#0000ff", "#00ff00", "#ffff00"


class Job(NamedTuple):
  """One picture of the sheet: its flags, its samples, its maps and masks, and what is shown."""

  caption: str
  flags: dict[str, Any]
  content: str | None = "photo"
  style: str = "glass"
  given: dict[str, Image.Image] = {}
  overlay: str = ""
  style_mask: Image.Image | None = None


def gradient() -> Image.Image:
  """Draws a map that is dark in the middle, where the cat's eyes are, and white around."""
  rows, columns = np.mgrid[-1:1:64j, -1:1:96j]
  far = np.clip(1.6 * np.hypot(rows, columns) - 0.3, 0, 1)
  return Image.fromarray(np.uint8(255 * far))


def doodle() -> Image.Image:
  """Draws a landscape of three colors: a sky with two moons, and hills."""
  mask = Image.new("RGB", (480, 320), SKY)
  draw = ImageDraw.Draw(mask)
  draw.ellipse((300, 40, 400, 140), MOON)
  draw.ellipse((80, 70, 130, 120), MOON)
  draw.polygon([(0, 250), (120, 180), (250, 260), (380, 200), (480, 240), (480, 320), (0, 320)],
               GROUND)
  return mask


def parts() -> Image.Image:
  """Draws the same three colors over the sample painting."""
  mask = Image.new("RGB", (300, 220), SKY)
  draw = ImageDraw.Draw(mask)
  draw.rectangle((0, 150, 300, 220), GROUND)
  draw.ellipse((180, 60, 235, 110), MOON)
  return mask


def jobs() -> list[Job]:
  cup = controls.cup("white", "#181818").convert("L")
  return [
      Job("content_map=cup.png", {}, style="style", given={"content_map": cup}),
      Job("faces=2", {"faces": 2}, "hopper", "style"),
      Job("texture=0", {"texture": 0}),
      Job("guide=auto", {"guide": "auto"}),
      Job("its content_mask.png", {"guide": "auto"}, overlay="content_mask"),
      Job("stroke_direction=content", {"stroke_direction": "content"}, "cat", "waves"),
      Job("its directions.png", {"stroke_direction": "content"}, "cat", "waves",
          overlay="directions"),
      Job("style_scale_map=middle.png", {"style_scale": 1.5}, "cat", "style",
          given={"style_scale_map": gradient()}),
      Job("tileable, four of them", {"tileable": True, "output_size": "160x112"}, None, "waves"),
      Job("doodle.png, painted", {"output_size": "224x144"}, None, "style",
          given={"content_mask": doodle()}, style_mask=parts()),
      Job("output_size=240x120", {"output_size": "240x120"}, style="style"),
      Job("and fit=extend", {"output_size": "240x120", "fit": "extend"}, style="style")]


def made(job: Job, network: Extractors) -> np.ndarray:
  """Makes a picture [1, H, W, 3] and prints what it took."""
  result = _result(job._replace(overlay=""), network) if not job.overlay else None
  if result is None:
    with Painter(source(job.style), Config.of(**ALL | job.flags), network=network) as paint:
      return paint.plan(source(job.content)).overlays[job.overlay]
  print(f"{job.caption}: {result.seconds:.0f} s, {network.weights.network.name} "
        f"{network.weights.checksum[:12]}", flush=True)
  return np.tile(result.picture, (1, 2, 2, 1)) if job.flags.get("tileable") else result.picture


def _result(job: Job, network: Extractors) -> Result:
  with Painter(source(job.style), Config.of(**ALL | job.flags), style_mask=job.style_mask,
               network=network) as paint:
    return paint(source(job.content), **job.given)


@functools.cache
def source(name: str | None) -> Any:
  """Returns a sample's path, a drawing or photograph of `pairs`, or None."""
  path = None if name is None else controls.SAMPLES / f"{name}.jpg"
  return path if path is None or path.exists() else pairs.picture(str(name), 640, None)


def draw() -> Image.Image:
  """Returns the sheet."""
  network = Extractors(load_weights("vgg19"))
  cells: list[sheet.Cell] = [(job.caption, made(job, network)) for job in jobs()]
  rows = [cells[start:start + COLUMNS] for start in range(0, len(cells), COLUMNS)]
  return Image.fromarray(images.to_uint8(sheet.contact_sheet(rows, HEIGHT_PX, WIDTH_PX)))
