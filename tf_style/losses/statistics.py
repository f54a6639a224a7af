"""Kernels: sums over positions that add exactly over tiles and regions, and distances between statistics.

A style loss is sums, then a distance: tiles, masks and several style pictures need no loss of their own.
Where gradients are taken there are products with reciprocals and no quotients: TensorFlow differentiates a
quotient by twenty operations, a product by two, and each of them delays the first step.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from tf_style.losses.roots import plus, trace_of_root

# Share of the mean variance that is added to every variance, so that deviations and roots have a gradient.
_RIDGE = 1e-4
# Share of the wanted mean variance that is added to every variance where features are adapted.
_FLAT = 1e-2
# The mixed distance is Wasserstein's of layers with so many channels at most: VGG's first three blocks.
_MOST_MIXED_CHANNELS = 256


class FeatureSums(NamedTuple):
  """Undivided sums over positions of features, one row a region.

  Attributes:
    count: [R] sum of the weights.
    first: [R, C] weighted sum of the features.
    second: [R, C, C] weighted sum of their products.
  """

  count: tf.Tensor
  first: tf.Tensor
  second: tf.Tensor


class Statistics(NamedTuple):
  """What one region of a layer looks like.

  Attributes:
    mean: [C] mean of the features.
    second: [C, C] mean of their products: the Gram matrix over H W.
    count: scalar; positions it was taken over, all pictures together.
  """

  mean: tf.Tensor
  second: tf.Tensor
  count: tf.Tensor


def feature_sums(features: tf.Tensor, weights: tf.Tensor | None = None) -> FeatureSums:
  """Sums features and their products over positions, undivided (Gatys et al. 2016, eq. 3).

  Sums over disjoint tiles add exactly.

  Args:
    features: [1, H, W, C] activations of any float type; summed in float32, float64 in float64.
    weights: [1, H, W, R] in [0, 1], one slice a region; None is one region of ones.
  Raises:
    ValueError: heights or widths differ; both shapes are in the message.
  """
  if weights is None:
    positions = tf.size(features, tf.int64) // features.shape[-1]
    count = tf.reshape(tf.cast(positions, _wide(features)), [1])
    return FeatureSums(count, *_moment_sums(features, None))
  if not features.shape[:3].is_compatible_with(weights.shape[:3]):
    raise ValueError(f"expected weights of the features' height and width {features.shape}, "
                     f"received {weights.shape}")
  regions = tf.transpose(tf.cast(tf.reshape(weights, [-1, weights.shape[-1]]), _wide(features)))
  return FeatureSums(tf.reduce_sum(regions, 1), *_moment_sums(features, regions))


def _wide(features: tf.Tensor) -> tf.DType:
  return tf.float64 if features.dtype == tf.float64 else tf.float32


def _moment_sums(features: tf.Tensor, regions: tf.Tensor | None) -> tuple[tf.Tensor, tf.Tensor]:
  """Sums features, [R, C], and their products, [R, C, C], weighted by `regions` [R, N].

  The gradient of sum_n w_n f_n f_n^T along G is w_n (G + G^T) f_n: one product of matrices where automatic
  differentiation takes two. It keeps the features as they are and no copy of them in float32, and is in
  their precision, as the gradients of the layers are that it is added to. A 1x1 convolution
  takes up to a half less time than a product and an addition, and needs no scratch in float32 from oneDNN.
  """
  kind = features.dtype

  @tf.custom_gradient
  def sums(features: tf.Tensor):
    def gradient(first: tf.Tensor, second: tf.Tensor) -> tf.Tensor:
      symmetric = tf.cast(second + tf.transpose(second, [0, 2, 1]), kind)
      kernels = tf.unstack(tf.reshape(symmetric, [-1, 1, 1, *second.shape[1:]]))
      parts = [tf.nn.bias_add(tf.nn.conv2d(features, kernel, 1, "VALID"), bias)
               for kernel, bias in zip(kernels, tf.unstack(tf.cast(first, kind)), strict=True)]
      if regions is None:
        return parts[0]
      maps = tf.reshape(tf.cast(regions, kind), [len(parts), *tf.unstack(tf.shape(features)[:3]), 1])
      return tf.add_n([part * plane for part, plane in zip(parts, tf.unstack(maps), strict=True)])

    flat = tf.reshape(tf.cast(features, _wide(features)), [-1, features.shape[-1]])
    rows = tf.ones([1, tf.shape(flat)[0]], flat.dtype) if regions is None else regions
    weighted = [flat] if regions is None else [row[:, None] * flat for row in tf.unstack(regions)]
    products = [tf.matmul(each, flat, transpose_a=True) for each in weighted]
    return (rows @ flat, tf.stack(products)), gradient  # reduce_sum takes four times as long

  return sums(features)


def statistics(sums: FeatureSums) -> list[Statistics]:
  """Divides sums by their counts, region by region; an empty region's statistics are zero."""
  regions = zip(*(tf.unstack(part) for part in (1 / tf.maximum(sums.count, 1e-6), *sums)), strict=True)
  return [Statistics(first * share, second * share, count) for share, count, first, second in regions]


