"""What two workers of one core each gain over one, and what is lost where a machine dies."""

import collections
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from bench_tools import SAMPLES, Bench, in_turns, ratio, show_table

from tf_style.many.folders import make_setup
from tf_style.many.items import Item
from tf_style.many.setup import Setup
from tf_style.many.workers import Workers
from tf_style.pictures import images
from tf_style.settings.config import Config

_PICTURES, _OF_THEM_TIMED = 40, 6
_TRIES = 3  # to start a node, for which Ray has 30 seconds: too few on a busy machine
_QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_BACKEND_LOG_LEVEL": "fatal",
          "RAY_worker_niceness": "0"}  # the last as other programs have it

T = TypeVar("T")


def measure(bench: Bench) -> dict[str, Any]:
  """Measures and prints all of this section, and returns it for JSON."""
  for name, value in _QUIET.items():
    os.environ.setdefault(name, value)
  size, steps = (64, 2) if bench.quick else (128, 20)
  config = Config.of(network=bench.weights.network.name, image_size=size, steps=steps, levels=1)
  setup = make_setup([str(SAMPLES / "style.jpg")], [], config)
  with tempfile.TemporaryDirectory() as folder:
    items = write_items(Path(folder), 8 if bench.quick else _PICTURES, size)
    gain = speed_up(setup, items[:_OF_THEM_TIMED], bench.rounds)
    lost = killed_node(setup, items, gain["seconds_a_picture"])
  show_table(f"Pictures of {size} px, {steps} steps each, by workers of one core each", [
      "two workers over one", "seconds a picture, one worker", "pictures of the job with two nodes",
      "done once", "begun anew after a node was killed", "seconds lost to that"], [
      [gain["ratio"], gain["seconds_a_picture"], lost["pictures"], lost["done_once"],
       lost["begun_anew"], lost["seconds"]]])
  return {"speed_up": gain, "killed_node": lost}


def write_items(folder: Path, count: int, size: int) -> list[Item]:
  """Writes parts of the sample photograph."""
  photo = images.load_picture(SAMPLES / "photo.jpg").rgb
  for index in range(count):
    left = (photo.shape[2] - size) * index // count
    images.save_picture(folder / f"{index}.png", photo[:, :size, left:left + size])
  return [Item(path.name, str(path), 0, None) for path in sorted(folder.iterdir())]


def speed_up(setup: Setup, items: list[Item], rounds: int) -> dict[str, float]:
  """Times all pictures by two workers of one core each, and one after the other, in turns."""
  import ray
  started(lambda: ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False,
                           logging_level="ERROR"), ray.shutdown)
  workers = Workers(setup, 2, None)
  try:
    warm(workers, items)
    seconds = in_turns({
        "two": lambda: list(workers.results(items, None)),
        "one": lambda: [list(workers.results([item], None)) for item in items]}, rounds).seconds
  finally:
    workers.close()
    ray.shutdown()
  return {"ratio": ratio(seconds, "one", "two"),
          "seconds_a_picture": float(np.median(seconds["one"])) / len(items)}


def killed_node(setup: Setup, items: list[Item], one: float) -> dict[str, float]:
  """Kills one node of two on loopback in the middle of a job.

  The seconds lost are those from the kill to the end, less what the other node takes for as many
  pictures as were left: the time until the death is seen, and the work that was in the node.

  Args:
    setup, items: of the job.
    one: seconds that a node takes for a picture.
  """
  from ray.cluster_utils import Cluster
  cluster = Cluster()
  try:
    started(lambda: cluster.add_node(num_cpus=1))
    node = started(lambda: cluster.add_node(num_cpus=1))
    workers = Workers(setup, 2, cluster.address)
    warm(workers, items)
    found: collections.Counter[str] = collections.Counter()
    kill_at, killed = len(items) // 2, 0.0
    for number, (item, _, painted) in enumerate(workers.results(items, None), start=1):
      assert not painted.error, painted.error
      found[item.name] += 1
      if number == kill_at:
        cluster.remove_node(node, allow_graceful=False)
        killed = time.perf_counter()
    seconds = time.perf_counter() - killed - (len(items) - kill_at) * one
    begun_anew = sum(workers._tries.values())
    workers.close()
  finally:
    cluster.shutdown()
  return {"pictures": len(items), "done_once": sum(times == 1 for times in found.values()),
          "begun_anew": begun_anew, "seconds": seconds}


def started(start: Callable[[], T], undo: Callable[[], object] = lambda: None) -> T:
  """Returns what is started, at the third try at the latest."""
  for number in range(1, _TRIES):
    try:
      return start()
    except Exception as error:  # Ray has no kind of its own for it
      print(f"try {number}: {str(error).splitlines()[0]}", file=sys.stderr, flush=True)
      undo()
  return start()


def warm(workers: Workers, items: list[Item]) -> None:
  """Paints until both workers have painted, so that all are loaded and traced."""
  while len(workers._ready) < 2:
    list(workers.results(items[:1], None))
  list(workers.results(items[:4], None))
