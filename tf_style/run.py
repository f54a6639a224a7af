"""The main command: a content picture and a style picture in, a repainted picture out."""

import json
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tf_style import console, files, flags, images, machine
from tf_style.errors import OutputError, expected, one_line
from tf_style.progress import Progress
from tf_style.records import OnStep, Step

if TYPE_CHECKING:
  import numpy as np

  from tf_style.transfer import Plan, Result


def main(argv: Sequence[str]) -> int:
  """Runs the command and returns its exit code, 2 for a wrong input, which leaves nothing behind.

  Args:
    argv: the command line without the program's name.
  """
  return console.exit_code(lambda: _run(argv))


def cli() -> None:
  """Entry point of the console script."""
  sys.exit(main(sys.argv[1:]))


def _run(argv: Sequence[str]) -> None:
  job = flags.parse(argv)
  console.show_log(job.verbosity)
  check_files(job)
  machine.start_tensorflow(verbose=job.verbosity > 0)
  from tf_style import transfer

  desk = Desk(job, one_line(shlex.join(["tf-style", *argv])))
  try:
    result = transfer.stylize(
        job.content, job.style, job.config, job.init_image, desk.begin, desk.on_step)
  finally:
    desk.clear()
  desk.finish(result)


def check_files(job: flags.Job) -> None:
  """Checks, before TensorFlow is loaded, that the pictures can be read and the results be written.

  Raises:
    InputError: the first thing that is wrong.
  """
  sources = {"--content": job.content, "--style": job.style, "--init_image": job.init_image}
  sizes = {flag: images.probe_size(path, job.config.max_pixels, flag)
           for flag, path in sources.items() if path is not None}
  size, longest = sizes["--content"], job.config.image_size
  output = output_path(job)
  images.check_output_name(output)
  images.check_output_size(
      output, *(size if longest == "original" else images.fitted_size(*size, int(longest))))
  files.check_writable(output)
  if job.output is not None and output.exists():
    for flag, path in (sources | {"--weights": job.config.weights}).items():
      if path is not None and os.path.exists(path) and os.path.samefile(output, path):
        raise OutputError("--output: " + expected(f"another file than {flag}", output))
  files.check_folder(job.logdir, "--logdir")


def output_path(job: flags.Job) -> Path:
  """Returns where the result shall go: as asked, or here, named after the pictures."""
  if job.output is not None:
    return Path(job.output)
  content, style = (files.safe_name(Path(path).stem) for path in (job.content, job.style))
  return Path(f"{content}-{style}.png")


class Desk:
  """Where the results of one run go: its folder, its picture, what the user sees of it."""

  def __init__(self, job: flags.Job, command_line: str):
    self._job, self._command_line = job, command_line
    self._output = output_path(job)
    self._overwrite = job.output is not None
    self._progress: Progress | None = None
    self._summaries: Any = None
    self._watchers: list[OnStep] = []

  def begin(self, plan: "Plan") -> None:
    """Makes the run's folder and says what is going to happen; before this, nothing is written."""
    from tf_style import report
    from tf_style.summaries import Summaries
    self._plan, self._report = plan, report
    for note in plan.notes:
      console.say(note)
    if plan.config.device == "auto" and (reason := machine.unused_gpu()):
      console.say("the GPU of this machine is not used" + reason)
    console.say(report.plan_line(plan))
    self._folder = files.make_run_folder(self._job.logdir, self._output.stem)
    paths = {name: path for name in ("content", "style", "init_image", "logdir")
             if (path := getattr(self._job, name)) is not None}
    self._write("flags.txt", report.flag_file(plan.config, paths))
    if self._job.verbosity >= 0:
      self._progress = Progress(plan.levels)
      self._watchers.append(self._progress.on_step)
    self._summaries = Summaries(self._folder, plan, self._command_line)
    self._watchers.append(self._summaries.on_step)
    if plan.config.save_every:
      self._watchers.append(self._save_when_due)

  def on_step(self, step: Step) -> bool:
    """Passes a chunk of steps on to all who watch; any of them may end the run."""
    wishes = [watch(step) for watch in self._watchers]
    return any(wishes)

  def clear(self) -> None:
    """Wipes the progress bar away, whatever comes next."""
    if self._progress:
      self._progress.close()

  def finish(self, result: "Result") -> None:
    """Writes the picture and the summary and says where they are."""
    self._save(result.picture, result.losses)
    if self._summaries:
      self._summaries.close(result)
    record = self._report.summary(result, self._output, machine.peak_memory())
    self._write("summary.json", json.dumps(record, indent=2) + "\n")
    console.say(f"wrote {self._output}: loss {result.losses['total']:.4g}, {record['steps']} steps "
                f"in {result.seconds:.1f} s; more in {self._folder}")
    console.answer(self._output)

  def _save_when_due(self, step: Step) -> None:
    if step.number % self._plan.config.save_every == 0 and step.number < step.steps:
      height, width = self._plan.levels[-1][:2]
      self._save(images.resize(step.picture(), height, width), {"total": step.best_loss})

  def _save(self, picture: "np.ndarray", losses: dict[str, float]) -> None:
    self._output = images.save_picture(
        self._output, picture, self._plan.content.alpha,
        self._report.picture_metadata(self._plan, losses), self._overwrite)
    self._overwrite = True  # from now on the name is this run's own

  def _write(self, name: str, text: str) -> None:
    files.write_atomically(self._folder / name, lambda path: path.write_text(text, "utf-8"))


if __name__ == "__main__":
  cli()
