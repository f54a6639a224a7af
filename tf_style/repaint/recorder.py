"""What is known of a run while it goes on: the history, the clock, and what watchers are told."""

import time

import numpy as np
from absl import logging

from tf_style.descent.loop import Chunk, Descent
from tf_style.descent.step import OnStep, Step
from tf_style.repaint.checkpoints import Saved
from tf_style.repaint.plan import Plan

# Steps over which `tolerance` is measured; it is looked at as often.
TOLERANCE_STEPS = 10


class Recorder:
  """Turns chunks into `Step` records, keeps the history and the clock.

  Attributes:
    number: steps so far.
    seconds: from the run's first step to the end of the last chunk.
    faults: steps whose loss or gradient was not finite.
    stopped: whether `on_step` asked the run to stop.
  """

  def __init__(self, plan: Plan, names: tuple[str, ...], on_step: OnStep | None,
               resume: Saved | None):
    """Begins, with the steps of a checkpoint where there is one.

    Args:
      plan: what is going to happen.
      names: of the raw terms.
      on_step: is told of each chunk.
      resume: the checkpoint.
    """
    self._plan, self._names, self._on_step = plan, names, on_step
    self._chunks: list[tuple[int, Chunk]] = _chunks_of(resume.history) if resume else []
    self.seconds, self.faults = (resume.seconds, resume.faults) if resume else (0.0, 0)
    self.stopped = False
    self.number = sum(len(chunk.totals) for _, chunk in self._chunks)
    self._start = time.perf_counter() - self.seconds

  def stops(self, done: int) -> int:
    """Returns the steps until a picture or a saving is due, or the tolerance is looked at."""
    config = self._plan.config
    ends = [period - self.number % period
            for period in (config.image_every, config.save_every, config.timelapse_every)
            if period]
    if config.tolerance:
      ends.append(TOLERANCE_STEPS - done % TOLERANCE_STEPS)
    return min(ends, default=2**31)

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

  def report(self, index: int, chunk: Chunk, descent: Descent, *, weights: np.ndarray,
             precision: str, level_ends: bool) -> None:
    """Tells `on_step` of the chunk.

    Args:
      index: of the level.
      chunk: the steps.
      descent: of the level.
      weights: [N] what each raw term is multiplied by.
      precision: of the features.
      level_ends: whether no more steps of the level are to come.
    """
    if self._on_step is None:
      return
    plan = self._plan
    level = plan.levels[index]
    step = Step(
        number=self.number, steps=sum(each.steps for each in plan.levels), level=index,
        levels=len(plan.levels), height=level.height, width=level.width, names=self._names,
        weights=weights, totals=chunk.totals, raw=chunk.raw, step_lengths=chunk.lengths,
        gradient_norms=chunk.norms, best_loss=float(descent.best.loss), seconds=self.seconds,
        seconds_a_step=chunk.seconds / len(chunk.totals),
        picture=lambda: plan.finished(descent.best.picture.numpy()), state=lambda: descent,
        level_ends=level_ends, precision=precision, faults=self.faults, history=self.history)
    self.stopped = bool(self._on_step(step))

  def level_totals(self, index: int) -> np.ndarray:
    """Returns the losses of all steps of a level."""
    return np.concatenate([chunk.totals for level, chunk in self._chunks if level == index])

  def best_losses(self) -> dict[str, float]:
    """Returns the losses of the last level's best step: `total`, and each raw term by its name."""
    history = self.history()
    last = np.flatnonzero(history["level"] == history["level"][-1])
    totals = np.nan_to_num(history["total"][last], nan=np.inf)
    best = last[int(np.argmin(totals))]
    return {name: float(history[name][best]) for name in ("total", *self._names)}

  def history(self) -> dict[str, np.ndarray]:
    """Returns arrays of all steps, as in `Result`."""
    joined = lambda part: np.concatenate([getattr(chunk, part) for _, chunk in self._chunks])
    raw = joined("raw")
    levels = [np.full(len(chunk.totals), level) for level, chunk in self._chunks]
    return {"level": np.concatenate(levels), "total": joined("totals"),
            "step_length": joined("lengths"), "gradient_norm": joined("norms"),
            **{name: raw[:, i] for i, name in enumerate(self._names)}}


def _chunks_of(history: dict[str, np.ndarray]) -> list[tuple[int, Chunk]]:
  """Returns a chunk for each level: undoes `Recorder.history`."""
  level, total, length, norm, *raw = history.values()
  columns = np.stack(raw, axis=1)
  return [(int(index), Chunk(total[level == index], length[level == index], norm[level == index],
                             columns[level == index], 0.0)) for index in np.unique(level)]
