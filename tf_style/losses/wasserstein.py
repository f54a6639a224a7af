"""The squared 2-Wasserstein distance between Gaussians."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from tf_style.losses.covariance import RIDGE
from tf_style.losses.distance import StyleLoss
from tf_style.losses.roots import trace_of_root
from tf_style.losses.statistics import (
    Statistics,
    covariance,
    moment_gradients,
    plus,
    squares,
    trace,
)


class WassersteinTarget(NamedTuple):
  """A Gaussian in the basis of its covariance.

  Attributes:
    mean: [1, C].
    basis: [1, C, r] eigenvectors that span the covariance's range.
    deviations: [1, r] roots of its eigenvalues, the ridge included.
  """

  mean: tf.Tensor
  basis: tf.Tensor
  deviations: tf.Tensor


def wasserstein_target(target: Statistics) -> WassersteinTarget:
  """Takes a target's covariance apart, on the host in float64; r <= min(C, positions - 1).

  Args:
    target: of one picture.
  """
  matrix = np.asarray(covariance(target)[0], np.float64)
  values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
  channels = len(values)
  rank = max(1, min(channels, int(target.count[0]) - 1,
                    int(np.sum(values > 1e-6 * values.mean())) if values.mean() > 0 else 1))
  kept = np.maximum(values[-rank:], 0)
  kept += RIDGE * max(kept.mean(), 1e-6)
  dtype = target.mean.dtype
  return WassersteinTarget(target.mean, tf.constant(vectors[None, :, -rank:], dtype),
                           tf.constant(np.sqrt(kept)[None], dtype))


def wasserstein_distance(stats: Statistics, target: WassersteinTarget) -> tf.Tensor:
  """Squared 2-Wasserstein distance between Gaussians, a channel (Olkin & Pukelsheim 1982):

  (|mu - m|^2 + tr(S + A - 2 (A^1/2 S A^1/2)^1/2)) / C.

  In the basis of A's eigenvectors only the block of S on A's range takes part in the root, so that
  coarse pictures, whose covariances are rank-deficient, cost little. On that block a share of 1e-4
  of its mean variance is added to the diagonal of S and of A alike, which keeps the root
  differentiable and the distance zero where they agree.
  """
  basis, share = target.basis, 1 / stats.mean.shape[-1]

  @tf.custom_gradient
  def distance(mean: tf.Tensor, second: tf.Tensor) -> tuple[tf.Tensor, Callable[..., Any]]:
    matrix, apart = covariance(stats._replace(mean=mean, second=second)), mean - target.mean
    rank = tf.cast(tf.size(target.deviations), mean.dtype)
    block = tf.matmul(basis, matrix @ basis, transpose_a=True)
    variance = trace(block) / rank
    ridge = tf.maximum(variance, 1e-6) * RIDGE
    cross, slope = trace_of_root(
        plus(block, ridge[:, None]), target.deviations, stats.mean.shape[-1])
    spread = trace(matrix) + ridge * rank + squares(target.deviations) - cross * 2

    def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
      by_block = -2 * slope()
      by_ridge = RIDGE * (1 + trace(by_block) / rank) * tf.cast(variance > 1e-6, rank.dtype)
      by_block = plus(by_block, by_ridge[:, None])
      by_matrix = plus(basis @ tf.matmul(by_block, basis, transpose_b=True), 1.0)
      return moment_gradients(2 * apart, by_matrix, mean, upstream * share)

    return (squares(apart) + spread) * share, gradient

  value: tf.Tensor = distance(stats.mean, stats.second)
  return value


LOSS = StyleLoss(wasserstein_distance, wasserstein_target)
