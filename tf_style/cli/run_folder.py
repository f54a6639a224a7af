"""The folder of one run and what is written into it: flags, events, checkpoints, summary."""

import functools
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from tf_style.cli import records
from tf_style.cli.attempts import Attempts
from tf_style.cli.jobs import Job
from tf_style.descent.step import Step
from tf_style.pictures import images
from tf_style.repaint.checkpoints import Checkpoints
from tf_style.system import files

if TYPE_CHECKING:
  from tf_style.repaint.plan import Plan
  from tf_style.repaint.result import Result
  from tf_style.watching.summaries import Summaries


class RunFolder:
  """The folder, which is made when the run begins, or is that of the run to be resumed."""

  def __init__(self, job: Job, attempts: Attempts, command_line: str):
    """Writes nothing.

    Args:
      job: what was asked for.
      attempts: through which all is written.
      command_line: as it would be typed in a shell.
    """
    self._job, self._attempts, self._command_line = job, attempts, command_line
    self._path: Path | None = job.resume.run_folder if job.resume else None
    self._summaries: Summaries | None = None
    self._checkpoints: Checkpoints | None = None

  @property
  def path(self) -> Path:
    assert self._path is not None, "the run has begun"
    return self._path

  @property
  def resumable(self) -> bool:
    """Whether there is a checkpoint to go on from."""
    return self._checkpoints is not None and not self._attempts.refused("checkpoints")

  def begin(self, plan: "Plan", name: str) -> None:
    """Makes the folder and writes what is known before the first step.

    Args:
      plan: what is about to happen.
      name: what the folder is called, behind date and time.
    """
    if self._path is None:
      self._path = files.make_run_folder(self._job.logdir, name)
    if plan.config.checkpoint_every:
      self._attempts.tried("checkpoints", lambda: self._open_checkpoints(plan))
    text = "".join(f"{line}\n" for line in self._job.flag_lines) or records.flag_file(
        plan.config, self._paths())
    self._attempts.tried("flags.txt", lambda: self._write("flags.txt", text))
    for name, picture in plan.overlays.items():
      self._attempts.tried(name, functools.partial(
          images.save_picture, self.path / f"{name}.png", picture))
    self._attempts.tried("events", lambda: self._open_summaries(plan))

  def on_step(self, step: Step, stopping: bool) -> None:
    """Writes events and checkpoints of a chunk of steps; `stopping` says that it is the last."""
    summaries, checkpoints = self._summaries, self._checkpoints
    if summaries and not self._attempts.tried("events", lambda: summaries.on_step(step)):
      self._summaries = None
    if checkpoints:
      self._attempts.tried("checkpoints", lambda: checkpoints.on_step(step, stopping))

  def finish(self, result: "Result", output: Path) -> None:
    """Writes the outcome.

    Args:
      result: the run.
      output: the picture that was written.
    """
    self._attempts.tried("events", lambda: self._close_summaries(result))
    text = json.dumps(records.summary(result, output), indent=2) + "\n"
    self._attempts.tried("summary.json", lambda: self._write("summary.json", text))

  def close(self) -> None:
    """Leaves the checkpoints to other processes."""
    if self._checkpoints:
      self._checkpoints.close()

  def discard(self) -> None:
    """Removes the folder of a run that was stopped before its first step."""
    if self._path and not self._job.resume:
      files.remove_folder(self._path)

  def _paths(self) -> dict[str, list[str]]:
    paths = self._job.paths | {"logdir": (self._job.logdir,)}
    return {name: [os.path.abspath(path) for path in each] for name, each in paths.items()}

  def _open_checkpoints(self, plan: "Plan") -> None:
    asked = self._job.output
    output = {} if asked is None else {"output": [os.path.abspath(asked)]}
    self._checkpoints = Checkpoints(self.path, plan, self._job.config, self._paths() | output)

  def _open_summaries(self, plan: "Plan") -> None:
    from tf_style.watching.summaries import Summaries
    self._summaries = Summaries(self.path, plan, self._command_line)

  def _close_summaries(self, result: "Result") -> None:
    if self._summaries is None:  # in a new file, for the one before ends where the disk refused
      self._open_summaries(result.plan)
    assert self._summaries is not None
    self._summaries.close(result)

  def _write(self, name: str, text: str) -> None:
    files.write_atomically(self.path / name, lambda path: path.write_text(text, "utf-8"))
