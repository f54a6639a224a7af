"""What is transparent: its hidden color is replaced, so that it cannot decide anything."""

import numpy as np

from tf_style.errors import ImageError, expected
from tf_style.pictures.images import Picture

_VISIBLE = 1 / 255  # of alpha: below it, a color says nothing


def without_hidden_colors(picture: Picture, flag: str) -> Picture:
  """Returns a picture whose transparent pixels continue the colors around them.

  A network sees some way beyond each position, so what is hidden reaches into what is not. Colors
  are filled in from coarser and coarser means of what is visible (the pull-push of Gortler et al.
  1996, The Lumigraph), so the fill depends on visible colors alone.

  Args:
    picture: with alpha or without.
    flag: names the picture in the message.
  Raises:
    ImageError: nothing of it is visible.
  """
  if picture.alpha is None:
    return picture
  if picture.alpha.max() <= _VISIBLE:
    raise ImageError(f"{flag}: " + expected("a picture that is not transparent all over",
                                            f"{picture.name}, of which nothing is visible"))
  weights = np.where(picture.alpha > _VISIBLE, picture.alpha, 0).astype(np.float32)[..., None]
  filled = _filled(picture.rgb[0], weights)
  return picture._replace(rgb=np.where(weights > 0, picture.rgb[0], filled)[None])


def _filled(colors: np.ndarray, weights: np.ndarray) -> np.ndarray:
  """Returns colors [H, W, 3] where weights [H, W, 1] are 0 taken from means of larger cells."""
  if weights.all() or max(weights.shape[:2]) == 1:
    return colors
  height, width = weights.shape[:2]
  even = [(0, height % 2), (0, width % 2), (0, 0)]
  sums, counts = (np.pad(values, even).reshape(
      (height + 1) // 2, 2, (width + 1) // 2, 2, -1).sum((1, 3), dtype=np.float32)
      for values in (colors * weights, weights))
  means = np.divide(sums, counts, out=np.zeros_like(sums), where=counts > 0)
  coarse = _filled(means, np.minimum(counts, 1))
  return np.where(weights > 0, colors, coarse.repeat(2, 0).repeat(2, 1)[:height, :width])
