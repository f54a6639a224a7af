"""The pages keep what they promise: their code runs, their flags, commands, links and pictures are there."""

import ast
import dataclasses
import functools
import importlib
import inspect
import re
import shlex
import typing
from pathlib import Path

import numpy as np
import pytest
from made_inputs import write_picture, write_weights

import tf_style
from tf_style import board, export, gallery
from tf_style.cli import command_line, flags
from tf_style.settings.config import Config
from tf_style.vgg.weights import load_weights

PACKAGE = Path(tf_style.__file__).parent
ROOT = PACKAGE.parent
PAGES = {"README.md": ROOT / "README.md", "PYTHON.md": PACKAGE / "PYTHON.md",
         "SETTINGS.md": PACKAGE / "SETTINGS.md"}
COMMANDS = {"tf-style": command_line, "tf_style": command_line, "tf_style.run": command_line,
            "tf_style.export": export, "tf_style.board": board, "tf_style.gallery": gallery,
            "bin/demo": command_line, "bin/board": board}
OTHERS = ("pip", "docker", "bin/test", "bin/bench", "bin/figures", "bin/samples")  # theirs are others' flags


def text_of(page: str) -> str:
  """Returns a page without its comments, which nobody sees."""
  return re.sub(r"<!--.*?-->", "", PAGES[page].read_text("utf-8"), flags=re.S)


def blocks(page: str, language: str) -> list[str]:
  """Returns the fenced blocks of a language, in their order."""
  return re.findall(rf"^```{language}\n(.*?)^```", text_of(page), re.M | re.S)


def command_lines(block: str) -> list[list[str]]:
  """Returns the commands of a block as words, without comments; after a backslash the next line goes on."""
  lines = re.sub(r"\\\n\s*", " ", block).splitlines()
  return [words for line in lines if (words := shlex.split(line, comments=True))]


PYTHON = [(page, block) for page in PAGES for block in blocks(page, "python")]
COMMAND_LINES = [(page, words) for page in PAGES for block in blocks(page, "sh")
                 for words in command_lines(block)]


@pytest.mark.parametrize(("page", "block"), PYTHON)
def test_python_blocks_compile_and_name_what_exists(page, block):
  for node in ast.walk(ast.parse(block)):
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "tf_style":
      assert node.attr in tf_style.__all__
    if isinstance(node, ast.ImportFrom):
      module = importlib.import_module(node.module)
      assert all(hasattr(module, alias.name) for alias in node.names)


@pytest.mark.parametrize("page", ["README.md", "PYTHON.md"])
def test_python_blocks_run(page, tmp_path, monkeypatch, capsys):
  """One after the other, as a reader would: at a tiny size, on a network without training."""
  for name, seed in (("photo.jpg", 1), ("painting.jpg", 2), ("print.jpg", 3)):
    write_picture(tmp_path / name, seed=seed)
  samples = tmp_path / "tf_style/samples"
  samples.mkdir(parents=True)
  write_picture(samples / "photo.jpg")
  write_picture(samples / "style.jpg", seed=2)
  weights = write_weights(tmp_path / "vgg16.h5")
  stylize = tf_style.stylize

  def tiny(content=None, style=None, config=None, **others):
    config = config and dataclasses.replace(
        config, image_size=32, output_size=config.output_size and "32x24", network="vgg16",
        weights=str(weights), steps=2, levels=1, precision="float32", optimizer="adam",
        content_layers=("block1_conv2",), content_layer_weights=(1,),
        style_layers=("block1_conv1",), style_layer_weights=(1,), style_loss="gram")
    if config is None and "resume" not in others:
      return tiny(content, style, Config(), **others)
    return stylize(content, style, config, **others)

  monkeypatch.setattr(tf_style, "stylize", tiny, raising=False)
  monkeypatch.setattr("tf_style.repaint.plan.load_weights", functools.cache(load_weights))
  monkeypatch.chdir(tmp_path)
  names: dict = {}
  for where, block in PYTHON:
    if where == page and "urllib" not in block and "saved_model" not in block and "logs/RUN" not in block:
      exec(compile(block, page, "exec"), names)
  assert isinstance(names["result"], tf_style.Result)
  assert (tmp_path / "out.png").exists()
  if page == "PYTHON.md":
    assert "--steps: expected a finite number and at least 1" in capsys.readouterr().out
    assert names["texture"].picture.shape == (1, 24, 32, 3)
    assert len(names["losses"]) == 2


