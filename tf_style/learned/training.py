"""The training loop: compiled chunks of steps, the best network by photographs held out.

    trainer = Trainer(network, batches, crops, config)
    for chunk in trainer.run(held_out):
      ...
"""

import math
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from tf_style.errors import WorkerLost
from tf_style.learned.data import Crops
from tf_style.learned.network import Network
from tf_style.learned.settings import LearnConfig
from tf_style.problem.batches import Batches
from tf_style.problem.compiled import Traces

# A chunk lasts about this long: the host looks up that often for signals, progress and the clock.
_CHUNK_S = 2.0
_LONGEST_CHUNK = 256  # steps
# Where several processes train together: TensorFlow matches their sums by places in the loop.
_CHUNK_TOGETHER = 4
_LAST_RATE = 0.02  # share of the learning rate that is left at the end
# Gradients longer than so many times their usual length are shortened to that.
_LONGEST_GRADIENT = 4.0
_MEMORY = 0.95  # of the usual length, from step to step
_BETAS, _EPSILON = (0.9, 0.99), 1e-7  # Adam's
# What tf.distribute ends a step with when a process that takes part in it is gone.
_LOST = (tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.CancelledError,
         tf.errors.DeadlineExceededError, tf.errors.InternalError)


class Chunk(NamedTuple):
  """What n steps of training brought.

  Attributes:
    totals: [n] mean losses of the batches; NaN where a step was left out as not finite.
    raw: [n, N] their raw terms.
    rates: [n] learning rates.
    norms: [n] Euclidean norms of the gradient by the weights.
    seconds: wall seconds of the chunk.
  """

  totals: np.ndarray
  raw: np.ndarray
  rates: np.ndarray
  norms: np.ndarray
  seconds: float


