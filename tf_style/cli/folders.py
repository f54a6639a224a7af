"""The main command where --content is many pictures: a job that goes on where it ended."""

import contextlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from tf_style.cli import console, flag_files
from tf_style.cli.job_progress import JobProgress
from tf_style.cli.jobs import job_of, verbosity_of, workers_of
from tf_style.cli.models import job_with_model
from tf_style.cli.paths import check_path, path_of, paths_of
from tf_style.descent.step import Step
from tf_style.errors import InputError, expected
from tf_style.many import report
from tf_style.many.folders import make_job, make_setup, source_of
from tf_style.many.items import Item
from tf_style.many.job import Job, Source
from tf_style.many.listing import absolute, is_several
from tf_style.settings.kinds import KINDS
from tf_style.system import machine
from tf_style.system.signals import Signals

if TYPE_CHECKING:
  from tf_style.many.job import Finished

_OF_THE_JOB = ("content", "output", "logdir", "each_style", "workers", "cluster")
_OF_ONE = ("content_map", "style_scale_map")  # they are drawn for one picture
_PATHS = ("style", "content_mask", "style_mask", "init_image", "output", "logdir", "weights")
_SAID = 20  # failed items; the table has all


class Folders(NamedTuple):
  """What a command line with many pictures asks for.

  Attributes:
    job: the items, and what is known of them.
    source: opens what paints.
    verbosity: as in `jobs.Job`.
  """

  job: Job
  source: Callable[[], Source]
  verbosity: int


def is_asked(given: Mapping[str, Any]) -> bool:
  """Whether flags, as `flags.read` returns them, ask for results in a folder."""
  return is_several(paths_of(given, "content")) or _each_style(given)


def run(given: Mapping[str, Any], signals: Signals) -> int:
  """Paints what is not finished, says what became of all, and returns the exit code.

  A signal leaves the item in work; what is finished before is saved.

  Raises:
    InputError: what all items have in common is wrong; nothing was written.
  """
  job, source, verbosity = asked(given)
  console.show_log(verbosity)
  for note in job.notes:
    console.say(note)
  count, total = len(job.pending), len(job.items)
  waiting = f"{count} of them to be painted" if count else "all of them are finished"
  console.say(f"{total} pictures, {waiting}; results in {given['output']}, more in {job.folder}")
  if count:
    machine.start_tensorflow(verbose=verbosity > 0, keras=given.get("model") is not None)
  progress = JobProgress(count, total) if verbosity >= 0 else None
  _paint(job, source, progress, signals)
  return _finish(job, given["output"], bool(signals.received))


def asked(given: Mapping[str, Any]) -> Folders:
  """Makes the job of the texts of flags; nothing is written.

  Raises:
    InputError: a value is wrong, or nothing is found.
  """
  for name in _OF_ONE:
    if name in given:
      raise InputError(f"--{name}: " + expected("one picture as --content", "several"))
  output, contents = path_of(given, "output"), paths_of(given, "content")
  if output is None:
    raise InputError("--output: " + expected(
        "a folder for the results of several pictures (--output=FOLDER)", "none"))
  if "resume" in given:
    raise InputError("--resume: " + expected(
        "none beside several pictures: the same command goes on", given["resume"]))
  one = {name: value for name, value in given.items() if name not in _OF_THE_JOB}
  settings = job_with_model(one) if "model" in one else job_of(one)
  for name in ("style", "style_mask", "content_mask", "init_image", "weights"):
    for path in paths_of(given, name):
      check_path(path, name)
  setup = make_setup(
      paths_of(given, "style"), paths_of(given, "style_mask"), settings.config,
      model=None if settings.model is None else os.fspath(settings.model),
      polish=settings.polish, init_image=path_of(given, "init_image"),
      each_style=_each_style(given),
      scaled=settings.model is not None and "style_scale" not in given)
  source = source_of(setup, workers_of(given), given.get("cluster"))
  job = make_job(contents, setup, output=output, content_mask=path_of(given, "content_mask"),
                 logdir=path_of(given, "logdir") or "logs", flags=_flag_file(given))
  return Folders(job, source, verbosity_of(given))


def _paint(job: Job, source: Callable[[], Source], progress: JobProgress | None,
           signals: Signals) -> None:
  def on_step(item: Item, step: Step) -> bool:
    if progress:
      progress.on_step(item, step)
    return bool(signals.received)

  said: set[str] = set()
  try:
    with contextlib.closing(job.run(source, on_step)) as finished:
      for item in finished:
        _say(item, said, progress)
  except KeyboardInterrupt:
    if not (signals.received and job.begun):
      raise
  finally:
    if progress:
      progress.close()


def _say(item: "Finished", said: set[str], progress: JobProgress | None) -> None:
  """Says what the user should know of an item, each thing once."""
  for note in item.notes:
    if note not in said:
      said.add(note)
      if progress:
        progress.close()
      console.say(note)
  if progress:
    progress.on_item(item)


def _finish(job: Job, output: str, stopped: bool) -> int:
  """Says what became of the items, and returns the exit code."""
  failed, done, total = job.failed, job.done, len(job.items)
  for item, error in failed[:_SAID]:
    console.say(f"failed: {item.name}: {error}")
  if len(failed) > _SAID:
    console.say(f"failed: {len(failed) - _SAID} more, which {report.TABLE} names")
  if stopped:
    console.say("stopped; the same command goes on")
  of_failed = f", {len(failed)} failed" if failed else ""
  console.say(f"{done} of {total} pictures are in {output}{of_failed}; table and sheet in "
              f"{job.folder}")
  console.answer(output)
  return console.DONE if done == total else console.FAILED


def _each_style(given: Mapping[str, Any]) -> bool:
  kind = KINDS["bool"]
  try:
    return bool(kind.parse(given.get("each_style", "false")))
  except ValueError:
    raise InputError("--each_style: " + expected(kind.noun, given["each_style"])) from None


def _flag_file(given: Mapping[str, Any]) -> str:
  """Returns the text of a flag file that repeats the job, from whatever folder."""
  lines = []
  for name, value in {"logdir": "logs", **given}.items():
    for text in [value] if isinstance(value, str) else value:
      if name == "content":
        text = absolute(text)
      elif name in _PATHS or (name == "model" and Path(text).is_dir()):
        text = text if text in ("auto", "imagenet") else os.path.abspath(text)
      lines.append(flag_files.line(f"--{name}={text}"))
  return "".join(f"{line}\n" for line in lines)
