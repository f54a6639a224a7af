"""What a command line of `tf-style` asks for, as one record."""

import dataclasses
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tf_style.cli.paths import path_of, paths_of, understood
from tf_style.errors import InputError, expected
from tf_style.problem.inputs import Inputs
from tf_style.repaint.checkpoints import Saved
from tf_style.settings.config import Config

_TIMELAPSE_FRAMES = 200


class Job(NamedTuple):
  """What one command line asks for.

  Attributes:
    config: how the picture shall turn out.
    inputs: paths of pictures and masks.
    output: path of the result, or None for a name made of the pictures' names.
    logdir: folder of the runs' folders.
    verbosity: -1 without the progress bar, 0 with it, 1 with TensorFlow's messages too.
    resume: the checkpoint to go on from, or None.
    notes: what the user should know before the run.
    model: folder of a learned style that paints the picture, or None.
    polish: steps of repainting after it.
    flag_lines: lines of a flag file that repeats a job with a model.
    timelapse: path of the film of the making, or None.
  """

  config: Config
  inputs: Inputs
  output: str | None
  logdir: str
  verbosity: int
  resume: Saved | None = None
  notes: tuple[str, ...] = ()
  model: Path | None = None
  polish: int = 0
  flag_lines: tuple[str, ...] = ()
  timelapse: str | None = None

  @property
  def paths(self) -> dict[str, tuple[str, ...]]:
    """Paths of the pictures that are read, by flag."""
    inputs = self.inputs
    several = {
        "content": (inputs.content,), "style": inputs.styles,
        "content_mask": (inputs.content_mask,), "style_mask": inputs.style_masks,
        "content_map": (inputs.content_map,), "style_scale_map": (inputs.style_scale_map,),
        "init_image": (inputs.init_image,)}
    return {name: tuple(map(str, paths)) for name, paths in several.items()
            if paths and paths[0] is not None}


def job_of(given: Mapping[str, Any]) -> Job:
  """Makes a job of the texts of flags, as `flags.read` returns them.

  Raises:
    InputError: a value is wrong.
  """
  init_image = path_of(given, "init_image")
  options = {field.name: given[field.name] for field in dataclasses.fields(Config)
             if field.name in given}
  if init_image is not None and options.setdefault("init", "image") != "image":
    raise InputError(
        "--init_image: " + expected("--init=image or no --init beside it", options["init"]))
  if "weights" in options:
    options["weights"] = weights_of(options["weights"])
  inputs = Inputs.of(
      path_of(given, "content"), paths_of(given, "style"), init_image=init_image,
      content_mask=path_of(given, "content_mask"), style_mask=paths_of(given, "style_mask"),
      content_map=path_of(given, "content_map"),
      style_scale_map=path_of(given, "style_scale_map"))
  return with_timelapse(Job(
      config=Config.of(**options), inputs=inputs, output=path_of(given, "output"),
      logdir=path_of(given, "logdir") or "logs", verbosity=verbosity_of(given)), given)


def with_timelapse(job: Job, given: Mapping[str, Any]) -> Job:
  """Returns a job with the film of its making that the texts of flags ask for, if they do."""
  config, path = job.config, path_of(given, "timelapse")
  if path is None:
    return job
  steps = sum(config.level_steps) or config.steps
  every = config.timelapse_every or max(1, -(-steps // _TIMELAPSE_FRAMES))
  return job._replace(timelapse=path, config=dataclasses.replace(config, timelapse_every=every))


def weights_of(text: str) -> str:
  """Returns --weights as it is, or as an absolute path, so that the run may go on elsewhere."""
  return text if text in ("auto", "imagenet") else os.path.abspath(understood(text, "weights"))


def workers_of(given: Mapping[str, Any]) -> int | None:
  """Returns the number of --workers; None where it is not given.

  Raises:
    InputError: it is none.
  """
  if "workers" not in given:
    return None
  text = given["workers"]
  if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= 10_000):
    raise InputError("--workers: " + expected("a number of at least 1", text))
  return int(text)


def verbosity_of(given: Mapping[str, Any]) -> int:
  """Returns the level of --verbosity.

  Raises:
    InputError: it is none.
  """
  verbosity = given.get("verbosity", "0")
  if verbosity not in ("-1", "0", "1"):
    raise InputError("--verbosity: " + expected("-1, 0 or 1", verbosity))
  return int(verbosity)
