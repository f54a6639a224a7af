"""What is said of a run: the line before it and those after it."""

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tf_style.cli.progress import clock
from tf_style.problem import memory, tiles
from tf_style.system import devices

if TYPE_CHECKING:
  from tf_style.repaint.plan import Plan
  from tf_style.repaint.result import Result


def plan_line(plan: "Plan") -> str:
  """Returns a line that says what is about to happen: sizes, device, precision, memory, time."""
  config = plan.config
  sizes = " -> ".join(f"{level.width}x{level.height}" for level in plan.levels)
  steps = sum(level.steps for level in plan.levels)
  if not steps:
    return f"{sizes}, the style's palette alone"
  largest = plan.levels[-1]
  needed = memory.estimate(config, largest.height, largest.width, plan.num_regions, plan.device)
  return (f"{sizes}, {steps} steps of {config.optimizer} on {plan.device.strip('/')} in "
          f"{config.precision}, {plan.weights.source}; about {needed / 1e9:.1f} GB of memory; "
          f"about {clock(estimated_seconds(plan))} at this machine's rate of convolution")


def estimated_seconds(plan: "Plan") -> float:
  """Returns the seconds that a run takes.

  A step's forward passes go at 70 % of the rate that is measured now; a level's graph takes about
  two seconds to build.
  """
  config = plan.config
  network, layers = plan.weights.network, config.layers
  pixels = 0.0
  for height, width, steps in plan.levels:
    windows = tiles.plan_windows(height, width, int(config.tile_size), network, layers,
                                 config.tileable)
    pixels += height * width * steps * tiles.forward_passes(windows)
  rate = devices.convolution_rate(plan.device, config.precision)
  operations = network.operations(network.deepest(layers).name)
  return operations * pixels / (0.7 * rate) + 2 * len(plan.levels)


def outcome(result: "Result", output: Path, folder: Path, resumable: bool) -> Iterator[str]:
  """Yields the lines that tell how a run ended.

  Args:
    result: the run.
    output: the picture that was written.
    folder: of the run.
    resumable: whether there is a checkpoint to go on from.
  """
  steps = len(result.history["total"])
  if result.stopped:
    yield _where_it_stopped(result)
    if resumable:
      yield f"to go on: tf-style --resume={shlex.quote(str(folder))}"
  if result.failed:
    yield "the loss was not finite again and again: this is the best picture before that"
  if not steps:
    yield f"wrote {output}: more in {folder}"
    return
  yield (f"wrote {output}: loss {result.losses['total']:.4g}, {steps} steps "
         f"in {result.seconds:.1f} s; more in {folder}")


def _where_it_stopped(result: "Result") -> str:
  levels, reached = result.plan.levels, int(result.history["level"][-1])
  line = (f"stopped after {len(result.history['total'])} of "
          f"{sum(level.steps for level in levels)} steps")
  if reached == len(levels) - 1:
    return line
  return (f"{line}, at level {reached + 1} of {len(levels)}: a picture of "
          f"{levels[reached].width}x{levels[reached].height}, enlarged")