@pytest.mark.parametrize("page", PAGES)
def test_every_flag_that_is_named_exists(page):
  known = {flag.name for command in (command_line.FILES, export._OWN, board._OWN, gallery._OWN)
           for flag in command}
  known |= {field.name for field in dataclasses.fields(Config)}
  known |= {"flagfile", "help", "version", "full", "data", "pairs", "size", "neural_style"}  # bin's, too
  assert set(re.findall(r"(?<![\w-])--([a-z]\w*)", text_of(page))) <= known


@pytest.mark.parametrize(("page", "words"), COMMAND_LINES, ids=lambda each: " ".join(each)[:60])
def test_every_command_line_is_right(page, words):
  if words[:2] == ["python", "-m"]:
    words = words[2:]
  program, argv = words[0], words[1:]
  if program.startswith("bin/"):
    assert (ROOT / program).stat().st_mode & 0o111
  if program not in COMMANDS:
    assert program in OTHERS
    return
  for word in argv:
    flag, _, path = word.partition("=")
    if path.startswith("tf_style/"):
      assert (ROOT / path).exists()
    assert flag.startswith("--")
  if COMMANDS[program] is command_line and not any("logs/RUN" in word for word in argv):
    assert command_line.parse(argv)
  if COMMANDS[program] is gallery:
    assert gallery._cells(flags.read(argv, gallery._known(), gallery.INTRO))


@pytest.mark.parametrize("page", PAGES)
def test_links_and_pictures_exist(page):
  prose = re.sub(r"^```.*?^```", "", text_of(page), flags=re.M | re.S)
  for target in re.findall(r"\]\(([^)#]+)\)", prose):
    if not target.startswith("https://"):
      assert (PAGES[page].parent / target).exists(), target
  for path in re.findall(r"`((?:tf_style|bin|tests)/[\w/.-]+)`", prose):
    assert (ROOT / path).exists(), path


@pytest.mark.parametrize("page", PAGES)
def test_the_values_of_flags_that_are_named_are_right(page):
  options = {field.name for field in dataclasses.fields(Config)}
  for text in re.findall(r"`([^`]+)`", text_of(page)):
    given = {name: value for name, value in re.findall(r"--(\w+)=(\S+)", text) if name in options}
    assert Config.of(**given)


@pytest.mark.parametrize("name", tf_style.__all__)
def test_public_docstrings_are_complete(name):
  """Arguments, results and errors are said where there are any."""
  thing = getattr(tf_style, name)
  text = inspect.getdoc(thing)
  assert text and text.splitlines()[0].endswith(".")
  if inspect.isfunction(thing):
    signature = inspect.signature(thing)
    assert "\nArgs:\n" in text
    arguments = text.partition("\nArgs:\n")[2]
    for parameter in signature.parameters:
      assert re.search(rf"^  (\w+, )*{parameter}(, \w+)*:", arguments, re.M), parameter
    assert "\nReturns:\n" in text
    assert "\nRaises:\n" in text
  elif typing.get_type_hints(thing) and hasattr(thing, "_fields"):
    attributes = text.partition("\nAttributes:\n")[2]
    for field in thing._fields:
      assert re.search(rf"^  (\w+, )*{field}(, \w+)*:", attributes, re.M), field
  elif dataclasses.is_dataclass(thing):
    assert all(field.metadata["help"] for field in dataclasses.fields(thing))


def test_help_is_a_good_start():
  text = inspect.getdoc(tf_style)
  assert text
  for name in ("stylize", "save_picture", "Config", "InputError", "on_step", "--help", "PYTHON.md"):
    assert name in text
  assert np.all([len(line) <= 100 for line in text.splitlines()])
