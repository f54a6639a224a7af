"""The loss term that lets strokes go along the content's edges."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tf_style.losses.names import GRID
from tf_style.losses.variation import turned_energy
from tf_style.problem import tiles
from tf_style.problem.terms import PICTURE, Sums, Wanted
from tf_style.problem.tiles import Window


class StrokeTarget(NamedTuple):
  """The directions that strokes shall have.

  Attributes:
    field: [1, H, W, 2] of each pixel, as `directions.field` has them; zero in the last row and
      column, which have no next one.
    scale: scalar, what the distance is multiplied by.
  """

  field: tf.Tensor
  scale: tf.Tensor


def stroke_target(field: np.ndarray, size: tuple[int, int], scale: tf.Tensor) -> StrokeTarget:
  """Prepares the target of a `StrokeTerm` from a field [1, h, w, 2] on the grid."""
  rows, columns = (np.minimum(np.arange(side) // GRID, cells - 1)
                   for side, cells in zip(size, field.shape[1:3], strict=True))
  pixels = field[:, rows][:, :, columns]
  pixels[:, -1], pixels[:, :, -1] = 0, 0
  return StrokeTarget(tf.constant(pixels), scale)


class StrokeTerm(Sums):
  """How far strokes are from going along the directions: 0 where all do, 1 at random, 2 across.

  That is 1 - sum(f . t) / sum(|f| |g|^2), with the directions f, and of each pixel the gradient g
  and its doubled angle t (Bigun 1987). Where there is more contrast counts more, but how much there
  is in all does not: nothing is smoothed. It is in units of the style's as that of neighbors is.
  """

  name, level_power = "strokes", 0.0
  layers: tuple[str, ...] = (PICTURE,)

  def __init__(self, weight: float):
    self.weight = weight

  def collect(self, features: Mapping[str, tf.Tensor], wanted: Wanted,
              window: Window | None) -> tuple[tf.Tensor, tf.Tensor]:
    target: StrokeTarget = wanted.targets[self.name]
    energy, turned = (tiles.own_cells(each, window, 1) for each in turned_energy(features[PICTURE]))
    field = tiles.own_cells(target.field, window, 1, of_picture=True)
    along = tf.reduce_sum(turned * field, [1, 2, 3])
    return along, tf.reduce_sum(energy * tf.norm(field, axis=-1, keepdims=True), [1, 2, 3])

  def distance(self, collected: tuple[tf.Tensor, tf.Tensor], wanted: Wanted) -> tf.Tensor:
    along, energy = collected
    scale = tf.cast(wanted.targets[self.name].scale, along.dtype)
    return scale * (1 - along / (energy + 1e-6))
