"""What a folder takes from its second picture on, beside the steps, or beside the network alone."""

import tempfile
import time
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from bench_tools import SAMPLES, Bench, show_table

from tf_style.many.folders import make_job, make_setup
from tf_style.many.here import Here
from tf_style.many.items import Item
from tf_style.many.job import OnItem
from tf_style.many.setup import Setup
from tf_style.many.stamps import Stamps
from tf_style.many.tasks import Painted
from tf_style.pictures import images
from tf_style.settings.config import Config


class Watched(Here):
  """Remembers how long each picture took: its steps, or the network alone."""

  def __init__(self, setup: Setup):
    super().__init__(setup)
    self.seconds: list[float] = []
    if (style := self._painter._learned) is not None:
      paint = style.paint

      def timed(*given: Any) -> np.ndarray:
        start = time.perf_counter()
        picture = paint(*given)
        self.seconds.append(time.perf_counter() - start)
        return picture

      style.paint = timed  # type: ignore[method-assign]

  def results(self, items: Sequence[Item], on_step: OnItem | None,
              ) -> Generator[tuple[Item, Stamps, Painted], None, None]:
    for item, stamps, painted in super().results(items, on_step):
      if painted.losses:
        self.seconds.append(painted.descent_s)
      yield item, stamps, painted


def measure(bench: Bench) -> dict[str, Any]:
  """Measures and prints all of this section, and returns it for JSON."""
  size, count = (64, 3) if bench.quick else (256, 4)
  steps = {"steps": 2, "levels": 1} if bench.quick else {"effort": "draft"}
  config = Config.of(network=bench.weights.network.name, image_size=size, **steps)
  with tempfile.TemporaryDirectory() as folder:
    write_folder(Path(folder, "photos"), count, size)
    repaint = make_setup([str(SAMPLES / "style.jpg")], [], config)
    learned = make_setup([], [], Config.of(image_size=size), model="oil")
    found = {name: shares(*watched(Path(folder), name, setup))
             for name, setup in (("repaint", repaint), ("learned", learned))}
  show_table(f"A folder of {count} pictures of {size} px, from the second on", [
      "way", "seconds a picture", "of the steps, or the network alone", "share of the rest"],
      [[way, *row.values()] for way, row in found.items()])
  return found


def write_folder(folder: Path, count: int, size: int) -> None:
  photo = images.load_picture(SAMPLES / "photo.jpg", size).rgb
  folder.mkdir()
  for index in range(count):
    images.save_picture(folder / f"{index}.jpg", np.roll(photo, 17 * index, 2))


def watched(folder: Path, output: str, setup: Setup) -> tuple[list[float], list[float]]:
  """Paints a folder; returns the seconds of each picture, and those of its steps or network."""
  job = make_job([str(folder / "photos")], setup, output=str(folder / output), content_mask=None,
                 logdir=folder / "logs")
  source, times = Watched(setup), [time.perf_counter()]
  for item in job.run(lambda: source):
    assert not item.error, item.error
    times.append(time.perf_counter())
  return np.diff(times).tolist(), source.seconds


def shares(seconds: list[float], alone: list[float]) -> dict[str, float]:
  """Returns medians from the second picture on, and the share of what is not `alone`."""
  rest = [1 - part / whole for whole, part in zip(seconds[1:], alone[1:], strict=True)]
  return {"seconds": float(np.median(seconds[1:])), "alone": float(np.median(alone[1:])),
          "rest": float(np.median(rest))}
