"""The loop: steps of one level in compiled chunks, with the best picture kept on the device."""

import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from tf_style.optimizers import Optimizer
from tf_style.parameters import Parameters

# A chunk lasts about this long: the host looks up that often for signals, progress and the clock.
_CHUNK_S = 0.5
# So many faulty steps in a row, and a level ends with its best picture.
_MOST_FAULTS = 8


class Chunk(NamedTuple):
  """What n steps brought.

  Attributes:
    totals: [n] losses.
    lengths: [n] step lengths or learning rates.
    norms: [n] norms of the gradient by the picture.
    raw: [n, N] raw terms.
    seconds: wall seconds of the chunk.
  """

  totals: np.ndarray
  lengths: np.ndarray
  norms: np.ndarray
  raw: np.ndarray
  seconds: float


class Descent(tf.Module):
  """One level: map, optimizer, and the best picture so far with the loss of the same step."""

  def __init__(self, evaluate: Any, parameters: Parameters, optimizer: Optimizer):
    """Sets the level up; nothing is evaluated yet.

    Args:
      evaluate: has `value_and_gradient` and says by `in_graph` whether a loop of it can be compiled.
      parameters: the map from variable to picture.
      optimizer: bound to the map's variable.
    """
    super().__init__(name="descent")
    self._evaluate, self._parameters, self._optimizer = evaluate, parameters, optimizer
    self.best_picture = tf.Variable(parameters.picture(), trainable=False, name="best_picture")
    self.best_loss = tf.Variable(np.inf, trainable=False, name="best_loss", dtype=tf.float32)
    self.steps = tf.Variable(0, trainable=False, name="steps")
    self.faults = tf.Variable(0, trainable=False, name="faults")
    self.faults_in_a_row = tf.Variable(0, trainable=False, name="faults_in_a_row")
    self._graph: Any = tf.function(self._loop) if evaluate.in_graph else self._loop

  def run(self, steps: int, stops: Callable[[int], int] = lambda done: 2**31) -> Iterator[Chunk]:
    """Runs up to `steps` steps in all, yielding after each chunk; the caller may stop between chunks.

    Args:
      steps: length of the level, steps done before a resumption included.
      stops: says, from the steps done, how many more may go by before the host wants to look.
    """
    size = 1
    while (done := int(self.steps)) < steps and int(self.faults_in_a_row) < _MOST_FAULTS:
      size = min(size, steps - done, stops(done))
      start = time.perf_counter()
      rows = self._graph(tf.constant(size)).numpy()
      seconds = time.perf_counter() - start
      yield Chunk(rows[:, 0], rows[:, 1], rows[:, 2], rows[:, 3:], seconds)
      size = 1 if done == 0 else max(1, min(4 * size, int(_CHUNK_S * size / max(seconds, 1e-6))))

  @property
  def traces(self) -> int:
    """How often the loop was traced."""
    return self._graph.experimental_get_tracing_count() if self._evaluate.in_graph else 0

  def step_graph(self) -> tf.Graph | None:
    """Traces one step without the loop, to be looked at; None where a step is several graphs."""
    return tf.function(self._step).get_concrete_function().graph if self._evaluate.in_graph else None

  def _loop(self, steps: tf.Tensor) -> tf.Tensor:
    rows = tf.TensorArray(tf.float32, size=steps, infer_shape=False)
    for k in tf.range(steps):
      rows = rows.write(k, self._step())
    return rows.stack()

  def _step(self) -> tf.Tensor:
    with tf.name_scope("picture"):
      picture = self._parameters.picture()
    with tf.name_scope("loss"):
      terms, gradient = self._evaluate.value_and_gradient(picture)
    norm = tf.norm(gradient)
    if tf.math.is_finite(terms.total) and tf.math.is_finite(norm):
      if terms.total < self.best_loss:
        self.best_loss.assign(terms.total)
        self.best_picture.assign(picture)
      length = self._optimizer.update(terms.total, self._parameters.pullback(gradient, picture))
      self.faults_in_a_row.assign(0)
    else:
      self.faults.assign_add(1)
      self.faults_in_a_row.assign_add(1)
      length = self._optimizer.recover(self.best_picture.value())
    self._parameters.project()
    self.steps.assign_add(1)
    return tf.concat([[terms.total, length, norm], terms.raw], 0)
