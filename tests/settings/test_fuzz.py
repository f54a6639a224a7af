"""Any text and any Python value for any setting: a value that reads back, or one short line."""

import decimal
import fractions
import pathlib
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tf_style.cli import command_line
from tf_style.errors import InputError
from tf_style.settings.config import Config
from tf_style.settings.fields import as_text
from tf_style.settings.presets import PRESETS

FIELDS = list(Config.__dataclass_fields__)
ROUNDS = [300, pytest.param(5000, marks=pytest.mark.full)]
WORDS = [
    "", " ", "0", "1", "-1", "2.5", "1e3", "1e400", "-0", "nan", "inf", "-inf", "0x10", "1_000",
    "٣", "true", "No", "YES", "t", "maybe", "auto", "original", "whole", "64", "65536", "64x48",
    "x", "1x", "None", "[]", "1,2,3", ",", "1,,2", "000000", "#FFFFFF", "+12345", "block1_conv1",
    "deep",
    "shallow,deep", "block4_conv2,block4_conv2", "adam", "ADAM", "gatys", "cpu", "GPU:0",
    "/device:gpu:1", "gpu:99999999999", "a.h5", "~", "../x", "\0", "a\0b", "\n", "\ufeff", "\ud800",
    "é" * 50, "9" * 400, "9" * 5000, "1," * 2000, "x" * 100_000, "--steps=3", "{}", "%s", "'1'"]


class Hostile:
  """Each of its methods raises what nobody expects."""

  def _fail(self, *_):
    raise RuntimeError("from a method\nof the value")

  __str__ = __repr__ = __int__ = __float__ = __index__ = __bool__ = __len__ = _fail
  __iter__ = __eq__ = __lt__ = __gt__ = __getattr__ = __array__ = __fspath__ = _fail
  __hash__ = None  # type: ignore[assignment]


class HostileText(str):
  """A text whose methods raise."""

  def _fail(self, *_):
    raise RuntimeError

  __str__ = __repr__ = strip = lower = split = __len__ = __eq__ = _fail  # type: ignore[assignment]
  __hash__ = str.__hash__


class HostileNumber(int):
  """A number whose methods raise."""

  def _fail(self, *_):
    raise RuntimeError

  __str__ = __repr__ = __int__ = __float__ = __eq__ = __lt__ = _fail  # type: ignore[assignment]
  __hash__ = int.__hash__


def nested(depth: int) -> list:
  value: list = []
  for _ in range(depth):
    value = [value]
  return value


def text(chance: random.Random) -> str:
  """A word, or a word with a few characters changed, or several."""
  word = chance.choice(WORDS)
  if chance.random() < 0.5:
    return word
  letters = list(word[:300])
  for _ in range(chance.randint(1, 4)):
    letters.insert(chance.randint(0, len(letters)), chr(chance.choice(
        [chance.randrange(128), chance.randrange(0x3000), chance.randrange(0x110000)])))
  return "".join(letters) + chance.choice(["", ",", chance.choice(WORDS)[:300]])


def number(chance: random.Random) -> Any:
  return chance.choice([
      0, 1, -1, 3, 64, 2**31, 2**70, 10**400, -10**400, 10**6000, 0.0, -0.0, 0.5, 1.0, 1e-320,
      1e308, float("nan"), float("inf"), True, False, 3 + 4j, fractions.Fraction(1, 3),
      decimal.Decimal("0.5"), chance.uniform(-2, 100), chance.randint(-3, 3000)])


MAKERS: list[Callable[[random.Random], Any]] = [
    text, number,
    lambda chance: None,
    lambda chance: [value(chance) for _ in range(chance.randint(0, 4))],
    lambda chance: tuple(number(chance) for _ in range(chance.randint(0, 4))),
    lambda chance: {text(chance): 1}, lambda chance: {1, 2}, lambda chance: text(chance).encode(
        errors="surrogatepass"),
    lambda chance: chance.choice(
        [np.int64, np.float32, np.uint8, np.float16])(chance.randint(0, 99)),
    lambda chance: chance.choice([
        np.str_("adam"), np.bool_(True), np.bytes_(b"1"), np.longdouble(3),
        np.datetime64("2026-01-01"), np.complex64(1), np.float64("nan")]),
    lambda chance: np.full(chance.choice([(), (1,), (3,), (2, 2), (0,), (2000, 2000)]), 0.5),
    lambda chance: np.array([1, "a", None, object()], object),
    lambda chance: np.array(["block1_conv1", "block2_conv1"]),
    lambda chance: tf.constant(chance.choice([1.0, 5.0])), lambda chance: tf.constant("adam"),
    lambda chance: chance.choice([Hostile(), HostileText("adam"), HostileNumber(3), Hostile,
                                  [Hostile()], (HostileText("1"),), {"a": Hostile()}]),
    lambda chance: nested(chance.choice([1, 2, 100_000])),
    lambda chance: [0] * 3_000_000, lambda chance: range(chance.choice([2, 10**12])),
    lambda chance: (n for n in range(3)), lambda chance: iter(int, 1), lambda chance: object(),
    lambda chance: pathlib.Path("vgg16.h5"), lambda chance: len, lambda chance: bytearray(5)]


