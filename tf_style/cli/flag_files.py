"""Flag files: reading those that a command line names, and writing lines that read back."""

import os
import re
from collections.abc import Iterator, Sequence

from tf_style.errors import InputError, expected

_LONGEST = 2**20  # bytes


def expanded(argv: Sequence[str], inside: tuple[str, ...] = ()) -> list[str]:
  """Returns a command line with the lines of each flag file in place of its --flagfile.

  A file has one flag a line; quotes around a value are taken off, and comments begin with # or //.

  Args:
    argv: words.
    inside: real paths of the files that these words come from.
  Raises:
    InputError: a file cannot be read, or includes itself.
  """
  words: list[str] = []
  for word, is_file in _parts(argv):
    if not is_file:
      words.append(word)
      continue
    lines, path = _lines(word), os.path.realpath(word)
    if path in inside:
      raise InputError("--flagfile: " + expected("a file that does not include itself", word))
    words += expanded(lines, (*inside, path))
  return words


def without(argv: Sequence[str]) -> list[str]:
  """Returns a command line without its flag files."""
  return [word for word, is_file in _parts(argv) if not is_file]


def line(flag: str) -> str:
  """Returns the line of a file for a flag `--name=value`; a comment where no line can hold it."""
  if not flag.isprintable():
    return f"# no flag file can hold this: {flag!a}"
  name, _, value = flag.partition("=")
  return flag if flag == _unquoted(flag.strip()) else f'{name}="{value}"'


def _parts(argv: Sequence[str]) -> Iterator[tuple[str, bool]]:
  """Yields each word, or the path of a flag file, and which of the two it is."""
  words = iter(argv)
  for word in words:
    if word.lstrip("-") == "flagfile" and word.startswith("-"):
      path = next(words, None)
      if path is None:
        raise InputError("--flagfile: " + expected("the path of a text file of flags", "none"))
      yield os.path.expanduser(path), True
    elif match := re.match("--?flagfile=", word):
      yield os.path.expanduser(word[match.end():]), True
    else:
      yield word, False


def _lines(path: str) -> list[str]:
  try:
    with open(path, "rb") as file:
      data = file.read(_LONGEST + 1)
    if len(data) > _LONGEST:
      raise ValueError(f"{path}, which is larger than {_LONGEST} bytes")
    text = data.decode("utf-8-sig")  # Windows' editors begin files with a byte-order mark
  except (OSError, ValueError) as error:
    raise InputError(
        "--flagfile: " + expected("a text file of flags", str(error))) from error
  lines = (line.strip() for line in re.split("\r\n|\r|\n", text))
  return [_unquoted(line) for line in lines if line and not line.startswith(("#", "//"))]


def _unquoted(line: str) -> str:
  match = re.fullmatch(r"""(--?[^=\s]+=)(["'])(.*)\2""", line, re.DOTALL)
  return match[1] + match[3] if match else line
