"""The distance between means, deviations and covariances."""

from collections.abc import Callable
from typing import Any, NamedTuple

import tensorflow as tf

from tf_style.losses.distance import StyleLoss
from tf_style.losses.statistics import (
    Statistics,
    covariance,
    diagonal,
    moment_gradients,
    plus,
    squares,
    trace,
)

# Share of the mean variance that is added to every variance, so that deviations have a gradient.
RIDGE = 1e-4


class CovarianceTarget(NamedTuple):
  """What the covariance distance needs to know of a style.

  Attributes:
    mean: [1, C].
    covariance: [1, C, C].
    deviations: [1, C], the ridge included.
    scale: [1], the covariance's trace.
  """

  mean: tf.Tensor
  covariance: tf.Tensor
  deviations: tf.Tensor
  scale: tf.Tensor


def covariance_target(target: Statistics) -> CovarianceTarget:
  """Prepares `covariance_distance`."""
  matrix = covariance(target)
  scale = tf.maximum(trace(matrix), 1e-6)
  return CovarianceTarget(target.mean, matrix, _deviations(matrix, scale), scale)


def _deviations(matrix: tf.Tensor, scale: tf.Tensor) -> tf.Tensor:
  ridge = scale * (RIDGE / matrix.shape[-1])
  return tf.sqrt(tf.maximum(diagonal(matrix), 0) + ridge[:, None])


def covariance_distance(stats: Statistics, target: CovarianceTarget) -> tf.Tensor:
  """|mu - m|^2 / C + |s - d|^2 / C + |S - A|^2 / (C tr A): means, deviations and covariances.

  All three are in squared units of the features, so that none outweighs the others at any layer.
  Matching means and deviations alone is Huang & Belongie 2017; covariances alone, Sun & Saenko
  2016 (CORAL).
  """
  share = 1 / stats.mean.shape[-1]

  @tf.custom_gradient
  def distance(mean: tf.Tensor, second: tf.Tensor) -> tuple[tf.Tensor, Callable[..., Any]]:
    matrix = covariance(stats._replace(mean=mean, second=second))
    deviations = _deviations(matrix, target.scale)
    shifts, spreads = mean - target.mean, deviations - target.deviations
    turns, scale = matrix - target.covariance, 1 / target.scale

    def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
      by_variance = tf.where(diagonal(matrix) > 0, spreads / deviations, tf.zeros([], mean.dtype))
      by_matrix = plus(turns * (2 * scale[:, None, None]), by_variance)
      return moment_gradients(2 * shifts, by_matrix, mean, upstream * share)

    return (squares(shifts) + squares(spreads) + squares(turns) * scale) * share, gradient

  value: tf.Tensor = distance(stats.mean, stats.second)
  return value


LOSS = StyleLoss(covariance_distance, covariance_target)
