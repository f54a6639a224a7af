"""The content in the colors of the styles, region by region; no network looks at it."""

import numpy as np

from tf_style.pictures import images, masks, palette
from tf_style.problem.loaded import Loaded

_SIDE = 192  # of the square to which a picture is brought for its colors
_INSIDE = 0.5


def in_palette(loaded: Loaded) -> np.ndarray:
  """Returns the content in the colors of the styles, [1, H, W, 3]; what masks keep stays.

  Args:
    loaded: with a content and a style.
  """
  assert loaded.content is not None, "there is one beside --texture"
  regions = loaded.regions or loaded.whole
  content = loaded.content.rgb
  own, inside = _sampled(content, regions.content, _SIDE)
  sides = [max(1, round(_SIDE * share**0.5)) for share in loaded.shares]
  colors, belongs = (np.concatenate(part) for part in zip(*(
      _sampled(style.rgb, planes, side) for style, planes, side, share in zip(
          loaded.styles, regions.styles, sides, loaded.shares, strict=True) if share), strict=True))
  painted = content
  for index in range(len(regions.colors)):
    here, there = inside[:, index] >= _INSIDE, belongs[:, index % belongs.shape[1]] >= _INSIDE
    if here.any() and there.any():
      made = palette.recolored(content, own[here], colors[there])
      painted = painted + regions.content[None, ..., index:index + 1] * (made - content)
  return painted


def _sampled(picture: np.ndarray, planes: np.ndarray, side: int) -> tuple[np.ndarray, np.ndarray]:
  """Returns colors [N, 3] of a picture [1, H, W, 3], and what they count in regions, [N, R]."""
  rows = images.resize(picture, side, side).reshape(-1, 3)
  return rows, masks.area_means(planes, side, side).reshape(len(rows), -1)
