"""The loss term that lets strokes go along the content's edges."""

from collections.abc import Mapping, Sequence
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
    scale: scalar, what the sum is multiplied by.
  """

  field: tf.Tensor
  scale: tf.Tensor


def stroke_target(field: np.ndarray, size: tuple[int, int], styles: Sequence[np.ndarray],
                  scale: tf.Tensor) -> StrokeTarget:
  """Prepares the target of a `StrokeTerm`.

  Args:
    field: [1, h, w, 2] on the grid.
    size: height and width of the picture in pixels.
    styles: [1, H, W, 3] each, whose contrast the term is in units of.
    scale: what the term is multiplied by.
  """
  rows, columns = (np.minimum(np.arange(side) // GRID, cells - 1)
                   for side, cells in zip(size, field.shape[1:3], strict=True))
  pixels = field[:, rows][:, :, columns]
  pixels[:, -1], pixels[:, :, -1] = 0, 0
  contrast = np.mean([np.mean(turned_energy(each)[0]) for each in styles])
  sure = np.sum(np.linalg.norm(pixels, axis=-1))
  return StrokeTarget(tf.constant(pixels), scale / max(float(contrast * sure), 1e-6))


class StrokeTerm(Sums):
  """How much contrast there is along the directions, where strokes that follow them have none.

  That is the sum of |f| |g|^2 - f . t, with the directions f, and of each pixel the gradient g and
  |g|^2 times its doubled angle, t (Bigun 1987): twice the square of g along f. It is divided by
  what strokes of the style at random would have: 0 where all go along, 1 at random. What goes along
  is not rewarded, or stripes would come of it. It is in units of the style's as that of neighbors.
  """

  name, level_power = "strokes", 0.0
  layers: tuple[str, ...] = (PICTURE,)

  def __init__(self, weight: float):
    self.weight = weight

  def collect(self, features: Mapping[str, tf.Tensor], wanted: Wanted,
              window: Window | None) -> tf.Tensor:
    target: StrokeTarget = wanted.targets[self.name]
    energy, turned = (tiles.own_cells(each, window, 1) for each in turned_energy(features[PICTURE]))
    field = tiles.own_cells(target.field, window, 1, of_picture=True)
    across = energy[..., 0] * tf.norm(field, axis=-1) - tf.reduce_sum(turned * field, -1)
    return tf.reduce_sum(across, [1, 2])

  def distance(self, collected: tf.Tensor, wanted: Wanted) -> tf.Tensor:
    return tf.cast(wanted.targets[self.name].scale, collected.dtype) * collected
