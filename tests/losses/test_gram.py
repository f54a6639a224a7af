"""Distances between Gram matrices, by hand, by NumPy, and as the article's program has them."""

import numpy as np
import pytest
from made_features import features, statistics, twin

from tf_style.losses import gram


def test_gram_by_hand():
  ones, twos = np.ones((1, 2, 2, 2), np.float32), np.full((1, 2, 2, 2), 2, np.float32)
  found, target = statistics(twos), statistics(ones)
  assert float(gram.gram_distance(found, target)[0]) == pytest.approx((4 - 1) ** 2 / 4)
  assert float(gram.gram_sum_distance(found, target)[0]) == pytest.approx(4 * 9 / 4)


def test_gram_against_numpy():
  got = gram.gram_distance(statistics(features(2)), statistics(features(1)))
  want = np.mean((twin(features(2))[1] - twin(features(1))[1]) ** 2) / 36
  assert float(got[0]) == pytest.approx(want, rel=1e-5)


def test_undivided_grams_are_the_articles():
  """mean((F^T F - A)^2) / (C^2 H W) with F [H W, C], as the article's program has it."""
  a, b = (features(seed).reshape(-1, 6).astype(np.float64) for seed in (1, 2))
  want = np.mean((b.T @ b - a.T @ a) ** 2) / (6**2 * 35)
  got = gram.gram_sum_distance(statistics(features(2)), statistics(features(1)))
  assert float(got[0]) == pytest.approx(want, rel=1e-5)