class Trainer:
  """Adam on a network's weights; one graph runs any number of steps.

  Attributes:
    names, weights: of the raw terms of the loss, as in `Batches`.
    best: the weights of the best network so far, in the order of `Network.variables`.
    best_loss: their mean loss on the photographs held out.
    losses: (step, that loss) of each look.
  """

  def __init__(self, network: Network, batches: Batches, crops: Crops, config: LearnConfig,
               strategy: tf.distribute.Strategy | None = None):
    """Traces nothing yet.

    Args:
      network: to be trained.
      batches: the loss.
      crops: the photographs, the part of each batch that this process takes.
      config: steps and learning rate are read.
      strategy: in whose scope network and loss were made; None is where TensorFlow puts them.
    """
    self._network, self._batches, self._crops, self._config = network, batches, crops, config
    self._model, self._traces = network.trained, Traces()
    self.names, self.weights = batches.names, batches.weights
    self._strategy = strategy or tf.distribute.get_strategy()
    with self._strategy.scope():
      self._moments = [[tf.Variable(tf.zeros(variable.shape), trainable=False)
                        for variable in network.variables] for _ in _BETAS]
    self._done = tf.Variable(0, trainable=False, name="done")
    self._usual = tf.Variable(0.0, trainable=False, name="usual_norm")
    rows = tf.zeros([_LONGEST_CHUNK, 3 + len(batches.names)])
    self._rows = tf.Variable(rows, trainable=False, name="rows")
    self._look = tf.function(self._painted, autograph=False, reduce_retracing=True)
    self.best_loss = float("inf")
    self.best = self._weights()
    self.losses: list[tuple[int, float]] = []

  @property
  def step(self) -> int:
    """How many steps were done."""
    return int(self._done)

  def run(self, held_out: np.ndarray) -> Iterator[Chunk]:
    """Trains to the end, yielding after each chunk; the caller may stop in between.

    Args:
      held_out: [n, S, S, 3] uint8, looked at every `config.image_every` steps.
    Raises:
      InputError: photographs cannot be used.
      WorkerLost: a process that trains with this one is gone; `state` is that of the last step.
    """
    if not self.losses:
      self.look(held_out)
    last, every = self._config.steps, self._config.image_every
    loop = self._loop(iter(self._crops.dataset(self.step, last)))
    size, first, together = 1, True, self._crops.place.processes > 1
    while self.step < last:
      size = min(size, last - self.step, every - self.step % every, _LONGEST_CHUNK)
      start = time.perf_counter()
      try:
        loop(tf.constant(self.step), tf.constant(self.step + size))
      except _LOST as error:
        if not together:
          raise
        raise WorkerLost(f"another process is gone after {self.step} steps of {last}") from error
      seconds = time.perf_counter() - start
      rows = self._rows[:size].numpy()
      if self.step % every == 0 or self.step == last:
        self.look(held_out)
      yield Chunk(rows[:, 0], rows[:, 3:], rows[:, 1], rows[:, 2], seconds)
      fitting = max(1, min(4 * size, int(_CHUNK_S * size / max(seconds, 1e-6))))
      size = 1 if first else _CHUNK_TOGETHER if together else fitting
      first = False

  def look(self, held_out: np.ndarray) -> None:
    """Takes the loss on photographs [n, S, S, 3] uint8; keeps the weights where it is the best."""
    contents = tf.constant(held_out, tf.float32) / 255.0
    found = []
    for style in range(self._network.shape.styles):
      for content in tf.split(contents, len(contents)):
        painted = self._look(content, tf.constant(style))
        found.append(float(self._batches.value(painted, content, style).total))
    self.losses.append((self.step, float(np.mean(found))))
    if self.losses[-1][1] < self.best_loss:
      self.best_loss, self.best = self.losses[-1][1], self._weights()

  def paint(self, pictures: np.ndarray) -> np.ndarray:
    """Returns pictures [n, H, W, 3] uint8 as painted now in the first style, float32 in [0, 1]."""
    contents = tf.constant(pictures, tf.float32) / 255.0
    return np.concatenate([self._look(content, tf.constant(0)).numpy()
                           for content in tf.split(contents, len(contents))])

  def state(self) -> dict[str, np.ndarray]:
    """Returns all that changes from step to step, by name."""
    own = {f"weights/{i:03d}": each for i, each in enumerate(self._weights())}
    best = {f"best/{i:03d}": each for i, each in enumerate(self.best)}
    adam = {f"adam/{i:03d}": each.numpy() for i, each in enumerate(sum(self._moments, []))}
    return own | best | adam | {
        "usual": self._usual.numpy(), "step": np.int64(self.step),
        "losses": np.array(self.losses, np.float64).reshape(-1, 2)}

  def restore(self, state: dict[str, np.ndarray]) -> None:
    """Takes up what `state` has returned for a network and settings like these.

    Raises:
      ValueError, KeyError: it is of another shape.
    """
    for name, variables in (("weights", self._network.variables),
                            ("adam", sum(self._moments, []))):
      for i, variable in enumerate(variables):
        variable.assign(state[f"{name}/{i:03d}"])
    self.best = [state[f"best/{i:03d}"] for i in range(len(self.best))]
    self._usual.assign(state["usual"])
    self._done.assign(int(state["step"]))
    self.losses = [(int(step), float(loss)) for step, loss in state["losses"]]
    self.best_loss = min((loss for _, loss in self.losses), default=float("inf"))

  def close(self) -> None:
    """Frees what TensorFlow keeps of the graphs."""
    self._traces.release()

  def _weights(self) -> list[np.ndarray]:
    return [variable.numpy().copy() for variable in self._network.variables]

  def _loop(self, batches: Any) -> Any:
    """Returns the graph that runs steps `begin` to `end` on what an iterator gives next."""
    def take_one(done: tf.Tensor, begin: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
      row = self._step(next(batches), done)
      self._rows[done - begin].assign(row)
      self._done.assign(done + 1)
      return done + 1, begin

    def run(begin: tf.Tensor, end: tf.Tensor) -> None:
      tf.while_loop(lambda done, _: done < end, take_one, [begin, begin])

    scalar = tf.TensorSpec([], tf.int32)
    graph = tf.function(run, input_signature=[scalar, scalar], autograph=False)
    with self._traces:
      graph.get_concrete_function()
    return graph

  def _step(self, batch: tf.Tensor, number: tf.Tensor) -> tf.Tensor:
    """Takes a step on a batch [B, S, S, 3] uint8; steps take turns at the styles.

    The devices' losses and gradients are averaged as one vector, so they wait for each other once.
    """
    styles = self._network.shape.styles
    style = 0 if styles == 1 else number % styles
    parts = self._strategy.run(self._losses_and_gradients, args=(batch, style))
    mean = self._strategy.reduce("MEAN", parts, axis=None)
    count = 1 + len(self._batches.names)
    losses, gradient = mean[:count], mean[count:]
    norm = tf.norm(gradient)
    rate = learning_rate(number, self._config)

    def move() -> tf.Tensor:
      usual = self._usual.value()
      limit = tf.where(usual > 0, _LONGEST_GRADIENT * usual, norm)
      share = tf.minimum(1.0, limit / tf.maximum(norm, 1e-30))
      self._usual.assign(tf.where(usual > 0, _MEMORY * usual + (1 - _MEMORY) * norm * share, norm))
      self._move(share * gradient, rate, tf.cast(number + 1, tf.float32))
      return losses[0]

    total = tf.cond(tf.math.is_finite(norm + losses[0]), move,
                    lambda: tf.constant(np.nan, tf.float32))
    return tf.concat([[total, rate, norm], losses[1:]], 0)

  def _losses_and_gradients(self, batch: tf.Tensor, style: tf.Tensor | int) -> tf.Tensor:
    """Returns total, raw terms and the gradients by all weights of a device's part of a batch."""
    here = self._strategy.num_replicas_in_sync // self._crops.place.processes
    replica = tf.distribute.get_replica_context().replica_id_in_sync_group % here
    part = tf.reshape(batch, [here, -1, *batch.shape[1:]])[replica]
    contents = tf.cast(part, tf.float32) / 255.0
    weights = [variable.value for variable in self._network.variables]
    with tf.GradientTape() as tape:
      pictures = self._painted(contents, style)
    terms, by_pictures = self._batches.value_and_gradient(pictures, contents, style)
    gradients = tape.gradient(pictures, weights, output_gradients=by_pictures)
    return tf.concat([terms.total[None], terms.raw,
                      *(tf.reshape(each, [-1]) for each in gradients)], 0)

  def _move(self, gradient: tf.Tensor, rate: tf.Tensor, count: tf.Tensor) -> None:
    """Moves all weights by Adam (Kingma & Ba 2015), on each device its own copy."""
    variables = [variable.value for variable in self._network.variables]
    parts = tf.split(gradient, [math.prod(variable.shape) for variable in variables])
    for variable, first, second, part in zip(variables, *self._moments, parts, strict=True):
      self._strategy.extended.update(
          variable, _moved, (first, second, tf.reshape(part, variable.shape), rate, count),
          group=False)

  def _painted(self, contents: tf.Tensor, style: tf.Tensor | int) -> tf.Tensor:
    """Returns the network's pictures of contents [B, H, W, 3] in one of its styles."""
    row = tf.one_hot(style, self._network.shape.styles)
    shares = tf.repeat(row[None], tf.shape(contents)[0], 0)
    return self._model([contents, shares])


def learning_rate(number: tf.Tensor, config: LearnConfig) -> tf.Tensor:
  """Returns the rate of a step (int32, from 0): it falls by half a cosine, to a fiftieth."""
  share = tf.cast(number, tf.float32) / config.steps
  cosine = (1 + tf.cos(math.pi * share)) / 2
  return config.learning_rate * (_LAST_RATE + (1 - _LAST_RATE) * cosine)


def _moved(variable: tf.Variable, first: tf.Variable, second: tf.Variable, gradient: tf.Tensor,
           rate: tf.Tensor, count: tf.Tensor) -> None:
  tf.raw_ops.ResourceApplyAdam(
      var=variable.handle, m=first.handle, v=second.handle, beta1_power=_BETAS[0] ** count,
      beta2_power=_BETAS[1] ** count, lr=rate, beta1=_BETAS[0], beta2=_BETAS[1],
      epsilon=_EPSILON, grad=gradient)
