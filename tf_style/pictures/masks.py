"""Regions: masks read, paired by color, and resized to the grids of layers.

A gray mask is one soft matte: white is a region and black another, and a gray position belongs to both. A
mask with colors has a region for each color that covers half a percent of it; other pixels, as at edges
that were smoothed or compressed, belong to the color that is nearest to them.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from tf_style.errors import InputError, expected
from tf_style.pictures import images

# Of 255: colors that differ by less in each channel are one; JPEG at usual qualities moves flat areas less.
_NEAR = 48
_LEAST_SHARE = 0.005
_WHITE, _BLACK = "ffffff", "000000"

Planes = dict[str, np.ndarray]


class Regions(NamedTuple):
  """Regions of the result, each with its places in the styles.

  Attributes:
    colors: [R] in the content mask, six hexadecimal digits, of the regions that are stylized.
    content: [H, W, R] float32 in [0, 1], how much each pixel of the result belongs to each region.
    styles: [h, w, R] likewise, one a style, zero where a style has no such region; ones without style masks.
    kept: [H, W, 1] float32, how much each pixel keeps of the content; None where none does.
  """

  colors: tuple[str, ...]
  content: np.ndarray
  styles: tuple[np.ndarray, ...]
  kept: np.ndarray | None


def load_regions(content_mask: Any, style_masks: Sequence[Any], keep: Sequence[str], size: tuple[int, int],
                 style_sizes: Sequence[tuple[int, int]], max_pixels: int) -> Regions:
  """Reads masks and pairs their regions by color.

  Args:
    content_mask: path, Pillow image or array.
    style_masks: likewise, one a style, or none.
    keep: colors of the content mask whose regions stay as the content is.
    size: height and width of the result.
    style_sizes: of the styles.
    max_pixels: larger masks are refused.
  Raises:
    InputError: a mask cannot be read, or a color has no partner; the message names the colors.
  """
  content = read_mask(content_mask, max_pixels, "--content_mask")
  kept = [_nearest(color, content) for color in keep]
  if None in kept:
    raise InputError("--mask_keep: " + expected(f"colors of --content_mask ({', '.join(content)})",
                                                ", ".join(keep)))
  colors = tuple(color for color in content if color not in kept)
  if not colors:
    raise InputError("--mask_keep: " + expected("a color of --content_mask left over", ", ".join(keep)))
  styles = [read_mask(mask, max_pixels, "--style_mask") for mask in style_masks]
  _check_partners(colors, styles)
  stacked = lambda planes, names: np.stack([planes[name] for name in names], -1)
  return Regions(
      colors, area_means(stacked(content, colors), *size),
      tuple(area_means(_like(colors, planes), *style_size)
            for planes, style_size in zip(styles, style_sizes, strict=True)) if styles else
      tuple(np.ones((*style_size, 1), np.float32) for style_size in style_sizes),
      area_means(stacked(content, set(kept)).sum(-1, keepdims=True), *size) if kept else None)


def _check_partners(colors: Sequence[str], styles: Sequence[Planes]) -> None:
  if not styles:
    if len(colors) > 1:
      raise InputError("--style_mask: " + expected(
          "a mask for each style, or --mask_keep for all colors of --content_mask but one",
          f"none, and the colors {', '.join(colors)}"))
    return
  there = sorted(set().union(*styles))
  if alone := [color for color in colors if _nearest(color, there) is None]:
    raise InputError("--style_mask: " + expected(
        f"regions of the colors {', '.join(alone)}, as in --content_mask (or --mask_keep={','.join(alone)})",
        ", ".join(there)))
  for planes in styles:
    if all(_nearest(color, planes) is None for color in colors):
      raise InputError("--style_mask: " + expected(
          f"masks with a color of --content_mask ({', '.join(colors)})",
          f"one with {', '.join(planes)} alone"))


def _like(colors: Sequence[str], planes: Planes) -> np.ndarray:
  """Returns the planes [h, w, R] of the colors nearest to `colors`, zero where there is none."""
  nearest = [_nearest(color, planes) for color in colors]
  zero = np.zeros_like(next(iter(planes.values())))
  return np.stack([zero if name is None else planes[name] for name in nearest], -1)


def read_mask(source: Any, max_pixels: int, flag: str) -> Planes:
  """Reads a mask into its regions: planes [h, w] float32 in [0, 1] by color, which sum to 1.

  Raises:
    InputError: it cannot be read.
  """
  rgb = images.load_picture(source, None, max_pixels, flag).rgb[0]
  if np.mean(np.ptp(rgb, axis=-1) > _NEAR / 255) < _LEAST_SHARE:
    white: np.ndarray = np.mean(rgb, axis=-1)
    planes = {_BLACK: 1 - white, _WHITE: white}
    return {color: plane for color, plane in planes.items() if plane.mean() >= _LEAST_SHARE}
  levels = images.to_uint8(rgb[None])
  palette = sorted(_palette(levels), key=_hex)
  distances = [np.square(levels - color.astype(np.float32)).sum(-1) for color in palette]
  owner = np.argmin(distances, axis=0)
  return {_hex(color): (owner == index).astype(np.float32) for index, color in enumerate(palette)}


def _palette(levels: np.ndarray) -> list[np.ndarray]:
  """Returns the colors [3] of [h, w, 3] uint8 that cover enough, the most common first."""
  packed, counts = np.unique(levels @ np.array([1 << 16, 1 << 8, 1], np.int32), return_counts=True)
  colors = np.stack([packed >> 16, packed >> 8 & 255, packed & 255], -1)
  taken: list[np.ndarray] = []
  rest = np.ones(len(colors), bool)
  while rest.any():
    color = colors[rest][np.argmax(counts[rest])]
    near = rest & (np.abs(colors - color).max(-1) < _NEAR)
    if not taken or counts[near].sum() >= _LEAST_SHARE * counts.sum():
      taken.append(color)
    elif counts[rest].sum() < _LEAST_SHARE * counts.sum():
      break
    rest &= ~near
  return taken


def _hex(color: np.ndarray) -> str:
  return bytes(color.tolist()).hex()


def _nearest(color: str, names: Iterable[str]) -> str | None:
  """Returns the name of the nearest color, or None where none is near."""
  channels = lambda name: np.array(list(bytes.fromhex(name)), int)
  distance = {name: np.abs(channels(name) - channels(color)).max() for name in names}
  best = min(distance, key=distance.__getitem__, default=None)
  return best if best is not None and distance[best] < _NEAR else None


def area_means(weights: np.ndarray, height: int, width: int, stride: int = 1) -> np.ndarray:
  """Returns means over the cells of a layer's grid, [height // stride, width // stride, R] float32.

  What a side has beyond whole cells belongs to none, as in the network's pooling.

  Args:
    weights: [h, w, R] of any size, spread over the whole picture.
    height, width: of the picture in pixels.
    stride: pixels of a cell's side.
  """
  for axis, side in enumerate((height, width)):
    edges = np.arange(side // stride + 1) * (stride * weights.shape[axis] / side)
    weights = _means_between(weights, edges, axis)
  return weights


def _means_between(values: np.ndarray, edges: np.ndarray, axis: int) -> np.ndarray:
  """Means of a step function, one value a unit of length along `axis`, between successive edges."""
  if len(edges) == values.shape[axis] + 1 and np.array_equal(edges, np.arange(len(edges))):
    return values
  values = np.moveaxis(values, axis, -1)
  integral = np.zeros((*values.shape[:-1], values.shape[-1] + 1))
  np.cumsum(values, -1, np.float64, integral[..., 1:])
  whole = np.minimum(edges.astype(int), values.shape[-1] - 1)
  at_edges = integral[..., whole] + (edges - whole) * values[..., whole]
  means = np.diff(at_edges) / np.diff(edges)
  return np.moveaxis(np.clip(means, 0, 1).astype(np.float32), -1, axis)


def shown(regions: Regions) -> np.ndarray:
  """Returns the content's regions as a picture [1, H, W, 3]: each in its color, what is kept in black."""
  colors = np.array([list(bytes.fromhex(color)) for color in regions.colors], np.float32) / 255
  return np.clip(regions.content @ colors, 0, 1)[None]
