"""What Keras has no layer for: instance normalization whose gains and shifts are a blend's."""

from collections.abc import Sequence

import keras
import tensorflow as tf

# Is added to variances, so that a flat picture's noise is not blown up.
_EPSILON = 1e-3


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
      inputs: features [B, H, W, C]; moments [B, 2, C]; shares of the styles [B, S].
    Returns:
      [B, H, W, C] in the features' precision.
    """
    features, moments, shares = inputs
    mean, variance = tf.unstack(moments, axis=1)
    factor = shares @ self.gain * tf.math.rsqrt(variance + _EPSILON)
    offset = shares @ self.shift - mean * factor
    factor, offset = (tf.cast(each, features.dtype)[:, None, None] for each in (factor, offset))
    return features * factor + offset

  def compute_output_spec(self, inputs: Sequence[keras.KerasTensor]) -> keras.KerasTensor:
    return keras.KerasTensor(inputs[0].shape, inputs[0].dtype)
