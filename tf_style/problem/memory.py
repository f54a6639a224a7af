"""How much memory a run takes, and how it is made to fit: by tiles, by a shorter L-BFGS history."""

import dataclasses
from collections.abc import Iterator

from tf_style.errors import InputError, expected
from tf_style.losses.names import GRID
from tf_style.problem import tiles
from tf_style.settings.config import Config
from tf_style.vgg.network import NETWORKS, Layer

# Measured with Wasserstein losses, by a process on a CPU and by TensorFlow's allocator on an H100,
# where convolutions take workspaces. A megapixel of VGG16's features takes 1.3 GB a step on a CPU
# in float32.
BASE = {"CPU": 1_000_000_000, "GPU": 1_900_000_000}
_BYTES_A_FEATURE = {"CPU": {"float32": 4.5, "bfloat16": 4.0},
                    "GPU": {"float32": 9.5, "bfloat16": 7.5}}
# Copies of the picture: variables, gradient, the pictures on the host, the largest temporaries of a
# step.
_COPIES = {"adam": 10, "lbfgs": 18}
_COPIES_A_PAIR = 2
# Copies of the largest style layer that a region takes, in float32.
_COPIES_A_REGION = 2
# Bytes a number of a hypercolumn, in a step and in the search for neighbors.
_BYTES_A_COLUMN = {"float32": 12, "bfloat16": 6}
# Larger targets are kept in half precision: 11 significant bits, less than the noise of one 8-bit
# grey level.
LARGEST_TARGET = 2**28

# A larger tile than the first would be less than a seventh faster.
_TILE_SIZES = (1024, 768, 512, 384, 256)
_LEAST_PAIRS = 3


def estimate(config: Config, height: int, width: int, regions: int = 1,
             device: str = "/CPU:0") -> int:
  """Returns the bytes that a process takes at most on its device, for a level of a size in pixels.

  Args:
    config: layers, network, precision, optimizer with its memory, and tile size (0: whole) are
      read.
    height, width: in pixels.
    regions: in which the style's statistics are taken.
    device: TensorFlow's name.
  """
  kind = "GPU" if "GPU" in device else "CPU"
  network = NETWORKS[config.network]
  layers, table = config.layers, network.layers
  window = tiles.plan_windows(height, width, int(config.tile_size), network, layers,
                              config.tileable)[0]
  values = sum(_values(layer) for layer in network.up_to(network.deepest(layers).name))
  kept = sum(_values(table[name]) for name in config.content_layers)
  copies = _COPIES[config.optimizer]
  if config.optimizer == "lbfgs":
    copies += _COPIES_A_PAIR * config.lbfgs_memory
  largest = max((_values(table[name]) for name in config.style_layers), default=0)
  masked = 4 * _COPIES_A_REGION * largest * (regions - 1)
  targets = _target_bytes(kept * height * width, config.precision)
  columns = sum(table[name].channels for name in config.neighbor_layers) / GRID**2
  joined = _BYTES_A_COLUMN[config.precision] * columns if config.neighbor_weight else 0
  features = _BYTES_A_FEATURE[kind][config.precision] * values + masked + joined
  return int(BASE[kind] + 12 * copies * height * width + targets
             + features * window.height * window.width)


def _values(layer: Layer) -> float:
  """Returns the numbers a pixel that a layer holds."""
  return layer.channels / layer.stride**2


def _target_bytes(values: float, precision: str) -> float:
  return values * (2 if precision == "bfloat16" or 4 * values > LARGEST_TARGET else 4)


def fitted(config: Config, height: int, width: int, limit: int, regions: int = 1,
           device: str = "/CPU:0") -> Config:
  """Returns the configuration with a tile size and an L-BFGS memory that fit.

  A tile size of `auto` becomes 0, the whole picture, where that fits, else the largest tile that
  does.

  Args:
    config: precision resolved.
    height, width: of the largest level.
    limit: bytes there are.
    regions: in which the style's statistics are taken.
    device: TensorFlow's name.
  Raises:
    InputError: nothing fits; the message says what would.
  """
  for choice in _choices(config):
    if estimate(choice, height, width, regions, device) <= limit:
      return choice
  least, longest = list(_choices(config))[-1], max(height, width)
  side = longest
  needs = lambda side: estimate(
      least, max(1, height * side // longest), max(1, width * side // longest), regions, device)
  while side > 1 and needs(side) > limit:
    side = side * 31 // 32
  raise InputError("--image_size: " + expected(
      f"at most {side} for the {limit / 1e9:.1f} GB of memory that are free",
      f"{width}x{height}, which takes {needs(longest) / 1e9:.1f} GB") + _advice(config))


def _choices(config: Config) -> Iterator[Config]:
  """Yields what a run may be, best first: whole, tiles, smaller tiles with a shorter history."""
  sizes = (0, *_TILE_SIZES) if config.tile_size == "auto" else (config.tile_size,)
  for size in sizes:
    yield dataclasses.replace(config, tile_size=size)
  if config.optimizer == "lbfgs":
    for pairs in range(config.lbfgs_memory - 1, _LEAST_PAIRS - 1, -1):
      for size in sizes[-4:]:
        yield dataclasses.replace(config, tile_size=size, lbfgs_memory=pairs)


def _advice(config: Config) -> str:
  """Names what else would take less memory."""
  ways = (["--tile_size=auto"] if config.tile_size not in ("auto", 256) else []) + (
      ["--optimizer=adam"] if config.optimizer == "lbfgs" else [])
  return "; or " + " and ".join(ways) if ways else ""
