"""The job of a command line with --model: what goes with a learned style, and what does not."""

import dataclasses
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tf_style.cli import flag_files
from tf_style.cli.jobs import Job, verbosity_of, weights_of, with_timelapse
from tf_style.cli.paths import path_of
from tf_style.errors import InputError, expected
from tf_style.learned import painting
from tf_style.learned.record import Record, checked_file, find, read_record
from tf_style.pictures import images
from tf_style.problem.inputs import Inputs
from tf_style.settings.config import Config

_NEVER = ("style", "style_mask", "init_image", "init", "output_size", "resume", "steps",
          "level_steps", "preset", "effort")
# What a network alone looks at; all else is the polishing's.
_OF_A_NETWORK = ("content", "content_mask", "output", "model", "polish", "verbosity", "image_size",
                 "color", "strength", "style_blend", "mask_keep", "precision", "device",
                 "max_pixels")
_MOST_STEPS = 1_000_000


def job_with_model(given: Mapping[str, Any]) -> Job:
  """Makes a job of the texts of flags, --model among them, as `flags.read` returns them.

  The styles are the pictures in the model's folder, in the size in which the network saw them. For
  polishing the start is the network's picture, and the loss is the model's where flags do not say
  otherwise.

  Raises:
    InputError: a value is wrong, or a flag does not go with --model.
  """
  polish = _polish(given)
  for name in given:
    if name in _NEVER:
      raise InputError(f"--{name}: " + expected("none beside --model", given[name]))
    if not polish and name not in _OF_A_NETWORK:
      raise InputError(f"--{name}: " + expected(
          "--polish=STEPS beside it, or none beside --model", given[name]))
  folder = find(str(path_of(given, "model")))
  record = read_record(folder)
  inputs = Inputs.of(
      path_of(given, "content"),
      [os.fspath(checked_file(folder, record, name)) for name in record.pictures],
      content_mask=path_of(given, "content_mask"), content_map=path_of(given, "content_map"),
      style_scale_map=path_of(given, "style_scale_map"))
  job = Job(config=_config(given, record, inputs, polish), inputs=inputs,
            output=path_of(given, "output"), logdir=path_of(given, "logdir") or "logs",
            verbosity=verbosity_of(given), model=folder, polish=polish,
            flag_lines=tuple(_lines(given, folder)))
  return with_timelapse(job, given)


def _polish(given: Mapping[str, Any]) -> int:
  text = given.get("polish", "0")
  if not (text.isascii() and text.isdecimal() and int(text) <= _MOST_STEPS):
    raise InputError("--polish: " + expected("a number of steps, 0 for none", text))
  return int(text)


def _config(given: Mapping[str, Any], record: Record, inputs: Inputs, polish: int) -> Config:
  asked = {field.name: given[field.name] for field in dataclasses.fields(Config)
           if field.name in given}
  if "weights" in asked:
    asked["weights"] = weights_of(asked["weights"])
  config = painting.config_of(record, polish, **asked)
  if "style_scale" in asked or inputs.content is None:
    return config
  longest = max(images.probe_size(str(inputs.content), config.max_pixels))
  if config.image_size != "original":
    longest = int(config.image_size)
  return dataclasses.replace(config, style_scale=painting.scales(record, longest))


def _lines(given: Mapping[str, Any], folder: Path) -> list[str]:
  """Returns the lines of a flag file that repeats the job, from whatever folder."""
  paths = ("content", "content_mask", "content_map", "style_scale_map", "output", "logdir",
           "timelapse")
  absolute = {name: os.path.abspath(str(path_of(given, name))) for name in paths if name in given}
  absolute |= {"model": os.path.abspath(folder)}
  return [flag_files.line(f"--{name}={value}") for name, value in {**given, **absolute}.items()]
