"""The content loss by hand, and features adapted to the style's means and deviations."""

import numpy as np
import pytest
import tensorflow as tf
from made_features import features, statistics

from tf_style.losses.content import adaptation, squared_error_sum


def test_content_by_hand():
  zeros, ones = tf.zeros([1, 2, 3, 4]), tf.ones([1, 2, 3, 4])
  assert squared_error_sum(ones, zeros).numpy().tolist() == [24]


@pytest.mark.parametrize("batch", [2, 3])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("targets", ["one target", "one each"])
def test_a_batch_is_its_pictures_row_by_row(batch, dtype, targets):
  array = tf.constant(features(1, batch=batch).astype(dtype))
  target = features(2, batch=1 if targets == "one target" else batch).astype(dtype)
  with tf.GradientTape() as tape:
    tape.watch(array)
    sums = squared_error_sum(array, tf.constant(target))
  assert sums.dtype == dtype
  np.testing.assert_allclose(sums, np.sum((array - target) ** 2, (1, 2, 3)), rtol=1e-5)
  np.testing.assert_allclose(tape.gradient(sums, array), 2 * (array - target), rtol=1e-6)


def test_adapted_channels_have_the_wanted_means_and_deviations():
  content, style = features(1), 2 * features(2, (8, 4)) + 3
  gain, shift = adaptation(statistics(content), statistics(style))
  moved, wanted = content * gain.numpy() + shift.numpy(), style
  moved, wanted = (rows.reshape(-1, rows.shape[-1]) for rows in (moved, wanted))
  np.testing.assert_allclose(np.mean(moved, 0), wanted.mean(0), rtol=1e-4)
  np.testing.assert_allclose(np.std(moved, 0), wanted.std(0), rtol=0.1)


def test_each_picture_of_a_batch_is_adapted_to_one_style():
  contents, style = features(1, batch=3), statistics(2 * features(2, (8, 4)) + 3)
  gains, shifts = adaptation(statistics(contents), style)
  for row in range(3):
    gain, shift = adaptation(statistics(contents[row:row + 1]), style)
    np.testing.assert_allclose(gains[row:row + 1], gain, rtol=1e-5)
    np.testing.assert_allclose(shifts[row:row + 1], shift, rtol=1e-4)


def test_an_adaptation_changes_nothing_where_there_is_nothing_to_change():
  stats = statistics(features(1))
  nothing = statistics(features(2))._replace(count=tf.constant([0.0]))
  for own, wanted in ((stats, stats), (stats, nothing), (nothing, stats)):
    gain, shift = adaptation(own, wanted)
    np.testing.assert_allclose(gain, 1, rtol=1e-5)
    np.testing.assert_allclose(shift, 0, atol=1e-4)


def test_a_flat_picture_is_not_blown_up():
  gain, _ = adaptation(statistics(3 + 1e-3 * features(1)), statistics(features(2)))
  assert 1 < np.max(gain) < 20
