"""Seconds from the command to the end of its first step, taken apart."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from bench_tools import SAMPLES, Bench, show_table

PAIR = (f"--content={SAMPLES / 'photo.jpg'}", f"--style={SAMPLES / 'style.jpg'}")
LAST = "first step, with its graph"


def run_stages(steps: int, grafts: bool, *flags: str) -> dict[str, list[float]]:
  """Runs `bench_stages` on the sample pair; returns seconds and peak of memory by stage."""
  paths = [str(SAMPLES.parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])]
  environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
  command = [sys.executable, Path(__file__).with_name("bench_stages.py"), str(time.time()),
             str(steps), str(int(grafts)), *PAIR, *flags]
  done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
  return json.loads(done.stdout.splitlines()[-1])


def measure(bench: Bench) -> dict[str, Any]:
  """Measures and prints all of this section, and returns it for JSON."""
  size = 64 if bench.quick else 512
  runs = [run_stages(1, False, f"--image_size={size}") for _ in range(bench.rounds)]
  runs = runs[1:] or runs  # the first reads from the disk what later ones find in memory
  stages = list(runs[0])[:list(runs[0]).index(LAST) + 1]
  ends = np.array([[run[stage][0] for stage in stages] for run in runs])
  each = np.median(np.diff(ends, axis=1, prepend=0), axis=0).tolist()
  seconds = dict(zip(stages, each, strict=True))
  seconds["all of it"] = float(np.median(ends[:, -1]))
  show_table(f"Start-up of a default run at {size} px", ["stage", "seconds"],
             [[stage, f"{value:.2f}"] for stage, value in seconds.items()])
  return {"size": size, "seconds": seconds}
