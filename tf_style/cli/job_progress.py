"""How far a job over many pictures is: one bar on a terminal, elsewhere a line an item."""

import sys
import time
from typing import TYPE_CHECKING

from tf_style.cli import console
from tf_style.cli.progress import clock
from tf_style.descent.step import Step
from tf_style.errors import one_line
from tf_style.many.items import Item

if TYPE_CHECKING:
  from tf_style.cli.bar import Bar
  from tf_style.many.job import Finished


class JobProgress:
  """Shows items, the step of the one in work, and the time left."""

  def __init__(self, count: int, total: int):
    """Shows nothing yet.

    Args:
      count: of the items that are to be painted.
      total: of all items of the job.
    """
    self._count, self._before, self._total = count, total - count, total
    self._done, self._begun, self._first_s = 0, time.monotonic(), 0.0
    self._bar: Bar | None = None

  def on_step(self, item: Item, step: Step) -> None:
    """Shows on a terminal how far an item is."""
    share = step.number / max(step.steps, 1)
    self._show(share, f"{self._before + self._done + 1} of {self._total}  {item.name}  "
                      f"{step.number}/{step.steps}  loss {step.best_loss:.4g}")

  def on_item(self, item: "Finished") -> None:
    """Shows that an item is done."""
    self._done += 1
    if self._done == 1:  # which has traced and compiled, so its time says little
      self._first_s = time.monotonic() - self._begun
    loss = "" if item.loss is None else f"loss {item.loss:.4g}, "
    what = "failed" if item.error else f"{loss}{item.seconds:.1f} s"
    name = item.content.name if not item.style else f"{item.content.name} in {item.style}"
    text = f"{self._before + self._done} of {self._total}  {name}: {what}"
    if _on_terminal():
      self._show(0.0, text)
    else:
      console.say(text + self._left(0.0))

  def close(self) -> None:
    """Wipes the bar away, so that what follows stands on a line of its own."""
    if bar := self._bar:
      console.attempt(bar.close)
      self._bar = None

  def _show(self, share: float, text: str) -> None:
    if not _on_terminal():
      return
    percent = int(100 * (self._done + share) / max(self._count, 1))
    console.attempt(lambda: self._draw(percent, one_line(text) + self._left(share)))

  def _draw(self, percent: int, text: str) -> None:
    if self._bar is None:
      from tf_style.cli.bar import Bar
      self._bar = Bar(percent, text, sys.stderr)
    else:
      self._bar.draw(percent, text)

  def _left(self, share: float) -> str:
    if self._done < 1 or self._done >= self._count:
      return ""
    after, passed = self._done - 1 + share, time.monotonic() - self._begun
    an_item = self._first_s if after < 1 else (passed - self._first_s) / after
    return f"  {clock(an_item * (self._count - self._done - share))} left"


def _on_terminal() -> bool:
  try:
    return sys.stderr is not None and sys.stderr.isatty()
  except ValueError:  # closed
    return False
