"""Adam against Keras' own."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from minimizing import check_recovery

from tf_style.descent.adam import Adam


def test_adam_is_keras_adam():
  ours, theirs = tf.Variable([1.0, -2.0, 3.0]), tf.Variable([1.0, -2.0, 3.0])
  adam = Adam(ours, 0.1, epsilon=1e-4)
  adam.begin(20)
  keras_adam = keras.optimizers.Adam(0.1, epsilon=1e-4)
  for k in range(20):
    gradient = tf.constant([0.3, 1e-3, -2.0]) * (k - 7.0)
    adam.update(tf.constant(0.0), gradient)
    keras_adam.apply([gradient], [theirs])
  np.testing.assert_allclose(ours, theirs, rtol=1e-5)


@pytest.mark.parametrize("steps", [1, 2, 11])
def test_adams_rate_falls_over_each_level(steps):
  adam = Adam(tf.Variable([0.0]), 0.5, decay=0.1)
  for _ in range(2):
    adam.begin(steps)
    rates = [float(adam.update(tf.constant(0.0), tf.constant([1.0]))) for _ in range(steps)]
    np.testing.assert_allclose(rates, 0.5 * 0.1 ** (np.arange(steps) / max(steps - 1, 1)),
                               rtol=1e-5)


def picture(height: int, width: int) -> tf.Tensor:
  return tf.constant(np.random.default_rng(height).uniform(size=(1, height, width, 3)), tf.float32)


def test_moments_grow_with_the_picture_and_a_picture_anew_has_none():
  variable = tf.Variable(picture(8, 12), shape=[1, None, None, 3])
  adam = Adam(variable, 0.1)
  adam.begin(3)
  adam.update(tf.constant(0.0), tf.ones([1, 8, 12, 3]))
  variable.assign(picture(16, 24))
  adam.begin(3)
  np.testing.assert_allclose(adam.first, np.full([1, 16, 24, 3], 0.1), rtol=1e-5)
  assert float(adam.step) == 1
  adam.forget()
  assert float(adam.step) == 0 and adam.first.numpy().shape == (1, 16, 24, 3)
  assert not np.any(adam.first) and not np.any(adam.second)


def test_what_was_forgotten_leaves_no_trace():
  """A second picture is moved as if it were the first."""
  def moved(adam, variable):
    variable.assign(picture(8, 12))
    adam.forget()
    adam.begin(4)
    for k in range(4):
      adam.update(tf.constant(0.0), picture(8, 12) - 0.2 * k)
    return variable.numpy()

  variable = tf.Variable(picture(20, 10), shape=[1, None, None, 3])
  adam = Adam(variable, 0.1, 0.5)
  first, second = moved(adam, variable), moved(adam, variable)
  fresh = tf.Variable(picture(8, 12), shape=[1, None, None, 3])
  np.testing.assert_array_equal(first, second)
  np.testing.assert_array_equal(first, moved(Adam(fresh, 0.1, 0.5), fresh))


def test_recovery_leads_back_to_a_safe_point():
  variable = tf.Variable([2.0, -1.0])
  adam = Adam(variable, 0.1)
  adam.begin(10)
  check_recovery(adam, variable)
