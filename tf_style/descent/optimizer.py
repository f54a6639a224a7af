"""What the loop knows of an optimizer: an update for a value and a gradient.

An optimizer is bound to a variable and keeps all its state in variables, so it runs in or out of a
graph. Every optimizer takes one evaluation a step. Conditions are written as `tf.cond`: AutoGraph
would take more than a second to translate them, before the first step.
"""

from typing import Protocol

import tensorflow as tf


class Optimizer(Protocol):
  """Moves a variable from evaluation to evaluation."""

  def forget(self) -> None:
    """Drops what was learnt of the problem before: the next level is another picture's first."""

  def begin(self, steps: int) -> None:
    """Gets ready for a level of so many steps, of whatever size the variable now has."""

  def update(self, value: tf.Tensor, gradient: tf.Tensor) -> tf.Tensor:
    """Moves the variable on from its loss and gradient; returns the step length."""

  def recover(self, safe: tf.Tensor) -> tf.Tensor:
    """Is called instead of `update` where loss or gradient is not finite.

    Args:
      safe: the best picture so far.
    """
