"""What a command line about a film asks for, as one record, checked before TensorFlow is loaded."""

import dataclasses
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tf_style.cli import flag_files
from tf_style.cli.jobs import Job, job_of, workers_of
from tf_style.cli.models import job_with_model
from tf_style.cli.paths import check_path, path_of, paths_of
from tf_style.errors import InputError, expected
from tf_style.films import kept, targets
from tf_style.films.opening import is_film
from tf_style.films.settings import FilmConfig
from tf_style.many.workers import check_installed
from tf_style.pictures import images
from tf_style.settings.config import Config
from tf_style.system import files

FILM_FLAGS = tuple(field.name for field in dataclasses.fields(FilmConfig))
_NEVER = ("init_image", "content_map", "style_scale_map", "output_size", "fit", "polish",
          "tileable", "timelapse", "each_style")
_OF_THE_JOB = ("content", "workers", "cluster")
_BESIDE_RESUME = ("resume", "output", "verbosity", "crf", "device", "max_pixels", "workers",
                  "cluster")
# Settings that a film has beside --model, where a picture has none.
_OF_A_FILM = ("coherence", "deterministic", "logdir")
_PATHS = ("content", "style", "content_mask", "style_mask", "model", "output", "logdir")


class FilmJob(NamedTuple):
  """What one command line asks for.

  Attributes:
    job: of each frame: configuration, styles, masks, model, log folder, verbosity.
    content: path of the film.
    settings: of the film.
    output: path of the result.
    named: whether the user gave that path; a name of ours never overwrites.
    flag_lines: lines of a flag file that repeats the job.
    resume: the folder of the run to go on with, or None.
    workers, cluster: processes that paint it, or None: this one.
  """

  job: Job
  content: str
  settings: FilmConfig
  output: Path
  named: bool
  flag_lines: tuple[str, ...]
  resume: Path | None = None
  workers: int | None = None
  cluster: str | None = None

  @property
  def is_elsewhere(self) -> bool:
    """Whether other processes paint the frames."""
    return (self.workers or 1) > 1 or self.cluster is not None

  @property
  def config(self) -> Config:
    """How each frame shall turn out."""
    return self.job.config

  @property
  def verbosity(self) -> int:
    """As for a job about a picture."""
    return self.job.verbosity


def is_about_film(given: Mapping[str, Any]) -> bool:
  """Says whether the texts of flags are about a film."""
  if "resume" in given:
    return kept.is_kept(str(path_of(given, "resume")))
  contents = paths_of(given, "content")
  return len(contents) == 1 and is_film(
      contents[0], path_of(given, "output"), any(name in given for name in FILM_FLAGS))


def film_job_of(given: Mapping[str, Any], resume: Path | None = None) -> FilmJob:
  """Makes a job of the texts of flags, as `flags.read` returns them.

  Raises:
    InputError: a value is wrong, or does not go with a film.
  """
  for name in _NEVER:
    if name in given:
      raise InputError(f"--{name}: " + expected("none for a film", given[name]))
  if given.get("guide", "none") != "none":  # other regions from frame to frame would flicker
    raise InputError("--guide: " + expected("none for a film", given["guide"]))
  settings = FilmConfig.of(**{name: given[name] for name in FILM_FLAGS if name in given})
  (content,), job = paths_of(given, "content"), _job_of_frames(given)
  output = path_of(given, "output")
  path = Path(output) if output is not None else _named_after(content, job)
  made = FilmJob(job, content, settings, path, output is not None, tuple(_lines(given)), resume,
                 workers_of(given), given.get("cluster"))
  if made.is_elsewhere:
    check_installed()
  return made


def resumed(given: Mapping[str, Any], saved: Mapping[str, Any]) -> FilmJob:
  """Makes the job of a film that was begun.

  Args:
    given: the texts of flags beside --resume, and that flag.
    saved: those of the run's flag file.
  Raises:
    InputError: a flag would change the result.
  """
  for name in given:
    if name not in _BESIDE_RESUME:
      raise InputError(f"--{name}: " + expected("none beside --resume of a film", given[name]))
  own = {name: value for name, value in given.items() if name != "resume"}
  return film_job_of({**saved, **own}, Path(str(path_of(given, "resume"))))


def check(job: FilmJob) -> None:
  """Checks that the pictures can be read, and that the result can be written.

  Raises:
    InputError: the first thing that is wrong.
  """
  frames, config = job.job, job.job.config
  check_path(job.content, "content")
  if not os.path.exists(job.content):
    raise InputError("--content: " + expected("a film that is there", job.content))
  for style in map(str, frames.inputs.styles):
    check_path(style, "style")
    for picture in images.pictures_of(style, "--style"):
      images.probe_size(picture, config.max_pixels, "--style")
  if frames.model is None and not frames.inputs.styles:
    raise InputError("--style: " + expected("a painting (--style=FILE), or --model", "none"))
  targets.check_target(job.output, job.settings)
  if job.output.exists() and os.path.samefile(job.output, job.content):
    raise InputError("--output: " + expected("another file than --content", job.output))
  files.check_folder(frames.logdir, "--logdir")


def _job_of_frames(given: Mapping[str, Any]) -> Job:
  """Returns the job of the frames, which are no files."""
  own = {name: value for name, value in given.items() if name not in (*FILM_FLAGS, *_OF_THE_JOB)}
  if "model" not in given:
    job = job_of(own)
    return job._replace(inputs=job.inputs._replace(content=None))
  of_film = {name: own.pop(name) for name in _OF_A_FILM if name in own}
  for name in ("style", "content_mask"):
    if name in own:
      raise InputError(f"--{name}: " + expected("none beside --model for a film", own[name]))
  if own.get("color") == "match":  # frame by frame, colors would flicker
    raise InputError("--color: " + expected(
        "style, content or luminance beside --model for a film", "match"))
  job = job_with_model({"image_size": "original", **own})
  checked = Config.of(**{name: of_film[name] for name in of_film if name != "logdir"})
  changes = {name: getattr(checked, name) for name in of_film if name != "logdir"}
  return job._replace(config=dataclasses.replace(job.config, **changes),
                      logdir=path_of(of_film, "logdir") or job.logdir)


def _named_after(content: str, job: Job) -> Path:
  """Returns a name that is free: CONTENT-STYLE.mp4."""
  styles = [str(job.model)] if job.model else [str(style) for style in job.inputs.styles[:2]]
  names = [files.safe_name(Path(path).stem) for path in (content, *styles)]
  return files.free_path("-".join(names) + ".mp4")


def _lines(given: Mapping[str, Any]) -> list[str]:
  """Returns the lines of a flag file that repeats the job, from whatever folder."""
  lines = []
  for name, value in given.items():
    if name in ("resume", "verbosity"):
      continue
    several = paths_of(given, name) if name in _PATHS else value
    for each in [several] if isinstance(several, str) else several:
      made = os.path.abspath(each) if name in _PATHS and os.path.exists(each) or (
          name in ("output", "logdir")) else each
      lines.append(flag_files.line(f"--{name}={made}"))
  return lines
