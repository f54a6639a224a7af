"""Paints a content with a learned style, with all that a run does to pictures."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tf_style.learned.record import Record
from tf_style.pictures import color
from tf_style.pictures.images import Picture
from tf_style.pictures.masks import area_means
from tf_style.problem.inputs import Inputs
from tf_style.problem.loaded import Loaded, load
from tf_style.settings.config import Config
from tf_style.system import machine

if TYPE_CHECKING:
  from tf_style.learned.applying import OnTile
  from tf_style.learned.style import LearnedStyle

_LARGEST_SCALE = 16.0
# The settings of the loss, which come with the model.
_OF_THE_LOSS = ("style_loss", "style_layers", "style_layer_weights", "style_weight",
                "content_layers", "content_layer_weights", "content_target", "content_weight",
                "neighbor_weight", "neighbor_layers", "tv_weight", "tv_norm", "network", "weights",
                "pooling", "padding")


class Painting(NamedTuple):
  """A painted picture.

  Attributes:
    picture: [1, H, W, 3] float32 in [0, 1], before `color` and `strength` are applied.
    loaded: the pictures of the job.
    record: of the style that it was painted with.
  """

  picture: np.ndarray
  loaded: Loaded
  record: Record

  def finished(self, config: Config) -> np.ndarray:
    """Returns the picture with `color` and `strength` applied."""
    content = self.loaded.content
    assert content is not None
    return color.finished(config.color, config.strength, self.picture, content.rgb)


def paint(style: "LearnedStyle", inputs: Inputs, config: Config, *,
          styles_at: Callable[[int], tuple[Picture, ...]] | None = None,
          on_load: Callable[[Loaded], None] | None = None,
          on_tile: "OnTile | None" = None) -> Painting:
  """Paints the content of a job.

  Args:
    style: the learned style.
    inputs: content, the pictures of the style, masks.
    config: sizes, color, shares and masks are read.
    styles_at: as for `loaded.load`.
    on_load: is told what was read, before anything is painted.
    on_tile: is told after every tile of a picture too large for one.
  Raises:
    InputError: a picture or a setting is wrong.
  """
  loaded = load(inputs, config, styles_at)
  assert loaded.content is not None, "a job with a model has a content"
  if on_load:
    on_load(loaded)
  seen = color.seen(config.color, loaded.content.rgb)
  picture = style.paint(loaded.content._replace(rgb=seen), config.style_blend, on_tile)
  if config.color == "match":  # the style itself is in the network, in its own colors
    picture = color.match_colors(picture, seen)
  if loaded.regions is not None and loaded.regions.kept is not None:
    kept = area_means(loaded.regions.kept, *loaded.size)[None]
    picture = kept * seen + (1 - kept) * picture
  return Painting(picture, loaded, style.record)


def metadata(painting: Painting, config: Config, model: str | Path) -> dict[str, Any]:
  """Returns what the picture file says of its making: no paths, for pictures are passed on."""
  record = painting.record
  return {
      "model": os.path.basename(os.path.abspath(model)), "styles": list(record.styles),
      "configuration": {name: getattr(config, name) for name in (
          "image_size", "color", "strength", "mask_keep", "style_blend")},
      "learning": record.learning.as_dict() | {"weights": "auto"}, "loss": record.loss,
      "versions": machine.versions()}


def config_of(record: Record, polish: int, **asked: Any) -> Config:
  """Returns the configuration of painting with a learned style, and of repainting from there.

  Args:
    record: of the style; the loss is its own where nothing else is asked for.
    polish: steps of repainting.
    **asked: fields of the configuration.
  Raises:
    InputError: a value is wrong.
  """
  own = {name: getattr(record.objective, name) for name in _OF_THE_LOSS}
  polishing: dict[str, Any] = {
      "steps": max(polish, 1), "levels": 1, "init": "image", "optimizer": "lbfgs",
      "checkpoint_every": 0}
  return Config.of(**{**own, **polishing, **asked})


def scales(record: Record, longest: int) -> tuple[float, ...]:
  """Returns the scales at which the styles are as large as the network saw them.

  Args:
    record: of the learned style.
    longest: longest side of the result, in pixels.
  """
  learning = record.learning
  return tuple(min(_LARGEST_SCALE, scale * learning.image_size / longest)
               for scale in learning.style_scale)
