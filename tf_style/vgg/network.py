"""What VGG16 and VGG19 are, as values (Simonyan & Zisserman 2014, configurations D and E).

Layer names are those of Keras. No TensorFlow here: `--help` and the checks of a command line are
instant.
"""

import dataclasses
import math
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from tf_style.errors import InputError, expected

_CHANNELS = (64, 128, 256, 512, 512)


class Layer(NamedTuple):
  """One layer as the picture sees it.

  Attributes:
    name: Keras' layer name, such as `block4_conv2`.
    channels: depth of its output.
    stride: picture pixels between two neighboring positions.
    reach: picture pixels on either side of a position's own stride-sized cell that it depends on.
  """

  name: str
  channels: int
  stride: int
  reach: int


@dataclasses.dataclass(frozen=True, eq=False)
class Network:
  """A VGG network.

  Attributes:
    name: `vgg16` or `vgg19`.
    layers: its convolutions and pools in order, by name.
  """

  name: str
  layers: Mapping[str, Layer]

  def up_to(self, last: str) -> list[Layer]:
    """Returns the convolutions and pools in order, up to the layer `last`."""
    return [*self.layers.values()][:list(self.layers).index(last) + 1]

  def deepest(self, names: Iterable[str]) -> Layer:
    """Returns the last layer of `names` in the network's order.

    Raises:
      InputError: a name is not a layer of the network; the message lists the names there are.
    """
    chosen = list(names)
    for name in chosen:
      if name not in self.layers:
        raise InputError(expected(f"a layer of {self.name} ({', '.join(self.layers)})", name))
    return [layer for layer in self.layers.values() if layer.name in chosen][-1]

  def operations(self, last: str) -> float:
    """Returns the floating-point operations a pixel of a forward pass up to the layer `last`."""
    shapes = self.kernel_shapes()
    return sum(2.0 * math.prod(shapes[layer.name]) / layer.stride**2
               for layer in self.up_to(last) if layer.name in shapes)

  def kernel_shapes(self) -> dict[str, tuple[int, int, int, int]]:
    """Returns the kernel shapes [3, 3, I, O] of the convolutions in order, by name."""
    shapes, depth = {}, 3
    for name, layer in self.layers.items():
      if "conv" in name:
        shapes[name] = (3, 3, depth, layer.channels)
      depth = layer.channels
    return shapes


def network_named(name: str) -> Network:
  """Returns the network of that name.

  Raises:
    InputError: the network is unknown.
  """
  if name not in NETWORKS:
    raise InputError("--network: " + expected("one of " + ", ".join(NETWORKS), name))
  return NETWORKS[name]


def _layers(convolutions: Iterable[int]) -> dict[str, Layer]:
  """Returns the layers of five blocks of so many convolutions and a pool each.

  A 3x3 convolution widens the reach by one position of its grid; a 2x2 pool, which reads whole
  cells only, not at all.
  """
  table, stride, reach = {}, 1, 0
  for block, (count, channels) in enumerate(zip(convolutions, _CHANNELS, strict=True), start=1):
    for conv in range(1, count + 1):
      reach += stride
      name = f"block{block}_conv{conv}"
      table[name] = Layer(name, channels, stride, reach)
    stride *= 2
    name = f"block{block}_pool"
    table[name] = Layer(name, channels, stride, reach)
  return table


NETWORKS = {name: Network(name, _layers(convolutions)) for name, convolutions in (
    ("vgg16", (2, 2, 3, 3, 3)), ("vgg19", (2, 2, 4, 4, 4)))}

