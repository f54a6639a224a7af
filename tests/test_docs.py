"""The pages keep what they promise: code runs, flags, commands, links and pictures are there."""

import ast
import dataclasses
import importlib
import inspect
import re
import shlex
import typing
from pathlib import Path

import numpy as np
import pytest
from made_inputs import write_picture
from test_imports import FOLDERS

import tf_style
from tf_style import __main__ as commands
from tf_style import board, export, gallery, learn, studio
from tf_style.cli import command_line, flags, lessons
from tf_style.films.settings import FilmConfig
from tf_style.learned.settings import LearnConfig
from tf_style.settings.config import Config
from tf_style.version import __version__

PACKAGE = Path(tf_style.__file__).parent
ROOT = PACKAGE.parent
PAGES = {path.name: path for path in (
    ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "CONTRIBUTING.md",
    *sorted((PACKAGE / "docs").glob("*.md")))}
MODULES = {"run": command_line, "gallery": gallery, "export": export, "board": board,
           "learn": learn, "studio": studio}
# Of these programs the flags are others', or are checked by their own tests.
OTHERS = ("pip", "docker", "git", "pre-commit", "ray", "ruff", "mypy",
          "bin/test", "bin/bench", "bin/figures", "bin/samples", "bin/lowest")
ELSEWHERE = ("urllib", "saved_model")  # what a block holds that needs a server or an export
TINY = {"image_size": 32, "network": "vgg16", "weights": "auto", "steps": 2, "levels": 1,
        "precision": "float32", "optimizer": "adam", "tile_size": 0, "style_loss": "gram",
        "content_layers": ("block1_conv2",), "content_layer_weights": (1.0,),
        "style_layers": ("block1_conv1",), "style_layer_weights": (1.0,)}


def text_of(page: str) -> str:
  """Returns a page without its comments, which nobody sees."""
  return re.sub(r"<!--.*?-->", "", PAGES[page].read_text("utf-8"), flags=re.S)


def blocks(page: str, language: str) -> list[str]:
  """Returns the fenced blocks of a language, in their order."""
  return re.findall(rf"^```{language}\n(.*?)^```", text_of(page), re.M | re.S)


def command_lines(block: str) -> list[list[str]]:
  """Returns the commands of a block as words, without comments, in one line each."""
  lines = re.sub(r"\\\n\s*", " ", block).splitlines()
  return [words for line in lines if (words := shlex.split(line, comments=True))]


def command_of(words: list[str]) -> tuple[str, list[str]]:
  """Returns which of our commands is called, and its flags; another program by its name."""
  if words[:2] == ["python", "-m"]:
    words = words[2:]
  program, *argv = words
  if program in ("tf-style", "tf_style", "bin/demo"):
    named = bool(argv) and not argv[0].startswith("-")
    return (argv[0], argv[1:]) if named else ("run", argv)
  return program.removeprefix("tf_style.").replace("bin/board", "board").replace(
      "bin/studio", "studio"), argv


PYTHON = [(page, block) for page in PAGES for block in blocks(page, "python")]
COMMAND_LINES = [(page, words) for page in PAGES for block in blocks(page, "sh")
                 for words in command_lines(block)]


@pytest.mark.parametrize(("page", "block"), PYTHON)
def test_python_blocks_compile_and_name_what_exists(page, block):
  for node in ast.walk(ast.parse(block)):
    if (isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
        and node.value.id == "tf_style"):
      assert node.attr in tf_style.__all__
    if isinstance(node, ast.ImportFrom):
      module = importlib.import_module(node.module)
      assert all(hasattr(module, alias.name) for alias in node.names)


@pytest.fixture
def tiny(tmp_path, monkeypatch, vgg16_weights):
  """A folder with the pictures that the pages name, where every run is tiny."""
  samples = tmp_path / "tf_style/samples"
  samples.mkdir(parents=True)
  names = ("photo.jpg", "painting.jpg", "print.jpg")
  for seed, path in enumerate([*(tmp_path / name for name in names),
                               samples / "photo.jpg", samples / "style.jpg"]):
    write_picture(path, seed=seed)
  of, load_picture = Config.of.__func__, tf_style.load_picture

  def tiny_of(cls, **options):
    config = of(cls, **options)
    return dataclasses.replace(config, **TINY, output_size=config.output_size and "32x24")

  monkeypatch.setattr(Config, "of", classmethod(tiny_of))
  monkeypatch.setattr(tf_style, "load_picture", lambda source, longest_side=None: load_picture(
      source, longest_side and min(longest_side, 32)), raising=False)
  for module in ("vgg.weights", "repaint.plan", "films.painters"):
    monkeypatch.setattr(f"tf_style.{module}.load_weights", lambda *_, **__: vgg16_weights)
  monkeypatch.chdir(tmp_path)
  return tmp_path


