"""Adam, with TensorFlow's fused kernel."""

import tensorflow as tf


class Adam(tf.Module):
  """Adam (Kingma & Ba 2015) with a rate that falls geometrically over the level.

  The update is TensorFlow's fused kernel, which makes no temporaries of the picture's size.
  """

  def __init__(self, variable: tf.Variable, learning_rate: float, decay: float = 1.0,
               epsilon: float = 1e-8):
    """Begins with zero moments.

    Args:
      variable: [1, H, W, 3] what is varied; its size may change from level to level.
      learning_rate: in the variable's units.
      decay: share of the rate that is left at the end of a level.
      epsilon: is added to the root of the second moment.
    """
    super().__init__(name="adam")
    self._variable, self._learning_rate, self._total_decay, self._epsilon = (
        variable, learning_rate, decay, epsilon)
    self.first, self.second = (
        tf.Variable(tf.zeros_like(variable), trainable=False, shape=variable.shape, name=name)
        for name in ("first", "second"))
    self.step, self.rate, self.decay = (
        tf.Variable(0.0, trainable=False, name=name) for name in ("step", "rate", "decay"))
    self.begin(1)

  def forget(self) -> None:
    """Begins with zero moments again."""
    size = tf.shape(self._variable)
    for moment in (self.first, self.second):
      moment.assign(tf.zeros(size))
    self.step.assign(0.0)

  def begin(self, steps: int) -> None:
    """Gives the moments the variable's size and the rate its beginning."""
    size = tf.shape(self._variable)
    for moment in (self.first, self.second):
      if tf.reduce_any(tf.shape(moment) != size):
        moment.assign(tf.image.resize(moment, size[1:3]))
    self.rate.assign(self._learning_rate)
    self.decay.assign(self._total_decay ** (1 / max(steps - 1, 1)))

  def update(self, value: tf.Tensor, gradient: tf.Tensor) -> tf.Tensor:
    del value
    self.step.assign_add(1.0)
    rate = self.rate.value()
    tf.raw_ops.ResourceApplyAdam(
        var=self._variable.handle, m=self.first.handle, v=self.second.handle,
        beta1_power=tf.pow(0.9, self.step), beta2_power=tf.pow(0.999, self.step), lr=rate,
        beta1=0.9, beta2=0.999, epsilon=self._epsilon, grad=gradient)
    self.rate.assign(rate * self.decay)
    return rate

  def recover(self, safe: tf.Tensor) -> tf.Tensor:
    """Goes back to `safe`, forgets the moments and halves the rate."""
    self._variable.assign(safe)
    self.first.assign(tf.zeros_like(self.first))
    self.second.assign(tf.zeros_like(self.second))
    self.step.assign(0.0)
    self.rate.assign(self.rate * 0.5)
    return self.rate.value()
