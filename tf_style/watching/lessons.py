"""A training in TensorBoard: scalars as for a run, and photographs held out as they are painted."""

import os
from collections.abc import Mapping
from typing import Any

import numpy as np
from tensorboard.plugins.text.summary_v2 import text_pb

from tf_style.descent.step import Step
from tf_style.system import memory
from tf_style.watching.events import EventFile
from tf_style.watching.summaries import image_pb, markdown_table, step_scalars


class LessonEvents:
  """Writes the events of one training into its folder; what a call has written survives a crash."""

  def __init__(self, folder: str | os.PathLike[str], settings: Mapping[str, Any],
               command_line: str):
    """Writes how the training was begun."""
    self._events = EventFile(folder)
    self._events.summary(0, text_pb("run/command_line", f"    {command_line}"))
    self._events.summary(0, text_pb("run/configuration", markdown_table(settings)))
    self._scalars_every, self._pictures_every, self._looks = 1, 1, 0

  def begin(self, styles: Mapping[str, np.ndarray], held_out: np.ndarray, scalars_every: int,
            pictures_every: int) -> None:
    """Writes what is learned from.

    Args:
      styles: [1, H, W, 3] float32, by tag.
      held_out: [n, S, S, 3] uint8.
      scalars_every, pictures_every: steps between scalars (0: none) and between pictures.
    """
    self._scalars_every, self._pictures_every = scalars_every, pictures_every
    for tag, picture in styles.items():
      self._events.summary(0, image_pb(tag, picture))
    row = np.concatenate(list(np.float32(held_out) / 255), axis=1)[None]
    self._events.summary(0, image_pb("held_out/photographs", row))
    self._events.flush()

  def on_step(self, step: Step) -> None:
    """Writes the steps of a chunk, and the look at photographs that are held out."""
    first = step.number - len(step.totals) + 1
    for row in range(len(step.totals)):
      if self._scalars_every and (first + row) % self._scalars_every == 0:
        self._events.scalars(first + row, step_scalars(step, row))
    self._events.scalars(step.number, {
        "resources/seconds_a_step": step.seconds_a_step,
        "resources/steps_a_second": 1 / step.seconds_a_step,
        "resources/memory_gb": memory.peak_memory() / 1e9})
    looks = step.history()
    for number, loss in list(zip(looks["look"], looks["loss"], strict=True))[self._looks:]:
      self._events.scalars(int(number), {"held_out/loss": float(loss)})
    self._looks = len(looks["look"])
    if step.number % self._pictures_every == 0 or step.number == step.steps:
      self._events.summary(step.number, image_pb("held_out/painted", step.picture()))
    self._events.flush()

  def close(self) -> None:
    """Closes the file."""
    self._events.close()
