"""Windows over a picture whose own cells tile it exactly. Pure arithmetic on the network's table.

Windows begin at multiples of the deepest layer's stride, so that pools read the same cells as in
the whole picture, and reach beyond their own cells by a halo that holds all that those depend on. A
border of the picture stays a border, with the network's own padding; that of one that tiles is
none, and windows reach beyond it to the other side.
"""

import itertools
import math
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from tf_style.vgg.network import Network

Slices = tuple[slice, slice, slice]


class Window(NamedTuple):
  """A rectangle of pixels: what a tile reads, and which part of it the tile counts as its own."""

  top: int
  left: int
  height: int
  width: int
  own_top: int
  own_left: int
  own_height: int
  own_width: int


def halo(network: Network, layers: Iterable[str]) -> int:
  """Returns how many pixels a window shows around its own: a multiple of the deepest stride."""
  last = network.deepest(layers)
  return math.ceil(last.reach / last.stride) * last.stride


def plan_windows(height: int, width: int, tile_size: int, network: Network, layers: Iterable[str],
                 wraps: bool = False) -> list[Window]:
  """Covers a picture with windows of one shape whose own parts are disjoint.

  Args:
    height, width: of the picture in pixels.
    tile_size: a window has at most so many pixels on a side and a halo around them; where a border
      makes a halo needless its own part is larger. 0: one window.
    network: whose features are tiled.
    layers: the layers in use.
    wraps: whether the picture goes on at its borders with itself; its sides are whole strides.
  """
  layers, spans = tuple(layers), _wrapped_spans if wraps else _spans
  stride, margin = network.deepest(layers).stride, halo(network, layers)
  tile_size = max(tile_size, stride) if tile_size else max(height, width)
  return [Window(top, left, window_height, window_width, own_top, own_left, own_height, own_width)
          for top, window_height, own_top, own_height in spans(height, tile_size, stride, margin)
          for left, window_width, own_left, own_width in spans(width, tile_size, stride, margin)]


def _spans(length: int, tile_size: int, stride: int,
           margin: int) -> list[tuple[int, int, int, int]]:
  """Returns (begin, size, own begin, own size) of the windows along one side, all of one size.

  The last one slides inward to end at the picture's border; what a side has beyond whole strides is
  its own.
  """
  for count in itertools.count(1):
    own = math.ceil(length // stride / count) * stride
    size = min(length, own + min(count - 1, 2) * margin + length % stride)
    if own + min(count - 1, 2) * margin <= tile_size + 2 * margin:
      break
  last = length - size
  return [(min(max(index * own - margin, 0), last), size, index * own,
           length - index * own if index == count - 1 else own) for index in range(count)]


def _wrapped_spans(length: int, tile_size: int, stride: int,
                   margin: int) -> list[tuple[int, int, int, int]]:
  """Returns the same of a side without ends; where there are several windows each has its halo."""
  if length <= tile_size + 2 * margin:
    return [(0, length, 0, length)]
  own = math.ceil(length // stride / math.ceil(length / tile_size)) * stride
  return [(begin - margin, own + 2 * margin, begin, min(own, length - begin))
          for begin in range(0, length, own)]


def shown(picture: np.ndarray, window: Window) -> np.ndarray:
  """Returns what a window shows of a picture [1, H, W, C], beyond its borders of the other side."""
  for axis, begin, size in ((1, window.top, window.height), (2, window.left, window.width)):
    side = picture.shape[axis]
    inside = begin >= 0 and begin + size <= side
    places = slice(begin, begin + size) if inside else np.arange(begin, begin + size) % side
    picture = picture[(slice(None),) * axis + (places,)]
  return picture


def folded(picture: np.ndarray, size: tuple[int, int], margins: tuple[int, int]) -> np.ndarray:
  """Adds what lies beyond the borders of a picture [B, h, w, C] to the other side.

  Args:
    picture: begins with the margins.
    size: height and width of the whole.
    margins: above and at the left.
  """
  for axis, side, margin in zip((1, 2), size, margins, strict=True):
    ends = [(0, 0)] * 4
    ends[axis] = 0, -picture.shape[axis] % side
    padded = np.pad(picture, ends)
    shape = (*padded.shape[:axis], -1, side, *padded.shape[axis + 1:])
    picture = np.roll(padded.reshape(shape).sum(axis), -margin, axis)
  return picture


def forward_passes(windows: list[Window]) -> float:
  """Returns what a step costs, in forward passes: 2 whole, in tiles 3 and their halos."""
  shown = len(windows) * windows[0].height * windows[0].width
  own = sum(window.own_height * window.own_width for window in windows)
  return 2.0 if len(windows) == 1 else 3 * shown / own


def own_cells(values: Any, window: Window | None, stride: int, *,
              of_picture: bool = False) -> Any:
  """Returns a window's own cells of a layer.

  Args:
    values: a tensor or an array [B, h, w, C] of what the window shows, or of the whole picture.
    window: ints or scalar tensors; None is the whole picture, all of whose cells are its own.
    stride: of the layer, in pixels.
    of_picture: whether `values` are of the whole picture.
  """
  return values if window is None else values[own_slices(window, stride, of_picture=of_picture)]


def own_slices(window: Window, stride: int, *, of_picture: bool) -> Slices:
  """Returns the slices [B, h, w] of a window's own cells, as `own_cells` takes them."""
  top, left = window.own_top, window.own_left
  if not of_picture:
    top, left = top - window.top, left - window.left
  return (slice(None), slice(top // stride, (top + window.own_height) // stride),
          slice(left // stride, (left + window.own_width) // stride))
