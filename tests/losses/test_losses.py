"""Every kernel against a slow NumPy or SciPy twin, and against values known by hand."""

import numpy as np
import pytest
import scipy.linalg
import tensorflow as tf

from tf_style.losses import roots
from tf_style.losses import statistics as losses


def features(seed: int, positions: tuple[int, int] = (5, 7), channels: int = 6) -> np.ndarray:
  return np.maximum(np.random.default_rng(seed).normal(1, 2, (1, *positions, channels)), 0).astype(np.float32)


def statistics(array: np.ndarray) -> losses.Statistics:
  (found,) = losses.statistics(losses.feature_sums(tf.constant(array)))
  return found


def distance(loss: str, stats: losses.Statistics, target: losses.Statistics) -> tf.Tensor:
  return losses.STYLE_LOSSES[loss].distance(stats, losses.STYLE_LOSSES[loss].prepare(target))


def twin(array: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
  rows = array.reshape(-1, array.shape[-1]).astype(np.float64)
  return rows.mean(0), rows.T @ rows / len(rows)


def test_sums_are_products_over_positions():
  count, first, second = losses.feature_sums(tf.constant(features(0)))
  mean, products = twin(features(0))
  assert count.numpy() == [35]
  np.testing.assert_allclose(first[0], mean * 35, rtol=1e-5)
  np.testing.assert_allclose(second[0], products * 35, rtol=1e-5)


def test_sums_add_over_tiles_and_regions():
  array = tf.constant(features(0, (6, 8)))
  whole = losses.feature_sums(array)
  left = tf.cast(tf.range(8) < 3, tf.float32)[None, None, :, None] * tf.ones([1, 6, 8, 1])
  parts = losses.feature_sums(array, tf.concat([left, 1 - left], -1))
  tiles = [losses.feature_sums(array[:, :, :3]), losses.feature_sums(array[:, :, 3:])]
  for index in range(3):
    np.testing.assert_allclose(tf.reduce_sum(parts[index], 0), whole[index][0], rtol=1e-5)
    np.testing.assert_allclose(tiles[0][index] + tiles[1][index], whole[index], rtol=1e-5)
    np.testing.assert_allclose(parts[index][0], tiles[0][index][0], rtol=1e-5)


def test_sums_refuse_weights_of_another_size():
  with pytest.raises(ValueError, match=r"\(1, 5, 7, 6\).*\(1, 4, 7, 1\)"):
    losses.feature_sums(tf.constant(features(0)), tf.ones([1, 4, 7, 1]))


def test_gram_by_hand():
  ones, twos = np.ones((1, 2, 2, 2), np.float32), np.full((1, 2, 2, 2), 2, np.float32)
  assert float(losses.gram_distance(statistics(twos), statistics(ones))) == pytest.approx((4 - 1) ** 2 / 4)
  assert float(losses.gram_sum_distance(statistics(twos), statistics(ones))) == pytest.approx(4 * 9 / 4)


def test_gram_against_numpy():
  got = losses.gram_distance(statistics(features(2)), statistics(features(1)))
  want = np.mean((twin(features(2))[1] - twin(features(1))[1]) ** 2) / 36
  assert float(got) == pytest.approx(want, rel=1e-5)


def test_undivided_grams_are_the_articles():
  """mean((F^T F - A)^2) / (C^2 H W) with F [H W, C], as the article's program has it."""
  a, b = (features(seed).reshape(-1, 6).astype(np.float64) for seed in (1, 2))
  want = np.mean((b.T @ b - a.T @ a) ** 2) / (6**2 * 35)
  got = losses.gram_sum_distance(statistics(features(2)), statistics(features(1)))
  assert float(got) == pytest.approx(want, rel=1e-5)


def test_covariance_against_numpy():
  (m, a), (mu, s) = twin(features(1)), twin(features(2))
  a, s = a - np.outer(m, m), s - np.outer(mu, mu)
  ridge = 1e-4 * np.trace(a) / 6
  deviations = np.sqrt(np.diag(s) + ridge) - np.sqrt(np.diag(a) + ridge)
  want = (np.mean((mu - m) ** 2) + np.mean(deviations**2) + np.sum((s - a) ** 2) / (6 * np.trace(a)))
  got = distance("covariance", statistics(features(2)), statistics(features(1)))
  assert float(got) == pytest.approx(want, rel=1e-5)


def wasserstein_twin(target: np.ndarray, array: np.ndarray) -> float:
  """The distance by SciPy's matrix root, with the documented ridge on the block of the target's range."""
  (m, a), (mu, s) = twin(target), twin(array)
  a, s = a - np.outer(m, m), s - np.outer(mu, mu)
  values, vectors = np.linalg.eigh(a)
  rank = min(len(a), target.shape[1] * target.shape[2] - 1, int(np.sum(values > 1e-6 * values.mean())))
  values, basis = values[-rank:], vectors[:, -rank:]
  block = basis.T @ s @ basis
  outside = np.trace(s) - np.trace(block)
  a = np.diag(values + 1e-4 * values.mean())
  block = block + 1e-4 * np.trace(block) / rank * np.eye(rank)
  root = scipy.linalg.sqrtm(a)
  cross = np.trace(scipy.linalg.sqrtm(root @ block @ root)).real
  return (np.sum((mu - m) ** 2) + outside + np.trace(block) + np.trace(a) - 2 * cross) / len(mu)


@pytest.mark.parametrize(("positions", "channels"), [((9, 11), 16), ((20, 30), 48), ((3, 5), 32)])
def test_wasserstein_against_scipy(positions, channels):
  """The last case is rank-deficient: 15 positions for 32 channels."""
  target, array = features(1, positions, channels), 1.5 * features(2, positions, channels)
  got = float(distance("wasserstein", statistics(array), statistics(target)))
  assert got == pytest.approx(wasserstein_twin(target, array), rel=1e-4)


def test_wasserstein_of_channels_that_nearly_all_follow_brightness():
  """Both have the same light; the distance is that of textures of a hundredth of it."""
  light = 100 * np.random.default_rng(0).random((1, 20, 30, 1)).astype(np.float32)
  target, array = light + features(1, (20, 30), 16), light + 1.5 * features(2, (20, 30), 16)
  got = float(distance("wasserstein", statistics(array), statistics(target)))
  assert got == pytest.approx(wasserstein_twin(target, array), rel=1e-3)


def test_mixed_is_wasserstein_of_few_channels_and_covariance_of_many():
  for channels, name in ((256, "wasserstein"), (512, "covariance")):
    array, target = (statistics(features(seed, (5, 6), channels)) for seed in (1, 2))
    assert float(distance("mixed", array, target)) == float(distance(name, array, target))


@pytest.mark.parametrize("loss", losses.STYLE_LOSSES)
@pytest.mark.parametrize("positions", [(9, 11), (3, 5)])
def test_distances_vanish_where_statistics_agree(loss, positions):
  target = statistics(features(3, positions, 32))
  apart = statistics(2 * features(4, positions, 32))
  assert abs(float(distance(loss, target, target))) < 1e-4 * float(distance(loss, apart, target))


@pytest.mark.parametrize("loss", losses.STYLE_LOSSES)
def test_gradients_by_finite_differences(loss):
  """In float64; for Wasserstein, whose gradient is a closed form, differences of SciPy's root."""
  style, start = features(1, (9, 11), 8).astype(np.float64), features(2, (9, 11), 8).astype(np.float64)
  target = statistics(style)

  def value(x):
    if loss in ("wasserstein", "mixed"):  # of 8 channels they are one
      return wasserstein_twin(style, x)
    return float(distance(loss, statistics(x), target))

  array = tf.constant(start)
  with tf.GradientTape() as tape:
    tape.watch(array)
    result = distance(loss, losses.statistics(losses.feature_sums(array))[0], target)
  gradient = tape.gradient(result, array).numpy()
  for direction in (gradient / np.linalg.norm(gradient), np.random.default_rng(5).normal(size=start.shape)):
    slope = (value(start + 1e-5 * direction) - value(start - 1e-5 * direction)) / 2e-5
    assert np.sum(gradient * direction) == pytest.approx(slope, rel=1e-3, abs=1e-3 * np.linalg.norm(gradient))


def test_adapted_channels_have_the_wanted_means_and_deviations():
  content, style = features(1), 2 * features(2, (8, 4)) + 3
  gain, shift = losses.adaptation(statistics(content), statistics(style))
  moved, wanted = content * gain.numpy() + shift.numpy(), style
  moved, wanted = (rows.reshape(-1, rows.shape[-1]) for rows in (moved, wanted))
  np.testing.assert_allclose(np.mean(moved, 0), wanted.mean(0), rtol=1e-4)
  np.testing.assert_allclose(np.std(moved, 0), wanted.std(0), rtol=0.1)


def test_an_adaptation_changes_nothing_where_there_is_nothing_to_change():
  stats, nothing = statistics(features(1)), statistics(features(2))._replace(count=tf.constant(0.0))
  for own, wanted in ((stats, stats), (stats, nothing), (nothing, stats)):
    gain, shift = losses.adaptation(own, wanted)
    np.testing.assert_allclose(gain, 1, rtol=1e-5)
    np.testing.assert_allclose(shift, 0, atol=1e-4)


def test_a_flat_picture_is_not_blown_up():
  gain, _ = losses.adaptation(statistics(3 + 1e-3 * features(1)), statistics(features(2)))
  assert 1 < np.max(gain) < 20


def test_content_and_variation_by_hand():
  zeros, ones = tf.zeros([1, 2, 3, 4]), tf.ones([1, 2, 3, 4])
  assert float(losses.squared_error_sum(ones, zeros)) == 24
  ramp = tf.tile(tf.reshape([0.0, 1.0, 3.0], [1, 1, 3, 1]) / 255, [1, 2, 1, 3])
  assert float(losses.variation_sum(ramp)) == pytest.approx(2 * 3 * (1 + 2))
  assert float(losses.variation_sum(ramp, "l2")) == pytest.approx(2 * 3 * (1 + 4))


def test_two_equal_styles_are_one():
  one = statistics(features(1))
  blend = losses.blend([one, one], [0.3, 0.7])
  np.testing.assert_allclose(blend.mean, one.mean, rtol=1e-6)
  np.testing.assert_allclose(blend.second, one.second, rtol=1e-6)


@pytest.mark.parametrize(("iterations", "low"), roots._ACCURACY.values())
def test_polar_polynomials_take_the_interval_to_one(iterations, low):
  x = np.logspace(np.log10(low), 0, 10_000)
  for a, b, c in roots.polar_coefficients(low, iterations):
    x = a * x + b * x**3 + c * x**5
  assert np.abs(x - 1).max() < 3e-4
