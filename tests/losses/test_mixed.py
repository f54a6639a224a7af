"""The mixed distance is one of two others, by the layer's channels."""

import pytest
from made_features import distance, features, statistics


@pytest.mark.parametrize("channels, name", [(256, "wasserstein"), (512, "covariance")])
def test_mixed_is_wasserstein_of_few_channels_and_covariance_of_many(channels, name):
  array, target = (statistics(features(seed, (5, 6), channels)) for seed in (1, 2))
  assert float(distance("mixed", array, target)[0]) == float(distance(name, array, target)[0])
