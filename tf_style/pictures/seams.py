"""Pictures that tile: their borders fit together, left to right and top to bottom."""

import numpy as np

from tf_style.pictures.resize import resize

_REACH = 1 / 16  # of the shorter side, over which a border's change of color dies away


def seamless(picture: np.ndarray) -> np.ndarray:
  """Returns a picture [1, H, W, 3] in [0, 1] whose opposite borders fit together.

  What is taken away is smooth and ends near the borders: the s of D s - s / r^2 = v, where D is the
  Laplacian of the endless pattern, v the jumps from each border to the other, and r the reach.
  Without that second term it is the periodic component of Moisan (2011, "Periodic plus smooth image
  decomposition"), which changes the whole picture. Lines stay sharp and single up to the border.
  """
  height, width = picture.shape[1:3]
  jumps = np.zeros_like(picture)
  for axis in (1, 2):
    jump = np.take(picture, [-1], axis) - np.take(picture, [0], axis)
    rolled = np.moveaxis(jumps, axis, 0)
    rolled[0] += np.squeeze(jump, axis)
    rolled[-1] -= np.squeeze(jump, axis)
  down, right = np.fft.fftfreq(height), np.fft.rfftfreq(width)
  laplacian = 2 * (np.cos(2 * np.pi * down)[:, None] + np.cos(2 * np.pi * right) - 2)
  damped = laplacian - (_REACH * min(height, width)) ** -2.0
  spectrum = np.fft.rfft2(jumps, axes=(1, 2)) / damped[None, ..., None]
  smooth = np.fft.irfft2(spectrum, (height, width), (1, 2))
  fitting: np.ndarray = np.clip(picture - smooth, 0, 1).astype(np.float32)
  return fitting


def resize_tile(picture: np.ndarray, height: int, width: int) -> np.ndarray:
  """Resizes a picture that tiles [1, H, W, 3], as its endless pattern would be."""
  if picture.shape[1:3] == (height, width):
    return picture
  shift = height // 2, width // 2
  twice = resize(np.tile(picture, (1, 2, 2, 1)), 2 * height, 2 * width)
  middle = twice[:, shift[0]:shift[0] + height, shift[1]:shift[1] + width]
  return np.roll(middle, shift, (1, 2))
