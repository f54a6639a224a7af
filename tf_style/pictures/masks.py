"""Regions: masks paired by color, and resized to the grids of layers."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from tf_style.errors import InputError, expected
from tf_style.pictures.fit import Fit
from tf_style.pictures.load import Source
from tf_style.pictures.maps import stretched
from tf_style.pictures.mask_files import NEAR, Mask, load_mask

_WHITE = "ffffff"
# No two of them are gray, which would be a matte.
_PURE = ("0000ff", "00ff00", "00ffff", "ff0000", "ff00ff", "ffff00")
_SCALES = (1.0, 0.5, 0.25)

Planes = dict[str, np.ndarray]


class Regions(NamedTuple):
  """Regions of the result, each with its places in the styles.

  Attributes:
    colors: [R] in the content mask, six hexadecimal digits, of the regions that are stylized.
    content: [H, W, R] float32 in [0, 1], how much each pixel of the result belongs to each region.
    styles: [h, w, R] likewise, one a style, zero where a style has no such region; ones without
      style masks.
    kept: [H, W, 1] float32, how much each pixel keeps of the content; None where none does.
    notes: what the user should know about how the masks were read.
    scales: [R] how large the styles are seen for each region, over how large they are seen without
      it; none is 1 for all.
  """

  colors: tuple[str, ...]
  content: np.ndarray
  styles: tuple[np.ndarray, ...]
  kept: np.ndarray | None
  notes: tuple[str, ...] = ()
  scales: tuple[float, ...] = ()

  @property
  def by_scale(self) -> dict[float, list[int]]:
    """The regions that see the styles in one scale, by that scale."""
    scales = self.scales or (1.0,) * len(self.colors)
    return {scale: [index for index, each in enumerate(scales) if each == scale]
            for scale in dict.fromkeys(scales)}

  def placed(self, fit: Fit) -> "Regions":
    """Returns regions of a photograph on the canvas that it lies on; beyond it nothing is kept."""
    kept = None if self.kept is None else fit.placed(self.kept) * (fit.inside() > 0)
    return self._replace(content=fit.placed(self.content), kept=kept)


def load_regions(content_mask: Source, style_masks: Sequence[Source | None], keep: Sequence[str],
                 size: tuple[int, int], style_sizes: Sequence[tuple[int, int]],
                 max_pixels: int) -> Regions:
  """Reads masks and pairs their regions by color.

  Args:
    content_mask: what `load_mask` takes.
    style_masks: likewise, one a style, or none.
    keep: colors of the content mask whose regions stay as the content is.
    size: height and width of the result.
    style_sizes: of the styles.
    max_pixels: larger masks are refused.
  Raises:
    InputError: a mask cannot be read, or a color has no partner; the message names the colors.
  """
  mask = load_mask(content_mask, max_pixels, "--content_mask")
  content = mask.planes
  kept = [_nearest(color, content) for color in keep]
  if None in kept:
    raise InputError("--mask_keep: " + expected(
        f"colors of --content_mask ({', '.join(content)})", ", ".join(keep)))
  colors = tuple(color for color in content if color not in kept)
  if not colors:
    raise InputError("--mask_keep: " + expected(
        "a color of --content_mask left over", ", ".join(keep)))
  styles = [load_mask(each, max_pixels, "--style_mask") for each in style_masks
            if each is not None]
  _check_partners(colors, [style.planes for style in styles])
  return Regions(
      colors, area_means(_stacked(content, colors), *size),
      tuple(area_means(_like(colors, style.planes), *style_size)
            for style, style_size in zip(styles, style_sizes, strict=True)) if styles else
      tuple(np.ones((*style_size, 1), np.float32) for style_size in style_sizes),
      area_means(_stacked(content, set(kept)).sum(-1, keepdims=True), *size) if kept else None,
      _notes([mask, *styles], [size, *style_sizes]))


def _stacked(planes: Planes, names: Iterable[str | None]) -> np.ndarray:
  return np.stack([planes[name] for name in names if name], -1)


def _notes(masks: Sequence[Mask], sizes: Sequence[tuple[int, int]]) -> tuple[str, ...]:
  """Returns notes on the masks, of the content and then of the styles, and on their shapes."""
  notes: list[str] = []
  if len(masks[0].planes) == 1:
    notes.append(f"--content_mask: all of it is one region, {next(iter(masks[0].planes))}")
  for index, (mask, size) in enumerate(zip(masks, sizes, strict=False)):
    notes += mask.notes
    flag = "--style_mask" if index else "--content_mask"
    notes += stretched(mask.size(), size, flag, "mask")
  return tuple(dict.fromkeys(notes))


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
        f"regions of the colors {', '.join(alone)}, as in --content_mask "
        f"(or --mask_keep={','.join(alone)})", ", ".join(there)))
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


def _nearest(color: str, names: Iterable[str]) -> str | None:
  """Returns the name of the nearest color, or None where none is near."""
  channels = lambda name: np.array(list(bytes.fromhex(name)), int)
  distance = {name: np.abs(channels(name) - channels(color)).max() for name in names}
  best = min(distance, key=distance.__getitem__, default=None)
  return best if best is not None and distance[best] < NEAR else None


def whole(size: tuple[int, int], style_sizes: Sequence[tuple[int, int]]) -> Regions:
  """Returns one region of everything, of heights and widths."""
  ones = lambda height, width: np.ones((height, width, 1), np.float32)
  return Regions((_WHITE,), ones(*size), tuple(ones(*each) for each in style_sizes), None)


def scaled(regions: Regions, levels: np.ndarray) -> Regions:
  """Divides regions by how large the styles are seen in them.

  White is as large as without a map, mid-gray half of that and black a quarter; what lies between
  belongs to two regions in part.

  Args:
    regions: without scales.
    levels: [H, W, 1] in [0, 1], of the content's size.
  """
  halvings = (len(_SCALES) - 1) * (1 - levels)
  parts = {scale: np.maximum(0, 1 - abs(halvings - power)) for power, scale in enumerate(_SCALES)}
  parts = {scale: part for scale, part in parts.items() if part.any()}
  return regions._replace(
      colors=regions.colors * len(parts), styles=tuple(
          np.tile(planes, len(parts)) for planes in regions.styles),
      content=np.concatenate([regions.content * part for part in parts.values()], -1),
      scales=tuple(scale for scale in parts for _ in regions.colors))


def area_means(weights: np.ndarray, height: int, width: int, stride: int = 1) -> np.ndarray:
  """Returns means over the cells of a layer's grid, [height // stride, width // stride, R] float32.

  What a side has beyond whole cells belongs to none, as in the network's pooling.

  Args:
    weights: [h, w, R] of at least 0, of any size, spread over the whole picture.
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
  return np.moveaxis(np.clip(means, 0, values.max(initial=1)).astype(np.float32), -1, axis)


def shown(colors: Sequence[str], planes: np.ndarray) -> np.ndarray:
  """Returns regions [H, W, R] as a picture [1, H, W, 3], each in its color; the rest black."""
  levels = np.array([list(bytes.fromhex(color)) for color in colors], np.float32) / 255
  return np.clip(planes @ levels, 0, 1)[None]


def of_labels(content: np.ndarray, styles: Sequence[np.ndarray]) -> Regions:
  """Returns the regions that labels [H, W] of a content and of styles are, each in a pure color.

  Masks that show these regions give them back.
  """
  there = np.unique(content)
  one_hot = lambda labels: (labels[..., None] == there).astype(np.float32)
  return Regions(tuple(_PURE[:len(there)]), one_hot(content), tuple(map(one_hot, styles)), None)
