"""Kernels: sums over positions that add exactly over tiles and regions, and distances between statistics.

A style loss is sums, then a distance: tiles, masks and several style pictures need no loss of their own.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from tf_style.roots import trace_of_root

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
    count = tf.cast(tf.shape(features)[1:2] * tf.shape(features)[2:3], _wide(features))
    return FeatureSums(count, *_moment_sums(features, None))
  if not features.shape[:3].is_compatible_with(weights.shape[:3]):
    raise ValueError(f"expected weights of the features' height and width {features.shape}, "
                     f"received {weights.shape}")
  regions = tf.transpose(tf.cast(tf.reshape(weights, [-1, weights.shape[-1]]), _wide(features)))
  return FeatureSums(tf.reduce_sum(regions, 1), *_moment_sums(features, regions))


def _wide(features: tf.Tensor) -> tf.DType:
  return tf.float64 if features.dtype == tf.float64 else tf.float32


def _flat(features: tf.Tensor) -> tf.Tensor:
  return tf.reshape(tf.cast(features, _wide(features)), [-1, features.shape[-1]])


def _moment_sums(features: tf.Tensor, regions: tf.Tensor | None) -> tuple[tf.Tensor, tf.Tensor]:
  """Sums features, [R, C], and their products, [R, C, C], weighted by `regions` [R, N].

  The gradient of sum_n w_n f_n f_n^T along G is w_n (G + G^T) f_n: one product of matrices where automatic
  differentiation takes two. It keeps the features as they are and no copy of them in float32, and is in
  their precision, as the gradients of the layers are that it is added to.
  """
  columns = [None] if regions is None else [row[:, None] for row in tf.unstack(regions)]

  def weighted(value: tf.Tensor, column: tf.Tensor | None) -> tf.Tensor:
    return value if column is None else column * value

  @tf.custom_gradient
  def sums(features: tf.Tensor):
    def gradient(first: tf.Tensor, second: tf.Tensor) -> tf.Tensor:
      flat = tf.reshape(features, [-1, features.shape[-1]])
      symmetric = second + tf.transpose(second, [0, 2, 1])
      narrow = lambda value: None if value is None else tf.cast(value, flat.dtype)
      parts = [weighted(flat @ narrow(symmetric[region]) + narrow(first[region]), narrow(column))
               for region, column in enumerate(columns)]
      return tf.reshape(tf.add_n(parts), tf.shape(features))

    flat = _flat(features)
    rows = tf.ones([1, tf.shape(flat)[0]], flat.dtype) if regions is None else regions
    products = [tf.matmul(weighted(flat, column), flat, transpose_a=True) for column in columns]
    return (rows @ flat, tf.stack(products)), gradient  # reduce_sum takes four times as long

  return sums(features)


def statistics(sums: FeatureSums) -> list[Statistics]:
  """Divides sums by their counts, region by region; an empty region's statistics are zero."""
  regions = zip(*(tf.unstack(part) for part in sums), strict=True)
  return [Statistics(first / tf.maximum(count, 1e-6), second / tf.maximum(count, 1e-6), count)
          for count, first, second in regions]


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
  return stats.second - stats.mean[:, None] * stats.mean[None]


def gram_distance(stats: Statistics, target: Statistics) -> tf.Tensor:
  """mean((G - A)^2) / C^2, G = F^T F / (H W) (Gatys et al. 2016, eq. 4, up to their factor 1/4).

  Gatys' own weights, 1e3 / C^2 a layer, are a style weight of 1e3 here.
  """
  return tf.reduce_mean(tf.square(stats.second - target.second)) / stats.mean.shape[0] ** 2


def gram_sum_distance(stats: Statistics, target: Statistics) -> tf.Tensor:
  """gram_distance times H W: what mean((F^T F - A)^2) / (C^2 H W) is where both pictures have one size."""
  return gram_distance(stats, target) * stats.count


def covariance_distance(stats: Statistics, target: Statistics) -> tf.Tensor:
  """|mu - m|^2 / C + |s - d|^2 / C + |S - A|^2 / (C tr A): means, deviations and covariances.

  All three are in squared units of the features, so that none outweighs the others at any layer; matching
  means and deviations alone is Huang & Belongie 2017, covariances alone Sun & Saenko 2016 (CORAL).
  """
  matrix, wanted = covariance(stats), covariance(target)
  trace, channels = tf.maximum(tf.linalg.trace(wanted), 1e-6), stats.mean.shape[0]
  ridge = _RIDGE * trace / channels
  deviation, wanted_deviation = (
      tf.sqrt(tf.maximum(tf.linalg.diag_part(each), 0) + ridge) for each in (matrix, wanted))
  return (tf.reduce_mean(tf.square(stats.mean - target.mean))
          + tf.reduce_mean(tf.square(deviation - wanted_deviation))
          + tf.reduce_sum(tf.square(matrix - wanted)) / (trace * channels))