def run_blocks(page: str) -> dict[str, typing.Any]:
  """Runs the blocks of a page one after the other, as a reader would; returns all names."""
  names: dict[str, typing.Any] = {}
  for where, block in PYTHON:
    if where == page and not any(word in block for word in ELSEWHERE):
      exec(compile(block, page, "exec"), names)
  return names


def test_the_blocks_of_the_readme_run(tiny):
  result = run_blocks("README.md")["result"]
  assert result.picture.shape == (1, 24, 32, 3)
  assert np.array_equal(tf_style.load_picture("out.png").rgb, result.picture)


def test_the_blocks_about_python_run(tiny, capsys):
  names = run_blocks("python.md")
  assert "--steps: expected a finite number and at least 1" in capsys.readouterr().out
  assert names["texture"].picture.shape == (1, 24, 32, 3)
  assert not np.array_equal(*(result.picture for result in names["results"]))
  assert list(names["steps"]) == [1, 2]
  assert names["problem"].names == (
      "content/block1_conv2", "neighbors", "style/block1_conv1")
  assert float(names["terms"].total) == pytest.approx(
      names["problem"].value(names["plan"].content.rgb)["total"], rel=1e-5)
  cut_out = tf_style.load_picture("cut-out.png").alpha
  assert cut_out.shape == (24, 32) and cut_out[:, :8].max() == 0 and cut_out[:, 13:].min() == 1
  assert {path.name for path in tiny.glob("*.*")} == {
      "photo.jpg", "painting.jpg", "print.jpg", "out.png", "print.tif", "photo-painted.png",
      "print-painted.png", "level-0.png", "best.png", "cut-out.png"}


def test_the_blocks_about_films_run(tiny, capsys):
  import film_kinds
  film_kinds.write(tiny / "film.mp4")
  frames = run_blocks("films.md")["frames"]
  assert len(frames) == 5 and capsys.readouterr().out.count("\n") == 5
  assert np.array_equal(tf_style.load_picture("first.png").rgb, frames[0].picture)
  assert {path.name for path in tiny.glob("*.mp4")} == {"film.mp4", "painted.mp4"}


def test_the_blocks_about_research_run(tiny):
  names = run_blocks("research.md")
  totals, descent = names["totals"], names["descent"]
  assert totals[-1] < totals[0] / 3
  assert names["chunks"][0].totals[0] == pytest.approx(totals[0], rel=1e-2)  # of one start
  assert float(descent.best.loss) < totals[0] / 3
  # Of a style that the content is compared with first, `features` is what the blocks compare with.
  assert [name.split("/")[0] for name in names["problem"].names] == ["content", "style"]
  first = names["view"].value_and_gradient(names["photo"])
  mirrored = names["view"].value_and_gradient(names["pair"][1:])
  mean = (float(first[0].total) + float(mirrored[0].total)) / 2
  assert float(names["of_pair"].total) == pytest.approx(mean, rel=1e-4)
  np.testing.assert_allclose(names["gradients"][0], first[1][0] / 2, rtol=1e-2, atol=1e-3)


def test_the_blocks_about_folders_run(tiny, capsys):
  (tiny / "photos").mkdir()
  for name in ("a.jpg", "b.png"):
    write_picture(tiny / "photos" / name)
  (tiny / "photos/bad.jpg").touch()
  run_blocks("folders.md")
  lines = capsys.readouterr().out.splitlines()
  assert [line.partition(": ")[2].split()[0] for line in lines] == ["a.jpg", "b.png", "bad.jpg"]
  assert lines[0].startswith("1 of 3: a.jpg") and "--content: expected" in lines[2]
  assert {path.name for path in (tiny / "painted").iterdir()} == {"a.jpg", "b.png"}


@pytest.mark.parametrize("page", PAGES)
def test_every_flag_that_is_named_exists(page):
  known = {flag.name for command in (command_line.FILES, export._OWN, board._OWN, gallery._OWN,
                                             learn.FILES, studio._OWN)
           for flag in command}
  known |= {field.name for field in (*dataclasses.fields(Config), *dataclasses.fields(FilmConfig),
                                     *dataclasses.fields(LearnConfig))}
  known |= {f"no{field.name}" for field in dataclasses.fields(Config) if field.type == "bool"
            or field.type is bool}
  known |= {"flagfile", "help", "version", "full", "data", "pairs", "size", "neural_style",  # bin's
            "drift", "frames", "landmarks", "rounds", "scenes", "ways"}
  named = re.findall(r"(?<![\w-])--([a-z]\w*)", own_text(page))
  assert set(named) <= known


def own_text(page: str) -> str:
  """Returns a page without the lines that call other programs, whose flags are theirs."""
  called = rf"(python -m )?({'|'.join(OTHERS[:7])})\b"
  return "\n".join(line for line in text_of(page).splitlines() if not re.match(called, line))


