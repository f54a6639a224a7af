"""Regions on the grids of layers: what each position of a layer counts in each region."""

from collections.abc import Iterable, Mapping

import numpy as np

from tf_style.pictures.masks import area_means
from tf_style.vgg.network import Layer


def guides(weights: np.ndarray, height: int, width: int, layers: Iterable[Layer],
           erosion: float = 0.0) -> Mapping[str, np.ndarray]:
  """Returns what each position of a layer counts in each region.

  Args:
    weights: [H, W, R] of at least 0, of any size.
    height, width: of the picture in pixels.
    layers: strides and reaches are read.
    erosion: of a layer's reach, how far regions are taken in from one another.
  Returns:
    [1, h, w, R] float32, by layer name.
  """
  return {layer.name: eroded(area_means(weights, height, width, layer.stride),
                             round(erosion * layer.reach / layer.stride))[None] for layer in layers}


def eroded(weights: np.ndarray, cells: int) -> np.ndarray:
  """Takes regions [h, w, R] in from their borders by a number of cells; something is left of each.

  The border of the picture is none of theirs.
  """
  for _ in range(cells):
    smaller = weights
    for axis in (0, 1):
      before, after = (np.take(smaller, np.clip(np.arange(smaller.shape[axis]) + step, 0,
                                                smaller.shape[axis] - 1), axis) for step in (-1, 1))
      smaller = np.minimum(smaller, np.minimum(before, after))
    weights = np.where(smaller.sum((0, 1)) >= 1, smaller, weights)
  return weights
