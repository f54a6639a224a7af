"""Applies the network to pictures of any size: whole, or by tiles that show no seams."""

import functools
import math
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import tensorflow as tf

from tf_style.errors import ImageError, expected
from tf_style.learned.network import STRIDE, Network, Shape
from tf_style.pictures import images
from tf_style.problem import tiles
from tf_style.vgg.network import Layer
from tf_style.vgg.network import Network as Table

SMALLEST = 4 * STRIDE  # pixels of a side: borders are reflected
# Longest side of what is painted whole. Of larger pictures the means and deviations that features
# are normalized with are those of a copy reduced to this size.
WHOLE = 1024
TILE = 768


class OnTile(Protocol):
  """Is told how many tiles are done, and of how many."""

  def __call__(self, done: int, total: int) -> None: ...


class Applier:
  """Paints pictures; what is traced for the first serves pictures of all sizes."""

  def __init__(self, network: Network):
    """Traces nothing yet."""
    self._network = network
    self._specs = [tf.TensorSpec([None, None, None, 3], tf.float32),
                   tf.TensorSpec([None, network.shape.styles], tf.float32)]
    self._whole = self._graph(lambda *inputs: network.whole(list(inputs))[0])
    self._moments = self._graph(lambda *inputs: network.whole(list(inputs))[1:])

  def _graph(self, function: Callable[..., tf.Tensor], *more: tf.TensorSpec) -> Any:
    return tf.function(function, input_signature=[*self._specs, *more], autograph=False)

  @functools.cached_property
  def _given(self) -> Any:
    model = self._network.given
    specs = [tf.TensorSpec(each.shape, tf.float32) for each in model.inputs[2:]]
    return self._graph(lambda *inputs: model(list(inputs)), *specs)

  def __call__(self, rgb: np.ndarray, shares: np.ndarray, *, whole: int = WHOLE, tile: int = TILE,
               on_tile: OnTile | None = None) -> np.ndarray:
    """Paints a picture.

    Args:
      rgb: [1, H, W, 3] float32 in [0, 1].
      shares: [S] of the styles; they sum to 1.
      whole: longest side of a picture that is painted whole, and of the reduced copy.
      tile: side of a tile, in pixels; 0 paints any picture whole.
      on_tile: is told after every tile.
    Returns:
      [1, H, W, 3] float32 in [0, 1].
    Raises:
      ImageError: a side has less than 16 pixels.
    """
    height, width = rgb.shape[1:3]
    if min(height, width) < SMALLEST:
      raise ImageError("--content: " + expected(
          f"sides of at least {SMALLEST} pixels", f"{width}x{height}"))
    padded, row = with_whole_cells(rgb), tf.constant(shares[None], tf.float32)
    if max(height, width) <= whole:
      painted = self._whole(padded, row).numpy()
    else:
      small = images.resize(rgb, *images.fitted_size(height, width, whole))
      moments = self._moments(with_whole_cells(small), row)
      painted = self._by_tiles(padded, row, moments, tile, on_tile)
    return painted[:, :height, :width]

  def _by_tiles(self, padded: np.ndarray, row: tf.Tensor, moments: list[tf.Tensor], tile: int,
                on_tile: OnTile | None) -> np.ndarray:
    table = _table(self._network.shape)
    height, width = padded.shape[1:3]
    windows = tiles.plan_windows(height, width, tile, table, table.layers)
    painted = np.empty_like(padded)
    for number, window in enumerate(windows, start=1):
      rows = slice(window.top, window.top + window.height)
      shown = padded[:, rows, window.left:window.left + window.width]
      part = self._given(tf.constant(shown), row, *moments).numpy()
      painted[tiles.own_slices(window, 1, of_picture=True)] = tiles.own_cells(part, window, 1)
      if on_tile:
        on_tile(number, len(windows))
    return painted


def with_whole_cells(rgb: np.ndarray) -> np.ndarray:
  """Reflects a picture [1, H, W, 3] at its lower and right borders, to multiples of 4 pixels."""
  rest = [-side % STRIDE for side in rgb.shape[1:3]]
  if not any(rest):
    return rgb
  return np.pad(rgb, [(0, 0), (0, rest[0]), (0, rest[1]), (0, 0)], "reflect")


def _table(shape: Shape) -> Table:
  """Returns the network as one layer of `STRIDE` pixels a cell, for planning windows."""
  reach = math.ceil(shape.reach / STRIDE) * STRIDE
  return Table("painter", {"painted": Layer("painted", 3, STRIDE, reach)})
