"""The loop: steps of one level in compiled chunks, with the best picture kept on the device."""

import functools
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tf_style.descent.best import Best, Faults
from tf_style.descent.optimizer import Optimizer
from tf_style.descent.parameters import Parameters
from tf_style.problem.compiled import Compiled, Traces
from tf_style.problem.evaluators import Evaluator
from tf_style.problem.terms import LossTerms, Wanted

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
  """Level after level, picture after picture: map, optimizer, and the level's best picture.

  One graph serves all: what changes its size from one to the next is a variable or an argument of
  open shape.

  Attributes:
    best: the level's best picture, with the loss of the same step.
    faults: steps of the level that were not finite.
    parameters: the map from variable to picture.
    steps: of the level, so far.
  """

  def __init__(self, parameters: Parameters, optimizer: Optimizer, num_terms: int,
               traces: Traces | None = None):
    """Sets the first level up; nothing is evaluated yet.

    Args:
      parameters: the map from variable to picture.
      optimizer: bound to the map's variable.
      num_terms: number of raw terms of the loss.
      traces: keeps account of what tracing leaves behind.
    """
    self.parameters, self._optimizer = parameters, optimizer
    self._traces = traces or Traces()
    self._loops: dict[Evaluator, Compiled] = {}
    self._move = Compiled(self._take, self._traces)
    self.best = Best(parameters.picture(), parameters.variable.shape)
    self.faults = Faults()
    self.steps = tf.Variable(0, trainable=False, name="steps")
    rows = tf.zeros([_LONGEST_CHUNK, 3 + num_terms])
    self._rows = tf.Variable(rows, trainable=False, name="rows")

  def begin(self, picture: tf.Tensor, steps: int, *, anew: bool = False) -> None:
    """Sets the next level up.

    Args:
      picture: [1, H, W, 3], where it starts.
      steps: its length.
      anew: whether it is the first level of a picture.
    """
    self.parameters.begin(picture)
    if anew:
      self._optimizer.forget()
    self._optimizer.begin(steps)
    self.best.begin(self.parameters.picture())
    self.faults.begin()
    self.steps.assign(0)

  def evaluate_with(self, evaluator: Evaluator, wanted: Wanted, patience: int = PATIENCE) -> None:
    """Takes an evaluator and what it compares pictures with.

    Args:
      evaluator: of the loss.
      wanted: at this level's size.
      patience: so many steps in a row that are not finite, and the level gives up.
    """
    self._evaluator, self._wanted, self._patience = evaluator, wanted, patience
    self.faults.in_a_row.assign(0)

  @property
  def failed(self) -> bool:
    """Whether it gave up."""
    return int(self.faults.in_a_row) >= self._patience

  def checkpoint(self) -> tf.train.Checkpoint:
    """Returns all that changes from step to step, to be saved or restored."""
    return tf.train.Checkpoint(parameters=self.parameters, optimizer=self._optimizer,
                               best=self.best, faults=self.faults, steps=self.steps)

  def let_go(self) -> None:
    """Gives the memory of all that is of the picture's size back; `begin` takes it again."""
    for variable in _Holder(self.parameters, self._optimizer, self.best).variables:
      if None in variable.shape:
        variable.assign(tf.zeros([side or 0 for side in variable.shape], variable.dtype))

  def run(self, steps: int, stops: Callable[[int], int] = lambda done: 2**31,
          chunk_s: float | None = None) -> Iterator[Chunk]:
    """Runs up to `steps` steps in all, yielding after each chunk; the caller may stop in between.

    Args:
      steps: length of the level, steps done before a resumption included.
      stops: says, from the steps done, how many more may go by before the host wants to look.
      chunk_s: about how long a chunk lasts; None is half a second.
    """
    size, first = 1, True
    chunk_s = _CHUNK_S if chunk_s is None else chunk_s
    while (done := int(self.steps)) < steps and not self.failed:
      size = min(size, steps - done, stops(done), _LONGEST_CHUNK)
      start = time.perf_counter()
      self._advance(done, done + size)
      seconds = time.perf_counter() - start
      rows = self._rows[:int(self.steps) - done].numpy()
      yield Chunk(rows[:, 0], rows[:, 1], rows[:, 2], rows[:, 3:], seconds)
      size = 1 if first else max(1, min(4 * size, int(chunk_s * size / max(seconds, 1e-6))))
      first = False

  def _advance(self, begin: int, end: int) -> None:
    """Runs steps `begin` to `end`, or fewer where one fails."""
    try:
      if self._evaluator.in_graph:
        self._loop(tf.constant(begin), tf.constant(end), tf.constant(self._patience), self._wanted)
      else:
        self._loop_on_host(begin, end)
    except tf.errors.InvalidArgumentError as error:
      if "Cholesky" not in error.message:  # of a matrix with NaN in it: TensorFlow raises on a CPU
        raise
      row = tf.fill([self._rows.shape[1]], np.float32(np.nan))
      lengths = tf.tensor_scatter_nd_update(row, [[1]], [self._go_back()])
      self._note(int(self.steps) - begin, lengths)

  @property
  def _loop(self) -> Compiled:
    if self._evaluator not in self._loops:
      function = functools.partial(self._loop_in_graph, self._evaluator)
      self._loops[self._evaluator] = Compiled(function, self._traces)
    return self._loops[self._evaluator]

  @property
  def traces(self) -> int:
    """How often the loop was traced, for all evaluators."""
    return sum(loop.traces for loop in self._loops.values())

  def step_graph(self) -> tf.Graph | None:
    """Traces one step without the loop, to be looked at; None where a step is several graphs."""
    if not self._evaluator.in_graph:
      return None
    step = Compiled(functools.partial(self._step, self._evaluator), self._traces)
    return step.traced(self._wanted).get_concrete_function().graph

  def _loop_in_graph(self, evaluator: Evaluator, begin: tf.Tensor, end: tf.Tensor,
                     patience: tf.Tensor, wanted: Wanted) -> None:
    def go_on(done: tf.Tensor) -> tf.Tensor:
      return (done < end) & (self.faults.in_a_row.value() < patience)

    def take_one(done: tf.Tensor) -> list[tf.Tensor]:
      self._note(done - begin, self._step(evaluator, wanted))
      return [done + 1]

    tf.while_loop(go_on, take_one, [begin])

  def _step(self, evaluator: Evaluator, wanted: Wanted) -> tf.Tensor:
    with tf.name_scope("picture"):
      picture = self.parameters.picture()
    with tf.name_scope("loss"):
      terms, gradient = evaluator.value_and_gradient(picture, wanted)
    return self._take_at(picture, terms, gradient)

  def _loop_on_host(self, begin: int, end: int) -> None:
    for row in range(end - begin):
      if self.failed:
        return
      terms, gradient = self._evaluator.value_and_gradient(
          self.parameters.picture(), self._wanted)
      # Without the picture: where it is the variable's memory, the update is in place.
      self._note(row, self._move(terms, gradient))

  def _take(self, terms: LossTerms, gradient: tf.Tensor) -> tf.Tensor:
    return self._take_at(self.parameters.picture(), terms, gradient)

  def _take_at(self, picture: tf.Tensor, terms: LossTerms, gradient: tf.Tensor) -> tf.Tensor:
    """Notes a picture that is the best so far, updates the variable, returns a row of figures."""
    total, norm = terms.total, tf.sqrt(2 * tf.nn.l2_loss(gradient))

    def move() -> list[tf.Tensor]:
      self.best.offer(total, picture)
      length = self._optimizer.update(total, self.parameters.pullback(gradient, picture))
      self.faults.in_a_row.assign(0)
      return [total, length]

    # The variable too: sigmoid and ReLU make numbers of NaN.
    finite = tf.math.is_finite(total + norm + tf.reduce_sum(self.parameters.variable))
    seen = tf.cond(finite, move, lambda: [tf.constant(np.nan, total.dtype), self._go_back()])
    return tf.concat([[*seen, norm], terms.raw], 0)

  def _go_back(self) -> tf.Tensor:
    self.faults.note()
    return self._optimizer.recover(self.best.picture.value())

  def _note(self, row: tf.Tensor | int, values: tf.Tensor) -> None:
    self.parameters.project()
    self._rows[row].assign(values)
    self.steps.assign_add(1)


class _Holder(tf.Module):
  """Finds the variables of several modules."""

  def __init__(self, *modules: object):
    super().__init__()
    self.modules = list(modules)
