"""What Keras has no layer for: instance normalization whose gains and shifts are a blend's."""

from collections.abc import Callable, Sequence

import keras
import tensorflow as tf

# Is added to variances, so that a flat picture's noise is not blown up.
_EPSILON = 1e-3


class Doubled(keras.layers.Layer):
  """Doubles features by interpolation between cells: [B, H, W, C] to [B, 2 H, 2 W, C].

  Where cells are repeated, slopes become stairs of two pixels, which a short training leaves in the
  picture as a fine grid.
  """

  def __init__(self, name: str):
    super().__init__(name=name, dtype="float32", autocast=False)

  def call(self, features: tf.Tensor) -> tf.Tensor:
    doubled = tf.image.resize(features, 2 * tf.shape(features)[1:3], "bilinear")  # float32
    return tf.cast(doubled, features.dtype)

  def compute_output_spec(self, features: keras.KerasTensor) -> keras.KerasTensor:
    batch, height, width, channels = features.shape
    sides = (side and 2 * side for side in (height, width))
    return keras.KerasTensor((batch, *sides, channels), features.dtype)


class Moments(keras.layers.Layer):
  """Means and variances of the channels of each picture: [B, H, W, C] to [B, 2, C] float32."""

  def __init__(self, name: str):
    super().__init__(name=name, dtype="float32", autocast=False)

  def call(self, features: tf.Tensor) -> tf.Tensor:
    return tf.stack(tf.nn.moments(tf.cast(features, tf.float32), (1, 2)), 1)

  def compute_output_spec(self, features: keras.KerasTensor) -> keras.KerasTensor:
    return keras.KerasTensor((features.shape[0], 2, features.shape[-1]), "float32")


class StyleNorm(keras.layers.Layer):
  """Instance normalization (Ulyanov et al. 2016) with gains and shifts of several styles.

  gamma (x - mean) / sqrt(variance + 1e-3) + beta, where gamma and beta are the styles' own, mixed
  by their shares (Dumoulin et al. 2017, eq. 5). Where the moments come from is the caller's
  choice: for a large picture they are those of a reduced copy, so that it can be painted by tiles
  (thumbnail instance normalization; Chen et al. 2022, eq. 3).
  """

  def __init__(self, styles: int, name: str):
    """Says how many styles there are; nothing is made yet."""
    super().__init__(name=name, dtype="float32", autocast=False)
    self._styles = styles

  def build(self, shapes: Sequence[tuple[int | None, ...]]) -> None:
    shape = self._styles, shapes[0][-1]
    self.gain = self.add_weight(shape=shape, initializer="ones", name="gain")
    self.shift = self.add_weight(shape=shape, initializer="zeros", name="shift")

  def call(self, inputs: Sequence[tf.Tensor]) -> tf.Tensor:
    """Normalizes features.

    Args:
      inputs: features [B, H, W, C]; shares of the styles [B, S]; and moments [B, 2, C], or none for
        their own, with a gradient that takes less time.
    Returns:
      [B, H, W, C] in the features' precision.
    """
    features, shares, *moments = inputs
    gain, shift = shares @ self.gain, shares @ self.shift
    if not moments:
      normalized: tf.Tensor = normalize(features, gain, shift)
      return normalized
    mean, variance = tf.unstack(moments[0], axis=1)
    factor = gain * tf.math.rsqrt(variance + _EPSILON)
    return _affine(features, factor, shift - mean * factor)

  def compute_output_spec(self, inputs: Sequence[keras.KerasTensor]) -> keras.KerasTensor:
    return keras.KerasTensor(inputs[0].shape, inputs[0].dtype)


@tf.custom_gradient
def normalize(features: tf.Tensor, gain: tf.Tensor, shift: tf.Tensor,
              ) -> tuple[tf.Tensor, Callable[[tf.Tensor], tuple[tf.Tensor, ...]]]:
  """Normalizes each channel of each picture by its own mean and variance.

  The gradient (Ioffe & Szegedy 2015, section 3) is a combination of features and upstream by
  channel. Its sums are taken in float32, and no copy of the features in float32 is kept.

  Args:
    features: [B, H, W, C] of any float type.
    gain, shift: [B, C] float32.
  Returns:
    [B, H, W, C] in the features' type.
  """
  mean, variance = tf.nn.moments(tf.cast(features, tf.float32), (1, 2))
  inverse = tf.math.rsqrt(variance + _EPSILON)
  factor = gain * inverse

  def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, ...]:
    wide = tf.cast(upstream, tf.float32)
    count = tf.cast(tf.reduce_prod(tf.shape(features)[1:3]), tf.float32)
    total = tf.reduce_sum(wide, (1, 2))
    along = inverse * (tf.reduce_sum(wide * tf.cast(features, tf.float32), (1, 2)) - mean * total)
    slope = -factor * inverse * along / count
    offset = -factor * total / count - slope * mean
    both = _affine(upstream, factor, offset) + _affine(features, slope, None)
    return both, along, total

  return _affine(features, factor, shift - mean * factor), gradient


def _affine(features: tf.Tensor, factor: tf.Tensor, offset: tf.Tensor | None) -> tf.Tensor:
  """Multiplies channels by [B, C], and adds [B, C] where there is an offset."""
  scaled = features * tf.cast(factor, features.dtype)[:, None, None]
  return scaled if offset is None else scaled + tf.cast(offset, features.dtype)[:, None, None]
