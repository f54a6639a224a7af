"""What all distances between statistics have in common."""

import numpy as np
import pytest
import tensorflow as tf
from made_features import distance, features, statistics, wasserstein_twin

from tf_style.losses.names import STYLE_LOSSES as NAMES
from tf_style.losses.style import STYLE_LOSSES


def test_the_settings_know_them_by_the_same_names():
  assert tuple(STYLE_LOSSES) == NAMES


@pytest.mark.parametrize("loss", STYLE_LOSSES)
@pytest.mark.parametrize("positions", [(9, 11), (3, 5)])
def test_distances_vanish_where_statistics_agree(loss, positions):
  target = statistics(features(3, positions, 32))
  apart = statistics(2 * features(4, positions, 32))
  assert abs(float(distance(loss, target, target)[0])) < 1e-4 * float(
      distance(loss, apart, target)[0])


@pytest.mark.parametrize("loss", STYLE_LOSSES)
def test_gradients_by_finite_differences(loss):
  """In float64; for Wasserstein, whose gradient is a closed form, differences of SciPy's root."""
  style, start = (features(seed, (9, 11), 8).astype(np.float64) for seed in (1, 2))
  target = statistics(style)

  def value(x):
    if loss in ("wasserstein", "mixed"):  # of 8 channels they are one
      return wasserstein_twin(style, x)
    return float(distance(loss, statistics(x), target)[0])

  _, gradient = distances_and_gradient(loss, start, target)
  along = gradient / np.linalg.norm(gradient)
  for direction in (along, np.random.default_rng(5).normal(size=start.shape)):
    slope = (value(start + 1e-5 * direction) - value(start - 1e-5 * direction)) / 2e-5
    assert np.sum(gradient * direction) == pytest.approx(
        slope, rel=1e-3, abs=1e-3 * np.linalg.norm(gradient))


def distances_and_gradient(loss, array, target) -> tuple[np.ndarray, np.ndarray]:
  """[B], and the gradient of their sum by features [B, H, W, C]."""
  array = tf.constant(array)
  with tf.GradientTape() as tape:
    tape.watch(array)
    found = distance(loss, statistics(array), target)
  return found.numpy(), tape.gradient(found, array).numpy()


@pytest.mark.parametrize("loss", STYLE_LOSSES)
@pytest.mark.parametrize("batch", [2, 3])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("positions, channels", [((9, 11), 8), ((3, 5), 32)])
def test_a_batch_is_its_pictures_row_by_row(loss, batch, dtype, positions, channels):
  """The second target is rank-deficient; pictures differ in scale, as their norms then do."""
  target = statistics(features(1, positions, channels).astype(dtype))
  scales = np.array([1, 3, 0.5])[:batch, None, None, None]
  array = (scales * features(2, positions, channels, batch)).astype(dtype)
  found, gradient = distances_and_gradient(loss, array, target)
  assert found.shape == (batch,) and found.dtype == dtype
  bound = 5e-5 if dtype == np.float32 else 1e-10  # products of matrices round otherwise in batches
  for row in range(batch):
    alone, alone_gradient = distances_and_gradient(loss, array[row:row + 1], target)
    np.testing.assert_allclose(found[row:row + 1], alone, rtol=bound)
    error = np.linalg.norm(gradient[row:row + 1] - alone_gradient)
    assert error < bound * np.linalg.norm(alone_gradient)
