"""Hypercolumns and their cosine distances, against NumPy."""

import numpy as np
import pytest
import tensorflow as tf

from tf_style.losses.hypercolumns import cosine_distance_sum, hypercolumns, nearest, unit

RNG = np.random.default_rng(0)


def features(height: int, width: int, channels: int) -> np.ndarray:
  return RNG.uniform(0, 9, (2, height, width, channels)).astype(np.float32)


def test_a_hypercolumn_has_means_of_finer_layers_and_the_cell_of_coarser_ones():
  fine, same, coarse = features(22, 26, 3), features(5, 6, 4), features(2, 3, 5)
  joined = hypercolumns([fine, same, coarse], [1, 4, 8]).numpy()
  means = fine[:, :20, :24].reshape(2, 5, 4, 6, 4, 3).mean((2, 4))
  cells = coarse[:, [0, 0, 1, 1, 1]][:, :, [0, 0, 1, 1, 2, 2]]  # the last cell again at the end
  expected = np.concatenate([means / 3, same / 4, cells / 5], -1)
  np.testing.assert_allclose(joined, expected, rtol=1e-5)


def test_hypercolumns_of_deep_layers_alone_have_the_grid_of_the_shallowest():
  joined = hypercolumns([features(4, 6, 3), features(2, 3, 5)], [8, 16])
  assert joined.shape == (2, 8, 12, 8)


@pytest.mark.parametrize("weighted", [False, True])
def test_cosine_distances_are_summed_over_positions(weighted):
  one, other = features(3, 4, 5), features(3, 4, 5)
  weights = RNG.uniform(size=(1, 3, 4)).astype(np.float32) if weighted else None
  cosines = np.sum(one * other, -1) / np.linalg.norm(one, axis=-1) / np.linalg.norm(other, axis=-1)
  expected = np.sum((1 - cosines) * (1 if weights is None else weights), (1, 2))
  found = cosine_distance_sum(tf.constant(one), unit(tf.constant(other)), weights)
  np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_a_picture_without_features_has_a_finite_gradient():
  zeros, target = tf.zeros([1, 2, 2, 3]), unit(tf.ones([1, 2, 2, 3]))
  with tf.GradientTape() as tape:
    tape.watch(zeros)
    value = cosine_distance_sum(zeros, target)
  assert float(value[0]) == 4
  assert np.isfinite(tape.gradient(value, zeros)).all()


def test_nearest_is_by_direction_in_blocks_of_any_number_of_rows():
  bank = unit(tf.constant(RNG.normal(size=(700, 16)), tf.float32))
  rows = RNG.permutation(700)[:600]
  query = tf.gather(bank, rows) * RNG.uniform(0.1, 9, (600, 1))
  found, cosines = nearest(tf.cast(query, tf.float32), bank)
  np.testing.assert_array_equal(found, rows)
  np.testing.assert_allclose(cosines, 1, rtol=1e-5)
