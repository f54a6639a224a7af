"""How far a run is, by pixels times steps: a bar on a terminal, elsewhere a line each tenth, as `on_step`."""

import shutil
import sys
from collections.abc import Sequence
from typing import TextIO

from tf_style.descent.step import Step

_BAR = 24  # characters at most; a line that is wider than the terminal could not be drawn over


class Progress:
  """Shows steps, loss and the time left."""

  def __init__(self, levels: Sequence[tuple[int, int, int]], stream: TextIO | None = None):
    """Shows nothing yet.

    Args:
      levels: height, width and steps of each level.
      stream: where to; stderr unless given.
    """
    self._stream = stream or sys.stderr
    self._levels = levels
    self._on_terminal = self._stream.isatty()
    self._level, self._level_start, self._tenths, self._width = -1, 0, 0, 0
    self._seconds_a_pixel: float | None = None
    self._line_shown, self._percent = "  0 %", 0

  def on_step(self, step: Step) -> None:
    """Takes note of a chunk of steps."""
    if step.level == self._level:
      self._seconds_a_pixel = step.seconds_a_step / (step.height * step.width)
    else:  # the first chunk of a level is slow, for it compiles: its time says nothing
      self._level, self._level_start = step.level, step.number - len(step.totals)
    whole = pixel_steps(self._levels)
    self._percent = 100 if step.number >= step.steps else 100 * (whole - self._ahead(step)) // whole
    self._line_shown, tenths = self._line(step), self._percent // 10
    if self._on_terminal:
      self._draw(self._bar(self._line_shown))
    elif tenths > self._tenths:
      self._stream.write(self._line_shown + "\n")
    self._tenths = tenths
    self._stream.flush()

  def on_tile(self, done: int, total: int) -> None:
    """Shows on a terminal how far a step is that goes by tiles."""
    if self._on_terminal:
      self._draw(self._bar(f"{self._line_shown}  tile {done}/{total}"))
      self._stream.flush()

  def close(self) -> None:
    """Wipes the bar away, so that what follows stands on a line of its own."""
    if self._on_terminal and self._width:
      self._draw("")
      self._stream.write("\r")
      self._stream.flush()

  def _draw(self, text: str) -> None:
    self._stream.write("\r" + text.ljust(self._width))
    self._width = len(text)

  def _bar(self, line: str) -> str:
    columns = shutil.get_terminal_size().columns
    width = min(_BAR, columns - len(line) - 4)
    if width < 8:
      return line[:columns - 1]
    filled = width * self._percent // 100
    return f"[{'#' * filled}{'.' * (width - filled)}] {line}"

  def _line(self, step: Step) -> str:
    level = f"level {step.level + 1} of {step.levels}, " if step.levels > 1 else ""
    return (f"{self._percent:3d} %  {step.number}/{step.steps}  "
            f"loss {step.best_loss:.4g}  {level}{step.width}x{step.height}  {self._left(step)}")

  def _left(self, step: Step) -> str:
    if step.number >= step.steps:
      return f"{clock(step.seconds)} in all"
    if self._seconds_a_pixel is None:
      return "time left: known soon"
    return f"{clock(self._seconds_a_pixel * self._ahead(step))} left"

  def _ahead(self, step: Step) -> int:
    done = (step.number - self._level_start) * step.height * step.width
    return pixel_steps(self._levels[step.level:]) - done


def pixel_steps(levels: Sequence[tuple[int, int, int]]) -> int:
  """Returns the sum over all steps of the pixels of each; time is roughly in proportion.

  Args:
    levels: height, width and steps of each level.
  """
  return sum(height * width * steps for height, width, steps in levels)


def clock(seconds: float) -> str:
  """Returns a duration in the two largest units that it has: '4 s', '2 min 05 s', '1 h 07 min'."""
  whole = round(seconds)
  if whole < 60:
    return f"{whole} s"
  if whole < 3600:
    return f"{whole // 60} min {whole % 60:02d} s"
  return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
