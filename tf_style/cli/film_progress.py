"""How far a film is: a bar on a terminal, elsewhere a line for each tenth of its frames."""

import sys
import time
from typing import TYPE_CHECKING, TextIO

from tf_style.cli.progress import clock
from tf_style.descent.step import Step

if TYPE_CHECKING:
  from tf_style.cli.bar import Bar
  from tf_style.films.painting import PaintedFrame

_RECENT = 0.8  # the weight of the frames before in the mean time that one takes


class FilmProgress:
  """Shows frames, loss and the time left; its methods are callbacks of a run."""

  def __init__(self, total: int, done: int = 0, stream: TextIO | None = None):
    """Shows nothing yet.

    Args:
      total: frames of the film; 0 where nobody knows.
      done: that were finished before.
      stream: where to show it; stderr unless given.
    """
    self._stream = stream or sys.stderr
    self._total, self._done = total, done
    self._bar: Bar | None = None
    self._tenths = 10 * done // total if total else 0
    self._seconds_a_frame: float | None = None
    self._text, self._next_line = "", time.monotonic()
    self._on_terminal = self._stream is not None and self._stream.isatty()

  def on_step(self, step: Step) -> None:
    """Shows on a terminal how far a frame is."""
    if self._on_terminal:
      self._draw(f"{self._text or self._frames()}  step {step.number}/{step.steps}")

  def on_frame(self, frame: "PaintedFrame") -> None:
    """Takes note of a finished frame."""
    self._done += 1  # of several shots, perhaps, in whatever order
    if not frame.begins_shot:  # which takes longer than others
      before = self._seconds_a_frame
      self._seconds_a_frame = frame.seconds if before is None else (
          _RECENT * before + (1 - _RECENT) * frame.seconds)
    loss = f"  loss {frame.losses['total']:.4g}" if frame.losses else ""
    self._text = f"{self._frames()}{loss}  {self._left()}"
    if self._on_terminal:
      self._draw(self._text)
    elif self._is_due():
      print(self._text, file=self._stream, flush=True)

  def close(self) -> None:
    """Wipes the bar away."""
    if self._bar is not None:
      self._bar.close()
      self._bar = None

  @property
  def _percent(self) -> int:
    return min(100, 100 * self._done // self._total) if self._total else 0

  def _frames(self) -> str:
    return f"frame {self._done} of {self._total}" if self._total else f"frame {self._done}"

  def _left(self) -> str:
    if not self._total or self._seconds_a_frame is None:
      return "time left: known soon" if self._total else ""
    return f"{clock(self._seconds_a_frame * max(self._total - self._done, 0))} left"

  def _is_due(self) -> bool:
    """Says whether another tenth is done; where nobody knows, whether a minute has gone by."""
    if self._total:
      tenths, before = 10 * self._done // self._total, self._tenths
      self._tenths = tenths
      return tenths > before
    if time.monotonic() < self._next_line:
      return False
    self._next_line = time.monotonic() + 60
    return True

  def _draw(self, text: str) -> None:
    if self._bar is None:
      from tf_style.cli.bar import Bar
      self._bar = Bar(self._percent, text, self._stream)
    else:
      self._bar.draw(self._percent, text)
