"""The loop: steps of one level in compiled chunks, with the best picture kept on the device."""

import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from tf_style.descent.optimizers import Optimizer
from tf_style.descent.parameters import Parameters
from tf_style.problem.terms import LossTerms

# A chunk lasts about this long: the host looks up that often for signals, progress and the clock.
_CHUNK_S = 0.5
_LONGEST_CHUNK = 1024  # steps
# A level gives up after so many faulty steps in a row.
PATIENCE = 8


class Chunk(NamedTuple):
  """What n steps brought.

  Attributes:
    totals: [n] losses; NaN where loss, gradient or variable was not finite.
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


class Descent:
  """Level after level: map, optimizer, and the level's best picture with the loss of the same step.

  One graph serves all levels: what changes its size from one to the next is a variable or an argument of
  open shape.
  """

  def __init__(self, parameters: Parameters, optimizer: Optimizer, num_terms: int):
    """Sets the first level up; nothing is evaluated yet.

    Args:
      parameters: the map from variable to picture.
      optimizer: bound to the map's variable.
      num_terms: number of raw terms of the loss.
    """
    self._parameters, self._optimizer = parameters, optimizer
    self._evaluate: Any = None
    self._patience = PATIENCE
    self._wanted, self._specs = None, None
    self.best_picture = tf.Variable(parameters.picture(), trainable=False, shape=parameters.variable.shape,
                                    name="best_picture")
    self.best_loss = tf.Variable(np.inf, trainable=False, name="best_loss", dtype=tf.float32)
    self.steps = tf.Variable(0, trainable=False, name="steps")
    self.faults = tf.Variable(0, trainable=False, name="faults")
    self.faults_in_a_row = tf.Variable(0, trainable=False, name="faults_in_a_row")
    self._rows = tf.Variable(tf.zeros([_LONGEST_CHUNK, 3 + num_terms]), trainable=False, name="rows")

  def begin(self, picture: tf.Tensor, steps: int) -> None:
    """Sets the next level up.

    Args:
      picture: [1, H, W, 3], where it starts.
      steps: its length.
    """
    self._parameters.begin(picture)
    self._optimizer.begin(steps)
    self.best_picture.assign(self._parameters.picture())
    self.best_loss.assign(np.inf)
    for count in (self.steps, self.faults, self.faults_in_a_row):
      count.assign(0)

  def evaluate_with(self, evaluate: Any, wanted: Any, patience: int = PATIENCE) -> None:
    """Takes an evaluator and what it shall judge pictures against.

    Args:
      evaluate: has `value_and_gradient` and says by `in_graph` whether a loop of it can be compiled.
      wanted: a nest of tensors for it.
      patience: so many steps in a row whose loss or gradient is not finite, and the level gives up.
    """
    specs = tf.nest.map_structure(_open, wanted)
    if evaluate is not self._evaluate or specs != self._specs:
      count = tf.TensorSpec([], tf.int32)
      self._graph: Any = tf.function(
          self._loop, input_signature=[count, count, specs], autograph=False) if (
              evaluate.in_graph) else self._loop
      self._take_compiled: Any = tf.function(self._take, autograph=False)
    self._evaluate, self._wanted, self._specs, self._patience = evaluate, wanted, specs, patience
    self.faults_in_a_row.assign(0)

  @property
  def failed(self) -> bool:
    """Whether it gave up."""
    return int(self.faults_in_a_row) >= self._patience

  def checkpoint(self) -> tf.train.Checkpoint:
    """Returns all that changes from step to step, to be saved or restored."""
    return tf.train.Checkpoint(
        parameters=self._parameters, optimizer=self._optimizer, best_picture=self.best_picture,
        best_loss=self.best_loss, steps=self.steps, faults=self.faults,
        faults_in_a_row=self.faults_in_a_row)

  def run(self, steps: int, stops: Callable[[int], int] = lambda done: 2**31) -> Iterator[Chunk]:
    """Runs up to `steps` steps in all, yielding after each chunk; the caller may stop between chunks.

    Args:
      steps: length of the level, steps done before a resumption included.
      stops: says, from the steps done, how many more may go by before the host wants to look.
    """
    size, first = 1, True
    while (done := int(self.steps)) < steps and not self.failed:
      size = min(size, steps - done, stops(done), _LONGEST_CHUNK)
      start = time.perf_counter()
      self._advance(done, done + size)
      seconds = time.perf_counter() - start
      rows = self._rows[:int(self.steps) - done].numpy()
      yield Chunk(rows[:, 0], rows[:, 1], rows[:, 2], rows[:, 3:], seconds)
      size = 1 if first else max(1, min(4 * size, int(_CHUNK_S * size / max(seconds, 1e-6))))
      first = False

  def _advance(self, begin: int, end: int) -> None:
    """Runs steps `begin` to `end`, or fewer where one fails."""
    try:
      self._graph(tf.constant(begin), tf.constant(end), self._wanted)
    except tf.errors.InvalidArgumentError as error:
      if "Cholesky" not in error.message:  # of a matrix with NaN in it: TensorFlow raises on a CPU
        raise
      row = tf.fill([self._rows.shape[1]], np.float32(np.nan))
      self._note(int(self.steps) - begin, tf.tensor_scatter_nd_update(row, [[1]], [self._go_back()]))

  @property
  def traces(self) -> int:
    """How often the loop was traced."""
    return self._graph.experimental_get_tracing_count() if self._evaluate.in_graph else 0

  def step_graph(self) -> tf.Graph | None:
    """Traces one step without the loop, to be looked at; None where a step is several graphs."""
    if not self._evaluate.in_graph:
      return None
    return tf.function(
        self._step, input_signature=[self._specs], autograph=False).get_concrete_function().graph

  def _loop(self, begin: tf.Tensor, end: tf.Tensor, wanted: Any) -> None:
    def go_on(done: tf.Tensor) -> tf.Tensor:
      return (done < end) & (self.faults_in_a_row < self._patience)

    def take_one(done: tf.Tensor) -> list[tf.Tensor]:
      self._note(done - begin, self._step(wanted))
      return [done + 1]

    tf.while_loop(go_on, take_one, [begin])

  def _step(self, wanted: Any) -> tf.Tensor:
    with tf.name_scope("picture"):
      picture = self._parameters.picture()
    with tf.name_scope("loss"):
      terms, gradient = self._evaluate.value_and_gradient(picture, wanted)
    if self._evaluate.in_graph:
      return self._take(terms, gradient, picture)
    del picture  # where it is the variable's memory, the update is in place
    return self._take_compiled(terms, gradient)

  def _take(self, terms: LossTerms, gradient: tf.Tensor, picture: tf.Tensor | None = None) -> tf.Tensor:
    """Notes a picture that is the best so far and updates the variable."""
    if picture is None:
      picture = self._parameters.picture()
    total, norm = terms.total, tf.sqrt(2 * tf.nn.l2_loss(gradient))

    def keep() -> None:
      self.best_loss.assign(total)
      self.best_picture.assign(picture)

    def move() -> list[tf.Tensor]:
      tf.cond(total < self.best_loss, keep, lambda: None)
      length = self._optimizer.update(total, self._parameters.pullback(gradient, picture))
      self.faults_in_a_row.assign(0)
      return [total, length]

    # The variable too: sigmoid and ReLU make numbers of NaN.
    finite = tf.math.is_finite(total + norm + tf.reduce_sum(self._parameters.variable))
    seen = tf.cond(finite, move, lambda: [tf.constant(np.nan, total.dtype), self._go_back()])
    return tf.concat([[*seen, norm], terms.raw], 0)

  def _go_back(self) -> tf.Tensor:
    self.faults.assign_add(1)
    self.faults_in_a_row.assign_add(1)
    return self._optimizer.recover(self.best_picture.value())

  def _note(self, row: tf.Tensor | int, values: tf.Tensor) -> None:
    self._parameters.project()
    self._rows[row].assign(values)
    self.steps.assign_add(1)


def _open(tensor: tf.Tensor) -> tf.TensorSpec:
  """Returns what a tensor has in common at all levels: features and guides keep their channels."""
  shape = tensor.shape
  return tf.TensorSpec([1, None, None, shape[3]] if shape.rank == 4 else [None] * shape.rank, tensor.dtype)