@pytest.mark.parametrize(("page", "words"), COMMAND_LINES, ids=lambda each: " ".join(each)[:60])
def test_every_command_line_is_right(page, words):
  if words[0].startswith("bin/"):
    assert (ROOT / words[0]).stat().st_mode & 0o111
  command, argv = command_of(words)
  if command not in MODULES:
    assert command in OTHERS
    return
  assert command in commands.COMMANDS
  for word in argv:
    flag, _, path = word.partition("=")
    if path.startswith("tf_style/"):
      assert (ROOT / path).exists()
    assert flag.startswith("--")
  if command == "run" and not any("logs/RUN" in word or "models/" in word for word in argv):
    of_one = [word for word in argv if not word.startswith(("--workers", "--cluster"))]
    assert command_line.parse(of_one).config.image_size
  if command == "gallery":
    assert len(gallery._cells(flags.read(argv, gallery._known(), gallery.INTRO))) >= 1
  if command == "learn" and not any("logs/RUN" in word for word in argv):
    assert lessons.job_of(flags.read(argv, learn.known(), learn.INTRO)).config.steps
  if command in ("export", "board", "studio"):
    assert bool(argv) == bool(flags.read(argv, MODULES[command]._OWN, ""))


@pytest.mark.parametrize("page", PAGES)
def test_links_and_pictures_exist(page):
  prose = re.sub(r"^```.*?^```", "", text_of(page), flags=re.M | re.S)
  for target, anchor in re.findall(r"\]\(([^)#]*)(?:#([^)]+))?\)", prose):
    if target.startswith("https://"):
      continue
    path = PAGES[page].parent / target if target else PAGES[page]
    assert path.exists(), target
    if anchor:
      titles = re.findall(r"^#+ (.+)$", path.read_text("utf-8"), re.M)
      assert anchor in {re.sub(r"[^\w -]", "", each).lower().replace(" ", "-") for each in titles}
  for path in re.findall(r"`((?:tf_style|bin|tests)/[\w/.-]+)`", prose):
    assert (ROOT / path).exists(), path


@pytest.mark.parametrize("page", PAGES)
def test_the_values_of_flags_that_are_named_are_right(page):
  options = {field.name for field in dataclasses.fields(Config)}
  for text in re.findall(r"`([^`]+)`", text_of(page)):
    given = {name: value for name, value in re.findall(r"--(\w+)=(\S+)", text)
             if name in options}
    config = Config.of(**given)
    assert all(getattr(config, name) is not None for name in given)


@pytest.mark.parametrize("page", PAGES)
def test_pages_are_written_to_be_read_anywhere(page):
  """Lines fit, but for rows of tables and pictures; pictures say what they show; no tabs."""
  for line in text_of(page).splitlines():
    assert len(line) <= 100 or line.startswith("|") or line.lstrip().startswith("!["), line
    assert "\t" not in line and line == line.rstrip(), line
  for alternative in re.findall(r"!\[([^]]*)\]", text_of(page)):
    assert len(alternative) > 10


def test_the_readme_has_the_layout():
  table = re.findall(r"^\| `(\w+)` \|", text_of("README.md"), re.M)
  assert tuple(table) == FOLDERS


def test_the_changes_have_this_version():
  versions = re.findall(r"^## \[(.+?)\]", text_of("CHANGELOG.md"), re.M)
  assert versions[0] == "Unreleased" and __version__ in versions


def test_pages_and_samples_are_shipped():
  setup = (ROOT / "setup.py").read_text("utf-8")
  listed = re.search(r'package_data=\{"tf_style": (\[.*?\])\}', setup, re.S)
  patterns = ast.literal_eval(listed[1])
  files = [path.relative_to(PACKAGE) for path in PACKAGE.rglob("*")
           if path.is_file() and path.suffix not in (".py", ".pyc")]
  assert [path for path in files if not any(map(path.match, patterns))] == []
  assert {"py.typed", "docs/python.md"} < set(map(Path.as_posix, files))


@pytest.mark.parametrize("command", commands.COMMANDS)
def test_helps_fit(command, capsys):
  with pytest.raises(SystemExit) as exit_info:
    importlib.import_module(f"tf_style.{command}").main(["--help"])
  assert exit_info.value.code == 0
  lines = capsys.readouterr().out.splitlines()
  assert max(map(len, lines)) <= 100 and any(line.startswith("  --help") for line in lines)


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
  elif hasattr(thing, "_fields"):
    attributes = text.partition("\nAttributes:\n")[2]
    for field in thing._fields:
      assert re.search(rf"^  (\w+, )*{field}(, \w+)*:", attributes, re.M), field
  elif dataclasses.is_dataclass(thing):
    assert all(field.metadata["help"] for field in dataclasses.fields(thing))


def test_help_is_a_good_start():
  text = inspect.getdoc(tf_style)
  assert text
  for name in ("stylize", "save_picture", "Config", "InputError", "on_step", "--help", "python.md"):
    assert name in text
  assert np.all([len(line) <= 100 for line in text.splitlines()])
