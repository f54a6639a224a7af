"""Pictures that tile: their edges fit together, left to right and top to bottom."""

import numpy as np

from tf_style.pictures.resize import resize

_BLENDED = 1 / 8  # of a side, at either end


def seamless(picture: np.ndarray) -> np.ndarray:
  """Returns a picture [1, H, W, 3] whose edges fit: each fades into the mirror image of the other.

  At the very edge both count alike.
  """
  for axis in (1, 2):
    side = picture.shape[axis]
    places = np.arange(side, dtype=np.float32)
    depth = np.clip(np.minimum(places, side - 1 - places) / max(1, _BLENDED * side), 0, 1)
    share = 0.5 * (1 - depth * depth * (3 - 2 * depth))
    share = share[:, None, None] if axis == 1 else share[:, None]
    picture = picture + share * (np.flip(picture, axis) - picture)
  return picture


def resize_tile(picture: np.ndarray, height: int, width: int) -> np.ndarray:
  """Resizes a picture that tiles [1, H, W, 3], as its endless pattern would be."""
  if picture.shape[1:3] == (height, width):
    return picture
  shift = height // 2, width // 2
  twice = resize(np.tile(picture, (1, 2, 2, 1)), 2 * height, 2 * width)
  middle = twice[:, shift[0]:shift[0] + height, shift[1]:shift[1] + width]
  return np.roll(middle, shift, (1, 2))