def blend(parts: list[Statistics], shares: list[float]) -> Statistics:
  """Mixes the statistics of several pictures: means and second moments, as if one picture held them all.

  Args:
    parts: statistics of the same layer and region.
    shares: one weight a part; they sum to 1.
  """
  mean, second = (sum(share * part[moment] for share, part in zip(shares, parts, strict=True))
                  for moment in (0, 1))
  return Statistics(mean, second, sum(part.count for part in parts))


def adaptation(own: Statistics, wanted: Statistics) -> tuple[tf.Tensor, tf.Tensor]:
  """Returns gain and shift, [C] each, that give features the wanted means and deviations by channel.

  gain = d / s, shift = m - gain mu (AdaIN; Huang & Belongie 2017, eq. 8). A share of 1e-2 of the wanted mean
  variance is added to both variances, so that a flat picture is not blown up. Where one of the two covers
  less than a position, features stay as they are.
  """
  if min(float(own.count), float(wanted.count)) < 1:
    return tf.ones_like(own.mean), tf.zeros_like(own.mean)
  variance, target = (tf.maximum(tf.linalg.diag_part(covariance(each)), 0) for each in (own, wanted))
  ridge = _FLAT * tf.maximum(tf.reduce_mean(target), 1e-6)
  gain = tf.sqrt((target + ridge) / (variance + ridge))
  return gain, wanted.mean - gain * own.mean


def covariance(stats: Statistics) -> tf.Tensor:
  """Returns the covariance [C, C] of the features."""
  return stats.second - tf.einsum("i,j->ij", stats.mean, stats.mean)


def _trace(matrix: tf.Tensor) -> tf.Tensor:
  """Sums the diagonal of [C, C], with a gradient of fewer operations than that of `tf.linalg.trace`."""
  return tf.reduce_sum(tf.linalg.diag_part(matrix))


def _squares(values: tf.Tensor) -> tf.Tensor:
  return tf.nn.l2_loss(values) * 2


def gram_distance(stats: Statistics, target: Statistics) -> tf.Tensor:
  """mean((G - A)^2) / C^2, G = F^T F / (H W) (Gatys et al. 2016, eq. 4, up to their factor 1/4).

  Gatys' own weights, 1e3 / C^2 a layer, are a style weight of 1e3 here.
  """
  return _squares(stats.second - target.second) * (1 / stats.mean.shape[0] ** 4)


def gram_sum_distance(stats: Statistics, target: Statistics) -> tf.Tensor:
  """gram_distance times H W: what mean((F^T F - A)^2) / (C^2 H W) is where both pictures have one size."""
  return gram_distance(stats, target) * stats.count


class CovarianceTarget(NamedTuple):
  """What the covariance distance needs to know of a style.

  Attributes:
    mean: [C].
    covariance: [C, C].
    deviations: [C], the ridge included.
    scale: scalar, the covariance's trace.
  """

  mean: tf.Tensor
  covariance: tf.Tensor
  deviations: tf.Tensor
  scale: tf.Tensor


def covariance_target(target: Statistics) -> CovarianceTarget:
  """Prepares `covariance_distance`."""
  matrix = covariance(target)
  scale = tf.maximum(_trace(matrix), 1e-6)
  return CovarianceTarget(target.mean, matrix, _deviations(matrix, scale), scale)


def _deviations(matrix: tf.Tensor, scale: tf.Tensor) -> tf.Tensor:
  ridge = scale * (_RIDGE / matrix.shape[0])
  return tf.sqrt(tf.maximum(tf.linalg.diag_part(matrix), 0) + ridge)


def covariance_distance(stats: Statistics, target: CovarianceTarget) -> tf.Tensor:
  """|mu - m|^2 / C + |s - d|^2 / C + |S - A|^2 / (C tr A): means, deviations and covariances.

  All three are in squared units of the features, so that none outweighs the others at any layer; matching
  means and deviations alone is Huang & Belongie 2017, covariances alone Sun & Saenko 2016 (CORAL).
  """
  matrix = covariance(stats)
  return (_squares(stats.mean - target.mean)
          + _squares(_deviations(matrix, target.scale) - target.deviations)
          + _squares(matrix - target.covariance) * (1 / target.scale)) * (1 / stats.mean.shape[0])


class WassersteinTarget(NamedTuple):
  """A Gaussian in the basis of its covariance.

  Attributes:
    mean: [C].
    basis: [C, r] eigenvectors that span the covariance's range.
    deviations: [r] roots of its eigenvalues, the ridge included.
  """

  mean: tf.Tensor
  basis: tf.Tensor
  deviations: tf.Tensor


def wasserstein_target(target: Statistics) -> WassersteinTarget:
  """Takes a target's covariance apart, on the host in float64; r <= min(C, positions - 1)."""
  matrix = np.asarray(covariance(target), np.float64)
  values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
  channels = len(values)
  rank = max(1, min(channels, int(target.count) - 1,
                    int(np.sum(values > 1e-6 * values.mean())) if values.mean() > 0 else 1))
  kept = np.maximum(values[-rank:], 0)
  kept += _RIDGE * max(kept.mean(), 1e-6)
  dtype = target.mean.dtype
  return WassersteinTarget(
      target.mean, tf.constant(vectors[:, -rank:], dtype), tf.constant(np.sqrt(kept), dtype))


