"""The network that paints: a photograph in, the painted picture out, in one forward pass."""

import functools
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import keras
from keras import KerasTensor

from tf_style.learned.layers import Doubled, Moments, StyleNorm

STRIDE = 4  # pixels that sides must be a multiple of
_OUTER = 9  # side of the first and the last kernel


class Shape(NamedTuple):
  """What a network is built from.

  Attributes:
    width: half as many channels at full resolution, two and four times as many behind each stride.
    blocks: residual blocks.
    styles: how many it learns.
  """

  width: int
  blocks: int
  styles: int

  @property
  def reach(self) -> int:
    """How many pixels around a cell of `STRIDE` pixels decide what is painted in it."""
    down, blocks = _OUTER // 2 + 2, self.blocks * 2 * STRIDE
    up = STRIDE + 2 + 2 + 1 + _OUTER // 2  # a cell and a convolution, twice; the last kernel
    return down + blocks + up


class Network:
  """Convolutions, residual blocks and resizing (Johnson et al. 2016), normalized by style.

  Borders are reflected, and pictures are enlarged by interpolation before a convolution (Odena et
  al. 2016): transposed convolutions leave grids, and zeros a frame. The first convolution has a
  stride, and few channels are at full resolution, where normalization, not convolution, takes the
  time.

  Attributes:
    shape: what it was built from.
    whole: model of a picture [B, H, W, 3] in [0, 1] and shares [B, S] to the painted picture
      [B, H, W, 3] float32 and the moments of its normalizations, [B, 2, C] each.
  """

  def __init__(self, shape: Shape, precision: str = "float32", seed: int = 0):
    """Builds the network with random weights.

    Args:
      shape: how wide and deep it is.
      precision: of the features, `float32` or `bfloat16`; weights are float32 in both.
      seed: of the weights.
    """
    self.shape = shape
    self._policy = "mixed_bfloat16" if precision == "bfloat16" else "float32"
    self._seeds = (1000 * seed + number for number in range(1000))
    self._layers: dict[str, keras.layers.Layer] = {}
    self._inputs = [keras.Input((None, None, 3), name="picture", dtype="float32"),
                    keras.Input((shape.styles,), name="shares", dtype="float32")]
    moments: list[KerasTensor] = []

    def own(name: str, features: KerasTensor) -> KerasTensor:
      moments.append(Moments(f"{name}_moments")(features))
      return moments[-1]

    painted = self._painted(own)
    self.whole = keras.Model(self._inputs, [painted, *moments], name="whole")

  @functools.cached_property
  def given(self) -> keras.Model:
    """Model of picture, shares and such moments to the painted picture."""
    moments = [keras.Input(each.shape[1:], dtype="float32") for each in self.whole.outputs[1:]]
    known = iter(moments)
    return keras.Model([*self._inputs, *moments],
                       self._painted(lambda name, features: next(known)), name="given")

  @functools.cached_property
  def trained(self) -> keras.Model:
    """Model of picture and shares to the painted picture, with a faster gradient."""
    return keras.Model(self._inputs, self._painted(None), name="trained")

  @property
  def variables(self) -> list[keras.Variable]:
    """All weights, in the order in which they were made."""
    variables: list[keras.Variable] = self.whole.trainable_variables
    return variables

  def _painted(self, moments_of: Callable[[str, KerasTensor], KerasTensor] | None) -> KerasTensor:
    """Applies the network; layers are made by the first call and shared by the others."""
    width, names, (picture, shares) = self.shape.width, _names(), self._inputs

    def convolved(features: KerasTensor, channels: int, side: int = 3,
                  stride: int = 1) -> KerasTensor:
      name = next(names)
      values = self._convolved(features, channels, side, stride, name)
      norm = self._layer(f"{name}_norm", lambda: StyleNorm(self.shape.styles, f"{name}_norm"))
      return norm([values, shares, *([moments_of(name, values)] if moments_of else [])])

    def active(*args: Any) -> KerasTensor:
      relu = self._layer("relu", lambda: keras.layers.ReLU(dtype=self._policy))
      return relu(convolved(*args))

    doubled = self._layer("doubled", lambda: Doubled("doubled"))
    x = active(picture * 2.0 - 1.0, 2 * width, _OUTER, 2)
    x = active(x, 4 * width, 3, 2)
    for _ in range(self.shape.blocks):
      x = x + convolved(active(x, 4 * width), 4 * width)
    x = active(doubled(x), 2 * width)
    x = active(doubled(x), width // 2)
    x = self._convolved(x, 3, _OUTER, 1, "painted", bias=True)
    return self._layer("sigmoid", lambda: keras.layers.Activation("sigmoid", dtype="float32"))(x)

  def _convolved(self, features: KerasTensor, channels: int, side: int, stride: int, name: str,
                 bias: bool = False) -> KerasTensor:
    def make() -> keras.layers.Layer:
      random = keras.initializers.GlorotUniform(next(self._seeds))
      return keras.layers.Conv2D(
          channels, side, stride, use_bias=bias, data_format="channels_last", name=name,
          dtype=self._policy, kernel_initializer=random)

    edge = side // 2
    padded = keras.ops.pad(features, ((0, 0), (edge, edge), (edge, edge), (0, 0)), "reflect")
    return self._layer(name, make)(padded)

  def _layer(self, name: str, make: Callable[[], keras.layers.Layer]) -> keras.layers.Layer:
    if name not in self._layers:
      self._layers[name] = make()
    return self._layers[name]


def _names() -> Iterator[str]:
  return (f"layer{number:02d}" for number in range(1, 1000))
