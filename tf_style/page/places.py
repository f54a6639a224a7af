"""The folders that the page reads and writes: runs, uploads, styles learned here, trash."""

import functools
import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Sequence
from pathlib import Path

from tf_style.errors import InputError, expected
from tf_style.system import files

SAMPLES = Path(__file__).parents[1] / "samples"
PHOTOGRAPHS = {"a cup of coffee": SAMPLES / "photo.jpg", "a cat": SAMPLES / "cat.jpg"}
STYLES = {"oil": SAMPLES / "style.jpg", "stained glass": SAMPLES / "glass.jpg",
          "woodcut": SAMPLES / "waves.jpg"}
_BLOCK = 2**20  # bytes


class Places:
  """The log folder and what is in it; nobody names a path, only files that these folders hold.

  Attributes:
    logdir: of the runs.
    uploads: pictures that were dropped, each once, in folders named by their digests.
    models: styles that were learned here.
    trash: beside the log folder, so that no reader of runs sees it.
  """

  def __init__(self, logdir: str):
    """Makes nothing yet."""
    self.logdir = Path(os.path.abspath(logdir))
    self.uploads, self.models = self.logdir / "uploads", self.logdir / "models"
    self.trash = self.logdir.with_name(f"{self.logdir.name}-trash")

  def keep(self, file: str | os.PathLike[str], name: str | None = None) -> Path:
    """Copies an uploaded file to where a run finds it again, and returns its new path."""
    digest = hashlib.sha256()
    with open(file, "rb") as stream:
      while block := stream.read(_BLOCK):
        digest.update(block)
    path = self.uploads / digest.hexdigest()[:16] / files.safe_name(name or Path(file).name)
    if not path.exists():
      files.write_atomically(path, lambda aside: shutil.copyfile(file, aside))
    return path

  def keep_together(self, paths: Sequence[str]) -> Path:
    """Copies uploaded pictures into one new folder, and returns it."""
    folder = self.uploads / f"photographs-{secrets.token_hex(8)}"
    for path in paths:
      target = files.free_path(folder / files.safe_name(Path(path).name))
      files.write_atomically(target, functools.partial(shutil.copyfile, path))
    return folder

  def run(self, name: object) -> Path:
    """Returns the folder of a run.

    Raises:
      InputError: there is none of that name.
    """
    if isinstance(name, str) and re.fullmatch(r"[\w-][\w.-]*", name):
      folder = self.logdir / name
      if folder not in (self.uploads, self.models) and (folder / "flags.txt").is_file():
        return folder
    raise InputError(expected("the name of a run in the log folder", name))

  def move_to_trash(self, name: object) -> Path:
    """Moves a run out of the log folder, and returns where it is.

    Raises:
      InputError: there is none of that name.
      OSError: from the system.
    """
    folder = self.run(name)
    self.trash.mkdir(exist_ok=True)
    target = files.free_path(self.trash / folder.name)
    shutil.move(folder, target)
    return target

  def model(self, name: object) -> Path:
    """Returns the folder of a learned style: one of the package, or one learned here.

    Raises:
      InputError: there is none of that name.
    """
    found = self.model_names().get(name) if isinstance(name, str) else None
    if found is None:
      raise InputError(expected("the name of a learned style", name))
    return found

  def model_names(self) -> dict[str, Path]:
    """Returns the folders of learned styles, by name."""
    found: dict[str, Path] = {}
    for parent in (SAMPLES / "styles", self.models):
      if parent.is_dir():
        found |= {each.name: each for each in sorted(parent.iterdir())
                  if (each / "style.json").is_file()}
    return found

  def shown(self, text: str) -> str:
    """Returns a message with the names of files instead of the paths of this machine."""
    for folder in (self.uploads, self.models, self.logdir, SAMPLES):
      text = re.sub(re.escape(str(folder)) + r"/([0-9a-f]{16}/)?", "", text)
    return re.sub(r"(?<![\w:/.])/(?:[^\s/'\",;]+/)+", "", text)
