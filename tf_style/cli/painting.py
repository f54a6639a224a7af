"""Paints the content of a job with its learned style, with all that a run does to pictures."""

import os
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tf_style.cli import console
from tf_style.cli.jobs import Job
from tf_style.pictures import color
from tf_style.pictures.masks import area_means
from tf_style.problem.loaded import Loaded, load
from tf_style.system import machine

if TYPE_CHECKING:
  from tf_style.learned.style import LearnedStyle

_FEW_TILES = 8  # are painted without a word


class Painting(NamedTuple):
  """A painted picture.

  Attributes:
    picture: [1, H, W, 3] float32 in [0, 1], before `color` and `strength` are applied.
    loaded: the pictures of the job.
    style: that it was painted with.
  """

  picture: np.ndarray
  loaded: Loaded
  style: "LearnedStyle"


def painted(job: Job) -> Painting:
  """Paints the content of a job that has a model.

  Raises:
    InputError: a picture or the model is wrong.
  """
  from tf_style.learned.style import LearnedStyle
  assert job.model is not None
  config, loaded = job.config, load(job.inputs, job.config)
  assert loaded.content is not None, "a job with a model has a content"
  for note in () if job.polish else loaded.notes:  # else the repainting says them
    console.say(note)
  style = LearnedStyle.load(job.model, precision=config.precision, device=config.device)
  seen = color.seen(config.color, loaded.content.rgb)
  shown = _say_how_far if job.verbosity >= 0 else None
  picture = style.paint(loaded.content._replace(rgb=seen), config.style_blend, shown)
  if loaded.regions is not None and loaded.regions.kept is not None:
    kept = area_means(loaded.regions.kept, *loaded.size)[None]
    picture = kept * seen + (1 - kept) * picture
  return Painting(picture, loaded, style)


def finished(painting: Painting, job: Job) -> np.ndarray:
  """Returns the picture with `color` and `strength` applied."""
  content = painting.loaded.content
  assert content is not None
  return color.finished(job.config.color, job.config.strength, painting.picture, content.rgb)


def metadata(painting: Painting, job: Job) -> dict[str, Any]:
  """Returns what the picture file says of its making: no paths, for pictures are passed on."""
  config, record = job.config, painting.style.record
  assert job.model is not None
  return {
      "model": os.path.basename(os.path.abspath(job.model)), "styles": list(record.styles),
      "configuration": {name: getattr(config, name) for name in (
          "image_size", "color", "strength", "mask_keep", "style_blend")},
      "learning": record.learning.as_dict() | {"weights": "auto"}, "loss": record.loss,
      "versions": machine.versions()}


def _say_how_far(done: int, total: int) -> None:
  if total > _FEW_TILES and done * 10 // total > (done - 1) * 10 // total:
    console.say(f"{100 * done // total:3d} %  tile {done}/{total}")
