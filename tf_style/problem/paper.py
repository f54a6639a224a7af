"""White paper: a style that has too little of it for a content lends it more."""

import numpy as np

from tf_style.losses.names import GRID
from tf_style.pictures import color
from tf_style.pictures.masks import area_means

_WHITE = 0.85  # luminance
# Of the paper that is asked for, what there is at least. For a vase on white as a woodcut: with .13
# of it, the style's own, luminance is .82 of the paper's where the photograph is empty, and .95 of
# the style is reached (held-out features of VGG); with .4 .94 and .85; with .56 .98 and .77; with
# all of it 1.03 and .55. A style that has enough must not be lent more: of a watercolor's .84 are
# left .73.
_LEAST = 0.4


def is_paper(picture: np.ndarray) -> np.ndarray:
  """Says which positions of a style are white paper: nothing near is darker.

  Args:
    picture: [1, H, W, 3] in [0, 1].
  Returns:
    [1, H / GRID, W / GRID] bool: whether the luminance is at least .85 there and in all positions
    around.
  """
  height, width = (side // GRID for side in picture.shape[1:3])
  light = color.luminance(picture[:, :height * GRID, :width * GRID])
  cells = light.reshape(1, height, GRID, width, GRID)
  darkest = np.pad(cells.min((2, 4)), [(0, 0), (1, 1), (1, 1)], "symmetric")
  around = np.lib.stride_tricks.sliding_window_view(darkest, (3, 3), (1, 2))
  white: np.ndarray = around.min((-2, -1)) >= _WHITE
  return white


def with_paper(weights: np.ndarray, picture: np.ndarray, asked: np.ndarray) -> np.ndarray:
  """Weighs a style's positions so that regions have a good part of the paper asked for.

  Statistics of a style with little paper ask for ink where a photograph is empty: white skies fill
  with strokes. Where neighbors ask for much more paper than there is, paper counts more and all
  else less.

  Args:
    weights: [h, w, R] of any size, what the style counts in each region.
    picture: [1, H, W, 3], the style.
    asked: [R] shares of paper.
  Returns:
    [H / GRID, W / GRID, R], or the weights as they are where all regions have it.
  """
  height, width = picture.shape[1:3]
  on_grid = area_means(weights, height, width, GRID)
  paper = is_paper(picture)[0, ..., None]
  own = np.sum(on_grid * paper, (0, 1)) / np.maximum(np.sum(on_grid, (0, 1)), 1e-6)
  wanted = _LEAST * asked
  more = (own > 0) & (wanted > own)
  if not more.any():
    return weights
  of_paper = np.where(more, wanted / np.maximum(own, 1e-6), 1)
  of_ink = np.where(more, (1 - wanted) / np.maximum(1 - own, 1e-6), 1)
  weighed: np.ndarray = np.float32(on_grid * np.where(paper, of_paper, of_ink))
  return weighed