class WassersteinTarget(NamedTuple):
  """A Gaussian, and the subspace on which it varies.

  Attributes:
    mean: [C].
    basis: [C, r] orthonormal, spans the covariance's range; unused where r is C.
    root: [r, r] symmetric root of the covariance in that basis, the ridge included; where r is C, of the
      covariance itself.
  """

  mean: tf.Tensor
  basis: tf.Tensor
  root: tf.Tensor


def wasserstein_target(target: Statistics) -> WassersteinTarget:
  """Takes a target's covariance apart, on the host in float64; r is C, or fewer for C positions or fewer."""
  matrix = np.asarray(covariance(target), np.float64)
  values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
  channels, free = len(values), int(target.count) - 1
  rank = channels if free >= channels else max(1, min(free, int(np.sum(values > 1e-6 * values.mean()))))
  kept = np.maximum(values[-rank:], 0)
  deviations = np.sqrt(kept + _RIDGE * max(kept.mean(), 1e-6))
  root = np.diag(deviations) if rank < channels else vectors * deviations @ vectors.T
  return WassersteinTarget(
      target.mean, *(tf.constant(part, target.mean.dtype) for part in (vectors[:, -rank:], root)))


def wasserstein_distance(stats: Statistics, target: WassersteinTarget) -> tf.Tensor:
  """Squared 2-Wasserstein distance between Gaussians, a channel (Olkin & Pukelsheim 1982):

  (|mu - m|^2 + tr(S + A - 2 (A^1/2 S A^1/2)^1/2)) / C.

  Only the block of S on A's range takes part in the root, so that coarse pictures, whose covariances are
  rank-deficient, cost little. On that block a share of 1e-4 of its mean variance is added to the diagonal of
  S and of A alike, which keeps the root differentiable and the distance zero where they agree.
  """
  matrix, (channels, rank) = covariance(stats), tf.unstack(tf.shape(target.basis))
  block = tf.cond(rank < channels, lambda: tf.matmul(target.basis, matrix @ target.basis, transpose_a=True),
                  lambda: matrix)
  outside = tf.linalg.trace(matrix) - tf.linalg.trace(block)
  variance = tf.linalg.trace(block) / tf.cast(rank, block.dtype)
  block += tf.eye(rank, dtype=block.dtype) * (_RIDGE * tf.maximum(variance, 1e-6))
  cross = trace_of_root((block + tf.transpose(block)) / 2, target.root)
  spread = outside + tf.linalg.trace(block) + tf.reduce_sum(tf.square(target.root)) - 2 * cross
  return (tf.reduce_sum(tf.square(stats.mean - target.mean)) + spread) / stats.mean.shape[0]


def mixed_target(target: Statistics) -> WassersteinTarget | Statistics:
  """Prepares `mixed_distance` for a layer, by its channels."""
  return wasserstein_target(target) if target.mean.shape[0] <= _MOST_MIXED_CHANNELS else target


def mixed_distance(stats: Statistics, target: WassersteinTarget | Statistics) -> tf.Tensor:
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
    "covariance": StyleLoss(covariance_distance),
    "wasserstein": StyleLoss(wasserstein_distance, wasserstein_target),
    "mixed": StyleLoss(mixed_distance, mixed_target)}


def squared_error_sum(features: tf.Tensor, target: tf.Tensor,
                      weights: tf.Tensor | None = None) -> tf.Tensor:
  """Sums squared differences to the content's features, undivided (Gatys et al. 2016, eq. 1).

  Divided by positions and channels it is the content loss mean((F - P)^2).

  Args:
    features, target: [1, H, W, C].
    weights: [1, H, W, 1] in [0, 1], what each position counts; None is ones.
  """
  squares = tf.square(tf.cast(features, _wide(features)) - tf.cast(target, _wide(features)))
  return tf.reduce_sum(squares if weights is None else squares * tf.cast(weights, squares.dtype))


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
