"""Making the next thing while the last one is dealt with."""

from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def ahead(things: Iterator[T]) -> Generator[T, None, None]:
  """Yields the same; while the caller deals with a thing, the next is made, in a thread."""
  end = object()
  with ThreadPoolExecutor(1) as thread:
    coming = thread.submit(next, things, end)
    while (thing := coming.result()) is not end:
      coming = thread.submit(next, things, end)
      yield thing  # type: ignore[misc]
