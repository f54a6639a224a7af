"""Paths as people give them: ~ and file addresses are read, and a hint answers what is no path."""

import glob
import os
import re
import urllib.parse
from collections.abc import Mapping
from typing import Any

from tf_style.errors import InputError, expected


def paths_of(given: Mapping[str, Any], name: str) -> tuple[str, ...]:
  """Returns the paths that a flag gives, however often.

  Raises:
    InputError: one is empty or no path.
  """
  texts = given.get(name, ())
  return tuple(understood(text, name) for text in ([texts] if isinstance(texts, str) else texts))


def path_of(given: Mapping[str, Any], name: str) -> str | None:
  """Returns the path that a flag gives, the last where it is given again; None where it is not.

  Raises:
    InputError: it is empty or no path.
  """
  return paths_of(given, name)[-1] if name in given else None


def understood(text: str, name: str) -> str:
  """Returns the path that a text means: ~ is the home folder, and file:///a%20b is /a b.

  Raises:
    InputError: it is empty, or holds a null character.
  """
  path = os.path.expanduser(text)
  if match := re.match("file:(//(localhost)?)?(?=/)", text, re.IGNORECASE):
    path = urllib.parse.unquote(text[match.end():], errors="surrogateescape")
    if os.name == "nt":  # file:///C:/photo.jpg
      path = path.lstrip("/")
  if not path or "\0" in path:
    raise InputError(f"--{name}: " + expected("a path", f"'{text}'"))
  return path


def check_path(path: str, name: str) -> None:
  """Checks that a path, where nothing is there, is not a known mistake.

  Raises:
    InputError: it is; the message says what to give instead.
  """
  if not os.path.lexists(path) and (what := _instead(path, name)):
    raise InputError(f"--{name}: " + expected(what, path))


def _instead(path: str, name: str) -> str | None:
  again = f"; for several give --{name} again" if name.startswith("style") else ""
  if re.match("[a-z][a-z0-9+.-]*://|data:", path, re.IGNORECASE):
    return "a file on this machine (download it first)"
  if len(path) > 1 and path[0] in "\"'" and path[-1] == path[0]:
    return "a path without quotes around it"
  if any(glob.iglob(path)):
    return f"one path, not a pattern, which the shell does not expand after '='{again}"
  if "," in path and any(os.path.exists(part.strip()) for part in path.split(",")):
    return f"one path{again}"
  return None
