"""A film in TensorBoard: one run, whose steps are frames."""

import os
from collections.abc import Mapping

import numpy as np
from tensorboard.plugins.text.summary_v2 import text_pb

from tf_style.watching.events import EventFile
from tf_style.watching.summaries import image_pb, markdown_table

_PICTURE_EVERY = 25  # frames


class FilmEvents:
  """Writes the events of one film into its run's folder; what a call has written stays."""

  def __init__(self, folder: str | os.PathLike[str], settings: Mapping[str, object],
               command_line: str):
    """Writes how the run was begun."""
    self._events = EventFile(folder)
    self._events.summary(0, text_pb("run/command_line", f"    {command_line}"))
    self._events.summary(0, text_pb("run/configuration", markdown_table(
        {name: str(value) for name, value in settings.items()})))
    self._events.flush()

  def frame(self, number: int, picture: np.ndarray, scalars: Mapping[str, float]) -> None:
    """Writes the figures of a frame, and from time to time its picture [1, H, W, 3]."""
    self._events.scalars(number, scalars)
    if number % _PICTURE_EVERY == 0:
      self._events.summary(number, image_pb("film/frame", picture))
    self._events.flush()

  def close(self) -> None:
    """Closes the file."""
    self._events.close()
