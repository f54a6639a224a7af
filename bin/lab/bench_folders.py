"""What a folder takes from its second picture on, beside the steps, or beside the network alone.

A repaint ends with the losses of the picture as it is written, in float32: an evaluation as each
step is one, of which the table says what it takes.
"""

import tempfile
import time
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from bench_tools import SAMPLES, Bench, show_table, timed

from tf_style.many.folders import make_job, make_setup
from tf_style.many.here import Here
from tf_style.many.items import Item
from tf_style.many.job import OnItem
from tf_style.many.setup import Setup
from tf_style.many.stamps import Stamps
from tf_style.many.tasks import Painted
from tf_style.pictures import images
from tf_style.problem.problem import Problem
from tf_style.settings.config import Config


class Watched(Here):
  """Remembers how long each picture's steps took, or how long the network takes with no other work.

  Attributes:
    seconds: of these, one a picture.
    looks: of the losses of written pictures.
  """

  def __init__(self, setup: Setup):
    super().__init__(setup)
    self.seconds: list[float] = []
    self.looks: list[float] = []

  def results(self, items: Sequence[Item], on_step: OnItem | None,
              ) -> Generator[tuple[Item, Stamps, Painted], None, None]:
    for item, stamps, painted in super().results(items, on_step):
      if painted.losses:
        self.seconds.append(painted.descent_s)
      yield item, stamps, painted
    if (style := self._painter._learned) is not None:
      paint = timed(style.paint, self.seconds)
      for item in items:
        paint(images.load_picture(item.content))


def measure(bench: Bench) -> dict[str, Any]:
  """Measures and prints all of this section, and returns it for JSON."""
  size, count = (64, 3) if bench.quick else (256, 8)
  steps = {"steps": 2, "levels": 1} if bench.quick else {}
  config = Config.of(network=bench.weights.network.name, image_size=size, **steps)
  draft = Config.of(network=bench.weights.network.name, image_size=size, effort="draft", **steps)
  with tempfile.TemporaryDirectory() as folder:
    write_folder(Path(folder, "photos"), count, size)
    repaint, drafts = (make_setup([str(SAMPLES / "style.jpg")], [], each)
                       for each in (config, draft))
    learned = make_setup([], [], Config.of(image_size=size), model="oil")
    found = {name: shares(*watched(Path(folder), name, setup))
             for name, setup in (("repaint", repaint), ("draft", drafts), ("learned", learned))}
  show_table(f"A folder of {count} pictures of {size} px, from the second on", [
      "way", "seconds a picture", "of the steps, or the network alone", "share of all else",
      "of which the losses of the written picture"],
      [[way, *row.values()] for way, row in found.items()])
  return found


def write_folder(folder: Path, count: int, size: int) -> None:
  photo = images.load_picture(SAMPLES / "photo.jpg", size).rgb
  folder.mkdir()
  for index in range(count):
    images.save_picture(folder / f"{index}.jpg", np.roll(photo, 17 * index, 2))


def watched(folder: Path, output: str,
            setup: Setup) -> tuple[list[float], list[float], list[float]]:
  """Paints a folder; returns the seconds of pictures, of steps or network, and of last looks."""
  job = make_job([str(folder / "photos")], setup, output=str(folder / output), content_mask=None,
                 logdir=folder / "logs")
  source, times = Watched(setup), [time.perf_counter()]
  with mock.patch.object(Problem, "value", timed(Problem.value, source.looks)):
    for item in job.run(lambda: source):
      assert not item.error, item.error
      times.append(time.perf_counter())
  return np.diff(times).tolist(), source.seconds, source.looks


def shares(seconds: list[float], alone: list[float], looks: list[float]) -> dict[str, float]:
  """Returns medians from the second picture on, and the shares of what is not `alone`."""
  looks = looks or [0.0] * len(seconds)
  whole, part, look = (np.asarray(each[1:len(seconds)]) for each in (seconds, alone, looks))
  return {"seconds": float(np.median(whole)), "alone": float(np.median(part)),
          "rest": float(1 - np.median(part) / np.median(whole)),
          "look": float(np.median(look) / np.median(whole))}
