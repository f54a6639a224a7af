"""Hypercolumns and their cosine distances, against NumPy."""

import numpy as np
import pytest
import tensorflow as tf

from tf_style.losses.hypercolumns import (
    cosine_distance,
    hypercolumns,
    nearest,
    on_grid,
    products,
    unit,
)

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


def test_cosines_are_made_of_the_sums_of_layers():
  layers, strides, sides = [features(13, 18, 5), features(3, 4, 6)], [1, 4], tf.constant([3, 4])
  joined, target = hypercolumns(layers, strides), unit(tf.constant(features(3, 4, 11)))
  parts = [products(tf.constant(values), lambda cut=cut: target[..., cut], stride, sides)
           for values, stride, cut in zip(layers, strides, (slice(5), slice(5, 11)), strict=True)]
  counts = RNG.uniform(size=(2, 12)).astype(np.float32)
  found = cosine_distance(tf.add_n(parts), counts)
  own = joined / np.linalg.norm(joined, axis=-1, keepdims=True)
  distances = 1 - np.sum(own * target, -1).reshape(2, 12)
  np.testing.assert_allclose(found, np.average(distances, 1, counts), rtol=1e-4)


def test_the_gradient_of_cosine_distances_is_automatic_differentiation():
  sums, counts = RNG.uniform(1, 2, (2, 2, 7)), RNG.uniform(size=(2, 7))
  gradients = []
  plain = lambda sums, counts: tf.reduce_sum(
      (1 - sums[:, 0] / tf.sqrt(sums[:, 1])) * counts, 1) / tf.reduce_sum(counts, 1)
  for function in (cosine_distance, plain):
    with tf.GradientTape() as tape:
      tape.watch(variable := tf.constant(sums))
      distances = function(variable, tf.constant(counts))
    gradients.append(tape.gradient(distances, variable, tf.constant([2.0, 3.0], tf.float64)))
  np.testing.assert_allclose(*gradients, rtol=1e-9)


@pytest.mark.parametrize("stride, side", [(1, 13), (4, 3), (8, 1)])
def test_the_gradient_of_products_is_automatic_differentiation(stride, side):
  values, target = tf.constant(features(side, side, 5)), tf.constant(features(3, 3, 5))
  weights, sides = features(2, 9, 1)[..., 0], tf.constant([3, 3])
  gradients = []
  plain = lambda values, target, *grid: tf.reshape(tf.stack([
      tf.reduce_sum(on_grid(values, *grid) * other, -1) for other in (
          target(), on_grid(values, *grid))], 1), [2, 2, -1])
  for function in (products, plain):
    with tf.GradientTape() as tape:
      tape.watch(values)
      parts = function(values, lambda: target, stride, sides)
      total = tf.reduce_sum(parts * weights)
    gradients.append(tape.gradient(total, values))
  np.testing.assert_allclose(*gradients, rtol=1e-5)


def test_a_picture_without_features_has_a_finite_gradient():
  zeros, target = tf.zeros([1, 8, 8, 3]), unit(tf.ones([1, 2, 2, 3]))
  with tf.GradientTape() as tape:
    tape.watch(zeros)
    distances = cosine_distance(
        products(zeros, lambda: target, 1, tf.constant([2, 2])), tf.ones([1, 4]))
  assert float(distances[0]) == 1
  assert np.isfinite(tape.gradient(distances, zeros)).all()


def test_nearest_is_by_direction_in_blocks_of_any_number_of_rows():
  bank = unit(tf.constant(RNG.normal(size=(700, 16)), tf.float32))
  rows = RNG.permutation(700)[:600]
  query = tf.gather(bank, rows) * RNG.uniform(0.1, 9, (600, 1))
  found, cosines = nearest(tf.cast(query, tf.float32), bank)
  np.testing.assert_array_equal(found, rows)
  np.testing.assert_allclose(cosines, 1, rtol=1e-5)