def wasserstein_distance(stats: Statistics, target: WassersteinTarget) -> tf.Tensor:
  """Squared 2-Wasserstein distance between Gaussians, a channel (Olkin & Pukelsheim 1982):

  (|mu - m|^2 + tr(S + A - 2 (A^1/2 S A^1/2)^1/2)) / C.

  In the basis of A's eigenvectors only the block of S on A's range takes part in the root, so that coarse
  pictures, whose covariances are rank-deficient, cost little. On that block a share of 1e-4 of its mean
  variance is added to the diagonal of S and of A alike, which keeps the root differentiable and the
  distance zero where they agree.
  """
  matrix, rank = covariance(stats), tf.cast(tf.size(target.deviations), stats.mean.dtype)
  block = tf.matmul(target.basis, matrix @ target.basis, transpose_a=True)
  ridge = tf.maximum(_trace(block) * (1 / rank), 1e-6) * _RIDGE
  cross = trace_of_root(plus(block, ridge), target.deviations, stats.mean.shape[0])
  spread = _trace(matrix) + ridge * rank + _squares(target.deviations) - cross * 2
  return (_squares(stats.mean - target.mean) + spread) * (1 / stats.mean.shape[0])


def mixed_target(target: Statistics) -> WassersteinTarget | CovarianceTarget:
  """Prepares `mixed_distance` for a layer, by its channels."""
  few = target.mean.shape[0] <= _MOST_MIXED_CHANNELS
  return wasserstein_target(target) if few else covariance_target(target)


def mixed_distance(stats: Statistics, target: WassersteinTarget | CovarianceTarget) -> tf.Tensor:
  """wasserstein_distance of layers of up to 256 channels, covariance_distance of deeper ones.

  A Wasserstein distance asks for every direction alike, also for those in which features vary little: of
  shallow layers that is fine brushwork, of deep ones it is little style for much content. Both are in squared
  units of the features. With half the content weight of `wasserstein` alone it came nearer to the style on
  each of six pairs, at about the same content, in a tenth less time.
  """
  if isinstance(target, WassersteinTarget):
    return wasserstein_distance(stats, target)
  return covariance_distance(stats, target)


class StyleLoss(NamedTuple):
  """A distance between statistics, zero where they agree.

  Attributes:
    distance: (statistics, prepared target) -> scalar float32.
    prepare: statistics of the style -> what `distance` needs of them.
    scatters: whether it is of the kind that falls with the number of positions, as `Objective.weights` says.
  """

  distance: Callable[[Statistics, Any], tf.Tensor]
  prepare: Callable[[Statistics], Any] = lambda target: target
  scatters: bool = False


STYLE_LOSSES: dict[str, StyleLoss] = {
    "gram": StyleLoss(gram_distance, scatters=True), "gram_sum": StyleLoss(gram_sum_distance),
    "covariance": StyleLoss(covariance_distance, covariance_target),
    "wasserstein": StyleLoss(wasserstein_distance, wasserstein_target),
    "mixed": StyleLoss(mixed_distance, mixed_target)}


@tf.custom_gradient
def squared_error_sum(features: tf.Tensor, target: tf.Tensor):
  """Sums squared differences to the content's features, undivided (Gatys et al. 2016, eq. 1).

  Divided by positions and channels it is the content loss mean((F - P)^2).

  Args:
    features: [1, H, W, C] activations of any float type; summed as by `feature_sums`, their gradient in their
      own.
    target: likewise.
  """
  def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    slope = tf.cast(2 * upstream, features.dtype) * (features - tf.cast(target, features.dtype))
    return slope, tf.cast(-slope, target.dtype)

  with tf.control_dependencies([features]):  # or the target would be cast, and kept, long before
    wide = tf.cast(target, _wide(features))
  return _squares(tf.cast(features, wide.dtype) - wide), gradient


def variation_sum(picture: tf.Tensor, norm: str = "l1", height: int | tf.Tensor | None = None,
                  width: int | tf.Tensor | None = None) -> tf.Tensor:
  """Sums differences of neighboring pixels, undivided, in 0-255 units (Rudin, Osher & Fatemi 1992).

  Divided by H W 3 it is the total variation term.

  Args:
    picture: [1, H, W, 3] in [0, 1].
    norm: `l1` sums absolute values (anisotropic), `l2` squares.
    height, width: pixels that count, from the top left; what lies beyond is their neighbors. None: all.
  """
  measure = tf.abs if norm == "l1" else tf.square
  down = 255.0 * (picture[:, 1:, :width] - picture[:, :-1, :width])
  right = 255.0 * (picture[:, :height, 1:] - picture[:, :height, :-1])
  return tf.reduce_sum(measure(down)) + tf.reduce_sum(measure(right))
