"""Paints the items of a job in this process, one after the other."""

from collections.abc import Generator, Sequence

from tf_style.errors import InputError
from tf_style.many.ahead import ahead
from tf_style.many.items import Item
from tf_style.many.job import OnItem
from tf_style.many.painting import ItemPainter, Stopped
from tf_style.many.setup import Setup
from tf_style.many.stamps import Stamps
from tf_style.many.tasks import Painted, task_of


class Here:
  """One painter, which stays warm."""

  def __init__(self, setup: Setup):
    """Loads the network.

    Raises:
      InputError: the weights, the learned style or the device is wrong.
    """
    self._painter = ItemPainter(setup)

  def results(self, items: Sequence[Item], on_step: OnItem | None,
              ) -> Generator[tuple[Item, Stamps, Painted], None, None]:
    """Yields items as they are painted, until all are, or `on_step` ended one.

    A learned style paints a picture in less time than writing one may take, and knows no steps: it
    goes on while the last result is written.
    """
    results = self._results(items, on_step)
    return ahead(results) if not self._painter.has_steps else results

  def _results(self, items: Sequence[Item], on_step: OnItem | None,
               ) -> Generator[tuple[Item, Stamps, Painted], None, None]:
    for item in items:
      try:
        task, stamps = task_of(item)
      except InputError as error:
        yield item, (), Painted(error=str(error))
        continue
      watch = None if on_step is None else (lambda step, item=item: bool(on_step(item, step)))
      try:
        painted = self._painter.paint(task, watch)
      except Stopped:
        return
      yield item, stamps, painted

  def close(self) -> None:
    """Frees the graphs."""
    self._painter.close()
