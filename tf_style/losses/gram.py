"""Distances between Gram matrices: the classic style loss."""

import tensorflow as tf

from tf_style.losses.distance import StyleLoss
from tf_style.losses.statistics import Statistics, squares


def gram_distance(stats: Statistics, target: Statistics) -> tf.Tensor:
  """mean((G - A)^2) / C^2, G = F^T F / (H W) (Gatys et al. 2016, eq. 4, up to their factor 1/4).

  Gatys' own weights, 1e3 / C^2 a layer, are a style weight of 1e3 here.
  """
  return squares(stats.second - target.second) * (1 / stats.mean.shape[-1] ** 4)


def gram_sum_distance(stats: Statistics, target: Statistics) -> tf.Tensor:
  """gram_distance times H W: mean((F^T F - A)^2) / (C^2 H W) for pictures of one size."""
  return gram_distance(stats, target) * stats.count


LOSS = StyleLoss(gram_distance, scatters=True)
SUM_LOSS = StyleLoss(gram_sum_distance)
