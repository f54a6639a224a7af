"""What a caller gives for a picture file -> a stream of its bytes; hints where there is none."""

import contextlib
import difflib
import io
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple
from urllib.parse import unquote, urlsplit

from tf_style.errors import ImageError, expected, one_line


class Stream(NamedTuple):
  """An open picture file.

  Attributes:
    file: seekable, at its beginning.
    path: '' for bytes and file objects without a name.
    name: of the path, or in words; for notes.
    full_name: the path, or in words; for errors.
  """

  file: BinaryIO
  path: str
  name: str
  full_name: str


@contextlib.contextmanager
def opened(source: Any, flag: str) -> Iterator[Stream]:
  """Opens a path, bytes or a binary file object; a file object is left open where it stood.

  Raises:
    ImageError: there is no such file, or it cannot be read.
  """
  if isinstance(source, (bytes, bytearray, memoryview)):
    named = f"{len(source)} bytes"
    yield Stream(io.BytesIO(source), "", "the picture", named)
  elif isinstance(source, (str, os.PathLike)):
    path = os.fspath(source)
    path = os.fsdecode(path)
    with _open(path, flag) as file:
      yield Stream(file, path, one_line(Path(path).name), path)
  elif hasattr(source, "read"):
    with _rewound(source, flag) as stream:
      yield stream
  else:
    raise ImageError(f"{flag}: " + expected(
        "a path, bytes, a file object, a Pillow image or an array", type(source).__name__))


@contextlib.contextmanager
def _rewound(source: Any, flag: str) -> Iterator[Stream]:
  """Reads a file object from its beginning, and puts it back where it stood."""
  wanted = "a binary file object that can seek"
  named = type(source).__name__
  try:
    place = source.tell()
    source.seek(0)
  except Exception as error:  # whatever its class raises
    raise ImageError(f"{flag}: " + expected(wanted, f"{named} (give its bytes)")) from error
  try:
    data = source.read()
  finally:
    source.seek(place)
  if not isinstance(data, bytes):
    raise ImageError(f"{flag}: " + expected(wanted, f"{named}, which reads {type(data).__name__}"))
  path = getattr(source, "name", "")
  path = path if isinstance(path, str) else ""
  yield Stream(io.BytesIO(data), path, one_line(Path(path).name) or "the picture", path or named)


def _open(path: str, flag: str) -> BinaryIO:
  """Opens a regular file. Others are refused unopened: a FIFO would block, a device may not end."""
  try:
    mode = os.stat(path).st_mode
    if stat.S_ISREG(mode):
      return open(path, "rb")
  except (OSError, ValueError) as error:
    reason = "; ".join(filter(None, [getattr(error, "strerror", None) or str(error),
                                     hint(path, flag)]))
    raise ImageError(f"{flag}: " + expected(
        "a picture that can be read", f"{_shortened(path)} ({one_line(reason)})")) from error
  kind = "the folder" if stat.S_ISDIR(mode) else "the device, pipe or socket"
  raise ImageError(f"{flag}: " + expected("a picture file", f"{kind} {path}"))


def _shortened(path: str) -> str:
  return path if len(path) <= 300 else f"{path[:150]}...{path[-50:]}"


def hint(path: str, flag: str) -> str:
  """Returns what is probably meant by a path where no file is, or ''."""
  if address := re.match(r"([a-z][a-z0-9+.-]+)://", path, re.IGNORECASE):
    if address[1].lower() == "file":
      return f"give the path instead of the address: {flag}={unquote(urlsplit(path).path)}"
    return "this is an address: download the picture first"
  if path.startswith("data:"):
    return "this is an address with data: save it as a file first"
  bare = path.strip().strip("'\"\u201c\u201d\u2018\u2019").strip()
  if bare != path and bare:
    return f"leave out the quotes and blanks around it: {flag}={bare}"
  if not bare:
    return "the path is empty"
  if path.startswith("~"):
    return f"the shell does not expand ~ behind '=': {flag}={os.path.expanduser(path)}"
  parts = [part.strip() for part in re.split("[,;]", path)]
  if len(parts) > 1 and all(map(_may_be_picture, parts)):
    many = flag.startswith("--style")
    return ("give each picture with a flag of its own: " if many else "give one picture: ") + (
        " ".join(f"{flag}={part}" for part in (parts if many else parts[:1])))
  if re.search(r"[*?]|\[.+\]", path):
    return f"the shell expands no pattern behind '=': give {flag} once for each file, or a folder"
  return _nearby(path)


def _may_be_picture(path: str) -> bool:
  return bool(re.search(r"\.[a-z]\w{2,4}$", path, re.IGNORECASE))


def _nearby(path: str) -> str:
  """Names a file in the same folder whose name is alike."""
  folder, name = os.path.split(path)
  try:
    names = os.listdir(folder or ".")
  except (OSError, ValueError):
    return ""
  same = [each for each in names if each.lower() == name.lower()]
  alike = same or difflib.get_close_matches(name, names[:2000], 1, 0.8)
  return f"is it {os.path.join(folder, alike[0])}?" if alike else ""
