"""Maps from variable to picture: the start comes back, pullbacks are adjoints, the box holds."""

import numpy as np
import pytest
import tensorflow as tf

from tf_style.descent import parameters

START = np.random.default_rng(0).uniform(size=(1, 9, 14, 3)).astype(np.float32)
MAPS = (parameters.Pixels, parameters.FourierSigmoid)


@pytest.mark.parametrize("kind", MAPS)
def test_the_start_comes_back(kind):
  extreme = START.copy()
  extreme[0, 0] = [0, 1, 0.5]
  assert np.abs(kind(tf.constant(extreme)).picture() - extreme).max() < 0.51 / 255


@pytest.mark.parametrize("kind", MAPS)
def test_pullback_is_the_tapes(kind):
  made = kind(tf.constant(START))
  weights = tf.constant(np.random.default_rng(1).normal(size=START.shape), tf.float32)
  with tf.GradientTape() as tape:
    tape.watch(made.variable)
    picture = made.picture()
    value = tf.reduce_sum(picture * weights)
  expected = tape.gradient(value, made.variable)
  np.testing.assert_allclose(made.pullback(weights, picture), expected, atol=2e-5)


@pytest.mark.parametrize("kind", MAPS)
def test_the_picture_stays_in_the_box(kind):
  made = kind(tf.constant(START))
  made.variable.assign_add(tf.random.stateless_normal(START.shape, (1, 2)) * 30)
  made.project()
  assert 0 <= made.picture().numpy().min() <= made.picture().numpy().max() <= 1


@pytest.mark.parametrize("kind", MAPS)
def test_gray_is_the_map_along_gray_directions(kind):
  """And a gray start stays gray, to rounding."""
  gray = tf.constant(START[..., :1].repeat(3, -1))
  made, weights = parameters.Gray(kind(gray)), tf.constant(START)
  with tf.GradientTape() as tape:
    tape.watch(made.variable)
    value = tf.reduce_sum(made.picture() * weights)
  whole = tf.reduce_mean(tape.gradient(value, made.variable), -1, keepdims=True)
  pulled = made.pullback(weights, made.picture())
  np.testing.assert_allclose(pulled, tf.repeat(whole, 3, -1), atol=2e-5)
  made.variable.assign_sub(pulled)
  made.project()
  picture = made.picture().numpy()
  np.testing.assert_allclose(picture, picture[..., :1].repeat(3, -1), atol=1e-6)


def test_the_spectrum_favors_low_frequencies():
  scale = np.abs(parameters.spectrum_scale(8, 16, 0.3))
  assert scale[0, 0] == scale.max()
  assert np.mean(scale**2) == pytest.approx(1, rel=1e-5)
  assert scale[2, 3] == pytest.approx(scale[6, 3])
