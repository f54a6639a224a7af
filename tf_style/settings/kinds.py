"""The kinds of values that settings have: how each is read, and what messages and help call it."""

import numbers
import os
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from tf_style.settings.presets import BLOCKS, STYLE_LAYERS

LONGEST_SIDE = 65535  # pixels; what the file formats hold
_LONGEST_TEXT = 4096  # characters; what systems hold in a path
_MOST_ITEMS = 1000

Parse = Callable[[Any], Any]


class Kind(NamedTuple):
  """A kind of value.

  Attributes:
    parse: from a text or another value, as `plain` returns it, to the setting's type; raises
      ValueError, TypeError or OverflowError where that cannot be done.
    noun: what a message says was expected.
    placeholder: what the help shows in place of a value.
  """

  parse: Parse
  noun: str
  placeholder: str


def plain(value: Any) -> Any:
  """Returns a value as Python's own: None, a text, number or truth value, or a tuple of these.

  NumPy's scalars and arrays, tensors and paths are understood.

  Raises:
    Exception: it is something else, or has more than 1000 items. What the value's own methods
      raise is passed on, which may be anything.
  """
  if hasattr(value, "__array__"):
    array = np.asarray(value)
    if array.ndim > 1 or array.size > _MOST_ITEMS:
      raise ValueError
    value = array.tolist()
  if isinstance(value, (list, tuple, range)):
    if len(value) > _MOST_ITEMS:
      raise ValueError
    return tuple(map(_plain_item, value))
  return _plain_item(value)


def _plain_item(value: Any) -> Any:
  if hasattr(value, "__array__"):
    value = np.asarray(value).item()
  if isinstance(value, os.PathLike):
    value = os.fspath(value)
  if value is None or isinstance(value, bool):
    return value
  if isinstance(value, str):
    return str.__str__(value)
  if isinstance(value, numbers.Integral):
    return int(value)
  if isinstance(value, numbers.Real):
    return float(value)
  raise TypeError


def list_name(value: Any) -> str | None:
  """Returns the name of a list of style layers, such as 'deep', or None where layers are named.

  Args:
    value: one that the kind 'style layers' has taken.
  """
  names = _several(_name)(plain(value))
  return names[0] if len(names) == 1 and names[0] in STYLE_LAYERS else None


def _several(parse: Parse) -> Parse:
  def parse_all(value: Any) -> tuple[Any, ...]:
    if isinstance(value, str):
      value = value.split(",", _MOST_ITEMS)
    items = value if isinstance(value, (list, tuple)) else [value]
    if len(items) > _MOST_ITEMS:
      raise ValueError
    return tuple(parse(item) for item in items if item != "")

  return parse_all


def _text(value: Any) -> str:
  if not isinstance(value, str):
    raise TypeError
  if len(value) > _LONGEST_TEXT or "\0" in value:
    raise ValueError
  return value.strip()


def _name(value: Any) -> str:
  name = _text(value)
  if not name.isprintable():
    raise ValueError
  return name


def _int(value: Any) -> int:
  if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
    raise ValueError
  return int(value)


def _float(value: Any) -> float:
  if isinstance(value, bool):
    raise ValueError
  return float(value)


def _bool(value: Any) -> bool:
  """Reads what absl's Boolean flags take, in any case, and yes and no."""
  text = str(int(value)) if value in (0, 1) else _text(value).lower()
  if text in ("true", "t", "1", "yes", "y"):
    return True
  if text in ("false", "f", "0", "no", "n"):
    return False
  raise ValueError


def _pixels(**words: Any) -> Parse:
  """Returns a parser of a number of pixels, or of a word that stands for the value beside it."""
  def parse(value: Any) -> Any:
    return words[value] if isinstance(value, str) and value in words else _int(value)

  return parse


def _dimensions(value: Any) -> str:
  if value == "":
    return ""
  width, height = map(int, _text(value).lower().split("x"))
  if not (0 < width <= LONGEST_SIDE and 0 < height <= LONGEST_SIDE):
    raise ValueError
  return f"{width}x{height}"


def _seconds(value: Any) -> float:
  """Reads 75.5, 1:15.5 and 0:01:15.5 alike."""
  if not isinstance(value, str):
    return _float(value)
  parts = value.split(":")
  if len(parts) > 3 or any(not re.fullmatch(r"[0-9]{1,9}", part) for part in parts[:-1]):
    raise ValueError
  return sum(float(part) * 60**place for place, part in enumerate(reversed(parts)))


def _color(value: Any) -> str:
  digits = _text(value).removeprefix("#").lower()
  if not re.fullmatch("[0-9a-f]{6}", digits):
    raise ValueError
  return digits


def _style_layers(value: Any) -> tuple[str, ...]:
  name = list_name(value)
  return BLOCKS[STYLE_LAYERS[name]] if name else _several(_name)(value)


def _device(value: Any) -> str:
  """Reads a device as we write it, gpu:0, or as TensorFlow does: GPU:0, /GPU:0, /device:GPU:0."""
  name = _name(value).lower().removeprefix("/").removeprefix("device:")
  if name in ("auto", "cpu", "cpu:0"):
    return name.removesuffix(":0")
  if match := re.fullmatch("gpu(?::([0-9]{1,9}))?", name):
    return f"gpu:{int(match[1] or 0)}"
  raise ValueError


KINDS: Mapping[str, Kind] = {
    "int": Kind(_int, "a whole number", "N"),
    "ints": Kind(_several(_int), "whole numbers with commas between", "N,N"),
    "float": Kind(_float, "a number", "X"),
    "floats": Kind(_several(_float), "numbers with commas between", "X,X"),
    "seconds": Kind(_seconds, "seconds, or HOURS:MINUTES:SECONDS", "SECONDS|M:SS"),
    "bool": Kind(_bool, "true or false", "true|false"),
    "choice": Kind(_name, "a name", "NAME"),
    "text": Kind(_text, "a text", "TEXT"),
    "names": Kind(_several(_name), "names with commas between", "NAME,NAME"),
    "style layers": Kind(
        _style_layers, "names with commas between", f"NAME,NAME|{'|'.join(STYLE_LAYERS)}"),
    "size": Kind(
        _pixels(original="original"), "a number of pixels or 'original'", "N|original"),
    "tile": Kind(
        _pixels(auto="auto", whole=0), "a number of pixels, 'whole' or 'auto'", "N|whole|auto"),
    "dimensions": Kind(
        _dimensions, f"WIDTHxHEIGHT in pixels, each at most {LONGEST_SIDE}", "WxH"),
    "colors": Kind(
        _several(_color), "colors as six hexadecimal digits, with commas between", "HEX,HEX"),
    "device": Kind(_device, "auto, cpu or gpu:N", "auto|cpu|gpu:N")}
