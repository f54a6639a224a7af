"""Sums of features over positions, which add exactly over tiles, and the statistics made of them.

Gradients are closed, here and in the distances: TensorFlow's own would take several times the
operations, each of which delays the first step and, on a GPU, every step.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import tensorflow as tf


class FeatureSums(NamedTuple):
  """Undivided sums over positions of features, one row a picture and region.

  Attributes:
    count: [B, R] sum of the weights.
    first: [B, R, C] weighted sum of the features.
    second: [B, R, C, C] weighted sum of their products.
  """

  count: tf.Tensor
  first: tf.Tensor
  second: tf.Tensor


class Statistics(NamedTuple):
  """What one region of a layer looks like, one row a picture.

  Attributes:
    mean: [B, C] mean of the features.
    second: [B, C, C] mean of their products: the Gram matrix over H W.
    count: [B] positions it was taken over.
  """

  mean: tf.Tensor
  second: tf.Tensor
  count: tf.Tensor


def feature_sums(features: tf.Tensor, weights: tf.Tensor | None = None) -> FeatureSums:
  """Sums features and their products over positions, undivided (Gatys et al. 2016, eq. 3).

  Sums over disjoint tiles add exactly.

  Args:
    features: [B, H, W, C] activations of any float type; summed in float32, float64 in float64.
    weights: [1, H, W, R] or [B, H, W, R] in [0, 1], one slice a region; None is one region of ones.
  Returns:
    The sums, one row a picture and region.
  Raises:
    ValueError: heights or widths differ; both shapes are in the message.
  """
  wide = wide_type(features)
  batch, height, width, channels = tf.unstack(tf.shape(features))
  batch = features.shape[0] or batch
  if weights is None:
    count = tf.fill([batch, 1], tf.cast(height * width, wide))
    return FeatureSums(count, *_moment_sums(features, None))
  if not features.shape[1:3].is_compatible_with(weights.shape[1:3]):
    raise ValueError(f"expected weights of the features' height and width {features.shape}, "
                     f"received {weights.shape}")
  regions = tf.cast(tf.reshape(weights, [-1, height * width, weights.shape[-1]]), wide)
  if regions.shape[0] != batch:
    regions = tf.broadcast_to(regions, [batch, height * width, weights.shape[-1]])
  regions = tf.transpose(regions, [0, 2, 1])
  return FeatureSums(tf.reduce_sum(regions, 2), *_moment_sums(features, regions))


def wide_type(features: tf.Tensor) -> tf.DType:
  """Returns the type in which features are summed: float32, or float64 for float64."""
  return tf.float64 if features.dtype == tf.float64 else tf.float32


def _moment_sums(features: tf.Tensor, regions: tf.Tensor | None) -> tuple[tf.Tensor, tf.Tensor]:
  """Sums features, [B, R, C], and their products, [B, R, C, C], weighted by `regions` [B, R, N].

  The gradient of sum_n w_n f_n f_n^T along G is w_n (G + G^T) f_n: one product of matrices where
  automatic differentiation takes two. It keeps the features as they are and no copy of them in
  float32, and it has their precision, as the gradients have to which it is added.
  """
  kind = features.dtype

  @tf.custom_gradient
  def sums(features: tf.Tensor) -> tuple[tuple[tf.Tensor, tf.Tensor], Callable[..., tf.Tensor]]:
    def gradient(first: tf.Tensor, second: tf.Tensor) -> tf.Tensor:
      symmetric = tf.cast(second + tf.linalg.matrix_transpose(second), kind)
      parts = [_linear(features, matrix, bias) for matrix, bias in zip(
          tf.unstack(symmetric, axis=1), tf.unstack(tf.cast(first, kind), axis=1), strict=True)]
      if regions is None:
        return parts[0]
      maps = tf.reshape(tf.cast(tf.transpose(regions, [1, 0, 2]), kind),
                        [len(parts), *tf.unstack(tf.shape(features)[:3]), 1])
      planes = tf.unstack(maps)
      return tf.add_n([part * plane for part, plane in zip(parts, planes, strict=True)])

    batch, channels = features.shape[0] or tf.shape(features)[0], features.shape[-1]
    flat = tf.reshape(tf.cast(features, wide_type(features)), [batch, -1, channels])
    rows = regions
    if rows is None:  # a product with ones: reduce_sum takes four times as long
      rows = tf.ones([batch, 1, tf.shape(flat)[1]], flat.dtype)
    weighted = [flat] if regions is None else [
        row[..., None] * flat for row in tf.unstack(regions, axis=1)]
    products = [tf.matmul(each, flat, transpose_a=True) for each in weighted]
    return (rows @ flat, tf.stack(products, 1)), gradient

  first, second = sums(features)
  return first, second


def _linear(features: tf.Tensor, matrix: tf.Tensor, bias: tf.Tensor) -> tf.Tensor:
  """Returns features [B, H, W, C] times a matrix [B, C, C] plus a vector [B, C].

  For one picture a 1x1 convolution takes up to a half less time than a product and an addition,
  and needs no scratch in float32 from oneDNN.
  """
  if features.shape[0] == 1:
    return tf.nn.bias_add(tf.nn.conv2d(features, matrix[:, None], 1, "VALID"), bias[0])
  return tf.einsum("bhwc,bcd->bhwd", features, matrix) + bias[:, None, None]


def statistics(sums: FeatureSums) -> list[Statistics]:
  """Divides sums by their counts, region by region; an empty region's statistics are zero."""
  regions = zip(*(tf.unstack(part, axis=1) for part in (1 / tf.maximum(sums.count, 1e-6), *sums)),
                strict=True)
  return [Statistics(scaled(first, share[:, None]), scaled(second, share[:, None, None]), count)
          for share, count, first, second in regions]


