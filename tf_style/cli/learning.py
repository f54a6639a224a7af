"""All that follows a training step by step: progress, the run's folder, signals."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tf_style.cli import console, flag_files
from tf_style.cli.attempts import Attempts
from tf_style.cli.lessons import LearnJob
from tf_style.cli.progress import Progress, clock
from tf_style.descent.step import Step
from tf_style.learned.checkpoints import TrainingCheckpoints
from tf_style.system import files, machine, memory
from tf_style.system.signals import Signals

if TYPE_CHECKING:
  from tf_style.learned.plan import Lesson
  from tf_style.learned.record import Record
  from tf_style.watching.lessons import LessonEvents


class LearnWatchers:
  """The callbacks of a training."""

  def __init__(self, job: LearnJob, signals: Signals, command_line: str):
    """Writes nothing.

    Args:
      job: what was asked for.
      signals: says whether the user wants the training to end.
      command_line: as it would be typed in a shell.
    """
    self._job, self._signals, self._command_line = job, signals, command_line
    self._attempts = Attempts(self._wipe_progress)
    self._path: Path | None = job.resume.run_folder if job.resume else None
    self._progress: Progress | None = None
    self._checkpoints: TrainingCheckpoints | None = None
    self._events: LessonEvents | None = None
    self._last: Step | None = None
    self._stopping = False

  @property
  def path(self) -> Path:
    assert self._path is not None, "the training has begun"
    return self._path

  def begin(self, lesson: "Lesson") -> None:
    """Says what is about to happen and makes the run's folder; nothing is written before."""
    for note in lesson.notes:
      console.say(note)
    console.say(_lesson_line(lesson))
    if self._path is None:
      self._path = files.make_run_folder(self._job.logdir, "learn-" + lesson.styles[0].name)
    if lesson.config.checkpoint_every:
      self._attempts.tried("checkpoints", lambda: self._open_checkpoints(lesson))
    self._attempts.tried("flags.txt", lambda: self._write("flags.txt", self._flags(lesson)))
    self._attempts.tried("events", lambda: self._open_events(lesson))
    if self._job.verbosity >= 0 and sys.stderr is not None:
      self._progress = Progress([(lesson.crops.size, lesson.crops.size, lesson.config.steps)])

  def on_state(self, number: int, state: Callable[[], dict[str, np.ndarray]],
               at_once: bool = False) -> None:
    """Saves a checkpoint when it is time, at once where the training is about to stop."""
    self._stopping = bool(self._signals.received)
    if checkpoints := self._checkpoints:
      self._attempts.tried("checkpoints", lambda: checkpoints.on_state(
          number, state, at_once or self._stopping))

  def on_step(self, step: Step) -> bool:
    """Passes a chunk of steps on, and returns whether a signal came, which ends the training."""
    self._signals.stepping, self._last = True, step
    if progress := self._progress:
      console.attempt(lambda: progress.on_step(step))
    if (events := self._events) and not self._attempts.tried(
        "events", lambda: events.on_step(step)):
      self._events = None
    return self._stopping

  def finish(self, record: "Record") -> None:
    """Writes the summary and says where all is."""
    step = self._last
    seconds, done = (step.seconds, step.number) if step else (0.0, record.steps)
    summary = {
        "configuration": record.learning.as_dict(), "versions": machine.versions(),
        "styles": record.styles, "photographs": record.photographs, "steps": done,
        "steps_of_the_best": record.steps, "losses": record.losses, "loss": record.loss,
        "seconds": round(seconds, 3), "peak_memory_bytes": memory.peak_memory()}
    text = json.dumps(summary, indent=2) + "\n"
    self._attempts.tried("summary.json", lambda: self._write("summary.json", text))
    if self._stopping and step:
      console.say(f"stopped after {done} of {step.steps} steps")
      if self._job.resume or self._checkpoints:
        console.say(f"{self.to_go_on()} --output=FOLDER")
    console.say(f"wrote {self._job.output}: loss {record.loss:.4g} on photographs held out, "
                f"{record.losses[0][1]:.4g} at the start; {done} steps in {clock(seconds)}; "
                f"more in {self.path}")

  def to_go_on(self) -> str:
    """Says how to go on with the training."""
    return f"to go on: tf-style learn --resume={self.path}"

  def close(self) -> None:
    """Wipes the progress bar away and leaves the run's folder to other processes."""
    self._wipe_progress()
    if self._checkpoints:
      self._checkpoints.close()
    if self._events:
      self._events.close()

  def discard(self) -> None:
    """Removes the folder of a training that was stopped before its first step."""
    if self._path and not self._job.resume:
      files.remove_folder(self._path)

  def _open_checkpoints(self, lesson: "Lesson") -> None:
    seconds = self._job.resume.seconds if self._job.resume else 0.0
    self._checkpoints = TrainingCheckpoints(self.path, lesson, self._job.paths, seconds)

  def _open_events(self, lesson: "Lesson") -> None:
    from tf_style.watching.lessons import LessonEvents
    self._events = LessonEvents(self.path, lesson.config.as_dict(), self._command_line)
    self._events.begin(
        {f"style/{style.name}": style.rgb for style in lesson.styles},
        lesson.held_out, lesson.config.summary_every, lesson.config.image_every)

  def _flags(self, lesson: "Lesson") -> str:
    lines = [*lesson.config.as_flags(), *(
        f"--{name}={path}" for name, paths in self._job.paths.items() for path in paths)]
    return "".join(f"{flag_files.line(line)}\n" for line in lines)

  def _write(self, name: str, text: str) -> None:
    files.write_atomically(self.path / name, lambda path: path.write_text(text, "utf-8"))

  def _wipe_progress(self) -> None:
    if self._progress:
      console.attempt(self._progress.close)


def _lesson_line(lesson: "Lesson") -> str:
  config, count = lesson.config, len(lesson.styles)
  styles = "a style" if count == 1 else f"{count} styles"
  photographs = lesson.crops.photographs
  return (f"learning {styles} from {len(photographs.train)} photographs, "
          f"{len(photographs.held_out)} held out: {config.steps} steps of {config.batch} crops of "
          f"{config.train_size}x{config.train_size} on {lesson.device.strip('/')} in "
          f"{config.precision}, {lesson.weights.source}")
