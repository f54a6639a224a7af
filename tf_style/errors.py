"""The exceptions a user can meet: each message is one line, what was expected and what received."""

import os

_LONGEST = 300  # characters of a received value in a message


class InputError(ValueError):
  """Something the user gave is wrong; the commands print it on one line and exit with code 2."""

  def __init__(self, message: str):
    super().__init__(one_line(message))


class ImageError(InputError):
  """A picture file cannot be read, is not a picture, or breaks a limit."""


class WeightsError(InputError):
  """Pretrained weights are missing, damaged, or made for another network."""


class OutputError(InputError):
  """A result cannot be written where the user asked for it."""


class WorkerLost(RuntimeError):
  """A process that trains together with this one is gone; what was learned is kept."""


def one_line(text: object) -> str:
  """Returns `text` as one printable line: what is not printable is escaped."""
  return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode()
                 for c in str(text))


def expected(what: str, received: object) -> str:
  """Words every message alike: 'expected <what>, received <received>'."""
  return f"expected {what}, received {shown(received)}"


def shown(value: object) -> str:
  """Returns a received value for a message: on one line, short, and never its contents at length.

  Texts, paths, numbers, tuples of them and what exceptions say are shown, a long one without its
  middle; of all else only the type.
  """
  try:
    text = _written(value)
  except Exception:  # the methods of an object that somebody passes may raise anything
    text = f"a value of type {type(value).__name__}"
  text = one_line(text if len(text) <= 2 * _LONGEST else text[:_LONGEST] + text[-_LONGEST:])
  return text if len(text) <= _LONGEST else f"{text[:_LONGEST // 2]}...{text[-_LONGEST // 3:]}"


def _written(value: object) -> str:
  if isinstance(value, str):
    return str.__str__(value)
  if isinstance(value, BaseException):
    return str(value) or type(value).__name__
  if isinstance(value, os.PathLike):
    return os.fsdecode(value)
  if isinstance(value, int) and value.bit_length() > 1000:
    return f"a whole number of {value.bit_length()} bits"
  if isinstance(value, tuple) and len(value) <= 20:
    return ", ".join(map(_written, value))
  if value is None or type(value) in (bool, int, float):
    return str(value)
  raise TypeError
