"""A job in TensorBoard: one run, in which an item is a step."""

from collections.abc import Mapping
from pathlib import Path

from tensorboard.plugins.text.summary_v2 import text_pb

from tf_style.many.manifest import Record
from tf_style.system import memory
from tf_style.watching.events import EventFile
from tf_style.watching.summaries import markdown_table


class JobEvents:
  """Writes the final losses of each item, at its number; what was written survives a crash."""

  def __init__(self, folder: Path, facts: Mapping[str, str]):
    """Writes the settings."""
    self._events = EventFile(folder)
    self._events.summary(0, text_pb("run/configuration", markdown_table(facts)))
    self._events.flush()

  def note(self, number: int, record: Record) -> None:
    """Writes what became of an item."""
    found = {"result/seconds": record.seconds, "result/memory_gb": memory.peak_memory() / 1e9}
    numbers = {name: value for name, value in record.losses.items() if isinstance(value, float)}
    terms = {name: value for name, value in numbers.items() if name != "total"}
    found |= {f"result/{name}": numbers[name] for name in numbers if name == "total"}
    found |= {f"raw/{name}": value for name, value in terms.items()}
    self._events.scalars(number, found)
    self._events.flush()

  def close(self) -> None:
    """Closes the file."""
    self._events.close()
