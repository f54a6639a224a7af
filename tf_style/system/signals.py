"""SIGINT, SIGTERM and SIGHUP: the first asks a run to end in order, the second ends it at once."""

import signal
import threading
from types import FrameType
from typing import Any

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")  # Windows has no SIGHUP


class Signals:
  """A context in which the first signal is noted, and the default action restored for the next.

  A signal that is ignored, as `nohup` has it, stays so. After the first signal SIGHUP is ignored:
  a terminal that closes sends it twice, and service managers send it right after SIGTERM.

  Attributes:
    received: number of the signal that came, 0 before.
    stepping: whether there is something to save. While there is not, the first signal raises
      KeyboardInterrupt wherever the program is.
  """

  def __init__(self) -> None:
    self.received, self.stepping = 0, False
    self._before: dict[int, Any] = {}

  def __enter__(self) -> "Signals":
    if threading.current_thread() is threading.main_thread():  # no other may set handlers
      numbers = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]
      self._before = {number: signal.signal(number, self._note) for number in numbers
                      if signal.getsignal(number) not in (signal.SIG_IGN, None)}
    return self

  def __exit__(self, *_: object) -> None:
    for number, action in self._before.items():
      signal.signal(number, action)

  def _note(self, number: int, frame: FrameType | None) -> None:
    del frame
    self.received = number
    for each in self._before:
      hangup = each == getattr(signal, "SIGHUP", None)
      signal.signal(each, signal.SIG_IGN if hangup else signal.SIG_DFL)
    if not self.stepping:
      raise KeyboardInterrupt