@tf.custom_gradient
def scaled(values: tf.Tensor, factor: tf.Tensor
           ) -> tuple[tf.Tensor, Callable[[tf.Tensor], tuple[tf.Tensor, None]]]:
  """Returns values times a factor that has no gradient and does not enlarge their shape."""
  return values * factor, lambda upstream: (upstream * factor, None)


def blend(parts: Sequence[Statistics], shares: Sequence[float]) -> Statistics:
  """Mixes the statistics of several pictures: means and second moments, as if one held them all.

  Args:
    parts: statistics of the same layer and region.
    shares: one weight a part; they sum to 1.
  """
  mean, second = (sum(share * part[moment] for share, part in zip(shares, parts, strict=True))
                  for moment in (0, 1))
  return Statistics(mean, second, sum(part.count for part in parts))


def covariance(stats: Statistics) -> tf.Tensor:
  """Returns the covariances [B, C, C] of the features."""
  return stats.second - tf.einsum("bi,bj->bij", stats.mean, stats.mean)


def moment_gradients(by_mean: tf.Tensor, by_covariance: tf.Tensor, mean: tf.Tensor,
                     factor: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
  """Takes a gradient by mean and covariance to one by the mean and the second moment.

  Args:
    by_mean: [B, C].
    by_covariance: [B, C, C], symmetric.
    mean: [B, C].
    factor: [B], by which both are multiplied.
  """
  of_product = tf.einsum("bij,bj->bi", by_covariance, mean)
  return (by_mean - 2 * of_product) * factor[:, None], by_covariance * factor[:, None, None]


def diagonal(matrix: tf.Tensor) -> tf.Tensor:
  """Returns the diagonals [B, C] of [B, C, C]; `tf.linalg` takes more operations."""
  return tf.raw_ops.MatrixDiagPart(input=matrix)


def plus(matrix: tf.Tensor, number: tf.Tensor | float) -> tf.Tensor:
  """Adds multiples of the identity, or diagonals, to matrices.

  Args:
    matrix: [B, r, r].
    number: one for all, [B, 1], or a diagonal [B, r].
  """
  return tf.raw_ops.MatrixSetDiag(
      input=matrix, diagonal=diagonal(matrix) + number)


def trace(matrix: tf.Tensor) -> tf.Tensor:
  """Sums the diagonals of [B, C, C]."""
  return tf.reduce_sum(diagonal(matrix), -1)


def squares(values: tf.Tensor) -> tf.Tensor:
  """Sums the squares of each row: [B, ...] to [B]."""
  if values.shape[0] == 1 and values.shape.rank == 4:  # in one kernel, without a temporary
    return tf.reshape(tf.nn.l2_loss(values) * 2, [1])
  return tf.reduce_sum(tf.square(values), range(1, values.shape.rank))
