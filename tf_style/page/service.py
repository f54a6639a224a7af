"""What the page can do, without its looks: pictures in, jobs begun, runs gone on with."""

import dataclasses
import functools
import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from tf_style.cli import checks
from tf_style.cli.jobs import Job as Asked
from tf_style.cli.jobs import job_of
from tf_style.cli.models import job_with_model
from tf_style.cli.resumed import resumed_job
from tf_style.errors import InputError, expected
from tf_style.page import asking, exploring, learning, runs
from tf_style.page.jobs import Job, Jobs
from tf_style.page.painters import Painters
from tf_style.page.places import Places
from tf_style.page.previews import small_jpeg
from tf_style.page.repainting import repaint
from tf_style.pictures import images
from tf_style.problem import memory
from tf_style.repaint import checkpoints
from tf_style.settings.config import Config
from tf_style.system import devices, files, machine
from tf_style.system.memory import memory_limit

_SHOWN_PX = 256
_GPU = "/dev/nvidiactl"
_Made = TypeVar("_Made", Asked, tuple[Asked, int])


class Service:
  """The page's jobs and folders.

  Attributes:
    places: the folders.
    jobs: all of them.
    painters: kept from job to job.
    shown: what learned styles paint.
    serve_board: starts TensorBoard, or None.
    options: texts of flags that every job has unless it says otherwise.
  """

  def __init__(self, logdir: str, options: Mapping[str, str] | None = None,
               serve_board: Callable[[str], str] | None = None):
    """Begins; TensorFlow is loaded with the first job, or by `warm_up`.

    Args:
      logdir: the log folder.
      options: the attribute.
      serve_board: starts TensorBoard on a folder and returns its address.
    """
    self.places, self.painters = Places(logdir), Painters()
    self.jobs = Jobs(functools.partial(machine.start_tensorflow, keras=True))
    self.options = dict(options or {})
    self.shown = learning.Shown(self.painters)
    self.serve_board = serve_board
    self._board: str | None = None
    self.thumbnail = functools.lru_cache(64)(_thumbnail)

  def warm_up(self) -> None:
    """Loads TensorFlow in the background."""
    self.jobs.line(_device_line("auto")).begin()

  def take(self, file: str, flag: str) -> Path:
    """Keeps an uploaded picture, and returns where it is.

    Raises:
      InputError: it cannot be read; the message has no path.
    """
    try:
      images.probe_size(file, flag=flag)
      path = self.places.keep(file)
      self.thumbnail(path)
    except InputError as error:
      raise InputError(self.places.shown(str(error).replace(file, os.path.basename(file)))) from (
          error)
    return path

  def paint(self, given: Mapping[str, Any], before: Job | None = None) -> Job:
    """Begins a repaint, of a learned style where `model` is among the flags.

    Args:
      given: texts of flags, paths of pictures among them.
      before: the job whose picture was shown until now.
    Raises:
      InputError: something is wrong; nothing was begun.
    """
    known = {**self.options, **given, "logdir": os.fspath(self.places.logdir), "verbosity": "-1"}
    asked = self._checked(lambda: (job_with_model if "model" in given else job_of)(known))
    command = asking.command_line(["tf-style"], {**self.options, **given})
    return self._begin(asked, given, command, before)

  def go_on(self, run: object, more: int = 0, before: Job | None = None) -> Job:
    """Goes on with a run of the log folder from its last checkpoint.

    Args:
      run: name of its folder.
      more: steps beyond those that it planned.
      before: the job whose picture was shown until now.
    Raises:
      InputError: there is no such run, or it has no checkpoint.
    """
    folder = self.places.run(run)
    if folder.name in self.jobs.runs():
      raise InputError(expected("a run that has ended", "one that still goes on"))
    asked, steps = self._checked(lambda: _resumed(folder, more))
    given = {**asking.changed(checkpoints.load(folder).asked), **_paths(asked)}
    command = asking.command_line(
        ["tf-style"], {"resume": os.fspath(folder), **({"steps": steps} if more else {})})
    if before is not None and before.report.run == folder.name:
      command, given = f"{before.command_line}\n{command}", before.given
    return self._begin(asked, given, command, before)

  def reopen(self, name: object) -> Job:
    """Returns a run of the log folder as a job that has ended, with its settings and picture.

    Raises:
      InputError: there is no such run, or its flags cannot be read.
    """
    folder = self.places.run(name)
    given, picture = runs.asked_for(folder), runs.picture_of(folder)
    shown = lambda job: job.show(run=folder.name, picture=picture, line=f"the run {folder.name}",
                                 preview=runs.thumbnail(folder))
    return self.jobs.add(Job(shown, given, asking.command_line(["tf-style"], given)))

  def explore(self, given: Mapping[str, Any], columns: tuple[str, str],
              rows: tuple[str, str]) -> Job:
    """Begins a sheet of drafts over the values of two settings.

    Args:
      given: texts of all other flags.
      columns, rows: a setting and its values, as text.
    Raises:
      InputError: a value is wrong; nothing was begun.
    """
    try:
      cells = exploring.cells_of({**self.options, **given}, columns, rows)
    except InputError as error:
      raise InputError(self.places.shown(str(error))) from error
    work = lambda job: exploring.explore(job, cells, self.painters)
    return self.jobs.put(Job(work, given), _device_line(cells[0][1].config.device))

  def learn(self, name: str, given: Mapping[str, Any], photos: Sequence[str] = ()) -> Job:
    """Begins to learn a style.

    Args:
      name: of the folder that it becomes.
      given: texts of flags of `tf-style learn`.
      photos: uploaded photographs; none takes the samples.
    Raises:
      InputError: a value is wrong, or the name is taken; nothing was begun.
    """
    if not re.fullmatch(r"[\w-][\w.-]{0,60}", name) or name in self.places.model_names():
      raise InputError("name: " + expected("a new name of letters and digits", f"'{name}'"))
    known = {**given, "output": os.fspath(self.places.models / name), "verbosity": "-1",
             "logdir": os.fspath(self.places.logdir)}
    if photos:
      known["photos"] = os.fspath(self.places.keep_together(photos))
    try:
      asked = learning.lesson_of(known)
    except InputError as error:
      raise InputError(self.places.shown(str(error))) from error
    command = asking.command_line(["tf-style", "learn"], {
        **given, **({"photos": "FOLDER"} if photos else {}), "output": name})
    work = lambda job: learning.learn(job, asked)
    return self.jobs.put(Job(work, given, command), _device_line(asked.config.device))

  def board_address(self) -> str:
    """Returns TensorBoard's address, which is started with the first call.

    Raises:
      InputError: it cannot be.
    """
    if self._board is None:
      if self.serve_board is None:
        raise InputError(expected("TensorBoard, which this page has not", "none"))
      self._board = self.serve_board(os.fspath(self.places.logdir))
    return self._board

  def _begin(self, asked: Asked, given: Mapping[str, Any], command: str,
             before: Job | None) -> Job:
    job = Job(lambda job: self._work(job, asked), given, command, before)
    return self.jobs.put(job, _device_line(asked.config.device))

  def _work(self, job: Job, asked: Asked) -> None:
    try:
      repaint(job, asked, self.painters)
    except InputError as error:
      raise InputError(self.places.shown(str(error))) from error

  def _checked(self, make: Callable[[], _Made]) -> _Made:
    """Returns what `make` returns, after the checks that need no TensorFlow.

    Raises:
      InputError: something is wrong; the message has no path.
    """
    try:
      made = make()
      asked = made if isinstance(made, Asked) else made[0]
      size = checks.check_pictures(asked)
      files.check_folder(asked.logdir, "--logdir")
      _check_memory(asked.config, *size)
      return made
    except InputError as error:
      raise InputError(self.places.shown(str(error))) from error


