"""The Wasserstein distance against SciPy's matrix root."""

import numpy as np
import pytest
from made_features import distance, features, statistics, wasserstein_twin


@pytest.mark.parametrize(
    ("positions", "channels"), [((9, 11), 16), ((20, 30), 48), ((3, 5), 32)])
def test_wasserstein_against_scipy(positions, channels):
  """The last case is rank-deficient: 15 positions for 32 channels."""
  target, array = features(1, positions, channels), 1.5 * features(2, positions, channels)
  got = distance("wasserstein", statistics(array), statistics(target))
  assert float(got[0]) == pytest.approx(wasserstein_twin(target, array), rel=1e-4)


def test_wasserstein_of_channels_that_nearly_all_follow_brightness():
  """Both have the same light; the distance is that of textures of a hundredth of it."""
  light = 100 * np.random.default_rng(0).random((1, 20, 30, 1)).astype(np.float32)
  target, array = light + features(1, (20, 30), 16), light + 1.5 * features(2, (20, 30), 16)
  got = distance("wasserstein", statistics(array), statistics(target))
  assert float(got[0]) == pytest.approx(wasserstein_twin(target, array), rel=1e-3)
