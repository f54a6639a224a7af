"""What VGG16 and VGG19 are, as a table (Simonyan & Zisserman 2014, configurations D and E).

Layer names are those of Keras. No TensorFlow here: `--help` and the checks of a command line are instant.
"""

from collections.abc import Iterable
from typing import NamedTuple

from tf_style.errors import InputError, expected

NETWORKS = {"vgg16": (2, 2, 3, 3, 3), "vgg19": (2, 2, 4, 4, 4)}
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


def layers(network: str) -> dict[str, Layer]:
  """Returns the network's convolutions and pools in order, by name.

  A 3x3 convolution widens the reach by one position of its grid; a 2x2 pool, which reads whole cells
  only, not at all.

  Raises:
    InputError: the network is unknown.
  """
  if network not in NETWORKS:
    raise InputError("--network: " + expected("one of " + ", ".join(NETWORKS), network))
  table, stride, reach = {}, 1, 0
  for block, (count, channels) in enumerate(zip(NETWORKS[network], _CHANNELS, strict=True), start=1):
    for conv in range(1, count + 1):
      reach += stride
      name = f"block{block}_conv{conv}"
      table[name] = Layer(name, channels, stride, reach)
    stride *= 2
    name = f"block{block}_pool"
    table[name] = Layer(name, channels, stride, reach)
  return table


def layers_up_to(network: str, last: str) -> list[Layer]:
  """Returns the network's convolutions and pools in order, up to the layer `last`."""
  table = layers(network)
  return [*table.values()][:list(table).index(last) + 1]


def operations(network: str, last: str) -> float:
  """Returns the floating-point operations a pixel of one forward pass up to the layer `last`."""
  total, depth = 0.0, 3
  for layer in layers_up_to(network, last):
    if "conv" in layer.name:
      total += 2 * 9 * depth * layer.channels / layer.stride**2
      depth = layer.channels
  return total


def deepest(network: str, names: Iterable[str]) -> Layer:
  """Returns the last layer of `names` in the network's order.

  Raises:
    InputError: a name is not a layer of the network; the message lists the names there are.
  """
  table = layers(network)
  chosen = list(names)
  for name in chosen:
    if name not in table:
      raise InputError(expected(f"a layer of {network} ({', '.join(table)})", name))
  return max((table[name] for name in chosen), key=lambda layer: list(table).index(layer.name))
