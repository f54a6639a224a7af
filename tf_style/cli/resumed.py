"""The job of a run that goes on: its flags, its files where they are now, more steps."""

import dataclasses
import os
from collections.abc import Mapping
from typing import Any, NamedTuple

from tf_style.cli.jobs import Job, verbosity_of, weights_of
from tf_style.cli.paths import path_of, paths_of
from tf_style.errors import InputError, expected
from tf_style.problem.inputs import Inputs
from tf_style.repaint import checkpoints
from tf_style.repaint.checkpoints import Saved
from tf_style.settings.config import Config
from tf_style.settings.fields import as_text, checked

_PICTURES = ("content", "style", "content_mask", "style_mask", "content_map", "style_scale_map",
             "init_image")
_MAY_CHANGE = ("device", "max_pixels", "weights")  # and what is in the group Watching


def resumed_job(given: Mapping[str, Any], run_folder: str) -> Job:
  """Makes the job of a saved run.

  What is given beside --resume must not change how the picture turns out. Pictures and weights may
  lie elsewhere by now: their digests are compared when they are read.

  Args:
    given: the texts of flags, as `flags.read` returns them.
    run_folder: of the run.
  Raises:
    InputError: there is no checkpoint, a flag does not fit it, or a picture is not found.
  """
  if "timelapse" in given:
    raise InputError("--timelapse: " + expected("none beside --resume", given["timelapse"]))
  saved = checkpoints.load(run_folder)
  for name in _PICTURES:
    if name in given and name not in saved.paths:
      raise InputError(f"--{name}: " + expected(
          "none, as the run to be resumed has", ", ".join(paths_of(given, name))))
  places = _Places(saved.paths["logdir"][0], os.path.dirname(os.path.abspath(run_folder)))
  logdir = path_of(given, "logdir")
  if logdir is not None and os.path.abspath(logdir) not in places:
    raise InputError("--logdir: " + expected("none beside --resume", logdir))
  config = _with_more_steps(_config(given, saved), given, saved)
  if "weights" not in given and config.weights not in ("auto", "imagenet"):
    config = dataclasses.replace(config, weights=places.found(config.weights) or config.weights)
  paths = {name: paths_of(given, name) or _pictures(name, saved, places)
           for name in _PICTURES if name in saved.paths}
  first = lambda name: paths[name][0] if name in paths else None
  inputs = Inputs.of(
      first("content"), paths.get("style"), content_mask=first("content_mask"),
      style_mask=paths.get("style_mask"), content_map=first("content_map"),
      style_scale_map=first("style_scale_map"), init_image=first("init_image"))
  kept_output = saved.paths.get("output")
  output = path_of(given, "output")
  if output is None and kept_output:
    output = places.for_result(kept_output[0])
  used = [*(path for each in paths.values() for path in each), *([output] if output else [])]
  return Job(config=config, inputs=inputs, output=output, logdir=places.now,
             verbosity=verbosity_of(given), resume=saved, notes=places.notes(used))


class _Places(NamedTuple):
  """The log folder of a run, where it was and where it is now."""

  before: str
  now: str

  @property
  def moved(self) -> bool:
    return not (os.path.exists(self.before) and os.path.samefile(self.before, self.now))

  def beside(self, path: str) -> str:
    """Returns where a file is now if it was moved along with the log folder."""
    try:
      return os.path.normpath(os.path.join(self.now, os.path.relpath(path, self.before)))
    except ValueError:  # on another drive of Windows
      return path

  def found(self, path: str) -> str | None:
    """Returns the path of a file that the run reads: beside a moved run, or as it was, or None."""
    places = (self.beside(path), path) if self.moved else (path,)
    return next(filter(os.path.exists, places), None)

  def for_result(self, path: str) -> str:
    """Returns the path of the result: beside a moved run, or as it was where that folder stays."""
    if not self.moved:
      return path
    beside = self.beside(path)
    stays = os.path.isdir(os.path.dirname(path)) and not os.path.isdir(os.path.dirname(beside))
    return path if stays else beside

  def notes(self, used: list[str]) -> tuple[str, ...]:
    if not self.moved:
      return ()
    return (f"this run was moved from {self.before} to {self.now}; its files are now "
            f"{', '.join(map(os.path.relpath, used))}",)


def _pictures(name: str, saved: Saved, places: _Places) -> tuple[str, ...]:
  found = []
  for kept in saved.paths[name]:
    path = places.found(kept)
    if path is None:
      raise InputError(f"--{name}: " + expected(
          f"the file that the run began with (--{name}=FILE says where it is now)",
          f"{kept}, where there is none"))
    found.append(path)
  return tuple(found)


def _config(given: Mapping[str, Any], saved: Saved) -> Config:
  """Returns the run's configuration, with those flags changed that may be."""
  config = saved.config
  for field in dataclasses.fields(Config):
    if field.name not in given or field.name in ("steps", "level_steps"):
      continue
    text, kept = given[field.name], getattr(config, field.name)
    value = checked(field, weights_of(text) if field.name == "weights" else text)
    if field.metadata["group"] == "Watching" or field.name in _MAY_CHANGE:
      config = dataclasses.replace(config, **{field.name: value})
    elif value not in (kept, getattr(saved.asked, field.name)):
      raise InputError(f"--{field.name}: " + expected(
          f"{as_text(kept)}, as the run to be resumed has", as_text(value)))
  return config


def _with_more_steps(config: Config, given: Mapping[str, Any], saved: Saved) -> Config:
  """Returns the configuration with longer levels, where --steps or --level_steps ask for them."""
  fields = {field.name: field for field in dataclasses.fields(Config)}
  planned = tuple(steps for _, _, steps in saved.levels)
  wanted = checked(fields["level_steps"], given.get("level_steps", "")) or planned
  steps = checked(fields["steps"], given.get("steps", saved.asked.steps))
  if wanted == planned and steps != saved.asked.steps:
    wanted = (*planned[:-1], planned[-1] + steps - sum(planned))
  done = saved.level
  if (len(wanted) != len(planned) or wanted[:done] != planned[:done]
      or any(new < old for new, old in zip(wanted, planned, strict=True))):
    raise InputError("--steps: " + expected(
        f"at least {sum(planned)} steps ({as_text(planned)} by level, {done} levels of them done)",
        as_text(wanted)))
  return config if wanted == planned else dataclasses.replace(
      config, steps=sum(wanted), level_steps=wanted)
