"""Digests that tell whether a file or a folder is still the one that it was."""

import hashlib
import os
from pathlib import Path

_PART = 2**20  # bytes at the beginning and at the end of a file that are read


def digest(path: str) -> str:
  """Returns a digest of a file's size, beginning and end; of a folder, of its files' names too.

  A film may be larger than what is worth reading for this.
  """
  found = hashlib.sha256()
  folder = Path(path)
  files = sorted(each for each in folder.iterdir() if each.is_file()) if folder.is_dir() else [
      folder]
  for file in files:
    found.update(f"{file.name if folder.is_dir() else ''} {file.stat().st_size}".encode())
    found.update(_ends(file))
  return found.hexdigest()[:16]


def _ends(path: Path) -> bytes:
  with open(path, "rb") as file:
    first = file.read(_PART)
    file.seek(max(file.seek(0, os.SEEK_END) - _PART, 0))
    return first + file.read(_PART)
