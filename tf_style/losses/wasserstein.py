"""The squared 2-Wasserstein distance between Gaussians."""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tf_style.losses.covariance import RIDGE
from tf_style.losses.distance import StyleLoss
from tf_style.losses.roots import plus, trace_of_root
from tf_style.losses.statistics import Statistics, covariance, squares, trace


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
  matrix = covariance(stats)
  rank = tf.cast(tf.shape(target.deviations)[1], stats.mean.dtype)
  block = tf.matmul(target.basis, matrix @ target.basis, transpose_a=True)
  ridge = tf.maximum(trace(block) * (1 / rank), 1e-6) * RIDGE
  cross = trace_of_root(plus(block, ridge[:, None]), target.deviations, stats.mean.shape[-1])
  spread = trace(matrix) + ridge * rank + squares(target.deviations) - cross * 2
  return (squares(stats.mean - target.mean) + spread) * (1 / stats.mean.shape[-1])


LOSS = StyleLoss(wasserstein_distance, wasserstein_target)
