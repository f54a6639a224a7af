"""A job over many pictures: what is finished stays, what is not is painted, nothing is lost."""

import contextlib
import errno
import hashlib
import math
import os
import time
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from absl import logging

from tf_style.descent.step import Step
from tf_style.errors import OutputError, expected
from tf_style.many import report
from tf_style.many.items import Item
from tf_style.many.manifest import DONE, FAILED, WRITING, Manifest, Record
from tf_style.many.pending import Pending, find_pending
from tf_style.many.setup import Setup, digest
from tf_style.many.stamps import Stamps
from tf_style.many.tasks import Painted
from tf_style.repaint.metadata import plain
from tf_style.system import files, machine

if TYPE_CHECKING:
  from tf_style.many.events import JobEvents

OnItem = Callable[[Item, Step], bool | None]
_TABLE_EVERY_S = 30.0
# What the system says of one name, not of the drive.
_OF_THE_NAME = {errno.EEXIST, errno.ENAMETOOLONG, errno.ENOTDIR, errno.EISDIR, errno.EINVAL}


class Finished(NamedTuple):
  """An item that was dealt with.

  Attributes:
    content: the picture that was painted.
    output: the result; of an item that failed, where it would be.
    style: name of the style, where each has its own results; else ''.
    number: of the item in the job, from 1.
    total: how many there are.
    loss: of the result; None where a learned style alone has painted.
    seconds: that it took.
    error: why it failed, in one line; '' where it did not.
    notes: what the user should know.
  """

  content: Path
  output: Path
  style: str
  number: int
  total: int
  loss: float | None
  seconds: float
  error: str
  notes: tuple[str, ...]


class Source(Protocol):
  """Paints items, here or elsewhere."""

  def results(self, items: Sequence[Item], on_step: OnItem | None,
              ) -> Generator[tuple[Item, Stamps, Painted], None, None]:
    """Yields items as they are painted, until all are, or `on_step` ended one."""

  def close(self) -> None:
    """Frees what it holds."""


