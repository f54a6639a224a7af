"""What is known of a run while it goes on, between the loop and whoever watches."""

import time
from typing import Any

import numpy as np
from absl import logging

from tf_style.descent.loop import Chunk, Descent
from tf_style.descent.step import OnStep, Step
from tf_style.problem.objective import Objective
from tf_style.repaint.checkpoints import Saved

# Steps over which `tolerance` is measured; it is looked at as often.
TOLERANCE_STEPS = 10


class Watch:
  """Turns chunks into `Step` records, keeps the history and the clock.

  Attributes:
    number: steps so far.
    seconds: from the run's first step to the end of the last chunk.
    faults: steps whose loss or gradient was not finite.
    stopped: whether `on_step` asked the run to stop.
  """

  def __init__(self, plan: Any, on_step: OnStep | None, resume: Saved | None):
    """Begins, with the steps of a checkpoint where there is one.

    Args:
      plan: a `plans.Plan`.
      on_step: is told of each chunk.
      resume: the checkpoint.
    """
    self._plan, self._on_step = plan, on_step
    self._names: tuple[str, ...] = ()
    self._chunks: list[tuple[int, Chunk]] = []
    self.seconds, self.faults, self.stopped = 0.0, 0, False
    if resume:
      self._names, self._chunks = _chunks_of(resume.history)
      self.seconds, self.faults = resume.seconds, resume.faults
    self.number = sum(len(chunk.totals) for _, chunk in self._chunks)
    self._start = time.perf_counter() - self.seconds

  def stops(self, done: int) -> int:
    """Steps until the next picture or saving is due, or the tolerance is looked at."""
    config = self._plan.config
    periods = [p for p in (config.image_every, config.save_every) if p]
    ends = [p - self.number % p for p in periods]
    return min(ends + [TOLERANCE_STEPS - done % TOLERANCE_STEPS] * bool(config.tolerance), default=2**31)

  def take(self, index: int, chunk: Chunk) -> None:
    """Takes note of a chunk of steps of a level."""
    self._chunks.append((index, chunk))
    self.number += len(chunk.totals)
    self.seconds = time.perf_counter() - self._start
    faults = int(np.sum(np.isnan(chunk.totals)))
    self.faults += faults
    if faults:
      logging.warning("up to step %d: loss or gradient not finite in %d steps, %d in all; "
                      "back to the best picture", self.number, faults, self.faults)

  def report(self, index: int, chunk: Chunk, descent: Descent, objective: Objective, precision: str,
             level_ends: bool) -> None:
    """Tells `on_step` of the chunk."""
    self._names = objective.names
    if self._on_step is None:
      return
    level, plan = self._plan.levels[index], self._plan
    self.stopped = bool(self._on_step(Step(
        self.number, sum(entry.steps for entry in self._plan.levels), index, len(self._plan.levels),
        level.height, level.width, objective.names,
        objective.weights(plan.pixel_share(level)), chunk.totals, chunk.raw, chunk.lengths, chunk.norms,
        float(descent.best_loss), self.seconds, chunk.seconds / len(chunk.totals),
        lambda: plan.finished(descent.best_picture.numpy()), lambda: descent, level_ends, precision,
        self.faults, self.history)))

  def level_totals(self, index: int) -> np.ndarray:
    """Returns the losses of all steps of a level."""
    return np.concatenate([chunk.totals for level, chunk in self._chunks if level == index])

  def history(self) -> dict[str, np.ndarray]:
    """Returns arrays of all steps, as in `transfer.Result`."""
    joined = lambda part: np.concatenate([getattr(chunk, part) for _, chunk in self._chunks])
    raw = joined("raw")
    return {"level": np.concatenate([np.full(len(c.totals), level) for level, c in self._chunks]),
            "total": joined("totals"), "step_length": joined("lengths"),
            "gradient_norm": joined("norms"),
            **{name: raw[:, i] for i, name in enumerate(self._names)}}


def _chunks_of(history: dict[str, np.ndarray]) -> tuple[tuple[str, ...], list[tuple[int, Chunk]]]:
  """Returns the names of the raw terms in a history, and a chunk for each level: undoes `Watch.history`."""
  level, total, length, norm, *raw = history.values()
  columns = np.stack(raw, axis=1)
  return tuple(history)[4:], [
      (int(index), Chunk(total[level == index], length[level == index], norm[level == index],
                         columns[level == index], 0.0)) for index in np.unique(level)]
