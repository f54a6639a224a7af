"""What a command line of `tf-style learn` asks for, as one record, checked before TensorFlow."""

import dataclasses
import os
from collections.abc import Mapping
from typing import Any, NamedTuple

from tf_style.cli.jobs import verbosity_of, weights_of
from tf_style.cli.paths import check_path, path_of, paths_of
from tf_style.errors import InputError, expected
from tf_style.learned import checkpoints
from tf_style.learned.checkpoints import SavedTraining
from tf_style.learned.settings import LearnConfig
from tf_style.learned.together import Place, place_of
from tf_style.pictures import images
from tf_style.system import files

_BESIDE_RESUME = ("resume", "output", "verbosity")
_MOST_PROBED = 64  # photographs of which one must be large enough


class LearnJob(NamedTuple):
  """What one command line asks for.

  Attributes:
    config: how the style is learned.
    styles: paths.
    photos: absolute path of the folder, or None for the samples.
    output: folder of the result.
    logdir: folder of the runs' folders.
    verbosity: as for a run.
    resume: the checkpoint to go on from, or None.
  """

  config: LearnConfig
  styles: tuple[str, ...]
  photos: str | None
  output: str
  logdir: str
  verbosity: int
  resume: SavedTraining | None = None

  @property
  def place(self) -> Place:
    """The process's place among those that train together.

    Raises:
      InputError: it is not known where it must be.
    """
    return place_of(self.config)

  @property
  def paths(self) -> dict[str, list[str]]:
    """Absolute paths by flag, one or several, from which the same training can be begun again."""
    several = {"style": self.styles, "photos": (self.photos,), "output": (self.output,),
               "logdir": (self.logdir,)}
    return {name: [os.path.abspath(path) for path in paths if path is not None]
            for name, paths in several.items() if paths[0] is not None}


def job_of(given: Mapping[str, Any]) -> LearnJob:
  """Makes a job of the texts of flags, as `flags.read` returns them.

  Raises:
    InputError: a value is wrong.
  """
  run_folder = path_of(given, "resume")
  if run_folder is not None:
    return _resumed(given, run_folder)
  options = {field.name: given[field.name] for field in dataclasses.fields(LearnConfig)
             if field.name in given}
  if "weights" in options:
    options["weights"] = weights_of(options["weights"])
  config, output, photos = LearnConfig.of(**options), path_of(given, "output"), path_of(
      given, "photos")
  styles = paths_of(given, "style")
  if not styles:
    raise InputError("--style: " + expected("a picture to learn from (--style=FILE)", "none"))
  if output is None:
    raise InputError("--output: " + expected(
        "where to write the learned style (--output=FOLDER)", "none"))
  return LearnJob(config, styles, photos and os.path.abspath(photos), output,
                  path_of(given, "logdir") or "logs", verbosity_of(given))


def _resumed(given: Mapping[str, Any], run_folder: str) -> LearnJob:
  for name in given:
    if name not in _BESIDE_RESUME:
      raise InputError(f"--{name}: " + expected("none beside --resume", given[name]))
  saved = checkpoints.load(run_folder)
  first = lambda name: saved.paths[name][0] if name in saved.paths else None
  return LearnJob(
      saved.config, tuple(saved.paths["style"]), first("photos"),
      path_of(given, "output") or str(first("output")), str(first("logdir")),
      verbosity_of(given), saved)


def check(job: LearnJob) -> None:
  """Checks that pictures can be read and the result be written.

  Raises:
    InputError: the first thing that is wrong.
  """
  if job.place.rank == 0:
    files.check_empty_folder(job.output, "--output")
  files.check_folder(job.logdir, "--logdir")
  for style in job.styles:
    check_path(style, "style")
    for picture in images.pictures_of(style, "--style"):
      images.probe_size(picture, job.config.max_pixels, "--style")
  if job.photos is not None:
    check_path(job.photos, "photos")
    _check_photographs(job.photos, job.config)


def _check_photographs(folder: str, config: LearnConfig) -> None:
  """Checks that one of the first photographs can be used."""
  errors: list[InputError] = []
  for picture in images.pictures_of(folder, "--photos")[:_MOST_PROBED]:
    try:
      height, width = images.probe_size(picture, config.max_pixels, "--photos")
      if min(height, width) >= config.train_size:
        return
      errors.insert(0, InputError("--photos: " + expected(
          f"sides of at least {config.train_size} pixels (--train_size)",
          f"{width}x{height} in {picture!s}")))
    except InputError as error:
      errors.append(error)
  raise errors[0]