class Job:
  """Items, a setup, and the folders of results and of the log.

  Attributes:
    items: all of them.
    output: folder of the results.
    folder: of the manifest, the table, the sheet and the events.
    notes: what is different since the job was last called, in lines.
    begun: whether anything was written.
  """

  def __init__(self, items: Sequence[Item], setup: Setup, *, output: str | os.PathLike[str],
               logdir: str | os.PathLike[str], flags: str = ""):
    """Looks at what is done; writes nothing.

    Args:
      items: what is to be painted.
      setup: how.
      output: folder of the results.
      logdir: in which the job's folder is, named after `output`.
      flags: the text of a flag file that repeats the job, kept in its folder.
    Raises:
      OutputError: `output` has a file that is called like a result and is not this job's.
    """
    self.items, self._setup, self._flags = tuple(items), setup, flags
    self.output = Path(os.path.realpath(output))
    token = hashlib.sha256(os.fsencode(self.output)).hexdigest()[:8]
    self.folder = Path(logdir) / f"{files.safe_name(self.output.name)}-{token}"
    self._aside = f".writing-{token}"
    self._manifest = Manifest(self.folder, self.output)
    self._facts = [setup.facts(style) for style in setup.styles]
    self._digests = list(map(digest, self._facts))
    self._numbers = {item.name: number for number, item in enumerate(self.items, start=1)}
    self._look = self._find_pending()
    self._events: JobEvents | None = None
    self.begun = False
    self._changed: set[str] = set()
    self._table_due = 0.0

  @property
  def pending(self) -> tuple[Item, ...]:
    """Items that are not finished."""
    return self._look.items

  @property
  def notes(self) -> tuple[str, ...]:
    return self._look.notes

  @property
  def failed(self) -> list[tuple[Item, str]]:
    """Items that were tried and failed, and why."""
    return [(item, record.error) for item, record in self._rows()
            if record is not None and record.state == FAILED]

  @property
  def done(self) -> int:
    """How many items are finished."""
    return sum(record is not None and record.state == DONE for _, record in self._rows())

  def run(self, source: Callable[[], Source], on_step: OnItem | None = None,
          ) -> Generator[Finished, None, None]:
    """Paints what is not finished, and yields each item that was dealt with.

    A caller may end it after any of them: what was yielded is finished.

    Args:
      source: opens what paints; where all is finished, it is not called.
      on_step: is told of steps; a true value leaves the item, and ends the job.
    Raises:
      InputError: what all items have in common is wrong; nothing was written.
      OSError: the system takes no results; those before are as they were.
    """
    opened = source() if self.pending else None
    try:
      self._begin()
      if opened is not None:
        with contextlib.closing(opened.results(self.pending, on_step)) as results:
          for item, stamps, painted in results:
            yield self._put(item, stamps, painted)
    finally:
      if opened is not None:
        opened.close()
      self._end()

  def _find_pending(self) -> Pending:
    return find_pending(self.items, self._manifest, self.output, self._facts)

  def _begin(self) -> None:
    self._manifest.begin()
    self.begun = True
    self._look = self._find_pending()
    for record in self._look.completed:
      self._manifest.note(record._replace(state=DONE))
    for folder in {(self.output / item.name).parent for item in self.items}:
      for path in folder.glob(f"{self._aside}.*"):  # of a process that was killed
        path.unlink(missing_ok=True)
    for number in {item.style for item in self.pending}:
      self._manifest.settings(self._digests[number], self._facts[number])
    if self._flags:
      files.write_atomically(self.folder / "flags.txt",
                             lambda path: path.write_text(self._flags, "utf-8"))
    if self.pending:
      machine.import_tensorflow()
      from tf_style.many.events import JobEvents
      self._events = JobEvents(self.folder, self._facts[0])

  def _put(self, item: Item, stamps: Stamps, painted: Painted) -> Finished:
    """Writes a result under its name, and takes note of that before and after."""
    total = painted.losses.get("total")
    record = Record(item.name, FAILED, self._digests[item.style], stamps, None,
                    total if total is not None and math.isfinite(total) else None,
                    plain(painted.losses), round(painted.seconds, 3), painted.error)
    if not painted.error:
      record = self._written(item, record, painted.data)
    self._manifest.note(record)
    self._changed.add(item.name)
    if time.monotonic() > self._table_due:
      self._write_table()
    number = self._numbers[item.name]
    if self._events is not None:
      self._events.note(number, record)
    return Finished(
        Path(item.content), self.output / item.name, self._setup.styles[item.style].name, number,
        len(self.items), record.loss, record.seconds, record.error, painted.notes)

  def _written(self, item: Item, record: Record, data: bytes) -> Record:
    path = self.output / item.name
    own = path.exists() and self._manifest.is_own(item.name, path)
    result = hashlib.sha256(data).hexdigest(), len(data)
    self._manifest.note(record._replace(state=WRITING, result=result))
    try:
      files.write_bytes(path, data, aside=path.with_name(self._aside + path.suffix), overwrite=own)
    except OSError as error:
      if error.errno not in _OF_THE_NAME:
        raise
      return record._replace(error=str(OutputError("--output: " + expected(
          "a name that can be written and is free", f"{path} ({error.strerror})"))))
    return record._replace(state=DONE, result=result)

  def _end(self) -> None:
    """Writes table and sheet, and leaves the job to other processes."""
    self._manifest.close()
    if self._events is not None:
      self._events.close()
    if not self.begun:
      return
    self._write_table()
    try:
      report.write_sheets(self.folder, self.output, self._rows(), self._changed)
    except OSError as error:
      logging.warning("%s: the sheet cannot be written: %s", self.folder, error)

  def _write_table(self) -> None:
    self._table_due = time.monotonic() + _TABLE_EVERY_S
    try:
      report.write_table(self.folder, self._rows())
    except OSError as error:
      logging.warning("%s: the table cannot be written: %s", self.folder, error)

  def _rows(self) -> list[tuple[Item, Record | None]]:
    return [(item, self._manifest.record(item.name)) for item in self.items]
