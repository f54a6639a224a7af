"""Keras layers of VGG whose gradients by their inputs are fast and small.

On a CPU whose convolutions are Eigen's, TensorFlow's own gradient of a 3x3 convolution makes a
matrix of nine copies of each position, 400 MB at block1_conv2 of 512x341 pixels, and takes twice
the convolution's time.
"""

import functools

import keras
import tensorflow as tf


class Convolution(keras.layers.Conv2D):
  """A 3x3 convolution with its ReLU, whose gradient by its input is a convolution too.

  Attributes:
    portable: whether a graph of it holds nothing but its weights; gradients then take longer.
  """

  portable = False

  @functools.cached_property
  def _adjoint(self) -> tf.Tensor:
    with tf.init_scope():
      return _turned(self.kernel.value)

  def call(self, x: tf.Tensor) -> tf.Tensor:
    kernel, bias = (tf.convert_to_tensor(weight.value) for weight in (self.kernel, self.bias))
    border = 1 if self.padding == "same" else 0

    @tf.custom_gradient
    def rectified(x: tf.Tensor):
      y = tf.nn.relu(tf.nn.bias_add(_convolve(x, kernel, border), bias))

      def gradient(upstream: tf.Tensor) -> tf.Tensor:
        adjoint = _turned(kernel) if self.portable else self._adjoint
        return _convolve(tf.raw_ops.ReluGrad(gradients=upstream, features=y), adjoint, 2 - border)

      return y, gradient

    return rectified(x)


def _convolve(x: tf.Tensor, kernel: tf.Tensor, border: int) -> tf.Tensor:
  """Convolves with `border` rows and columns of zeros around x."""
  return tf.nn.conv2d(x, kernel, 1, [[0, 0], [border, border], [border, border], [0, 0]])


def _turned(kernel: tf.Tensor) -> tf.Tensor:
  """Returns the kernel [3, 3, D, C] that carries gradients back through `kernel`, [3, 3, C, D]."""
  return tf.transpose(tf.reverse(kernel, [0, 1]), [0, 1, 3, 2])


class WrapPadding(keras.layers.Layer):
  """Puts a cell of the opposite border beside each border: the picture goes on with itself."""

  def call(self, x: tf.Tensor) -> tf.Tensor:
    x = tf.concat([x[:, -1:], x, x[:, :1]], 1)
    return tf.concat([x[:, :, -1:], x, x[:, :, :1]], 2)

  def compute_output_shape(self, shape: tuple) -> tuple:
    return (shape[0], *(None if side is None else side + 2 for side in shape[1:3]), shape[3])


class MaxPooling(keras.layers.Layer):
  """The maximum of 2x2 cells in steps of 2; an odd last row or column is left out."""

  def call(self, x: tf.Tensor) -> tf.Tensor:
    return max_pool(x)

  def compute_output_shape(self, shape: tuple) -> tuple:
    return (shape[0], *(None if side is None else side // 2 for side in shape[1:3]), shape[3])


@tf.custom_gradient
def max_pool(x: tf.Tensor):
  """Pools [B, H, W, C] to the maxima of 2x2 cells.

  The gradient goes to the largest cell, or in equal shares to several. It is found by a
  comparison: on a CPU that takes a seventh of the time of TensorFlow's own gradient, which would
  be a seventh of a whole step.
  """
  y = tf.nn.max_pool2d(x, 2, 2, "VALID")

  def gradient(upstream: tf.Tensor) -> tf.Tensor:
    size, small = tf.shape(x), tf.shape(y)
    batch, height, width, channels = tf.unstack(small)
    inner = [batch, 2 * height, 2 * width, channels]
    with tf.control_dependencies([upstream]):  # or this would be ready, and kept, long before
      cells = tf.reshape(x[:, :2 * height, :2 * width], [batch, height, 2, width, 2, channels])
      largest = tf.equal(cells, y[:, :, None, :, None])
    shares = tf.nn.avg_pool2d(tf.cast(tf.reshape(largest, inner), x.dtype), 2, 2, "VALID")
    each = (upstream / (4 * shares))[:, :, None, :, None]
    inside = tf.reshape(tf.where(largest, each, tf.zeros([], x.dtype)), inner)
    return tf.cond(tf.reduce_all(size == inner), lambda: inside,
                   lambda: tf.pad(inside, tf.stack([tf.zeros_like(size), size - inner], 1)))

  return y, gradient
