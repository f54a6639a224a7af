"""The distance between means, deviations and covariances, against NumPy."""

import numpy as np
import pytest
from made_features import distance, features, statistics, twin


def test_covariance_against_numpy():
  (m, a), (mu, s) = twin(features(1)), twin(features(2))
  a, s = a - np.outer(m, m), s - np.outer(mu, mu)
  ridge = 1e-4 * np.trace(a) / 6
  deviations = np.sqrt(np.diag(s) + ridge) - np.sqrt(np.diag(a) + ridge)
  want = (np.mean((mu - m) ** 2) + np.mean(deviations**2)
          + np.sum((s - a) ** 2) / (6 * np.trace(a)))
  got = distance("covariance", statistics(features(2)), statistics(features(1)))
  assert float(got[0]) == pytest.approx(want, rel=1e-5)
