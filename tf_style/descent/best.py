"""What a level keeps beside the variable: its best picture, and the steps that failed."""

import numpy as np
import tensorflow as tf

# No infinity, which tf.debugging.enable_check_numerics would end a program for.
_NONE_YET = np.finfo(np.float32).max


class Best(tf.Module):
  """The best picture of a level and its loss, on the device.

  Attributes:
    picture: [1, H, W, 3].
    loss: scalar, the largest float32 before the first step.
  """

  def __init__(self, picture: tf.Tensor, shape: tf.TensorShape):
    """Begins with a picture; `shape` is what all levels have in common."""
    super().__init__(name="best")
    self.picture = tf.Variable(picture, trainable=False, shape=shape, name="picture")
    self.loss = tf.Variable(_NONE_YET, trainable=False, name="loss", dtype=tf.float32)

  def begin(self, picture: tf.Tensor) -> None:
    """Begins a level."""
    self.picture.assign(picture)
    self.loss.assign(_NONE_YET)

  def offer(self, loss: tf.Tensor, picture: tf.Tensor) -> None:
    """Keeps the picture where its loss is the lowest so far."""
    def keep() -> None:
      self.loss.assign(loss)
      self.picture.assign(picture)

    tf.cond(loss < self.loss.value(), keep, lambda: None)


class Faults(tf.Module):
  """Counts the steps of a level whose loss or gradient was not finite.

  Attributes:
    count: of the level.
    in_a_row: since the last good step.
  """

  def __init__(self) -> None:
    super().__init__(name="faults")
    self.count = tf.Variable(0, trainable=False, name="count")
    self.in_a_row = tf.Variable(0, trainable=False, name="in_a_row")

  def begin(self) -> None:
    self.count.assign(0)
    self.in_a_row.assign(0)

  def note(self) -> None:
    self.count.assign_add(1)
    self.in_a_row.assign_add(1)