def value(chance: random.Random) -> Any:
  return chance.choice(MAKERS[:3])(chance)


def check(options: dict[str, Any]) -> Config | None:
  """Makes a configuration, which must read back, or one short line."""
  try:
    config = Config.of(**options)
  except InputError as error:
    line = str(error)
    assert line.isprintable() and len(line) < 1000 and ", received " in line
    return None
  assert all(type(each) in (bool, int, float, str, tuple) for each in vars(config).values())
  assert Config.of(**config.as_dict()) == config
  return config


@pytest.mark.parametrize("rounds", ROUNDS)
def test_texts(rounds):
  chance, taken = random.Random(rounds), 0
  for index in range(rounds):
    taken += check({FIELDS[index % len(FIELDS)]: text(chance)}) is not None
  assert 0.02 * rounds < taken < 0.5 * rounds


@pytest.mark.parametrize("rounds", ROUNDS)
def test_values(rounds):
  chance, taken = random.Random(rounds), 0
  for index in range(rounds):
    maker = MAKERS[chance.randrange(len(MAKERS))]
    taken += check({FIELDS[index % len(FIELDS)]: maker(chance)}) is not None
  assert 0.02 * rounds < taken < 0.5 * rounds


@pytest.mark.parametrize("maker", range(len(MAKERS)))
def test_every_kind_of_value_for_every_field(maker):
  chance = random.Random(maker)
  for name in FIELDS:
    check({name: MAKERS[maker](chance)})


@pytest.mark.parametrize("preset", PRESETS)
def test_several_at_once(preset):
  chance = random.Random(preset)
  for _ in range(50):
    check({"preset": preset} | {name: text(chance) for name in chance.sample(FIELDS, 3)})


def word(chance: random.Random, folder: pathlib.Path) -> str:
  name = chance.choice([*FIELDS, "content", "style", "output", "logdir", "verbosity", "init_image",
                        "style_mask", "flagfile", "resume", "undefok", "version"])
  given = text(chance)
  if name in ("flagfile", "resume"):
    given = str(folder / chance.choice(["flags.txt", "none.txt", ""]))
  return chance.choice([
      f"--{name}={given}", f"--{name}={given}", f"-{name}={given}", f"--{name}", f"--no{name}",
      f"--no{name}={given}", given, "--", "-", f"--{given}"])


@pytest.mark.parametrize("rounds", ROUNDS)
def test_command_lines(rounds, tmp_path, capsys):
  chance, outcomes = random.Random(rounds), {"job": 0, "line": 0, "answer": 0}
  for _ in range(rounds):
    (tmp_path / "flags.txt").write_text(
        "\n".join(word(chance, tmp_path) for _ in range(2)), errors="replace")
    argv = [word(chance, tmp_path) for _ in range(chance.randint(0, 2))]
    try:
      job = command_line.parse(["--content=a.jpg", "--style=b.jpg", *argv])
      assert command_line.parse([*job.config.as_flags()]).config == job.config
      outcomes["job"] += 1
    except InputError as error:
      assert str(error).isprintable() and len(str(error)) < 1000
      outcomes["line"] += 1
    except SystemExit as end:
      assert end.code == 0
      outcomes["answer"] += 1
  assert outcomes["job"] > 0.1 * rounds and outcomes["line"] > 0.1 * rounds


@pytest.mark.parametrize("name", FIELDS)
def test_the_text_of_a_default_gives_it_back(name):
  default = getattr(Config(), name)
  assert getattr(Config.of(**{name: as_text(default)}), name) == default
