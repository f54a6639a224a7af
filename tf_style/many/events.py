"""A job in TensorBoard: one run, in which an item is a step."""

from collections.abc import Callable, Mapping
from pathlib import Path

import tensorflow as tf
from absl import logging
from tensorboard.plugins.text.summary_v2 import text_pb

from tf_style.many.manifest import Record
from tf_style.system import memory
from tf_style.watching.events import EventFile
from tf_style.watching.summaries import markdown_table


class JobEvents:
  """Writes the final losses of each item, at its number; what was written survives a crash.

  Where the system refuses events, the job goes on without.
  """

  def __init__(self, folder: Path, facts: Mapping[str, str]):
    """Writes the settings."""
    self._file: EventFile | None = None
    self._tried(lambda: self._open(folder, facts))

  def note(self, number: int, record: Record) -> None:
    """Writes what became of an item."""
    found = {"result/seconds": record.seconds, "result/memory_gb": memory.peak_memory() / 1e9}
    found |= {"result/total" if name == "total" else f"raw/{name}": value
              for name, value in record.losses.items() if isinstance(value, float)}
    self._tried(lambda: self._write(number, found))

  def close(self) -> None:
    """Closes the file."""
    if file := self._file:
      self._tried(file.close)
      self._file = None

  def _open(self, folder: Path, facts: Mapping[str, str]) -> None:
    self._file = EventFile(folder)
    self._file.summary(0, text_pb("run/configuration", markdown_table(facts)))
    self._file.flush()

  def _write(self, number: int, found: Mapping[str, float]) -> None:
    if self._file is not None:
      self._file.scalars(number, found)
      self._file.flush()

  def _tried(self, action: Callable[[], None]) -> None:
    try:
      action()
    except (OSError, tf.errors.OpError) as error:
      self._file = None
      logging.warning("events cannot be written, the job goes on: %s", error)
