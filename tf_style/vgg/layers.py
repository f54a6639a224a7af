"""Layers of VGG whose gradients by their inputs are fast and small.

On a CPU whose convolutions are Eigen's, TensorFlow's own gradient of a 3x3 convolution makes a
matrix of nine copies of each position, 400 MB at block1_conv2 of 512x341 pixels, and takes twice
the convolution's time.
"""

import functools

import numpy as np
import tensorflow as tf


class Convolution(tf.Module):
  """A 3x3 convolution with its ReLU, whose gradient by its input is a convolution too.

  Attributes:
    kernel: [3, 3, C, D].
    bias: [D].
  """

  def __init__(self, kernel: np.ndarray, bias: np.ndarray, precision: str, border: int = 1,
               portable: bool = False):
    """Takes the weights, without a copy where their type and place in memory allow it.

    Args:
      kernel, bias: float32.
      precision: type of weights and features.
      border: rows and columns of zeros that it sees around its input, 1 or 0.
      portable: whether a graph of it holds nothing but its weights; gradients then take longer.
    """
    super().__init__()
    self.kernel, self.bias = (tf.Variable(tf.cast(_over(array), precision), trainable=False)
                              for array in (kernel, bias))
    self._border, self._portable = border, portable

  @functools.cached_property
  def _adjoint(self) -> tf.Tensor:
    with tf.init_scope():
      return _turned(self.kernel.value())

  def __call__(self, x: tf.Tensor) -> tf.Tensor:
    kernel, bias, border = self.kernel.value(), self.bias.value(), self._border

    @tf.custom_gradient
    def rectified(x: tf.Tensor):
      y = tf.nn.relu(tf.nn.bias_add(_convolve(x, kernel, border), bias))

      def gradient(upstream: tf.Tensor) -> tf.Tensor:
        slope = tf.raw_ops.ReluGrad(gradients=upstream, features=y)
        if x.shape[-1] == 3:  # TensorFlow's own is the faster one
          return tf.raw_ops.Conv2DBackpropInput(
              input_sizes=tf.shape(x), filter=kernel, out_backprop=slope, strides=[1, 1, 1, 1],
              padding="SAME" if border else "VALID")  # oneDNN has none with explicit borders
        adjoint = _turned(kernel) if self._portable else self._adjoint
        return _convolve(slope, adjoint, 2 - border)

      return y, gradient

    return rectified(tf.cast(x, kernel.dtype))


def _convolve(x: tf.Tensor, kernel: tf.Tensor, border: int) -> tf.Tensor:
  """Convolves with `border` rows and columns of zeros around x."""
  return tf.nn.conv2d(x, kernel, 1, _borders(border))


def _borders(border: int) -> list[list[int]]:
  return [[0, 0], [border, border], [border, border], [0, 0]]


def _turned(kernel: tf.Tensor) -> tf.Tensor:
  """Returns the kernel [3, 3, D, C] that carries gradients back through `kernel`, [3, 3, C, D]."""
  return tf.transpose(tf.reverse(kernel, [0, 1]), [0, 1, 3, 2])


def _over(array: np.ndarray) -> tf.Tensor:
  """Returns a tensor on the array's own memory if TensorFlow can use that, else on a copy."""
  if array.ctypes.data % 64 or not array.flags.c_contiguous:
    return tf.constant(array)
  return tf.experimental.dlpack.from_dlpack(array.__dlpack__())


def replicate(x: tf.Tensor) -> tf.Tensor:
  """Puts the cells at each border beside it once more."""
  return tf.pad(x, _borders(1), "SYMMETRIC")


def wrap(x: tf.Tensor) -> tf.Tensor:
  """Puts a cell of the opposite border beside each border: the picture goes on with itself."""
  x = tf.concat([x[:, -1:], x, x[:, :1]], 1)
  return tf.concat([x[:, :, -1:], x, x[:, :, :1]], 2)


def average_pool(x: tf.Tensor, factor: float | None = None) -> tf.Tensor:
  """Pools to the means of 2x2 cells, times a factor."""
  y = tf.nn.avg_pool2d(x, 2, 2, "VALID")
  return y if factor is None else y * tf.cast(factor, x.dtype)


@tf.custom_gradient
def max_pool(x: tf.Tensor):
  """Pools [B, H, W, C] to the maxima of 2x2 cells.

  The gradient goes to the largest cell, or in equal shares to several. It is found by a
  comparison: on a CPU that takes a seventh of the time of TensorFlow's own gradient, which would
  be a seventh of a whole step.
  """
  y = tf.nn.max_pool2d(x, 2, 2, "VALID")

  def gradient(upstream: tf.Tensor) -> tf.Tensor:
    small = tf.shape(y)
    inner = small * [1, 2, 2, 1]
    with tf.control_dependencies([upstream]):  # or this would be ready, and kept, long before
      cells = tf.reshape(tf.slice(x, [0] * 4, inner),
                         tf.reshape(tf.stack([small, [1, 2, 2, 1]], 1), [-1]))
      largest = tf.equal(cells, y[:, None, :, None, :, None, :, None])
    shares = tf.nn.avg_pool2d(tf.cast(tf.reshape(largest, inner), x.dtype), 2, 2, "VALID")
    each = (upstream / (4 * shares))[:, None, :, None, :, None, :, None]
    inside = tf.reshape(tf.where(largest, each, tf.zeros([], x.dtype)), inner)
    return tf.pad(inside, tf.stack([[0] * 4, tf.shape(x) - inner], 1))

  return y, gradient
