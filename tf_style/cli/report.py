"""What is told about a run: the line before it, its summary, and what a picture file carries."""

import dataclasses
import math
import os
from pathlib import Path
from typing import Any

from tf_style.cli.progress import clock
from tf_style.problem import memory, tiles
from tf_style.repaint.plan import Plan
from tf_style.repaint.result import Result
from tf_style.settings.config import Config
from tf_style.system import machine
from tf_style.vgg.network import NETWORKS


def plan_line(plan: Plan) -> str:
  """Returns a line that says what is about to happen: sizes, device, precision, memory, time."""
  config = plan.config
  sizes = " -> ".join(f"{level.width}x{level.height}" for level in plan.levels)
  steps = sum(level.steps for level in plan.levels)
  largest = plan.levels[-1]
  needed = memory.estimate(config, largest.height, largest.width, plan.num_regions, plan.device)
  return (f"{sizes}, {steps} steps of {config.optimizer} on {plan.device.strip('/')} in "
          f"{config.precision}, {plan.weights.source}; about {needed / 1e9:.1f} GB of memory; "
          f"about {clock(estimated_seconds(plan))} at this machine's rate of convolution")


def estimated_seconds(plan: Plan) -> float:
  """Returns the seconds a run takes: a step's forward passes at 70 % of the rate that is measured now.

  Each level's graph takes about two seconds to build.
  """
  config = plan.config
  network, layers = NETWORKS[config.network], config.content_layers + config.style_layers
  pixels = 0.0
  for height, width, steps in plan.levels:
    windows = tiles.plan_windows(height, width, int(config.tile_size), network, layers)
    pixels += height * width * steps * tiles.forward_passes(windows)
  rate = machine.convolution_rate(plan.device, config.precision)
  operations = network.operations(network.deepest(layers).name)
  return operations * pixels / (0.7 * rate) + 2 * len(plan.levels)


def summary(result: Result, output: Path, peak_memory: int) -> dict[str, Any]:
  """Returns the record of a finished run, fit for JSON.

  Args:
    result: the run.
    output: the picture that was written.
    peak_memory: bytes of main memory.
  """
  plan, steps = result.plan, len(result.history["total"])
  return {
      **_origin(plan),
      "device": plan.device,
      "levels": [level._asdict() for level in plan.levels],
      "losses": _plain(result.losses),
      "steps": steps,
      "stopped": result.stopped,
      "failed": result.failed,
      "faults": result.faults,
      "seconds": round(result.seconds, 3),
      "seconds_a_step": round(result.seconds / max(steps, 1), 5),
      "peak_memory_bytes": peak_memory,
      "output": output.name,
      "notes": list(plan.notes)}


def picture_metadata(plan: Plan, losses: dict[str, float]) -> dict[str, Any]:
  """Returns what a picture file says of its making: no paths, for pictures are passed on."""
  return {**_origin(plan), "losses": _plain(losses)}


def _origin(plan: Plan) -> dict[str, Any]:
  config = plan.config.as_dict()
  return {
      "configuration": config | {"weights": os.path.basename(config["weights"])},
      "versions": machine.versions(),
      "weights": {"source": plan.weights.source, "checksum": plan.weights.checksum,
                  "licence": plan.weights.licence}}


def _plain(losses: dict[str, float]) -> dict[str, float | str]:
  """JSON has no infinities: they become texts."""
  return {name: value if math.isfinite(value) else str(value) for name, value in losses.items()}


def flag_file(config: Config, paths: dict[str, list[str]]) -> str:
  """Returns the text of a flag file that repeats a run.

  Args:
    config: resolved.
    paths: of the pictures and the folder, by flag, one or several; they are made absolute.
  """
  if config.weights not in ("auto", "imagenet"):
    config = dataclasses.replace(config, weights=os.path.abspath(config.weights))
  lines = config.as_flags()
  lines += [f"--{name}={os.path.abspath(path)}" for name, several in paths.items() for path in several]
  return "".join(
      f"{line}\n" if line.isprintable() and line == line.strip()
      else f"# no flag file can hold this: {line!a}\n" for line in lines)
