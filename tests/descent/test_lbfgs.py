"""L-BFGS against SciPy's, dense matrices, and problems with known answers."""

import numpy as np
import pytest
import scipy.optimize
import tensorflow as tf
from made_inputs import waves
from made_problems import make_problem
from minimizing import check_recovery, minimize

from tf_style.descent.lbfgs import LBFGS, two_loop


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


@pytest.mark.parametrize("memory", [5, 20])
def test_lbfgs_on_a_quadratic_keeps_up_with_scipy(memory):
  scales = tf.constant(np.logspace(0, 3, 60), tf.float32)
  function = lambda x: 0.5 * tf.reduce_sum(scales * x * x)
  variable = tf.Variable(tf.ones([60]))
  ours = minimize(LBFGS(variable, memory), variable, function, 60)
  theirs = scipy_curve(function, np.ones(60), 60, memory)
  assert ours[-1] < 1e-3 * ours[0]
  assert np.log(ours[-1]) < np.log(theirs[min(len(theirs), 50) - 1]) + 1


def test_lbfgs_solves_rosenbrock():
  variable = tf.Variable([-1.2, 1.0, -1.2, 1.0])
  assert minimize(LBFGS(variable, 10, 0.1), variable, rosenbrock, 120)[-1] < 1e-5


@pytest.mark.parametrize("loss", ["gram", "wasserstein"])
def test_lbfgs_on_a_style_problem_keeps_up_with_scipy(vgg16, loss):
  """The loss that SciPy has after 40 evaluations is reached within 5 more, and vice versa."""
  content, style = (waves(48, 64, seed)[None] / np.float32(255) for seed in (1, 2))
  evaluator, wanted = make_problem(vgg16, content, style, style_loss=loss).at(48, 64)
  function = lambda x: evaluator.value(
      tf.reshape(tf.sigmoid(x), [1, 48, 64, 3]), wanted).total / 1e3
  start = np.log((content + 0.01) / (1.01 - content)).reshape(-1)
  variable = tf.Variable(start)
  ours = minimize(LBFGS(variable, 20), variable, function, 45)
  theirs = scipy_curve(tf.function(function), start, 45, 20)
  assert ours[44] < theirs[39] and theirs[44] < ours[39]


@pytest.mark.parametrize("pairs", [1, 2, 3, 5])
def test_two_loop_is_the_bfgs_matrix(pairs):
  """H g by back substitutions against the dense inverse update; the rest is not looked at."""
  rng = np.random.default_rng(0)
  size, memory = 7, 3
  used = min(pairs, memory)
  root = rng.normal(size=(size, size))
  changes = rng.normal(size=(pairs, size))[-used:]
  bends = changes @ (root @ root.T + np.eye(size))
  gradient = rng.normal(size=size)
  history = rng.normal(size=(2, memory, size))
  history[:, memory - used:] = changes, bends
  products = np.einsum("imx,jnx->imjn", history, history)
  coefficients, gamma = two_loop(tf.constant(products), tf.constant(history @ gradient), used)
  got = gamma * gradient + np.einsum("im,imx->x", coefficients, history)

  s, y = changes[-1], bends[-1]
  inverse = np.eye(size) * (s @ y) / (y @ y)
  for s, y in zip(changes, bends, strict=True):
    update = np.eye(size) - np.outer(s, y) / (s @ y)
    inverse = update @ inverse @ update.T + np.outer(s, s) / (s @ y)
  np.testing.assert_allclose(got, inverse @ gradient, rtol=1e-9)


def test_a_level_leaves_no_trace_in_the_next():
  """Of another size, too."""
  def solved(lbfgs, variable):
    variable.assign([-1.2, 1.0, -1.2, 1.0])
    lbfgs.forget()
    lbfgs.begin(30)
    return minimize(lbfgs, variable, rosenbrock, 30)

  variable = tf.Variable([3.0, 1.0, 2.0], shape=[None])
  lbfgs = LBFGS(variable, 10)
  minimize(lbfgs, variable, rosenbrock, 5)
  fresh = tf.Variable([0.0], shape=[None])
  expected = solved(LBFGS(fresh, 10), fresh)
  for _ in range(2):
    np.testing.assert_array_equal(solved(lbfgs, variable), expected)


def test_recovery_leads_back_to_a_safe_point():
  variable = tf.Variable([2.0, -1.0])
  check_recovery(LBFGS(variable), variable)
