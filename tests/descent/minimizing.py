"""Optimizers at work on functions of a few numbers."""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from tf_style.descent.optimizer import Optimizer


def minimize(optimizer: Optimizer, variable: tf.Variable,
             function: Callable[[tf.Tensor], tf.Tensor], steps: int) -> np.ndarray:
  """Takes one evaluation a step, in a graph; returns the lowest loss after each step."""
  @tf.function
  def step():
    with tf.GradientTape() as tape:
      value = function(variable)
    optimizer.update(value, tape.gradient(value, variable))
    return value

  return np.minimum.accumulate([float(step()) for _ in range(steps)])


def check_recovery(optimizer: Optimizer, variable: tf.Variable) -> None:
  """From a variable that is no number an optimizer goes on from somewhere safe."""
  function = lambda x: tf.reduce_sum(x * x)
  minimize(optimizer, variable, function, 3)
  variable.assign([np.nan, np.inf])
  optimizer.recover(tf.constant([1.0, 1.0]))
  assert np.isfinite(variable.numpy()).all()
  assert minimize(optimizer, variable, function, 10)[-1] < 2.0
