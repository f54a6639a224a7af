"""Writing that is never seen half done, folders of a run, and names that never overwrite."""

import contextlib
import datetime
import errno
import hashlib
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from tf_style.errors import OutputError, one_line

# How a file system says that it does not flush folders.
_NO_FLUSH = {errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.EACCES, errno.EPERM, errno.EISDIR}


def write_atomically(path: str | os.PathLike, write: Callable[[Path], object],
                     overwrite: bool = True) -> Path:
  """Calls `write` on a temporary file beside `path`, flushes it to disk and renames it.

  Args:
    path: the file to write; its folder is made.
    write: receives the temporary path, whose ending is that of `path`.
    overwrite: False takes the next free name (`name-2.png`) where `path` exists, also when another
      process takes the name first.
  Returns:
    The path that was written.
  Raises:
    OSError: from the system; the temporary file is removed and `path` is as before.
  """
  path = Path(path)
  path.parent.mkdir(parents=True, exist_ok=True)
  temporary = _aside(path)
  os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
  try:
    write(temporary)
    _flush_file(temporary)
    if overwrite:
      os.replace(temporary, path)
      return path
    return _link_to_free_name(temporary, path)
  finally:
    with contextlib.suppress(FileNotFoundError):
      temporary.unlink()


def write_folder_atomically(folder: Path, write: Callable[[Path], object],
                            overwrite: bool = True) -> None:
  """Calls `write` on a temporary folder beside `folder`, flushes its files and renames it.

  Args:
    folder: the folder to write.
    write: receives the temporary folder.
    overwrite: whether a folder of that name is replaced; an empty one always is.
  Raises:
    OSError: from the system; the temporary folder is removed.
  """
  folder.parent.mkdir(parents=True, exist_ok=True)
  aside = _aside(folder)
  aside.mkdir()
  try:
    write(aside)
    for path in aside.rglob("*"):
      (_flush_folder if path.is_dir() else _flush_file)(path)
    _flush_folder(aside)
    if overwrite:
      remove_folder(folder)
    _rename(aside, folder)
    _flush_folder(folder.parent)
  finally:
    remove_folder(aside)


def write_bytes(path: Path, data: bytes, *, aside: Path, overwrite: bool) -> None:
  """Writes a file that is never seen half done, by way of a name that the caller knows.

  Args:
    path: the file; its folder is made.
    data: what it holds.
    aside: in the same folder; it is gone afterwards unless the process is killed.
    overwrite: False raises FileExistsError where `path` exists, also when another process takes the
      name first.
  Raises:
    OSError: from the system; `path` is as before.
  """
  path.parent.mkdir(parents=True, exist_ok=True)
  try:
    aside.write_bytes(data)
    _flush_file(aside)
    if overwrite:
      os.replace(aside, path)
    else:
      _claim(aside, path)
  finally:
    with contextlib.suppress(FileNotFoundError):
      aside.unlink()


def digest_of(path: str | os.PathLike) -> str:
  """Returns the SHA-256 of a file, in hexadecimal digits."""
  digest = hashlib.sha256()
  with open(path, "rb") as file:
    while block := file.read(2**20):
      digest.update(block)
  return digest.hexdigest()


def remove_folder(folder: Path) -> None:
  """Removes a folder with all that is in it, as far as the system allows it."""
  shutil.rmtree(folder, ignore_errors=True)


def _aside(path: Path) -> Path:
  """Returns a new name beside `path`, with its ending."""
  return path.with_name(f".writing-{secrets.token_hex(6)}{path.suffix}")


def _flush_file(path: Path) -> None:
  handle = os.open(path, os.O_RDWR)  # Windows flushes no file that is open for reading only
  try:
    os.fsync(handle)
  finally:
    os.close(handle)


def _flush_folder(path: Path) -> None:
  """Flushes the names in a folder to disk, where the system opens folders and flushes them."""
  try:
    handle = os.open(path, os.O_RDONLY)
    try:
      os.fsync(handle)
    finally:
      os.close(handle)
  except OSError as error:
    if error.errno not in _NO_FLUSH:
      raise


