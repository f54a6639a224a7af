"""The bar of a run on a terminal, drawn by tqdm."""

import shutil
import threading
from typing import TextIO

from tqdm import tqdm

_WIDTH = 24  # characters of the bar itself, at most


class Bar(tqdm):
  """A bar with a line of text behind it, cut where the terminal ends.

  tqdm's own thread and its lock between processes are left out: nothing here needs them.
  """

  monitor_interval = 0
  _lock = threading.RLock()

  def __init__(self, percent: int, text: str, stream: TextIO):
    """Draws the bar for the first time."""
    super().__init__(total=100, initial=percent, desc=text, file=stream, leave=False, ascii=".#",
                     ncols=_columns(text), bar_format="[{bar}] {desc}")

  def draw(self, percent: int, text: str) -> None:
    """Draws the bar over the one before."""
    self.n, self.ncols = percent, _columns(text)
    self.set_description_str(text)


def _columns(text: str) -> int:
  """Returns the columns to use: a line as wide as the terminal could not be drawn over."""
  return min(shutil.get_terminal_size().columns - 1, _WIDTH + len("[] ") + len(text))
