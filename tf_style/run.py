"""The main command: a content picture and a style picture in, a repainted picture out."""

import sys

from tf_style.cli.launch import launch

if __name__ == "__main__":
  launch("run", sys.argv[1:])  # and exits: before the imports below, which take a while

import json
import os
import shlex
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tf_style.cli import checks, console, flags
from tf_style.cli.progress import Progress
from tf_style.descent.step import OnStep, Step
from tf_style.errors import one_line
from tf_style.pictures import images
from tf_style.repaint.checkpoints import Checkpoints
from tf_style.system import files, machine
from tf_style.system.signals import Signals

if TYPE_CHECKING:
  import numpy as np

  from tf_style.repaint.painter import Result
  from tf_style.repaint.plan import Plan

# So many styles stand in the name of a result.
_NAMED_STYLES = 2


def main(argv: Sequence[str]) -> int:
  """Runs the command and returns its exit code, 2 for a wrong input, which leaves nothing behind.

  It is 130 after SIGINT and 143 after SIGTERM, with the best picture written if there was a step.

  Args:
    argv: the command line without the program's name.
  """
  return console.stoppable(lambda signals: _run(argv, signals))


def _run(argv: Sequence[str], signals: Signals) -> int:
  job = flags.parse(argv)
  console.show_log(job.verbosity)
  check_files(job)
  machine.start_tensorflow(verbose=job.verbosity > 0)
  from tf_style.repaint import painter as transfer

  desk = Desk(job, one_line(shlex.join(["tf-style", *argv])), signals)
  try:
    inputs = job.inputs
    result = transfer.stylize(
        content=inputs.content, style=inputs.styles, config=job.config, init_image=inputs.init_image,
        content_mask=inputs.content_mask, style_mask=inputs.style_masks, resume=job.resume,
        on_plan=desk.begin, on_step=desk.on_step, on_tile=desk.on_tile)
  except KeyboardInterrupt:
    desk.discard()
    raise
  except Exception:
    desk.rescue()
    raise
  finally:
    desk.leave()
  return desk.finish(result)


def check_files(job: flags.Job) -> None:
  """Checks, before TensorFlow is loaded, that the pictures can be read and the results be written.

  Raises:
    InputError: the first thing that is wrong.
  """
  size, output = checks.check_pictures(job), output_path(job)
  checks.check_output(output, *size)
  if job.output is not None:
    checks.check_spares(output, job)
  files.check_folder(job.logdir, "--logdir")


def output_path(job: flags.Job) -> Path:
  """Returns where the result shall go: as asked, or here, named after the pictures."""
  if job.output is not None:
    return Path(job.output)
  paths = job.paths
  named = [*paths.get("content", ()), *paths.get("style", ())[:_NAMED_STYLES]]
  return Path("-".join(files.safe_name(Path(path).stem) for path in named) + ".png")


