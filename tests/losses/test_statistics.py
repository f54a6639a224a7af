"""Sums over positions, and the statistics made of them."""

import numpy as np
import pytest
import tensorflow as tf
from made_features import features, statistics, twin

from tf_style.losses import statistics as losses


def test_sums_are_products_over_positions():
  count, first, second = losses.feature_sums(tf.constant(features(0)))
  mean, products = twin(features(0))
  assert count.numpy().tolist() == [[35]]
  np.testing.assert_allclose(first[0, 0], mean * 35, rtol=1e-5)
  np.testing.assert_allclose(second[0, 0], products * 35, rtol=1e-5)


def test_sums_add_over_tiles_and_regions():
  array = tf.constant(features(0, (6, 8)))
  whole = losses.feature_sums(array)
  left = tf.cast(tf.range(8) < 3, tf.float32)[None, None, :, None] * tf.ones([1, 6, 8, 1])
  parts = losses.feature_sums(array, tf.concat([left, 1 - left], -1))
  tiles = [losses.feature_sums(array[:, :, :3]), losses.feature_sums(array[:, :, 3:])]
  for index in range(3):
    np.testing.assert_allclose(tf.reduce_sum(parts[index], 1), whole[index][:, 0], rtol=1e-5)
    np.testing.assert_allclose(tiles[0][index] + tiles[1][index], whole[index], rtol=1e-5)
    np.testing.assert_allclose(parts[index][:, :1], tiles[0][index], rtol=1e-5)


def test_sums_refuse_weights_of_another_size():
  with pytest.raises(ValueError, match=r"\(1, 5, 7, 6\).*\(1, 4, 7, 1\)"):
    losses.feature_sums(tf.constant(features(0)), tf.ones([1, 4, 7, 1]))


@pytest.mark.parametrize("batch", [2, 3])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("guides", [None, 1, "all"], ids=["no guides", "guides for all", "of each"])
def test_a_batch_is_its_pictures_row_by_row(batch, dtype, guides):
  """Sums, statistics, and the gradient of any function of both moments."""
  array = features(1, (6, 8), 5, batch).astype(dtype)
  weights = guides and np.random.default_rng(2).uniform(
      size=(batch if guides == "all" else 1, 6, 8, 2)).astype(dtype)
  own = lambda row: weights if weights is None or len(weights) == 1 else weights[row:row + 1]
  bound = 1e-5 if dtype == np.float32 else 1e-12
  found, gradient = sums_and_gradient(array, weights)
  assert found.count.dtype == dtype and found.second.shape == (batch, 2 if guides else 1, 5, 5)
  for row in range(batch):
    alone, alone_gradient = sums_and_gradient(array[row:row + 1], own(row))
    for ours, theirs in zip(found, alone, strict=True):
      np.testing.assert_allclose(ours[row:row + 1], theirs, rtol=bound)
    np.testing.assert_allclose(gradient[row:row + 1], alone_gradient, rtol=bound, atol=bound)
    for ours, theirs in zip(losses.statistics(found), losses.statistics(alone), strict=True):
      for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one[row:row + 1], other, rtol=bound)


def sums_and_gradient(array, weights) -> tuple[losses.FeatureSums, tf.Tensor]:
  """The sums, and the gradient of a sum over rows of squared first and cubed second moments."""
  array = tf.constant(array)
  with tf.GradientTape() as tape:
    tape.watch(array)
    sums = losses.feature_sums(array, weights)
    value = tf.reduce_sum(sums.first**2) + 1e-6 * tf.reduce_sum(sums.second**3)
  return sums, tape.gradient(value, array)


def test_an_empty_region_has_statistics_of_zero():
  (empty,) = losses.statistics(
      losses.feature_sums(tf.constant(features(0)), tf.zeros([1, 5, 7, 1])))
  assert float(empty.count[0]) == 0 and not np.any(empty.mean) and not np.any(empty.second)


def test_two_equal_styles_are_one():
  one = statistics(features(1))
  blend = losses.blend([one, one], [0.3, 0.7])
  np.testing.assert_allclose(blend.mean, one.mean, rtol=1e-6)
  np.testing.assert_allclose(blend.second, one.second, rtol=1e-6)


@pytest.mark.parametrize("batch", [1, 3])
def test_squares_are_summed_by_row(batch):
  array = features(1, (3, 4), 5, batch)
  np.testing.assert_allclose(
      losses.squares(tf.constant(array)), np.sum(array**2, (1, 2, 3)), rtol=1e-5)
