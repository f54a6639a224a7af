"""All that follows a run step by step: progress, the run's folder, pictures on the way, signals."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tf_style.cli import console, messages
from tf_style.cli.attempts import Attempts
from tf_style.cli.jobs import Job
from tf_style.cli.output import Output
from tf_style.cli.progress import Progress
from tf_style.cli.run_folder import RunFolder
from tf_style.descent.step import Step
from tf_style.pictures import images
from tf_style.repaint.metadata import picture_metadata
from tf_style.system import devices
from tf_style.system.signals import Signals

if TYPE_CHECKING:
  from tf_style.films.timelapse import Timelapse
  from tf_style.repaint.plan import Plan


class Watchers:
  """The callbacks of a run.

  Attributes:
    folder: of the run.
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
    self._attempts = Attempts(self._wipe_progress)
    self.folder = RunFolder(job, self._attempts, command_line)
    self._plan: Plan | None = None
    self._progress: Progress | None = None
    self._best: tuple[Callable[[], np.ndarray], float] | None = None
    self._timelapse: Timelapse | None = None

  @property
  def plan(self) -> "Plan":
    assert self._plan is not None, "the run has begun"
    return self._plan

  def begin(self, plan: "Plan") -> None:
    """Says what is about to happen and makes the run's folder; nothing is written before."""
    self._plan = plan
    for note in (*self._job.notes, *plan.notes):
      console.say(note)
    if plan.config.device == "auto" and (reason := devices.unused_gpu()):
      console.say("the GPU of this machine is not used" + reason)
    console.say(messages.plan_line(plan))
    self.folder.begin(plan, self._output.path.stem)
    if self._job.timelapse is not None:
      self._attempts.tried(self._job.timelapse, self._open_timelapse)
    if self._job.verbosity >= 0 and sys.stderr is not None:
      self._progress = Progress(plan.levels)

  def on_step(self, step: Step) -> bool:
    """Passes a chunk of steps on, and returns whether a signal came, which ends the run."""
    self._signals.stepping = True
    self._best = step.picture, step.best_loss
    if progress := self._progress:
      console.attempt(lambda: progress.on_step(step))
    self._save_when_due(step)
    if timelapse := self._timelapse:
      self._film(lambda: timelapse.add(step.number, self._enlarged(step.picture())))
    stopping = bool(self._signals.received)
    self.folder.on_step(step, stopping)
    return stopping

  def on_tile(self, done: int, total: int) -> None:
    """Shows how far a step is that goes by tiles."""
    if progress := self._progress:
      console.attempt(lambda: progress.on_tile(done, total))

  def close(self) -> None:
    """Wipes the progress bar away and leaves the run's folder to other processes."""
    self._wipe_progress()
    self.folder.close()

  def finish(self, picture: np.ndarray) -> None:
    """Ends the film of the making with the result."""
    if timelapse := self._timelapse:
      self._film(lambda: timelapse.finish(picture))
      if self._timelapse:
        console.say(f"wrote {self._job.timelapse}")

  def _open_timelapse(self) -> None:
    from tf_style.films.timelapse import Timelapse
    plan, steps = self.plan, sum(level.steps for level in self.plan.levels)
    self._timelapse = Timelapse(
        Path(str(self._job.timelapse)), self.folder.path, plan.start, plan.loaded.size, steps)

  def _film(self, action: Callable[[], object]) -> None:
    """Does something with the film; what goes wrong once ends it, and not the run."""
    if not self._attempts.tried(str(self._job.timelapse), action):
      self._timelapse = None

  def rescue(self) -> None:
    """Saves the best picture so far, where there is one, before an error ends the run."""
    if self._best is None:
      return
    picture, loss = self._best
    self.close()
    self._output.save_somewhere(
        self._enlarged(picture()), self.plan.alpha, self._metadata(loss), self.folder.path)
    console.say(f"wrote {self._output.path}, the best picture before this error; "
                f"more in {self.folder.path}")

  def _save_when_due(self, step: Step) -> None:
    config = self.plan.config
    if not config.save_every or step.number % config.save_every or step.number >= step.steps:
      return
    picture, metadata = self._enlarged(step.picture()), self._metadata(step.best_loss)
    if config.save_numbered:
      save = lambda: self._output.save_numbered(step.number, picture, self.plan.alpha, metadata)
    else:
      save = lambda: self._output.save(picture, self.plan.alpha, metadata)
    self._attempts.tried(str(self._output.path), save)

  def _enlarged(self, picture: np.ndarray) -> np.ndarray:
    return images.resize(picture, *self.plan.levels[-1][:2])

  def _metadata(self, loss: float) -> dict:
    return picture_metadata(self.plan, {"total": loss})

  def _wipe_progress(self) -> None:
    if self._progress:
      console.attempt(self._progress.close)
