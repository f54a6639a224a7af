"""All that follows a run step by step: progress, events, checkpoints, pictures on the way."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tf_style.cli import console
from tf_style.cli.jobs import Job
from tf_style.cli.output import Output
from tf_style.cli.progress import Progress
from tf_style.descent.step import Step
from tf_style.pictures import images
from tf_style.repaint.checkpoints import Checkpoints
from tf_style.system import files, machine
from tf_style.system.signals import Signals

if TYPE_CHECKING:
  from tf_style.repaint.painter import Result
  from tf_style.repaint.plan import Plan
  from tf_style.watching.summaries import Summaries


class Watchers:
  """The callbacks of a run; its plan is known, and its folder made, when `begin` is called.

  Only the result is worth ending a run for: what else the system refuses is said once.
  """

  def __init__(self, job: Job, output: Output, signals: Signals, command_line: str):
    """Writes nothing.

    Args:
      job: what was asked for.
      output: the picture file.
      signals: says whether the user wants the run to end.
      command_line: as it would be typed in a shell.
    """
    self._job, self._output, self._signals = job, output, signals
    self._command_line = command_line
    self._folder: Path | None = job.resume and job.resume.run_folder
    self._plan: Plan | None = None
    self._progress: Progress | None = None
    self._summaries: Summaries | None = None
    self._checkpoints: Checkpoints | None = None
    self._refused: set[str] = set()
    self._best: tuple[Callable[[], np.ndarray], float] | None = None

  @property
  def plan(self) -> "Plan":
    assert self._plan is not None, "the run has begun"
    return self._plan

  @property
  def folder(self) -> Path:
    """The folder of the run."""
    assert self._folder is not None, "the run has begun"
    return self._folder

  @property
  def resumable(self) -> bool:
    """Whether there is a checkpoint to go on from."""
    return self._checkpoints is not None and "checkpoints" not in self._refused

  def begin(self, plan: "Plan") -> None:
    """Says what is about to happen and makes the run's folder; nothing is written before."""
    from tf_style.cli import messages
    self._plan = plan
    for note in (*self._job.notes, *plan.notes):
      console.say(note)
    if plan.config.device == "auto" and (reason := machine.unused_gpu()):
      console.say("the GPU of this machine is not used" + reason)
    console.say(messages.plan_line(plan))
    if self._folder is None:
      self._folder = files.make_run_folder(self._job.logdir, self._output.path.stem)
    if plan.config.checkpoint_every:
      self._tried("checkpoints", self._open_checkpoints)
    self._tried("flags.txt", self._write_flags)
    self._tried("events", self._open_summaries)
    if self._job.verbosity >= 0 and sys.stderr is not None:
      self._progress = Progress(plan.levels)

  def on_step(self, step: Step) -> bool:
    """Passes a chunk of steps on, and returns whether a signal came, which ends the run."""
    self._signals.stepping = True
    self._best = step.picture, step.best_loss
    stopping = bool(self._signals.received)
    if progress := self._progress:
      console.attempt(lambda: progress.on_step(step))
    self._save_when_due(step)
    summaries = self._summaries
    if summaries and not self._tried("events", lambda: summaries.on_step(step)):
      self._summaries = None
    if checkpoints := self._checkpoints:
      self._tried("checkpoints", lambda: checkpoints.on_step(step, stopping))
    return stopping

  def on_tile(self, done: int, total: int) -> None:
    """Shows how far a step is that goes by tiles."""
    if progress := self._progress:
      console.attempt(lambda: progress.on_tile(done, total))

  def close(self) -> None:
    """Wipes the progress bar away and leaves the checkpoints to other processes."""
    if self._progress:
      console.attempt(self._progress.close)
    if self._checkpoints:
      self._checkpoints.close()

  def finish(self, result: "Result") -> None:
    """Writes the outcome into the run's folder."""
    from tf_style.cli import records
    self._tried("events", lambda: self._close_summaries(result))
    record = records.summary(result, self._output.path)
    self._tried("summary.json", lambda: self._write(
        "summary.json", json.dumps(record, indent=2) + "\n"))

  def rescue(self) -> None:
    """Saves the best picture so far, where there is one, before an error ends the run."""
    if self._best is None:
      return
    from tf_style.cli import records
    picture, loss = self._best
    self.close()
    self._output.save_somewhere(
        self._enlarged(picture()), self.plan.alpha,
        records.picture_metadata(self.plan, {"total": loss}), self.folder)
    console.say(f"wrote {self._output.path}, the best picture before this error; "
                f"more in {self.folder}")

  def discard(self) -> None:
    """Removes the folder of a run that was stopped before its first step."""
    if self._folder and not self._job.resume:
      files.remove_folder(self._folder)

  def _save_when_due(self, step: Step) -> None:
    every = self.plan.config.save_every
    if not every or step.number % every or step.number >= step.steps:
      return
    from tf_style.cli import records
    picture = self._enlarged(step.picture())
    metadata = records.picture_metadata(self.plan, {"total": step.best_loss})
    if self.plan.config.save_numbered:
      save = lambda: self._output.save_numbered(step.number, picture, self.plan.alpha, metadata)
    else:
      save = lambda: self._output.save(picture, self.plan.alpha, metadata)
    self._tried(str(self._output.path), save)

  def _enlarged(self, picture: np.ndarray) -> np.ndarray:
    return images.resize(picture, *self.plan.levels[-1][:2])

  def _paths(self) -> dict[str, list[str]]:
    paths = self._job.paths | {"logdir": (self._job.logdir,)}
    return {name: [os.path.abspath(path) for path in each] for name, each in paths.items()}

  def _open_checkpoints(self) -> None:
    asked = self._job.output
    output = {} if asked is None else {"output": [os.path.abspath(asked)]}
    self._checkpoints = Checkpoints(
        self.folder, self.plan, self._job.config, self._paths() | output)

  def _open_summaries(self) -> None:
    from tf_style.watching.summaries import Summaries
    self._summaries = Summaries(self.folder, self.plan, self._command_line)

  def _close_summaries(self, result: "Result") -> None:
    if self._summaries is None:  # in a new file, for the one before ends where the disk refused
      self._open_summaries()
    assert self._summaries is not None
    self._summaries.close(result)

  def _write_flags(self) -> None:
    from tf_style.cli import records
    self._write("flags.txt", records.flag_file(self.plan.config, self._paths()))

  def _write(self, name: str, text: str) -> None:
    files.write_atomically(self.folder / name, lambda path: path.write_text(text, "utf-8"))

  def _tried(self, what: str, action: Callable[[], object]) -> bool:
    """Does what the run can do without, and returns whether that went well."""
    import tensorflow as tf
    try:
      action()
    except (OSError, tf.errors.OpError) as error:
      if what not in self._refused:
        self._refused.add(what)
        if self._progress:
          console.attempt(self._progress.close)
        console.say(f"{what} cannot be written, the run goes on: {error}")
      return False
    self._refused.discard(what)
    return True