def _rename(aside: Path, folder: Path) -> None:
  """Renames a folder, over an empty one too, which Windows alone does not allow."""
  try:
    aside.rename(folder)
  except (FileExistsError, PermissionError):
    folder.rmdir()
    aside.rename(folder)


def _numbered(path: Path, number: int) -> Path:
  return path if number == 1 else path.with_name(f"{path.stem}-{number}{path.suffix}")


def _link_to_free_name(temporary: Path, path: Path) -> Path:
  number = 1
  while True:
    candidate = _numbered(path, number)
    try:
      _claim(temporary, candidate)
      return candidate
    except FileExistsError:
      number += 1


def _claim(temporary: Path, candidate: Path) -> None:
  """Gives a file a name that nobody has; raises FileExistsError where somebody does."""
  try:
    os.link(temporary, candidate)
  except FileExistsError:
    raise
  except (OSError, AttributeError):  # drives and systems without hard links: take the name, empty
    candidate.touch(exist_ok=False)
    os.replace(temporary, candidate)


def free_path(path: str | os.PathLike) -> Path:
  """Returns `path`, or the first of `name-2`, `name-3`, ... that does not exist."""
  number = 1
  while _numbered(Path(path), number).exists():
    number += 1
  return _numbered(Path(path), number)


def make_run_folder(logdir: str | os.PathLike, name: str) -> Path:
  """Makes `logdir/<date>-<time>-<name>` and returns it; two runs never get the same one.

  Raises:
    OutputError: the folder cannot be made.
  """
  stamp = datetime.datetime.now().strftime("%Y%m%d-%H%M%S")
  base = Path(logdir) / f"{stamp}-{safe_name(name)}"
  number = 1
  while True:
    folder = _numbered(base, number)
    try:
      folder.mkdir(parents=True)
      return folder
    except FileExistsError as error:
      if not folder.is_dir():
        raise OutputError(f"--logdir: expected a folder, received {logdir}") from error
      number += 1
    except OSError as error:
      raise OutputError(f"--logdir: expected a writable folder, received {logdir} "
                        f"({error.strerror})") from error


def safe_name(text: str, limit: int = 100) -> str:
  """Returns `text` with only letters, digits, '.', '_' and '-', in at most `limit` bytes."""
  name = re.sub(r"[^\w.-]+", "_", one_line(text))
  return name.encode()[:limit].decode(errors="ignore").strip(".") or "picture"


def check_writable(path: str | os.PathLike, flag: str = "--output") -> None:
  """Checks, leaving nothing behind, that a file can be written at `path`.

  Raises:
    OutputError: it is a folder, or the nearest folder that exists above it is not writable.
  """
  path = Path(path)
  try:
    if path.is_dir():
      raise OutputError(f"{flag}: expected a file name, received the folder {path}")
  except OSError as error:
    raise OutputError(
        f"{flag}: expected a file name, received {path} ({error.strerror})") from error
  check_folder(path.absolute().parent, flag)


def check_folder(folder: str | os.PathLike, flag: str) -> None:
  """Checks, leaving nothing behind, that `folder` can be written into, or be made.

  Raises:
    OutputError: the nearest that exists of it and the folders above it is not a writable folder.
  """
  path = Path(folder).absolute()
  try:
    nearest = next(p for p in (path, *path.parents) if os.path.lexists(p))
    with tempfile.TemporaryFile(dir=nearest):
      pass
  except OSError as error:
    raise OutputError(f"{flag}: expected a folder to write into, received {folder} "
                      f"({error.strerror})") from error


def check_empty_folder(folder: str | os.PathLike, flag: str) -> None:
  """Checks, leaving nothing behind, that a folder can be put at `folder` by a rename.

  Raises:
    OutputError: it is a file, holds something, or the folder above it is not writable.
  """
  path = Path(os.path.realpath(folder))
  try:
    taken = os.path.lexists(path) and not (path.is_dir() and not any(path.iterdir()))
  except OSError as error:
    raise OutputError(f"{flag}: expected a new or an empty folder, received {folder} "
                      f"({error.strerror})") from error
  if taken:
    raise OutputError(f"{flag}: expected a new or an empty folder, received {folder}, "
                      "which is neither")
  check_folder(path.parent, flag)
