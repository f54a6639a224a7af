"""What became of each item of a job: a journal that outlives the process, whenever it is killed.

The file holds one JSON record a line: what the job is, the settings that items were painted with,
and for each item what is about to be written, then that it is done, or why it failed. Lines are
only added; a last line that is cut off does not count. When a job is begun
again, what still counts is written anew, aside, and renamed.
"""

import errno
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any, NamedTuple

from tf_style.errors import InputError, expected
from tf_style.system import files, locks

FILE = "manifest.jsonl"
_FORMAT = 1
WRITING, DONE, FAILED = "writing", "done", "failed"


class Record(NamedTuple):
  """What became of an item.

  Attributes:
    item: its name.
    state: `writing`, `done` or `failed`.
    settings: digest of the settings that it was painted with.
    content: SHA-256, size and time of change of the picture that was painted, and its mask's.
    result: SHA-256 and size of the result; None of an item that failed.
    loss: total, of the result; None where none is known.
    losses: its terms.
    seconds: that it took.
    error: why it failed, or ''.
  """

  item: str
  state: str
  settings: str
  content: tuple[Any, ...] = ()
  result: tuple[str, int] | None = None
  loss: float | None = None
  losses: dict[str, float | str] = {}
  seconds: float = 0.0
  error: str = ""


class Manifest:
  """The journal of one job, of which one process at a time is the owner.

  Attributes:
    facts: of settings, by their digests.
  """

  def __init__(self, folder: Path, output: Path):
    """Reads what is there, and writes nothing.

    Args:
      folder: of the job.
      output: of its results.
    Raises:
      InputError: the journal is another version's.
    """
    self._folder, self._output = folder, os.fspath(output)
    self._file: IO[bytes] | None = None
    self._lock: Any = None
    self._read()

  def record(self, item: str) -> Record | None:
    """Returns what is known last of an item."""
    return self._records.get(item)

  def is_own(self, item: str, path: Path) -> bool:
    """Whether a file is a result that this job has written."""
    own = self._own.get(item, ())
    return bool(own) and path.is_file() and files.digest_of(path) in own

  def begin(self) -> None:
    """Makes the folder, takes it for this process, reads it, and writes anew what counts.

    Raises:
      InputError: another process is at this job.
      OSError: from the system.
    """
    self._folder.mkdir(parents=True, exist_ok=True)
    self._lock = locks.lock_folder(self._folder / "manifest")
    if self._lock is None:
      raise InputError("--output: " + expected(
          "a folder that no other process fills", self._output))
    self._read()  # for another one may have been at it meanwhile
    records, own = self._records, self._own
    lines = [{"format": _FORMAT, "output": self._output},
             *({"settings": digest, "facts": facts} for digest, facts in self.facts.items()),
             *(record._asdict() for record in records.values()),
             *({"own": name, "digests": sorted(digests)} for name, digests in own.items())]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    files.write_atomically(self._folder / FILE, lambda path: path.write_text(text, "utf-8"))
    self._file = open(self._folder / FILE, "ab", buffering=0)  # noqa: SIM115 - it stays open

  def settings(self, digest: str, facts: Mapping[str, str]) -> None:
    """Takes note of settings that items are painted with."""
    if digest not in self.facts:
      self._write({"settings": digest, "facts": dict(facts)})

  def note(self, record: Record) -> None:
    """Takes note of an item; what was noted outlives the process.

    What is about to be written is flushed to disk before it is: by that and the result itself it is
    known, after a power failure too, that it was done.

    Raises:
      OSError: from the system.
    """
    self._write(record._asdict(), flush=record.state == WRITING)

  def close(self) -> None:
    """Leaves the job to other processes."""
    if self._file is not None:
      self._file.close()
      self._file = None
    if self._lock is not None:
      self._lock.release()
      self._lock = None

  def _read(self) -> None:
    self.facts: dict[str, dict[str, str]] = {}
    self._records: dict[str, Record] = {}
    self._own: dict[str, set[str]] = {}
    for line in _lines(self._folder / FILE):
      self._take(line)

  def _write(self, line: dict[str, Any], flush: bool = True) -> None:
    assert self._file is not None, "the job has begun"
    data = json.dumps(line).encode() + b"\n"
    if self._file.write(data) < len(data):
      raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), os.fspath(self._folder / FILE))
    if flush:
      os.fsync(self._file.fileno())
    self._take(line)

  def _take(self, line: Mapping[str, Any]) -> None:
    if "format" in line and line["format"] != _FORMAT:
      raise InputError("--logdir: " + expected(
          f"a job of format {_FORMAT}", f"{self._folder}, of format {line['format']}"))
    if "facts" in line:
      self.facts[line["settings"]] = line["facts"]
    elif "own" in line:
      self._own.setdefault(line["own"], set()).update(line["digests"])
    elif "item" in line:
      record = Record(**line)
      record = record._replace(content=_tuple(record.content), result=_tuple(record.result))
      self._records[record.item] = record
      if record.result is not None:
        self._own.setdefault(record.item, set()).add(record.result[0])


def _tuple(value: Any) -> Any:
  return tuple(map(_tuple, value)) if isinstance(value, list) else value


def _lines(path: Path) -> Iterator[dict[str, Any]]:
  """Yields the records of a journal, but for a line that was cut off."""
  try:
    data = path.read_bytes()
  except FileNotFoundError:
    return
  for line in data.split(b"\n")[:-1]:
    try:
      found = json.loads(line)
    except ValueError:
      continue
    if isinstance(found, dict):
      yield found
