"""Whether a file is as it was: by size and time, and where these differ by its digest."""

import hashlib
import os
from typing import NamedTuple

from tf_style.system import files


class Stamp(NamedTuple):
  """A file as it was read: SHA-256, size in bytes, time of change in nanoseconds."""

  digest: str
  size: int
  changed_ns: int

  def holds(self, path: str) -> bool:
    """Whether a file is still the same."""
    try:
      now = os.stat(path)
      if (now.st_size, now.st_mtime_ns) == (self.size, self.changed_ns):
        return True
      return now.st_size == self.size and files.digest_of(path) == self.digest
    except OSError:
      return False


# Of the content, and of its mask where it has one.
Stamps = tuple[Stamp, ...]


def stamp(path: str, data: bytes) -> Stamp:
  """Returns the stamp of a file that was read."""
  return Stamp(hashlib.sha256(data).hexdigest(), len(data), os.stat(path).st_mtime_ns)
