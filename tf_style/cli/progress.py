"""How far a run is: a bar on a terminal, elsewhere a line for each tenth of the work.

Work is counted in pixels times steps, for a step takes time in proportion to its pixels.
"""

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TextIO

from tf_style.descent.step import Step

if TYPE_CHECKING:
  from tf_style.cli.bar import Bar


class Forecast:
  """How much of a run is done, and how long the rest takes.

  Attributes:
    percent: of the work.
    seconds_left: None until the first chunk of a level after its compiling.
  """

  def __init__(self, levels: Sequence[tuple[int, int, int]]):
    """Begins; `levels` are height, width and steps of each level."""
    self.percent = 0
    self.seconds_left: float | None = None
    self._levels = levels
    self._level, self._level_start = -1, 0
    self._seconds_a_pixel: float | None = None

  def take(self, step: Step) -> None:
    """Takes note of a chunk of steps."""
    if step.level == self._level:
      self._seconds_a_pixel = step.seconds_a_step / (step.height * step.width)
    else:  # the first chunk of a level compiles, so its time says nothing
      self._level, self._level_start = step.level, step.number - len(step.totals)
    whole, ahead = pixel_steps(self._levels), self._ahead(step)
    is_last = step.number >= step.steps
    self.percent = 100 if is_last else 100 * (whole - ahead) // whole
    if self._seconds_a_pixel is not None:
      self.seconds_left = self._seconds_a_pixel * ahead

  def _ahead(self, step: Step) -> int:
    done = (step.number - self._level_start) * step.height * step.width
    return pixel_steps(self._levels[step.level:]) - done


class Progress:
  """Shows steps, loss and the time left; `on_step` and `on_tile` are callbacks of a run."""

  def __init__(self, levels: Sequence[tuple[int, int, int]], stream: TextIO | None = None):
    """Shows nothing yet.

    Args:
      levels: height, width and steps of each level.
      stream: where to show it; stderr unless given. If there is none, or it breaks, the run goes
        on without.
    """
    self._stream = stream or sys.stderr
    self._forecast = Forecast(levels)
    self._bar: Bar | None = None
    self._line_shown, self._tenths = "  0 %", 0
    self._on_terminal = False
    self._try(self._look_for_terminal)

  def on_step(self, step: Step) -> None:
    """Takes note of a chunk of steps."""
    self._forecast.take(step)
    self._line_shown, tenths = self._line(step), self._forecast.percent // 10
    if self._on_terminal:
      self._try(lambda: self._draw(self._line_shown))
    elif tenths > self._tenths:
      self._try(lambda: print(self._line_shown, file=self._stream, flush=True))
    self._tenths = tenths

  def on_tile(self, done: int, total: int) -> None:
    """Shows on a terminal how far a step is that goes by tiles."""
    if self._on_terminal:
      self._try(lambda: self._draw(f"{self._line_shown}  tile {done}/{total}"))

  def close(self) -> None:
    """Wipes the bar away, so that what follows stands on a line of its own."""
    if self._bar is not None:
      self._try(self._bar.close)
      self._bar = None

  def _try(self, action: Callable[[], object]) -> None:
    """Does something with the stream; after it broke, or if there is none, nothing."""
    if self._stream is not None:
      try:
        action()
      except (OSError, ValueError):  # a pipe without a reader, a closed stream
        self._stream, self._on_terminal = None, False
        if self._bar is not None:
          self._bar.disable = True  # or tqdm would try to wipe it away

  def _look_for_terminal(self) -> None:
    self._on_terminal = self._stream is not None and self._stream.isatty()

  def _draw(self, text: str) -> None:
    if self._bar is None:
      from tf_style.cli.bar import Bar
      self._bar = Bar(self._forecast.percent, text, self._stream)
    else:
      self._bar.draw(self._forecast.percent, text)

  def _line(self, step: Step) -> str:
    level = f"level {step.level + 1} of {step.levels}, " if step.levels > 1 else ""
    return (f"{self._forecast.percent:3d} %  {step.number}/{step.steps}  "
            f"loss {step.best_loss:.4g}  {level}{step.width}x{step.height}  {self._left(step)}")

  def _left(self, step: Step) -> str:
    if step.number >= step.steps:
      return f"{clock(step.seconds)} in all"
    left = self._forecast.seconds_left
    return "time left: known soon" if left is None else f"{clock(left)} left"


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
