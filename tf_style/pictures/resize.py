"""Sizes that fit, and resizing: antialiased Lanczos, weighted by alpha."""

import numpy as np
from PIL import Image

from tf_style.pictures.planes import Planes, floats

_TRANSPARENT = 1 / 255  # below this, a color divided by its alpha is noise


def fitted_size(height: int, width: int, longest_side: int) -> tuple[int, int]:
  """Returns the (height, width), at least 1, of that shape whose longer one is `longest_side`."""
  scale = longest_side / max(height, width)
  return max(1, int(height * scale + 0.5)), max(1, int(width * scale + 0.5))


def resize(rgb: np.ndarray, height: int, width: int) -> np.ndarray:
  """Resizes a picture [1, H, W, 3] float32 with an antialiased Lanczos filter, clipped to [0, 1].

  A picture of that size already is returned as it is.
  """
  if rgb.shape[1:3] == (height, width):
    return rgb
  return float_planes(Planes(rgb[0], None), height, width)[0]


def float_planes(planes: Planes, height: int, width: int,
                 ) -> tuple[np.ndarray, np.ndarray | None]:
  """Returns (rgb [1, height, width, 3], alpha [height, width] or None), float32 in [0, 1].

  One channel at a time, so that a large picture that shrinks is never held in floats. Colors are
  weighted by their alpha while they are resized: what is transparent does not bleed into the rest.
  """
  same_size = planes.color.shape[:2] == (height, width)
  alpha = None if planes.alpha is None else floats(planes.alpha)
  small_alpha = None if alpha is None else _resampled(alpha, height, width)
  rgb = np.empty((1, height, width, 3), np.float32)
  for channel in range(planes.color.shape[2]):
    plane, out = planes.color[..., channel], rgb[0, ..., channel]
    if same_size:
      floats(plane, out)
      continue
    plane = floats(plane)
    out[:] = _resampled(plane, height, width)
    if alpha is not None and small_alpha is not None:
      plane *= alpha
      weighted = _resampled(plane, height, width)
      visible = small_alpha > _TRANSPARENT
      out[visible] = np.minimum(weighted[visible] / small_alpha[visible], 1)
  if planes.color.shape[2] == 1:
    rgb[..., 1:] = rgb[..., :1]
  return rgb, small_alpha


def _resampled(plane: np.ndarray, height: int, width: int) -> np.ndarray:
  """Resizes [H, W] float32; the very same array where the size is the same."""
  if plane.shape == (height, width):
    return plane
  resized = Image.fromarray(plane).resize((width, height), Image.Resampling.LANCZOS)
  return np.clip(np.asarray(resized), 0, 1)
