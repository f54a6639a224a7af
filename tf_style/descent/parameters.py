"""Maps from what an optimizer varies to the picture, and their adjoints."""

from collections.abc import Callable
from typing import Protocol

import tensorflow as tf

# The start is kept this far inside [0, 1]: half a grey level.
_HALF_LEVEL = 0.5 / 255

# Variables change their size from level to level, so that one graph serves them all.
_OPEN = tf.TensorShape([1, None, None, 3])


class Parameters(Protocol):
  """A picture as a function of a variable.

  Attributes:
    variable: [1, H, W, 3] what the optimizer changes.
  """

  variable: tf.Variable

  def begin(self, start: tf.Tensor) -> None:
    """Moves the variable to where it stands for a picture [1, H, W, 3] in [0, 1] of any size."""

  def picture(self) -> tf.Tensor:
    """Returns the picture [1, H, W, 3] in [0, 1] at the variable."""

  def pullback(self, gradient: tf.Tensor, picture: tf.Tensor) -> tf.Tensor:
    """Takes a gradient by the picture back to one by the variable (vector-Jacobian product)."""

  def project(self) -> None:
    """Moves the variable back to where it stands for a picture."""


class Pixels(tf.Module):
  """The variable is the picture; after each step it is clipped to [0, 1]."""

  def __init__(self, start: tf.Tensor):
    super().__init__(name="pixels")
    self.variable = tf.Variable(start, trainable=False, shape=_OPEN, name="variable")
    self.begin(start)

  def begin(self, start: tf.Tensor) -> None:
    self.variable.assign(tf.clip_by_value(start, 0.0, 1.0))

  def picture(self) -> tf.Tensor:
    return self.variable.value()

  def pullback(self, gradient: tf.Tensor, picture: tf.Tensor) -> tf.Tensor:
    del picture
    return gradient

  def project(self) -> None:
    inside = tf.raw_ops.ClipByValue(t=self.variable, clip_value_min=0.0, clip_value_max=1.0)
    self.variable.assign(inside)


class FourierSigmoid(tf.Module):
  """picture = sigmoid(z + F^-1(f^-0.3 F(u))): in [0, 1], low frequencies in longer steps.

  z is the start and u, the variable, begins at zero. The spectrum is scaled by max(f, 1 / max(H,
  W))^-0.3, normalized to unit mean square (the preconditioner of Olah et al. 2017, Feature
  Visualization, whose exponent is 1). The filter is real and symmetric, hence its own adjoint.
  """

  def __init__(self, start: tf.Tensor, exponent: float = 0.3):
    super().__init__(name="fourier_sigmoid")
    self._exponent = exponent
    self.start = tf.Variable(start, trainable=False, shape=_OPEN, name="start")
    self.variable = tf.Variable(start, trainable=False, shape=_OPEN, name="variable")
    self.scale = tf.Variable(
        tf.zeros([0, 0], tf.complex64), trainable=False, shape=[None, None], name="scale")
    self.begin(start)

  def begin(self, start: tf.Tensor) -> None:
    inside = tf.clip_by_value(start, _HALF_LEVEL, 1 - _HALF_LEVEL)
    self.start.assign(tf.math.log(inside) - tf.math.log1p(-inside))
    self.variable.assign(tf.zeros_like(start))
    height, width = start.shape[1:3]
    self.scale.assign(spectrum_scale(height, width, self._exponent))

  def picture(self) -> tf.Tensor:
    return tf.sigmoid(self.start + self._filtered(self.variable))

  def pullback(self, gradient: tf.Tensor, picture: tf.Tensor) -> tf.Tensor:
    return self._filtered(gradient * picture * (1 - picture))

  def project(self) -> None:
    pass

  def _filtered(self, field: tf.Tensor) -> tf.Tensor:
    planes = tf.transpose(field, [0, 3, 1, 2])
    size = tf.shape(planes)[2:]
    spectrum = tf.raw_ops.RFFT2D(input=planes, fft_length=size) * self.scale
    return tf.transpose(tf.raw_ops.IRFFT2D(input=spectrum, fft_length=size), [0, 2, 3, 1])


class Frozen(tf.Module):
  """Keeps a part of the picture as it is: kept * w + picture * (1 - w), of any other map's picture.

  Attributes:
    kept_at: from height and width, what is kept; `begin` looks at it.
  """

  def __init__(self, inner: Parameters, start: tf.Tensor,
               kept_at: Callable[[int, int], tuple[tf.Tensor, tf.Tensor]]):
    """Wraps a map.

    Args:
      inner: the map.
      start: [1, H, W, 3], its beginning.
      kept_at: from height and width, what is kept, [1, H, W, 3], and how much of it, [1, H, W, 1]
        in [0, 1].
    """
    super().__init__(name="frozen")
    self._inner, self.kept_at, self.variable = inner, kept_at, inner.variable
    kept, weights = kept_at(*start.shape[1:3])
    self._kept = tf.Variable(kept, trainable=False, shape=_OPEN)
    self._weights = tf.Variable(weights, trainable=False, shape=[1, None, None, 1])

  def begin(self, start: tf.Tensor) -> None:
    self._inner.begin(start)
    kept, weights = self.kept_at(*start.shape[1:3])
    self._kept.assign(kept)
    self._weights.assign(weights)

  def picture(self) -> tf.Tensor:
    return self._weights * self._kept + (1 - self._weights) * self._inner.picture()

  def pullback(self, gradient: tf.Tensor, picture: tf.Tensor) -> tf.Tensor:
    free = 1 - self._weights
    inner = tf.math.divide_no_nan(picture - self._weights * self._kept, free)
    inside = tf.clip_by_value(inner, 0.0, 1.0)
    return self._inner.pullback(gradient * free, inside)

  def project(self) -> None:
    self._inner.project()


class Gray(tf.Module):
  """Another map, restricted to gray pictures: gradients are projected on three equal channels.

  What begins gray stays so, for maps and optimizers treat the channels alike, up to rounding: the
  first one counts.
  """

  def __init__(self, inner: Parameters):
    super().__init__(name="gray")
    self._inner, self.variable = inner, inner.variable

  def begin(self, start: tf.Tensor) -> None:
    self._inner.begin(start)

  def picture(self) -> tf.Tensor:
    return tf.repeat(self._inner.picture()[..., :1], 3, -1)

  def pullback(self, gradient: tf.Tensor, picture: tf.Tensor) -> tf.Tensor:
    gray = tf.reduce_mean(gradient, -1, keepdims=True)
    return self._inner.pullback(tf.broadcast_to(gray, tf.shape(gradient)), picture)

  def project(self) -> None:
    self._inner.project()


def spectrum_scale(height: int, width: int, exponent: float) -> tf.Tensor:
  """Returns max(f, 1 / max(H, W))^-exponent on the grid of a real FFT.

  It is [H, W // 2 + 1] complex64, of unit mean square.
  """
  rows = tf.range(height)
  rows = tf.cast(tf.minimum(rows, height - rows), tf.float32) / height
  columns = tf.cast(tf.range(width // 2 + 1), tf.float32) / width
  frequency = tf.sqrt(rows[:, None] ** 2 + columns[None] ** 2)
  scale = tf.maximum(frequency, 1 / max(height, width)) ** -exponent
  return tf.cast(scale / tf.sqrt(tf.reduce_mean(tf.square(scale))), tf.complex64)
