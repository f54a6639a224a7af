"""The trace of a root: its polynomials, and factors where there are none."""

import numpy as np
import pytest
import tensorflow as tf

from tf_style.losses import roots


@pytest.mark.parametrize(("iterations", "low"), roots._ACCURACY.values())
def test_polar_polynomials_take_the_interval_to_one(iterations, low):
  x = np.logspace(np.log10(low), 0, 10_000)
  for a, b, c in roots.polar_coefficients(low, iterations):
    x = a * x + b * x**3 + c * x**5
  assert np.abs(x - 1).max() < 3e-4


def test_a_polar_factor_of_each_matrix():
  """Against the factors that singular vectors give; one matrix is a million times the other."""
  matrices = np.random.default_rng(0).normal(size=(2, 12, 12)).astype(np.float32)
  matrices[1] *= 1e6
  left, _, right = np.linalg.svd(matrices)
  found = roots.polar_factor(tf.constant(matrices), *roots._ACCURACY["few"])
  np.testing.assert_allclose(found, left @ right, atol=1e-3)