class Desk:
  """Where the results of one run go: its folder, its picture, what the user sees of it.

  Nothing but the picture is worth ending the run for: what else a disk refuses is named once.
  """

  def __init__(self, job: flags.Job, command_line: str, signals: Signals):
    self._job, self._command_line, self._signals = job, command_line, signals
    self._output = output_path(job)
    self._overwrite = job.output is not None
    self._progress: Progress | None = None
    self._summaries: Any = None
    self._checkpoints: Checkpoints | None = None
    self._watchers: list[OnStep] = []
    self._folder: Path | None = job.resume and job.resume.run_folder
    self._refused: set[str] = set()
    self._best: tuple[Callable[[], np.ndarray], float] | None = None

  def begin(self, plan: "Plan") -> None:
    """Makes the run's folder and says what is going to happen; before this, nothing is written."""
    from tf_style.cli import report
    self._plan, self._report = plan, report
    for note in plan.notes:
      console.say(note)
    if plan.config.device == "auto" and (reason := machine.unused_gpu()):
      console.say("the GPU of this machine is not used" + reason)
    console.say(report.plan_line(plan))
    inputs = self._job.paths | {"logdir": (self._job.logdir,)}
    paths = {name: [os.path.abspath(path) for path in each] for name, each in inputs.items()}
    if self._folder is None:
      self._folder = files.make_run_folder(self._job.logdir, self._output.stem)
    if plan.config.checkpoint_every:
      self._tried("checkpoints", lambda: self._open_checkpoints(paths))
    self._tried("flags.txt", lambda: self._write("flags.txt", report.flag_file(plan.config, paths)))
    self._tried("events", self._open_summaries)
    if self._job.verbosity >= 0:
      self._progress = Progress(plan.levels)
      self._watchers.append(self._progress.on_step)
    if plan.config.save_every:
      self._watchers.append(self._save_when_due)

  def on_step(self, step: Step) -> bool:
    """Passes a chunk of steps on to all who watch; any of them may end the run, and a signal does."""
    self._signals.stepping = True
    self._best = step.picture, step.best_loss
    wishes = [watch(step) for watch in self._watchers]
    stopping = any(wishes) or bool(self._signals.received)
    if self._summaries and not self._tried("events", lambda: self._summaries.on_step(step)):
      self._summaries = None
    if checkpoints := self._checkpoints:
      self._tried("checkpoints", lambda: checkpoints.on_step(step, stopping))
    return stopping

  def on_tile(self, done: int, total: int) -> None:
    """Shows how far a step is whose picture is looked at tile by tile."""
    if self._progress:
      self._progress.on_tile(done, total)

  def rescue(self) -> None:
    """Writes the best picture so far, where there is one, before an error ends the run."""
    if self._best is not None:
      picture, loss = self._best
      self.leave()
      self._save_somewhere(self._enlarged(picture()), {"total": loss})
      console.say(f"wrote {self._output}, the best picture before this error; more in {self._folder}")

  def leave(self) -> None:
    """Wipes the progress bar away and leaves the checkpoints, whatever comes next."""
    if self._progress:
      self._progress.close()
    if self._checkpoints:
      self._checkpoints.close()

  def discard(self) -> None:
    """Removes the folder of a run that was stopped before its first step."""
    if self._folder and not self._job.resume:
      files.remove_folder(self._folder)

  def finish(self, result: "Result") -> int:
    """Writes the picture and the summary, says where they are, and returns the exit code."""
    code = self._save_somewhere(result.picture, result.losses)
    self._tried("events", lambda: self._close_summaries(result))
    record = self._report.summary(result, self._output, machine.peak_memory())
    self._tried("summary.json",
                lambda: self._write("summary.json", json.dumps(record, indent=2) + "\n"))
    if result.stopped:
      self._say_where_it_stopped(result)
    if result.failed:
      console.say("the loss was not finite again and again: this is the best picture before that")
      code = console.FAILED
    console.say(f"wrote {self._output}: loss {result.losses['total']:.4g}, {record['steps']} steps "
                f"in {result.seconds:.1f} s; more in {self._folder}")
    console.answer(self._output)
    return code

  def _say_where_it_stopped(self, result: "Result") -> None:
    levels, level = self._plan.levels, int(result.history["level"][-1])
    enlarged = f", at level {level + 1} of {len(levels)}: a picture of {levels[level].width}x" \
               f"{levels[level].height}, enlarged" if level < len(levels) - 1 else ""
    console.say(f"stopped after {len(result.history['total'])} of "
                f"{sum(each.steps for each in levels)} steps{enlarged}")
    if self._checkpoints and "checkpoints" not in self._refused:
      console.say(f"to go on: tf-style --resume={shlex.quote(str(self._folder))}")

  def _open_checkpoints(self, paths: dict[str, list[str]]) -> None:
    output = {"output": [os.path.abspath(self._job.output)]} if self._job.output is not None else {}
    self._checkpoints = Checkpoints(self._run_folder, self._plan, self._job.config, paths | output)

  @property
  def _run_folder(self) -> Path:
    assert self._folder is not None, "the run has begun"
    return self._folder

  def _open_summaries(self) -> None:
    from tf_style.watching.summaries import Summaries
    self._summaries = Summaries(self._run_folder, self._plan, self._command_line)

  def _close_summaries(self, result: "Result") -> None:
    if self._summaries is None:  # in a new file, for the one before ends where the disk refused
      self._open_summaries()
    self._summaries.close(result)

  def _save_when_due(self, step: Step) -> None:
    if step.number % self._plan.config.save_every == 0 and step.number < step.steps:
      picture = self._enlarged(step.picture())
      self._tried(str(self._output), lambda: self._save(picture, {"total": step.best_loss}))

  def _enlarged(self, picture: "np.ndarray") -> "np.ndarray":
    return images.resize(picture, *self._plan.levels[-1][:2])

  def _save_somewhere(self, picture: "np.ndarray", losses: dict[str, float]) -> int:
    """Saves the picture where it shall be, else where it can be, and returns the exit code."""
    try:
      self._save(picture, losses)
      return console.DONE
    except OSError as error:
      console.say(f"tf_style: error: {self._output} cannot be written: {error}")
      refused = error
    name, self._overwrite = files.safe_name(self._output.stem) + self._output.suffix, False
    for find in (lambda: self._run_folder, os.getcwd, lambda: os.path.expanduser("~"), tempfile.gettempdir):
      try:
        self._output = Path(find()) / name
        self._save(picture, losses)
        return console.FAILED
      except OSError:
        continue
    raise refused

  def _save(self, picture: "np.ndarray", losses: dict[str, float]) -> None:
    self._output = images.save_picture(
        self._output, picture, self._plan.alpha,
        self._report.picture_metadata(self._plan, losses), self._overwrite)
    self._overwrite = True  # from now on the name is this run's own

  def _write(self, name: str, text: str) -> None:
    files.write_atomically(self._run_folder / name, lambda path: path.write_text(text, "utf-8"))

  def _tried(self, what: str, action: Callable[[], object]) -> bool:
    """Does what the run can do without, and returns whether that went well."""
    import tensorflow as tf
    try:
      action()
    except (OSError, tf.errors.OpError) as error:
      if what not in self._refused:
        self._refused.add(what)
        if self._progress:
          self._progress.close()
        console.say(f"{what} cannot be written, the run goes on: {error}")
      return False
    self._refused.discard(what)
    return True
