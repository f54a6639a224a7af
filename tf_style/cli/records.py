"""What is written about a run: its summary and its flags."""

import dataclasses
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tf_style.cli import flag_files
from tf_style.repaint.metadata import origin, plain
from tf_style.settings.config import Config
from tf_style.system import memory

if TYPE_CHECKING:
  from tf_style.repaint.result import Result


def summary(result: "Result", output: Path) -> dict[str, Any]:
  """Returns the record of a finished run, fit for JSON.

  Args:
    result: the run.
    output: the picture that was written.
  """
  plan, steps = result.plan, len(result.history["total"])
  return {
      **origin(plan),
      "device": plan.device,
      "levels": [level._asdict() for level in plan.levels],
      "losses": plain(result.losses),
      "steps": steps,
      "stopped": result.stopped,
      "failed": result.failed,
      "faults": result.faults,
      "seconds": round(result.seconds, 3),
      "seconds_a_step": round(result.seconds / max(steps, 1), 5),
      "peak_memory_bytes": memory.peak_memory(),
      "output": output.name,
      "notes": list(plan.notes)}


def flag_file(config: Config, paths: dict[str, list[str]]) -> str:
  """Returns the text of a flag file that repeats a run.

  Args:
    config: resolved.
    paths: absolute ones of the pictures and the log folder, by flag, one or several.
  """
  if config.weights not in ("auto", "imagenet"):
    config = dataclasses.replace(config, weights=os.path.abspath(config.weights))
  flags = [*config.as_flags(),
           *(f"--{name}={path}" for name, several in paths.items() for path in several)]
  return "".join(f"{flag_files.line(flag)}\n" for flag in flags)
