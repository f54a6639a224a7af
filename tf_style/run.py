"""The main command: a content picture and a style picture in, a repainted picture out."""

import sys

from tf_style.cli.launch import launch

if __name__ == "__main__":
  launch("run", sys.argv[1:])  # and exits: before the imports below, which take a while

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tf_style.cli import checks, command_line, console, film_jobs, folders, messages
from tf_style.cli.jobs import Job
from tf_style.cli.output import Output, output_path
from tf_style.cli.watchers import Watchers
from tf_style.errors import one_line
from tf_style.repaint.metadata import picture_metadata
from tf_style.system import files, machine
from tf_style.system.signals import Signals

if TYPE_CHECKING:
  from tf_style.learned.painting import Painting
  from tf_style.pictures.images import Source
  from tf_style.repaint.result import Result


def main(argv: Sequence[str]) -> int:
  """Runs the command and returns its exit code, 2 for a wrong input, which leaves nothing behind.

  It is 130 after SIGINT, 143 after SIGTERM and 129 after SIGHUP, with the best picture written if
  there was a step.

  Args:
    argv: the command line without the program's name.
  """
  return console.stoppable(lambda signals: _run(argv, signals))


def _run(argv: Sequence[str], signals: Signals) -> int:
  given = command_line.read(argv)
  if film_jobs.is_about_film(given):
    return _paint_film(command_line.film_job(given), signals, argv)
  if folders.is_asked(given):
    return folders.run(given, signals)
  job = command_line.job(given)
  console.show_log(job.verbosity)
  check_files(job)
  machine.start_tensorflow(verbose=job.verbosity > 0, keras=job.model is not None)
  start = job.inputs.init_image
  if job.model is not None:
    from tf_style.cli import painting
    painted = painting.painted(job)
    if not job.polish:
      return _write(painted, job)
    start = painted.picture
  return _repaint(job, start, signals, one_line(shlex.join(["tf-style", *argv])))


def _paint_film(job: film_jobs.FilmJob, signals: Signals, argv: Sequence[str]) -> int:
  """Paints the film of a job, and returns the exit code."""
  console.show_log(job.verbosity)
  film_jobs.check(job)
  machine.start_tensorflow(verbose=job.verbosity > 0, keras=job.job.model is not None)
  from tf_style.cli import filming
  return filming.paint(job, signals, one_line(shlex.join(["tf-style", *argv])))


def _repaint(job: Job, start: "Source | None", signals: Signals, command_line: str) -> int:
  """Repaints the content of a job, and returns the exit code; `start` is its --init_image."""
  from tf_style.repaint import painter

  output, inputs = Output(job), job.inputs
  watchers = Watchers(job, output, signals, command_line)
  try:
    paint = painter.Painter(inputs.styles, job.config, style_mask=inputs.style_masks)
    result = paint(
        inputs.content, content_mask=inputs.content_mask, content_map=inputs.content_map,
        style_scale_map=inputs.style_scale_map, init_image=start, on_plan=watchers.begin,
        on_step=watchers.on_step, on_tile=watchers.on_tile, resume=job.resume)
  except KeyboardInterrupt:
    watchers.folder.discard()
    raise
  except Exception:
    watchers.rescue()
    raise
  finally:
    watchers.close()
  return _finish(result, output, watchers)


def _write(painted: "Painting", job: Job) -> int:
  """Writes what a learned style has painted, says where it is, and returns the exit code."""
  from tf_style.learned import painting
  assert job.model is not None
  output, content = Output(job), painted.loaded.content
  picture = painted.finished(job.config)
  about = painting.metadata(painted, job.config, job.model)
  as_asked = output.save_somewhere(
      picture, content.alpha if content else None, about, Path.cwd())
  console.say(f"wrote {output.path}: {picture.shape[2]}x{picture.shape[1]}, painted by {job.model}")
  console.answer(output.path)
  return console.DONE if as_asked else console.FAILED


def check_files(job: Job) -> None:
  """Checks, before TensorFlow is loaded, that pictures can be read and results be written.

  Raises:
    InputError: the first thing that is wrong.
  """
  size, output = checks.check_pictures(job), output_path(job)
  checks.check_output(output, *size)
  if job.output is not None:
    checks.check_spares(output, job)
  checks.check_timelapse(job)
  files.check_folder(job.logdir, "--logdir")


def _finish(result: "Result", output: Output, watchers: Watchers) -> int:
  """Writes the picture and the summary, says where they are, and returns the exit code."""
  folder = watchers.folder
  metadata = picture_metadata(result.plan, result.losses)
  as_asked = output.save_somewhere(result.picture, result.plan.alpha, metadata, folder.path)
  folder.finish(result, output.path)
  watchers.finish(result.picture)
  for line in messages.outcome(result, output.path, folder.path, folder.resumable):
    console.say(line)
  console.answer(output.path)
  return console.DONE if as_asked and not result.failed else console.FAILED
