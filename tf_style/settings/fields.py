"""The fields of `Config`: how one is declared, and how a value for it is checked and written."""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

from tf_style.errors import InputError, expected
from tf_style.settings.kinds import KINDS, plain


def option(default: Any, kind: str, group: str, text: str, **limits: Any) -> Any:
  """Declares a field.

  Args:
    default: its value where none is given.
    kind: a name in `KINDS`.
    group: the heading in the help under which its flag stands.
    text: what the help says.
    **limits: `low` and `high` (inclusive), `above` (exclusive), `choices`.
  """
  return dataclasses.field(
      default=default, metadata={"kind": kind, "group": group, "help": text, **limits})


def as_text(value: Any) -> str:
  """Returns a field's value as it is written on the command line."""
  return ",".join(map(str, value)) if isinstance(value, (tuple, list)) else str(value)


def checked(field: dataclasses.Field, value: Any) -> Any:
  """Returns `value` (or the text of it) in the field's type, within the field's limits.

  Raises:
    InputError: it is not; the message names the flag and says what was expected.
  """
  limits, received = field.metadata, value
  kind = KINDS[limits["kind"]]
  try:
    received = plain(value)
    value = kind.parse(received)
  except Exception:  # the methods of an object that somebody passes may raise anything
    raise InputError(f"--{field.name}: " + expected(kind.noun, received)) from None
  for item in value if isinstance(value, tuple) else (value,):
    if "choices" in limits and item not in limits["choices"]:
      raise InputError(
          f"--{field.name}: " + expected(f"one of {', '.join(limits['choices'])}", item))
    if not isinstance(item, str) and not _within(item, limits):
      raise InputError(f"--{field.name}: " + expected(_range(limits), item))
  return value


def all_checked(record: type, options: Mapping[str, Any]) -> dict[str, Any]:
  """Returns options of a dataclass of such fields, each as `checked` returns it.

  Raises:
    InputError: an option is unknown or wrong.
  """
  fields = {field.name: field for field in dataclasses.fields(record)}
  for name in options:
    if name not in fields:
      raise InputError(expected(f"one of the options {', '.join(fields)}", name))
  return {name: checked(fields[name], value) for name, value in options.items()}


def _within(number: float, limits: Mapping[str, Any]) -> bool:
  return (not (isinstance(number, float) and not math.isfinite(number))
          and limits.get("low", number) <= number <= limits.get("high", number)
          and number > limits.get("above", -math.inf))


def _range(limits: Mapping[str, Any]) -> str:
  parts = [f"{word} {limits[key]}" for key, word in
           (("low", "at least"), ("above", "more than"), ("high", "at most")) if key in limits]
  return " and ".join(["a finite number", *parts])