def _resumed(folder: Path, more: int) -> tuple[Asked, int]:
  known = {"resume": os.fspath(folder), "verbosity": "-1"}
  asked = resumed_job(known, os.fspath(folder))
  if not more:
    return asked, asked.config.steps
  assert asked.resume is not None
  steps = asked.resume.asked.steps + more
  return resumed_job({**known, "steps": str(steps)}, os.fspath(folder)), steps


def _paths(asked: Asked) -> dict[str, Any]:
  """Returns the paths of a job as flags have them."""
  several = ("style", "style_mask")
  return {name: list(paths) if name in several else paths[0]
          for name, paths in asked.paths.items()}


def _device_line(device: str) -> str:
  """Returns the name of the line for jobs of a device, before TensorFlow says which it is."""
  if device == "auto":
    return "gpu:0" if os.path.exists(_GPU) else "cpu"
  return device


def _check_memory(config: Config, height: int, width: int) -> None:
  """Checks, without TensorFlow, that a run on the CPU fits into memory.

  Raises:
    InputError: it does not; the message says what would.
  """
  if _device_line(config.device) != "cpu":
    return
  if config.precision == "auto":
    config = dataclasses.replace(config, precision=devices.fast_precision("/CPU:0"))
  memory.fitted(config, height, width, memory_limit("/CPU:0"))


def _thumbnail(path: Path) -> bytes:
  return small_jpeg(images.load_picture(path, _SHOWN_PX).rgb, _SHOWN_PX)
