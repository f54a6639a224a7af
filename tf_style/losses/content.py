"""The content loss, and features adapted to the statistics of the style."""

from collections.abc import Callable

import tensorflow as tf

from tf_style.losses.statistics import Statistics, covariance, squares, wide_type

# Share of the wanted mean variance that is added to every variance where features are adapted.
_FLAT = 1e-2


@tf.custom_gradient
def squared_error_sum(features: tf.Tensor, target: tf.Tensor,
                      ) -> tuple[tf.Tensor, Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]]:
  """Sums squared differences to the content's features, undivided (Gatys et al. 2016, eq. 1).

  Divided by positions and channels it is the content loss mean((F - P)^2).

  Args:
    features: [B, H, W, C] activations of any float type; summed as by `feature_sums`, their
      gradient in their own.
    target: likewise.
  Returns:
    [B] sums, one a picture.
  """
  def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    factor = tf.cast(2 * upstream, features.dtype)[:, None, None, None]
    slope = factor * (features - tf.cast(target, features.dtype))
    return slope, tf.cast(-slope, target.dtype)

  with tf.control_dependencies([features]):  # or the target would be cast, and kept, long before
    wide = tf.cast(target, wide_type(features))
  return squares(tf.cast(features, wide.dtype) - wide), gradient


def adaptation(own: Statistics, wanted: Statistics) -> tuple[tf.Tensor, tf.Tensor]:
  """Returns gain and shift that give features the wanted means and deviations by channel.

  gain = d / s, shift = m - gain mu (AdaIN; Huang & Belongie 2017, eq. 8). A share of 1e-2 of the
  wanted mean variance is added to both variances, so that a flat picture is not blown up. Where
  one of the two covers less than a position, features stay as they are.

  Args:
    own: of B pictures.
    wanted: of one picture or of B.
  Returns:
    Gain and shift, [B, C] each.
  """
  variance, target = (tf.maximum(tf.linalg.diag_part(covariance(each)), 0)
                      for each in (own, wanted))
  ridge = _FLAT * tf.maximum(tf.reduce_mean(target, -1, keepdims=True), 1e-6)
  gain = tf.sqrt((target + ridge) / (variance + ridge))
  both_there = tf.logical_and(own.count >= 1, wanted.count >= 1)[:, None]
  gain = tf.where(both_there, gain, 1.0)
  return gain, tf.where(both_there, wanted.mean - gain * own.mean, 0.0)
