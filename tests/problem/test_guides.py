"""Regions on the grids of layers."""

import numpy as np

from tf_style.problem import guides


def test_erosion_takes_in_by_cells_and_leaves_something():
  weights = np.zeros((9, 12, 2), np.float32)
  weights[:, :6, 0], weights[:, 6:, 1] = 1, 1
  smaller = guides.eroded(weights, 2)
  assert smaller[..., 0].sum() == 9 * 4 and smaller[:, :4, 0].min() == 1
  small = np.zeros((9, 9, 1), np.float32)
  small[3:6, 3:6] = 1
  assert guides.eroded(small, 5).sum() == 1
