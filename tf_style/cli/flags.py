"""Flags as every command reads them: absl's syntax, flag files, help.

Every flag is a text and left out until it is given, so that what was given can win over a preset.
"""

import dataclasses
import difflib
import re
import shutil
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from absl import flags

from tf_style.cli import flag_files
from tf_style.errors import InputError, expected, shown
from tf_style.films.settings import FilmConfig
from tf_style.learned.settings import LearnConfig
from tf_style.settings.config import Config
from tf_style.settings.fields import as_text
from tf_style.settings.kinds import KINDS
from tf_style.version import __version__


class Flag(NamedTuple):
  """A flag of a command.

  Attributes:
    name: without dashes.
    values: what the help shows in place of a value.
    group: its heading in the help.
    text: what it does.
    repeated: whether every value counts, not only the last.
    boolean: whether it may stand alone, for true, and as --noNAME, for false.
  """

  name: str
  values: str
  group: str
  text: str
  repeated: bool = False
  boolean: bool = False


_ALWAYS = (Flag("help", "", "The job", "show this and exit", boolean=True),
           Flag("version", "", "The job", "show the version and exit", boolean=True))


def config_flags(settings: type[Config] | type[LearnConfig] | type[FilmConfig] = Config,
                 ) -> list[Flag]:
  """Returns a flag for each field of settings such as `Config`."""
  made = []
  for field in dataclasses.fields(settings):
    facts, default = field.metadata, _default_text(field.default)
    values = "|".join(facts.get("choices", ())) or KINDS[facts["kind"]].placeholder
    made.append(Flag(
        field.name, values, facts["group"],
        facts["help"] + (f" (default: {default})" if default else ""),
        boolean=facts["kind"] == "bool"))
  return made


def _default_text(value: Any) -> str:
  if isinstance(value, bool):
    return str(value).lower()
  items = value if isinstance(value, tuple) else (value,)
  return ", ".join(f"{item:.3g}" if isinstance(item, float) else as_text(item) for item in items)


def read(argv: Sequence[str], known: Sequence[Flag], intro: str) -> dict[str, Any]:
  """Reads flags, flag files among them, and answers `--help` and `--version`.

  Args:
    argv: the command line without the program's name.
    known: the flags of the command.
    intro: how the help begins.
  Returns:
    The text of each flag that was given, by its name; a list of texts where it is repeated. Flags
    that are repeated replace those in a flag file.
  Raises:
    InputError: a flag is unknown or has no value, or there are words that are no flags.
    SystemExit: with 0, after `--help` or `--version`.
  """
  given = _parsed(flag_files.expanded(argv), known)
  if is_true(given, "help") or is_true(given, "version"):
    version = f"tf_style {__version__}"
    print(help_text([*known, *_ALWAYS], intro) if is_true(given, "help") else version, flush=True)
    raise SystemExit(0)
  beside = flag_files.without(argv)
  if len(beside) < len(argv):
    given |= {name: value for name, value in _parsed(beside, known).items()
              if isinstance(value, list)}
  return {name: value for name, value in given.items() if name not in ("help", "version")}


def _parsed(words: Sequence[str], known: Sequence[Flag]) -> dict[str, Any]:
  values = flags.FlagValues()
  values.set_gnu_getopt(True)
  for flag in (*known, *_ALWAYS):
    if flag.repeated:
      flags.DEFINE_multi_string(flag.name, None, flag.text, flag_values=values)
    else:
      flags.DEFINE_flag(flags.Flag(
          flags.ArgumentParser(), None, flag.name, None, flag.text,
          flag.name[0] if flag in _ALWAYS else None, flag.boolean), values)
  try:
    # Unknown words are given back: absl's own suggestion recurses once for each letter of a name.
    rest = values(["tf_style", *words], known_only=True)[1:]
  except (flags.Error, ValueError) as error:
    raise InputError(shown(str(error))) from error
  if rest and (match := re.match("--?([^=-][^=]*)", rest[0])):
    raise InputError(f"--{shown(match[1])}: " + _nearest(match[1], known))
  if rest:
    raise InputError(expected("flags alone, such as --content=FILE", f"'{rest[0]}'"))
  return {flag.name: values[flag.name].value for flag in (*known, *_ALWAYS)
          if values[flag.name].value is not None}


def is_true(given: dict[str, Any], name: str) -> bool:
  """Returns the value of a Boolean flag, false where it was not given.

  Raises:
    InputError: it is neither.
  """
  kind = KINDS["bool"]
  try:
    return kind.parse(given.get(name, "false"))
  except ValueError:
    raise InputError(f"--{name}: " + expected(kind.noun, given[name])) from None


def _nearest(name: str, known: Iterable[Flag]) -> str:
  near = difflib.get_close_matches(name[:100], [flag.name for flag in (*known, *_ALWAYS)])
  hint = f" such as {' or '.join(f'--{other}' for other in near)}" if near else ""
  return expected(f"a flag{hint} (--help lists them)", "an unknown one")


def help_text(known: Sequence[Flag], intro: str, width: int | None = None) -> str:
  """Returns the help: flags by group, wrapped to the terminal, 80 to 100 columns."""
  width = width or min(100, max(80, shutil.get_terminal_size().columns))
  lines = [intro]
  for group in dict.fromkeys(flag.group for flag in known):
    lines += ["", f"{group}:"]
    for flag in known:
      if flag.group == group:
        lines += _help_lines(flag, width)
  return "\n".join(lines)


def _help_lines(flag: Flag, width: int, column: int = 30) -> list[str]:
  head = f"  --{flag.name}" + (f"={flag.values}" if flag.values else "")
  if flag.boolean and flag.values:
    head = f"  --[no]{flag.name}"
  lines = textwrap.wrap(flag.text, width - column, break_on_hyphens=False)
  lines = [" " * column + line for line in lines]
  if len(head) + 2 > column:
    return [head, *lines]
  return [head.ljust(column) + lines[0].strip(), *lines[1:]]
