"""What two workers of one core each gain over one, and what is lost where a machine dies."""

import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from bench_tools import SAMPLES, Bench, in_turns, ratio, show_table

from tf_style.many.folders import make_setup
from tf_style.many.items import Item
from tf_style.many.setup import Setup
from tf_style.many.workers import Workers
from tf_style.pictures import images
from tf_style.settings.config import Config

_PICTURES = 6


def measure(bench: Bench) -> dict[str, Any]:
  """Measures and prints all of this section, and returns it for JSON."""
  os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
  os.environ.setdefault("RAY_worker_niceness", "0")  # as other programs have it
  size, steps = (64, 2) if bench.quick else (128, 20)
  config = Config.of(network=bench.weights.network.name, image_size=size, steps=steps, levels=1)
  setup = make_setup([str(SAMPLES / "style.jpg")], [], config)
  with tempfile.TemporaryDirectory() as folder:
    items = write_items(Path(folder), 4 if bench.quick else _PICTURES, size)
    gain = speed_up(setup, items, bench.rounds)
    lost = killed_node(setup, items)
  show_table(f"{len(items)} pictures of {size} px, {steps} steps each", [
      "two workers over one", "seconds a picture, one worker",
      "seconds lost to a node that was killed", "pictures begun anew"], [
      [gain["ratio"], gain["seconds_a_picture"], lost["seconds"], lost["begun_anew"]]])
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
  ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
  workers = Workers(setup, 2, None)
  try:
    seconds = in_turns({
        "two": lambda: list(workers.results(items, None)),
        "one": lambda: [list(workers.results([item], None)) for item in items]}, rounds).seconds
  finally:
    workers.close()
    ray.shutdown()
  return {"ratio": ratio(seconds, "one", "two"),
          "seconds_a_picture": float(np.median(seconds["one"])) / len(items)}


def killed_node(setup: Setup, items: list[Item]) -> dict[str, float]:
  """Kills one node of two on loopback, and compares the rest with what one node takes for it.

  The seconds lost are those from the kill to the end, less what the other node takes for as many
  pictures as were left: the time until the death is seen, and the work that was in the node.
  """
  from ray.cluster_utils import Cluster
  cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
  try:
    node = cluster.add_node(num_cpus=1)
    workers = Workers(setup, None, cluster.address)
    list(workers.results(items[:4], None))  # both are warm
    kill_at, times = len(items) // 4, [time.perf_counter()]
    for number, _ in enumerate(workers.results(items, None), start=1):
      times.append(time.perf_counter())
      if number == kill_at:
        cluster.remove_node(node, allow_graceful=False)
        killed = time.perf_counter()
    begun_anew = sum(workers._tries.values())
    one = float(np.median([each for item in items for each in timed(workers, item)]))
    workers.close()
  finally:
    cluster.shutdown()
  left = len(items) - kill_at
  return {"seconds": times[-1] - killed - left * one, "begun_anew": begun_anew}


def timed(workers: Workers, item: Item) -> Iterator[float]:
  """Yields the seconds of an item alone."""
  start = time.perf_counter()
  for _ in workers.results([item], None):
    yield time.perf_counter() - start
