"""Seconds of a step by tiles beside a whole one's, and what pictures too large for memory take."""

import dataclasses
from typing import Any

from bench_startup import run_stages
from bench_steps import config_of
from bench_tools import Bench, OneLevel, in_turns, medians, ratio, sample_pair, show_table

from tf_style.problem import tiles
from tf_style.vgg.network import NETWORKS

_TILE = 1024
# Pictures, and the tiles with which a step in float32 stays below 3 and 8 GB.
_LARGE = {"4096x3072": 512, "8192x6144": 1024}


def measure(bench: Bench) -> dict[str, Any]:
  """Measures and prints all of this section, and returns it for JSON."""
  found = {"in_turns": beside_whole(bench)}
  bench.keep("tiles", found)
  for size, tile in ({"160": 32} if bench.quick else _LARGE).items():
    found[size] = full_step(bench, size, tile)
    bench.keep("tiles", found)
  return found


def beside_whole(bench: Bench) -> dict[str, Any]:
  """Seconds of steps of the default objective at a size where both fit."""
  height, width, tile = (192, 256, 32) if bench.quick else (1536, 2048, _TILE)
  content, style = sample_pair(height, width)
  plain = config_of(bench.weights, bench.precision)
  whole, tiled = "whole", f"tiles of {tile}"
  make = lambda size: OneLevel(
      bench.weights, dataclasses.replace(plain, tile_size=size), content, style)
  seconds = in_turns({whole: make(0).step, tiled: make(tile).step}, min(bench.rounds, 3)).seconds
  middle, times = medians(seconds), ratio(seconds, tiled, whole)
  windows = tiles.plan_windows(height, width, tile, NETWORKS[plain.network],
                               plain.layers)
  network = bench.weights.network.name
  show_table(f"A step by tiles, {width}x{height}, {network}, {bench.precision}, Adam",
             ["step", "seconds", "of a whole one's", "of its work"],
             [[whole, middle[whole], 1.0, 1.0],
              [tiled, middle[tiled], times, tiles.forward_passes(windows) / 2]])
  return {"size": [width, height], "seconds": seconds, "ratio": times}


def full_step(bench: Bench, size: str, tile: int) -> dict[str, float]:
  """Seconds and peak of memory of a run of one step, with its start and the look at its result."""
  longest = size.split("x")[0]
  stages = run_stages(1, False, f"--image_size={longest}", "--levels=1", "--optimizer=adam",
                      "--style_scale=0.25", f"--tile_size={tile}")
  step, end = stages["first step, with its graph"], stages["last look"]
  found = {"step_seconds": step[0] - stages["targets"][0], "seconds": end[0], "peak": end[1]}
  show_table(f"One step of Adam by tiles of {tile}, {size}, {bench.precision}",
             ["seconds of the step", "of all, targets and last look", "peak, GB"],
             [[found["step_seconds"], found["seconds"], found["peak"] / 1e9]])
  return found
