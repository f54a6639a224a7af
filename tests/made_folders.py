"""Folders of small photographs, bad ones among them, and settings of seconds."""

from pathlib import Path
from typing import Any

import numpy as np
from made_inputs import write_picture
from PIL import Image

import tf_style
from tf_style.settings.config import Config

SAMPLES = Path(tf_style.__file__).parent / "samples"
SMALL = {"network": "vgg16", "image_size": 64, "precision": "float32", "style_loss": "gram",
         "style_layers": "block1_conv1,block2_conv1", "content_layers": "block2_conv1",
         "deterministic": True, "level_steps": (4,)}
BAD = {"text.jpg": b"this is no picture", "empty.png": b"",
       "truncated.png": b"\x89PNG\r\n\x1a\n" + bytes(30)}


def small(**options: Any) -> Config:
  """Settings of a picture in a second."""
  return Config.of(**SMALL | options)


def small_flags(**options: Any) -> list[str]:
  """The same as flags."""
  text = lambda value: ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
  return [f"--{name}={text(value)}" for name, value in (SMALL | options).items()]


def crop(number: int) -> Image.Image:
  """A part of a sample photograph, 48 to 64 pixels a side, another one for each number."""
  rng = np.random.default_rng(number)
  name = ("photo.jpg", "cat.jpg", "waves.jpg", "glass.jpg")[number % 4]
  with Image.open(SAMPLES / name) as image:
    image.draft("RGB", (256, 256))
    image = image.convert("RGB")
  image.thumbnail((256, 256))
  width, height = (int(rng.integers(48, 65)) for _ in range(2))
  left, top = int(rng.integers(image.width - width)), int(rng.integers(image.height - height))
  return image.crop((left, top, left + width, top + height))


# What is painted of the pictures of `write_inputs`.
GOOD = ["00.png", "01.jpg", "03.png", "04.jpg", "below/02.png", "below/05.png"]


def write_inputs(folder: Path) -> None:
  """Writes six photographs and two bad files in `photos`, and a style."""
  write_folder(folder / "photos", 6, 2)
  write_picture(folder / "style.png", 60, 50, seed=9)


def write_folder(folder: Path, good: int, bad: int = 0) -> Path:
  """Writes photographs, each third in a folder below, and files that are none."""
  (folder / "below").mkdir(parents=True)
  for number in range(good):
    place = folder / "below" if number % 3 == 2 else folder
    crop(number).save(place / f"{number:02d}{('.png', '.jpg', '.bmp')[number % 3]}")
  for name, data in list(BAD.items())[:bad]:
    (folder / name).write_bytes(data)
  return folder


def results(folder: Path) -> dict[str, bytes]:
  """The files below a folder, hidden ones too, by their names."""
  return {path.relative_to(folder).as_posix(): path.read_bytes()
          for path in sorted(folder.rglob("*")) if path.is_file()}
