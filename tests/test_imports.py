"""The layout holds: a folder imports only from folders above it; the command line is light."""

import ast
import graphlib
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import tf_style

PACKAGE = Path(tf_style.__file__).parent
FOLDERS = ("system", "pictures", "vgg", "losses", "settings", "problem", "descent", "repaint",
           "watching", "serving", "learned", "films", "many", "cli", "page")
FOR_ALL = {"errors", "version"}
RANK = {name: rank for rank, name in enumerate(("", *FOLDERS))}
FILES = sorted(path.relative_to(PACKAGE).with_suffix("").as_posix().replace("/", ".")
               for path in PACKAGE.rglob("*.py") if path.name != "__init__.py")
WITHOUT_TENSORFLOW = (
    "errors", "version", "system.files", "system.machine", "system.signals", "pictures.images",
    "pictures.color", "pictures.masks", "pictures.sheet", "vgg.network", "settings.config",
    "problem.inputs", "problem.memory", "problem.tiles", "repaint.checkpoints", "repaint.pyramid",
    "learned.checkpoints", "learned.record", "learned.settings", "cli.learning", "cli.lessons",
    "cli.models", "cli.painting", "learn",
    "films.opening", "films.settings", "films.targets",
    "many.folders", "many.job", "many.workers", "many.tasks",
    "cli.checks", "cli.command_line", "cli.console", "cli.flags", "cli.folders", "cli.output",
    "cli.progress", "cli.watchers", "cli.film_jobs", "cli.film_progress", "cli.filming", "run",
    "gallery", "board", "export", "studio", "page.asking", "page.exploring", "page.jobs",
    "page.learning", "page.places", "page.regions", "page.repainting", "page.service")


def tree(module: str) -> ast.Module:
  return ast.parse((PACKAGE / f"{module.replace('.', '/')}.py").read_text(), module)


def imports(module: str) -> set[str]:
  """Names of the package's modules that a module imports anywhere, in functions too."""
  found = set()
  for node in ast.walk(tree(module)):
    if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "tf_style":
      inside = (node.module or "").removeprefix("tf_style").lstrip(".")
      found |= {inside, *(f"{inside}.{alias.name}".lstrip(".") for alias in node.names)}
    elif isinstance(node, ast.Import):
      found |= {alias.name.removeprefix("tf_style.") for alias in node.names}
  return found & set(FILES)


@pytest.mark.parametrize("module", FILES)
def test_a_folder_imports_only_from_folders_above(module):
  folder, _, name = module.rpartition(".")
  for other in imports(module):
    above = other.rpartition(".")[0]
    allowed = other in FOR_ALL or (not folder and name not in FOR_ALL) or (
        above and RANK[above] <= RANK[folder])
    assert allowed, f"{module} imports {other}"


def test_there_are_no_circles():
  tuple(graphlib.TopologicalSorter({module: imports(module) for module in FILES}).static_order())


@pytest.mark.parametrize("folder", FOLDERS)
def test_importing_a_folder_imports_nothing(folder):
  assert not (PACKAGE / folder / "__init__.py").read_text()


@pytest.mark.parametrize("module", FILES)
def test_nothing_happens_on_import(module):
  """Beside definitions and constants a module runs nothing."""
  for node in tree(module).body:
    runs = isinstance(node, (ast.For, ast.While, ast.With, ast.Try)) or (
        isinstance(node, ast.Expr) and not isinstance(node.value, ast.Constant))
    assert not runs, f"{module}, line {node.lineno}"


def test_the_command_line_loads_no_tensorflow():
  program = ("import sys; import " + ", ".join(f"tf_style.{name}" for name in WITHOUT_TENSORFLOW) +
             "; import tf_style; tf_style.Config; tf_style.load_picture; dir(tf_style)"
             "; print({'tensorflow', 'keras', 'tensorboard'} & set(sys.modules))")
  done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
  assert done.stdout.strip() == "set()"


def test_the_public_face():
  assert set(tf_style.__all__) < set(dir(tf_style))
  for name in tf_style.__all__:
    assert getattr(tf_style, name).__doc__, name
  assert tf_style.stylize is importlib.import_module("tf_style.repaint.painter").stylize
  with pytest.raises(AttributeError, match="no attribute 'nothing'"):
    tf_style.nothing  # noqa: B018
