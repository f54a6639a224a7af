"""SIGINT and SIGTERM: the first asks a run to end in order, the second ends the process at once."""

import signal
import threading
from types import FrameType
from typing import Any

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Signals:
  """A context in which the first signal is noted, and the default action restored for the next.

  Attributes:
    received: number of the signal that came, 0 while none did.
    stepping: whether there is something to save. While there is not, the first signal raises
      KeyboardInterrupt wherever the program is.
  """

  def __init__(self) -> None:
    self.received, self.stepping = 0, False
    self._before: dict[int, Any] = {}

  def __enter__(self) -> "Signals":
    if threading.current_thread() is threading.main_thread():  # no other may set handlers
      self._before = {number: signal.signal(number, self._note) for number in _SIGNALS}
    return self

  def __exit__(self, *_: object) -> None:
    for number, action in self._before.items():
      signal.signal(number, action)

  def _note(self, number: int, frame: FrameType | None) -> None:
    del frame
    self.received = number
    for each in _SIGNALS:
      signal.signal(each, signal.SIG_DFL)
    if not self.stepping:
      raise KeyboardInterrupt
