"""What TensorBoard and checkpoints cost a run, wired as `run` does it."""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from bench_startup import PAIR
from bench_tools import Bench, show_table

from tf_style.cli import command_line
from tf_style.cli.jobs import Job
from tf_style.cli.output import Output
from tf_style.cli.watchers import Watchers
from tf_style.descent.step import Step
from tf_style.repaint.checkpoints import Checkpoints
from tf_style.repaint.painter import stylize
from tf_style.repaint.plan import Plan
from tf_style.system.signals import Signals

UNWATCHED = ("--summary_every=0", "--image_every=0")
_PERIOD_S = 60  # between checkpoints, by default


class Clock:
  """An `on_step` callback that times the callback it stands before."""

  def __init__(self, on_step: Callable[[Step], Any]):
    self._on_step = on_step
    self.watching, self.numbers, self.seconds = 0.0, [0], [0.0]

  def __call__(self, step: Step) -> Any:
    self.numbers.append(step.number)
    self.seconds.append(step.seconds)
    start = time.perf_counter()
    answer = self._on_step(step)
    self.watching += time.perf_counter() - start
    return answer

  @property
  def seconds_a_step(self) -> float:
    """Of all steps but the first chunk's, what watching took included."""
    return (self.seconds[-1] - self.seconds[1]) / max(self.numbers[-1] - self.numbers[1], 1)


def job_of(folder: str, size: int, steps: int, *options: str) -> Job:
  return command_line.parse([
      *PAIR, f"--logdir={folder}", f"--output={Path(folder) / 'out.png'}", f"--image_size={size}",
      f"--steps={steps}", "--levels=1", "--verbosity=-1", *options])


def watch_once(size: int, steps: int, *options: str) -> tuple[float, float]:
  """Runs once; returns seconds a step, and the share of all steps' time that the callback took."""
  with tempfile.TemporaryDirectory() as folder:
    job = job_of(folder, size, steps, "--checkpoint_every=0", *options)
    watchers = Watchers(job, Output(job), Signals(), "tf-style")
    clock = Clock(watchers.on_step)
    stylize(job.inputs.content, job.inputs.styles, job.config, on_plan=watchers.begin,
            on_step=clock)
    watchers.close()
  return clock.seconds_a_step, clock.watching / clock.numbers[-1]


def checkpoint_seconds(size: int, optimizer: str) -> float:
  """Returns the median seconds of a checkpoint."""
  with tempfile.TemporaryDirectory() as folder:
    job, seconds = job_of(folder, size, 4, f"--optimizer={optimizer}", "--image_every=1"), []
    checkpoints: list[Checkpoints] = []

    def begin(plan: Plan) -> None:
      checkpoints.append(Checkpoints(folder, plan, job.config, {}))

    def save(step: Step) -> None:
      start = time.perf_counter()
      checkpoints[0].on_step(step, stopping=True)
      seconds.append(time.perf_counter() - start)

    stylize(job.inputs.content, job.inputs.styles, job.config, on_plan=begin, on_step=save)
    checkpoints[0].close()
  return float(np.median(seconds))


def measure(bench: Bench) -> dict[str, Any]:
  """Measures and prints all of this section, and returns it for JSON."""
  found: dict[str, Any] = {}
  # The larger one is short, with pictures five times as often.
  for size, steps, *watched in ((64, 4),) if bench.quick else (
      (256, 60), (512, 12, "--image_every=10")):
    timed: dict[str, list[tuple[float, float]]] = {"watched": [], "unwatched": []}
    for _ in range(bench.rounds):
      timed["watched"].append(watch_once(size, steps, *watched))
      timed["unwatched"].append(watch_once(size, steps, *UNWATCHED))
    seconds = {name: float(np.median([each[0] for each in both])) for name, both in timed.items()}
    found[f"{size}"] = {
        **seconds, "ratio": seconds["watched"] / seconds["unwatched"],
        "callback_seconds_a_step": float(np.median([each[1] for each in timed["watched"]]))}
  show_table(
      "TensorBoard: seconds a step with it (512 px: --image_every=10 instead of 50) and without",
      ["px", "with", "without", "ratio", "in the callback: seconds a step", "share"],
      [[size, each["watched"], each["unwatched"], f"{each['ratio']:.3f}",
        each["callback_seconds_a_step"],
        f"{each['callback_seconds_a_step'] / each['unwatched']:.2%}"]
       for size, each in found.items()])
  size = 64 if bench.quick else 512
  saved = {optimizer: checkpoint_seconds(size, optimizer) for optimizer in ("adam", "lbfgs")}
  show_table(f"A checkpoint at {size} px, one every {_PERIOD_S} s",
             ["optimizer", "seconds", "share of the time"],
             [[name, each, f"{each / _PERIOD_S:.2%}"] for name, each in saved.items()])
  return {"summaries": found, "checkpoint_seconds": saved}
