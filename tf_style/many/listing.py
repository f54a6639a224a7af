"""What --content names -> a list of pictures, each with the name that its result keeps."""

import glob
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from tf_style.errors import InputError, expected
from tf_style.pictures import images
from tf_style.pictures.load import ENDINGS

_FLAG = "--content"


class Found(NamedTuple):
  """A picture file.

  Attributes:
    path: absolute.
    name: of the file, and of folders above it as far as their structure is kept; with slashes.
  """

  path: str
  name: str


def is_several(paths: Sequence[str]) -> bool:
  """Whether --content asks for results in a folder: not if it is one file, or none that is here."""
  return len(paths) > 1 or any(
      os.path.isdir(path) or _is_pattern(path) or _parts(path) for path in paths)


def absolute(path: str) -> str:
  """Returns a text of --content with absolute paths."""
  return ",".join(map(os.path.abspath, _parts(path) or [path]))


def find(paths: Sequence[str], output: str) -> list[Found]:
  """Returns the pictures that are meant, each once.

  Args:
    paths: files, folders (with all folders in them), patterns, or several files with commas
      between them.
    output: the folder of the results, in which none is looked for.
  Raises:
    InputError: nothing is found, or `output` lies in a folder that is looked through.
  """
  found: dict[str, Found] = {}
  results = os.path.realpath(output)
  for path in paths:
    for each in _found(path, results):
      found.setdefault(os.path.realpath(each.path), each)
  return list(found.values())


def _found(path: str, results: str) -> list[Found]:
  if os.path.isdir(path):
    return _in_folder(path, results)
  if os.path.lexists(path):
    return [Found(os.path.abspath(path), os.path.basename(path))]
  if _is_pattern(path):
    return _matching(path, results)
  if parts := _parts(path):
    return [each for part in parts for each in _found(part, results)]
  images.probe_size(path, flag=_FLAG)  # says what is wrong with a path where nothing is
  raise InputError(f"{_FLAG}: " + expected("a picture that can be read", path))


def _in_folder(folder: str, results: str) -> list[Found]:
  if is_inside(results, folder):
    raise InputError("--output: " + expected(f"a folder outside {_FLAG}={folder}", results))
  found = [Found(os.path.abspath(path), path.relative_to(folder).as_posix())
           for path in _files(Path(folder))]
  if not found:
    raise InputError(f"{_FLAG}: " + expected(
        "a folder with pictures", f"{folder} without any"))
  return found


def _files(folder: Path) -> Iterator[Path]:
  for place, folders, names in os.walk(folder):
    folders[:] = sorted(name for name in folders if not name.startswith("."))
    yield from (Path(place, name) for name in sorted(names) if _is_picture(name))


def _matching(pattern: str, results: str) -> list[Found]:
  base = _fixed_part(pattern)
  paths = sorted(path for path in glob.iglob(pattern, recursive=True)
                 if os.path.isfile(path) and _is_picture(os.path.basename(path)))
  found = [Found(os.path.abspath(path), Path(os.path.relpath(path, base)).as_posix())
           for path in paths if not is_inside(os.path.realpath(path), results)]
  if not found:
    raise InputError(f"{_FLAG}: " + expected("a pattern that a picture matches", pattern))
  return found


def _fixed_part(pattern: str) -> str:
  """Returns the folder of a pattern down to the first part that is not fixed."""
  parts = Path(pattern).parts
  fixed = next(index for index, part in enumerate(parts) if glob.has_magic(part))
  return os.path.join(*parts[:fixed]) if fixed else "."


def is_inside(path: str, folder: str) -> bool:
  """Whether a real path is a folder, or lies somewhere in it."""
  return Path(path).is_relative_to(os.path.realpath(folder))


def _is_picture(name: str) -> bool:
  return name.lower().endswith(ENDINGS) and not name.startswith(".")


def _is_pattern(path: str) -> bool:
  return not os.path.lexists(path) and bool(re.search(r"[*?]|\[.+\]", path))


def _parts(path: str) -> list[str]:
  """Returns the paths in a text with commas, where no file has that name and all of them exist."""
  parts = [part.strip() for part in path.split(",")]
  if len(parts) == 1 or os.path.lexists(path) or not all(parts):
    return []
  return parts if all(os.path.lexists(part) or _is_pattern(part) for part in parts) else []
