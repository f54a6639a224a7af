"""The picture file of a run: written where it was asked for, or else where it can be."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tf_style.cli import console
from tf_style.cli.jobs import Job
from tf_style.pictures import images
from tf_style.system import files

_NAMED_STYLES = 2  # in the name of a result


class Output:
  """The file.

  Attributes:
    path: where the picture goes, and after it is saved, where it is.
  """

  def __init__(self, job: Job):
    """Writes nothing: a name that the user gave is overwritten later, one of ours never."""
    self.path = output_path(job)
    self._overwrite = job.output is not None

  def save(self, picture: np.ndarray, alpha: np.ndarray | None, metadata: dict[str, Any]) -> None:
    """Saves a picture, as `images.save_picture`.

    Raises:
      OSError: from the system.
    """
    self.path = images.save_picture(self.path, picture, alpha, metadata, self._overwrite)
    self._overwrite = True  # from now on the name is this run's own

  def save_numbered(self, number: int, picture: np.ndarray, alpha: np.ndarray | None,
                    metadata: dict[str, Any]) -> None:
    """Saves a picture beside, as NAME-000050.png, or under the next name that is free.

    Raises:
      OSError: from the system.
    """
    path = self.path.with_name(f"{self.path.stem}-{number:06d}{self.path.suffix}")
    images.save_picture(path, picture, alpha, metadata, False)

  def save_somewhere(self, picture: np.ndarray, alpha: np.ndarray | None,
                     metadata: dict[str, Any], folder: Path) -> bool:
    """Saves a picture; where the system refuses, in the folders that it may take instead.

    These are `folder`, the current one, the user's home and the one for temporary files.

    Returns:
      Whether the picture is where it was asked for.
    Raises:
      OSError: from the system, which takes it nowhere.
    """
    try:
      self.save(picture, alpha, metadata)
      return True
    except OSError as error:
      console.say(f"tf_style: error: {self.path} cannot be written: {error}")
      refused = error
    name = files.safe_name(self.path.stem) + self.path.suffix
    self._overwrite = False
    others: list[Callable[[], object]] = [
        lambda: folder, os.getcwd, lambda: os.path.expanduser("~"), tempfile.gettempdir]
    for other in others:
      try:
        self.path = Path(str(other())) / name
        self.save(picture, alpha, metadata)
        return False
      except OSError:
        continue
    raise refused


def output_path(job: Job) -> Path:
  """Returns where the result goes: as asked, or here, named after the pictures."""
  if job.output is not None:
    return Path(job.output)
  paths = job.paths
  styles = [str(job.model)] if job.model else paths.get("style", ())[:_NAMED_STYLES]
  named = [*paths.get("content", ()), *styles]
  return Path("-".join(files.safe_name(Path(path).stem) for path in named) + ".png")
