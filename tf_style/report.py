"""What is told about a run: the line before it, its summary, and what a picture file carries."""

import dataclasses
import math
import os
from pathlib import Path
from typing import Any

from tf_style import machine, network
from tf_style.config import Config
from tf_style.progress import clock
from tf_style.transfer import Plan, Result


def plan_line(plan: Plan) -> str:
  """Returns a line that says what is about to happen: sizes, device, precision, memory, time."""
  config = plan.config
  sizes = " -> ".join(f"{level.width}x{level.height}" for level in plan.levels)
  steps = sum(level.steps for level in plan.levels)
  largest = plan.levels[-1]
  gigabytes = estimated_memory(largest.height * largest.width, config.precision) / 1e9
  return (f"{sizes}, {steps} steps of {config.optimizer} on {plan.device.strip('/')} in "
          f"{config.precision}, {plan.weights.source}; about {gigabytes:.1f} GB of memory; "
          f"about {clock(estimated_seconds(plan))} at this machine's rate of convolution")


def estimated_seconds(plan: Plan) -> float:
  """Returns the seconds a run takes: two passes a step at 70 % of the rate that is measured now.

  Each level's graph takes about two seconds to build.
  """
  last = network.deepest(plan.config.network, plan.config.content_layers + plan.config.style_layers).name
  pixels = sum(level.height * level.width * level.steps for level in plan.levels)
  rate = machine.convolution_rate(plan.device, plan.config.precision)
  return 2 * network.operations(plan.config.network, last) * pixels / (0.7 * rate) + 2 * len(plan.levels)


def estimated_memory(pixels: int, precision: str) -> float:
  """Returns the bytes a run takes at its largest level; in float32, 2 GB a megapixel."""
  return 0.6e9 + 2e3 * pixels * (0.5 if precision == "bfloat16" else 1)


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


def flag_file(config: Config, paths: dict[str, str]) -> str:
  """Returns the text of a flag file that repeats a run.

  Args:
    config: resolved.
    paths: of the pictures and the folder, by flag; they are made absolute.
  """
  if config.weights not in ("auto", "imagenet"):
    config = dataclasses.replace(config, weights=os.path.abspath(config.weights))
  lines = config.as_flags()
  lines += [f"--{name}={os.path.abspath(path)}" for name, path in paths.items()]
  return "".join(
      f"{line}\n" if line.isprintable() and line == line.strip()
      else f"# no flag file can hold this: {line!a}\n" for line in lines)
