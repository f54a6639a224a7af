"""What a painter is given of an item, and what it gives back: bytes, for it may be elsewhere."""

from pathlib import PurePosixPath
from typing import NamedTuple

from tf_style.many.items import Item
from tf_style.many.stamps import Stamps, stamp
from tf_style.pictures import given


class Task(NamedTuple):
  """What a painter is given of an item: it may work on another machine.

  Attributes:
    content, mask: the bytes of the files; the mask may be None.
    content_name, mask_name: paths, for messages.
    style: place in the setup's styles.
    ending: of the result, which sets its format.
  """

  content: bytes
  content_name: str
  mask: bytes | None
  mask_name: str
  style: int
  ending: str


class Painted(NamedTuple):
  """What became of a task.

  Attributes:
    data: the bytes of the result's file.
    losses: of the result, `total` and terms; none where a learned style alone has painted.
    seconds: that it took, reading and writing included.
    descent_s: of these, seconds from the first step to the last.
    notes: what the user should know.
    error: what is wrong with the item, in one line; then there is no data.
  """

  data: bytes = b""
  losses: dict[str, float] = {}
  seconds: float = 0.0
  descent_s: float = 0.0
  notes: tuple[str, ...] = ()
  error: str = ""


def task_of(item: Item) -> tuple[Task, Stamps]:
  """Reads the files of an item.

  Raises:
    InputError: they cannot be read.
  """
  content, mask = _read(item.content, "--content"), None
  stamps = [stamp(item.content, content)]
  if item.mask is not None:
    mask = _read(item.mask, "--content_mask")
    stamps.append(stamp(item.mask, mask))
  ending = PurePosixPath(item.name).suffix
  return Task(content, item.content, mask, item.mask or "", item.style, ending), tuple(stamps)


def _read(path: str, flag: str) -> bytes:
  with given.opened(path, flag) as stream:
    return stream.file.read()
