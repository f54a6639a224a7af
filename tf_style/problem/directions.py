"""Directions of strokes and edges: a field of doubled angles, made of gradients."""

import numpy as np
from PIL import Image, ImageDraw

from tf_style.losses.names import GRID
from tf_style.pictures import color, images

_NEAR, _FAR = 1, 6  # cells over which directions are smoothed: of a stroke, and from edge to edge
_FAINT = 1e-5  # mean square of a gradient that is none
_LINE_PX, _SHOWN_PX = 14, 512


def field(picture: np.ndarray, everywhere: bool = False) -> np.ndarray:
  """Returns the directions of strokes in a picture, as in a structure tensor (Bigun 1987).

  Args:
    picture: [1, H, W, 3] in [0, 1].
    everywhere: whether places without edges take the direction of those around.
  Returns:
    [1, H / GRID, W / GRID, 2] float32: cos and sin of twice the angle along the edge, times how
    sure it is, 0 to 1.
  """
  gray = color.luminance(picture[0])
  down, right = np.gradient(gray)
  tensor = np.stack([np.square(down) - np.square(right), -2 * down * right,
                     np.square(down) + np.square(right)], -1)
  height, width = gray.shape
  cells = tensor[:height // GRID * GRID, :width // GRID * GRID].reshape(
      height // GRID, GRID, width // GRID, GRID, 3).mean((1, 3))
  cells = smoothed(cells, _NEAR)
  if everywhere:
    wide = smoothed(cells, _FAR)
    weak = np.exp(-cells[..., 2:] / max(float(np.mean(cells[..., 2])), _FAINT))
    cells = cells + weak * (wide - cells)
  sure: np.ndarray = cells[..., :2] / (cells[..., 2:] + _FAINT)
  field_of: np.ndarray = sure.astype(np.float32)[None]
  return field_of


def smoothed(values: np.ndarray, radius: int) -> np.ndarray:
  """Returns means over squares of [h, w, C], twice, which is nearly a Gaussian's."""
  for _ in range(2):
    for axis in (0, 1):
      ends = [(0, 0)] * 3
      ends[axis] = radius + 1, radius
      sums = np.cumsum(np.pad(values, ends, "symmetric"), axis)
      side, step = values.shape[axis], 2 * radius + 1
      values = (np.take(sums, np.arange(step, step + side), axis)
                - np.take(sums, np.arange(side), axis)) / step
  return values


def drawn(picture: np.ndarray) -> np.ndarray:
  """Draws the directions of a picture [1, H, W, 3] over it, fainter, at a size for the screen."""
  size = images.fitted_size(picture.shape[1], picture.shape[2], _SHOWN_PX)
  image = Image.fromarray(images.to_uint8(0.5 + 0.5 * images.resize(picture, *size)))
  found, canvas = field(picture, everywhere=True)[0], ImageDraw.Draw(image)
  rows, columns = (np.arange(_LINE_PX / 2, side, _LINE_PX) for side in size)
  for top in rows:
    for left in columns:
      cell = found[int(top * len(found) / size[0]), int(left * found.shape[1] / size[1])]
      angle, length = np.arctan2(cell[1], cell[0]) / 2, 0.45 * _LINE_PX * np.hypot(*cell)
      across, along = length * np.cos(angle), length * np.sin(angle)
      canvas.line([(left - across, top - along), (left + across, top + along)], "black", 2)
  shown: np.ndarray = np.asarray(image, np.float32)[None] / 255
  return shown
