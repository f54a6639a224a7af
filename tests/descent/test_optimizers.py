"""Optimizers against Keras' Adam, SciPy's L-BFGS-B and problems with known answers."""

import keras
import numpy as np
import pytest
import scipy.optimize
import tensorflow as tf
from made_inputs import waves

from tf_style.descent import optimizers
from tf_style.problem.gradients import WholePicture
from tf_style.problem.objective import Objective
from tf_style.problem.targets import Targets
from tf_style.settings.config import Config
from tf_style.vgg.extractor import Extractor


def minimize(optimizer, variable, function, steps):
  """Runs the one-evaluation-a-step protocol in a graph; returns the lowest loss after each step."""
  @tf.function
  def step():
    with tf.GradientTape() as tape:
      value = function(variable)
    optimizer.update(value, tape.gradient(value, variable))
    return value

  return np.minimum.accumulate([float(step()) for _ in range(steps)])


def rosenbrock(x):
  return tf.reduce_sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def scipy_curve(function, start, steps, memory):
  found = []

  def evaluate(x):
    point = tf.constant(x, tf.float32)
    with tf.GradientTape() as tape:
      tape.watch(point)
      value = function(point)
    found.append(float(value))
    return found[-1], tape.gradient(value, point).numpy().astype(np.float64)

  scipy.optimize.minimize(evaluate, start, jac=True, method="L-BFGS-B",
                          options={"maxfun": steps, "maxcor": memory, "ftol": 0, "gtol": 0})
  return np.minimum.accumulate(found)


def test_adam_is_keras_adam():
  ours, theirs = tf.Variable([1.0, -2.0, 3.0]), tf.Variable([1.0, -2.0, 3.0])
  adam = optimizers.Adam(ours, 20, 0.1, epsilon=1e-4)
  keras_adam = keras.optimizers.Adam(0.1, epsilon=1e-4)
  for k in range(20):
    gradient = tf.constant([0.3, 1e-3, -2.0]) * (k - 7.0)
    adam.update(tf.constant(0.0), gradient)
    keras_adam.apply([gradient], [theirs])
  np.testing.assert_allclose(ours, theirs, rtol=1e-5)


def test_adams_rate_falls_over_the_level():
  adam = optimizers.Adam(tf.Variable([0.0]), 11, 0.5, decay=0.1)
  rates = [float(adam.update(tf.constant(0.0), tf.constant([1.0]))) for _ in range(11)]
  np.testing.assert_allclose(rates, 0.5 * 0.1 ** (np.arange(11) / 10), rtol=1e-5)


@pytest.mark.parametrize("memory", [5, 20])
def test_lbfgs_on_a_quadratic_keeps_up_with_scipy(memory):
  scales = tf.constant(np.logspace(0, 3, 60), tf.float32)
  function = lambda x: 0.5 * tf.reduce_sum(scales * x * x)
  variable = tf.Variable(tf.ones([60]))
  ours = minimize(optimizers.LBFGS(variable, memory), variable, function, 60)
  theirs = scipy_curve(function, np.ones(60), 60, memory)
  assert ours[-1] < 1e-3 * ours[0]
  assert np.log(ours[-1]) < np.log(theirs[min(len(theirs), 50) - 1]) + 1


def test_lbfgs_solves_rosenbrock():
  variable = tf.Variable([-1.2, 1.0, -1.2, 1.0])
  assert minimize(optimizers.LBFGS(variable, 10, 0.1), variable, rosenbrock, 120)[-1] < 1e-5


@pytest.mark.parametrize("loss", ["gram", "wasserstein"])
def test_lbfgs_on_a_style_problem_keeps_up_with_scipy(vgg16_weights, loss):
  """The loss that SciPy has after 40 evaluations is reached within 5 more, and the other way around."""
  config = Config.of(network="vgg16", style_loss=loss, tile_size=0)
  extractor = Extractor(vgg16_weights, config.content_layers + config.style_layers)
  objective, targets = Objective(config), Targets(extractor, config)
  content, style = (waves(48, 64, seed)[None] / np.float32(255) for seed in (1, 2))
  statistics = targets.statistics(style)
  wanted = objective.wanted((48, 64), targets.content(content, statistics), statistics)
  evaluator = WholePicture(extractor, objective)
  function = lambda x: evaluator.value(tf.reshape(tf.sigmoid(x), [1, 48, 64, 3]), wanted).total / 1e3
  start = np.log((content + 0.01) / (1.01 - content)).reshape(-1)
  variable = tf.Variable(start)
  ours = minimize(optimizers.LBFGS(variable, 20), variable, function, 45)
  theirs = scipy_curve(tf.function(function), start, 45, 20)
  assert ours[44] < theirs[39] and theirs[44] < ours[39]


@pytest.mark.parametrize("pairs", [1, 2, 3, 5])
def test_two_loop_is_the_bfgs_matrix(pairs):
  """H g by back substitutions against the dense inverse update; what is not in use is not looked at."""
  rng = np.random.default_rng(0)
  size, memory = 7, 3
  used = min(pairs, memory)
  root = rng.normal(size=(size, size))
  changes = rng.normal(size=(pairs, size))[-used:]
  bends = changes @ (root @ root.T + np.eye(size))
  gradient = rng.normal(size=size)
  history = rng.normal(size=(2, memory, size))
  history[:, memory - used:] = changes, bends
  coefficients, gamma = optimizers.two_loop(
      tf.constant(np.einsum("imx,jnx->imjn", history, history)), tf.constant(history @ gradient), used)
  got = gamma * gradient + np.einsum("im,imx->x", coefficients, history)

  s, y = changes[-1], bends[-1]
  inverse = np.eye(size) * (s @ y) / (y @ y)
  for s, y in zip(changes, bends, strict=True):
    update = np.eye(size) - np.outer(s, y) / (s @ y)
    inverse = update @ inverse @ update.T + np.outer(s, s) / (s @ y)
  np.testing.assert_allclose(got, inverse @ gradient, rtol=1e-9)


@pytest.mark.parametrize("name", ["adam", "lbfgs"])
def test_recovery_leads_back_to_a_safe_point(name):
  variable = tf.Variable([2.0, -1.0])
  optimizer = (optimizers.LBFGS(variable) if name == "lbfgs" else optimizers.Adam(variable, 10, 0.1))
  function = lambda x: tf.reduce_sum(x * x)
  minimize(optimizer, variable, function, 3)
  variable.assign([np.nan, np.inf])
  optimizer.recover(tf.constant([1.0, 1.0]))
  assert np.isfinite(variable.numpy()).all()
  assert minimize(optimizer, variable, function, 10)[-1] < 2.0
