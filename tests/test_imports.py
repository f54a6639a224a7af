"""The plan of the house holds: a room imports only from rows above its own, --help is instant."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import tf_style

PACKAGE = Path(tf_style.__file__).parent
ROWS = (
    {"errors", "records", "roots", "signals"},
    {"network", "files", "console", "presets", "layers"},
    {"config", "machine", "decode", "encode", "images", "losses", "pyramid", "tiles", "weight_files",
     "events"},
    {"color", "masks", "memory", "sheet", "styles", "weights", "parameters"},
    {"features", "optimizers", "plans", "summaries", "checkpoints", "progress"},
    {"objective", "targets", "saved_model"},
    {"gradients"},
    {"descent"},
    {"watch"},
    {"transfer"},
    {"flags", "report"},
    {"checks"},
    {"run", "export", "board", "gallery"},
)
ONE_ROOM = {"decode", "encode", "images"}  # three files of one room: they may use each other
ROW = {room: number for number, rooms in enumerate(ROWS) for room in rooms}
FILES = sorted(path.stem for path in PACKAGE.glob("*.py") if not path.stem.startswith("__"))
WITHOUT_TENSORFLOW = {
    "errors", "records", "network", "files", "console", "presets", "config", "machine", "decode", "encode",
    "images", "masks", "pyramid", "styles", "tiles", "memory", "progress", "sheet", "signals", "checkpoints",
    "flags", "checks", "run", "gallery"}


def tree(room: str) -> ast.Module:
  return ast.parse((PACKAGE / f"{room}.py").read_text(), room)


def imports(room: str) -> set[str]:
  """Names of the rooms that a room imports anywhere, in functions too."""
  found = set()
  for node in ast.walk(tree(room)):
    if isinstance(node, ast.ImportFrom) and node.module == "tf_style":
      found |= {alias.name for alias in node.names}
    elif isinstance(node, ast.ImportFrom):
      found.add((node.module or "").removeprefix("tf_style."))
    elif isinstance(node, ast.Import):
      found |= {alias.name.removeprefix("tf_style.") for alias in node.names}
  return found & set(FILES)


@pytest.mark.parametrize("room", FILES)
def test_a_room_imports_only_from_rows_above(room):
  assert room in ROW, "a new room belongs into the table"
  for other in imports(room):
    assert ROW[other] < ROW[room] or {room, other} <= ONE_ROOM, f"{room} imports {other}"


@pytest.mark.parametrize("room", FILES)
def test_nothing_happens_on_import(room):
  """Beside definitions and constants a module runs nothing."""
  for node in tree(room).body:
    runs = isinstance(node, (ast.For, ast.While, ast.With, ast.Try)) or (
        isinstance(node, ast.Expr) and not isinstance(node.value, ast.Constant))
    assert not runs, f"{room}, line {node.lineno}"


def test_the_command_line_loads_no_tensorflow():
  program = ("import sys; from tf_style import " + ", ".join(sorted(WITHOUT_TENSORFLOW)) +
             "; import tf_style; tf_style.Config; tf_style.load_picture; dir(tf_style)"
             "; print({'tensorflow', 'keras', 'tensorboard'} & set(sys.modules))")
  done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
  assert done.stdout.strip() == "set()"


def test_the_public_face():
  assert set(tf_style.__all__) < set(dir(tf_style))
  for name in tf_style.__all__:
    assert getattr(tf_style, name).__doc__, name
  assert tf_style.stylize is importlib.import_module("tf_style.transfer").stylize
  with pytest.raises(AttributeError, match="no attribute 'nothing'"):
    tf_style.nothing  # noqa: B018
