"""Saves a training so that it can go on: state and configuration, checked by digests.

A checkpoint is a folder `training/<step>` of the run's, written aside and renamed: `state.npz`, and
`training.json`, which holds its digest. When a new one is there, the others go.
"""

import hashlib
import json
import os
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from absl import logging

from tf_style.errors import InputError, expected
from tf_style.learned.settings import LearnConfig
from tf_style.system import files, locks
from tf_style.version import __version__

if TYPE_CHECKING:
  from tf_style.learned.plan import Lesson
  from tf_style.learned.training import Trainer

_FOLDER, _RECORD, _STATE = "training", "training.json", "state.npz"
_FORMAT = 2
_LONGEST_RECORD = 2**22  # bytes


class SavedTraining(NamedTuple):
  """A checkpoint that was read.

  Attributes:
    run_folder: of the training.
    config: resolved.
    paths: of pictures, folders and the result, by flag, one or several.
    inputs: digests of what the training began with, by name.
    seconds: that it has taken.
    state: arrays, as `Trainer.state` returns them.
  """

  run_folder: Path
  config: LearnConfig
  paths: dict[str, list[str]]
  inputs: dict[str, str]
  seconds: float
  state: dict[str, np.ndarray]

  def check(self, lesson: "Lesson") -> None:
    """Checks that a training begins with what this one began with.

    Raises:
      InputError: it does not.
    """
    for name, digest in digests(lesson).items():
      if self.inputs.get(name) != digest:
        raise InputError("--resume: " + expected(
            f"the {name} that the training began with", "others"))

  def restore(self, trainer: "Trainer") -> None:
    """Takes the state up.

    Raises:
      InputError: it is of another shape.
    """
    try:
      trainer.restore(self.state)
    except (KeyError, ValueError) as error:
      raise InputError("--resume: " + expected(
          "the state of such a training", str(error).splitlines()[0])) from error


class TrainingCheckpoints:
  """Saves a training from time to time, and locks its folder meanwhile."""

  def __init__(self, run_folder: Path, lesson: "Lesson", paths: dict[str, list[str]],
               seconds: float = 0.0):
    """Writes nothing yet but the folder.

    Args:
      run_folder: of the training.
      lesson: what it is about to do.
      paths: as in `SavedTraining`.
      seconds: that it has taken before it was resumed.
    Raises:
      InputError: another process is at this training.
      OSError: from the system.
    """
    self._folder, self._every = run_folder / _FOLDER, lesson.config.checkpoint_every
    self._constant = {"format": _FORMAT, "version": __version__, "paths": paths,
                      "config": lesson.config.as_dict(), "inputs": digests(lesson)}
    self._folder.mkdir(parents=True, exist_ok=True)
    self._lock = locks.lock_folder(self._folder)
    if self._lock is None:
      raise InputError("--resume: " + expected("a training that has ended", "one that goes on"))
    self._last = time.monotonic()
    self._start = self._last - seconds

  def on_state(self, number: int, state: Callable[[], dict[str, np.ndarray]],
               at_once: bool = False) -> None:
    """Saves when it is time, or at once.

    Raises:
      OSError: from the system; the checkpoint before is as it was.
    """
    if at_once or time.monotonic() - self._last >= self._every:
      self._last = time.monotonic()
      folder = self._folder / f"{number:08d}"
      files.write_folder_atomically(folder, lambda aside: self._write(aside, state()))
      for path in self._folder.iterdir():
        if path != folder:
          files.remove_folder(path)

  def close(self) -> None:
    """Leaves the folder to other processes."""
    if self._lock is not None:
      self._lock.release()
      self._lock = None

  def _write(self, aside: Path, state: dict[str, np.ndarray]) -> None:
    arrays: dict[str, Any] = state
    np.savez(aside / _STATE, **arrays)
    record = self._constant | {"seconds": time.monotonic() - self._start,
                               "digest": files.digest_of(aside / _STATE)}
    (aside / _RECORD).write_text(json.dumps(record, indent=1), "utf-8")


def load(run_folder: str | os.PathLike[str]) -> SavedTraining:
  """Reads the newest checkpoint of a training that is whole.

  Raises:
    InputError: there is none, or it is of another version.
  """
  folder = Path(run_folder) / _FOLDER
  found = sorted(folder.glob("[0-9]*"), key=lambda path: path.name, reverse=True)
  if not found:
    raise InputError("--resume: " + expected(
        "the folder of a training, with a checkpoint", os.fspath(run_folder)))
  for path in found:
    try:
      return _read(Path(run_folder), path)
    except (OSError, TypeError, ValueError, KeyError, RecursionError, zipfile.BadZipFile) as error:
      if isinstance(error, InputError):
        raise
      logging.warning("the checkpoint %s is damaged: %s", path.name, error)
  raise InputError("--resume: " + expected("a checkpoint that is whole", "damaged ones"))


def _read(run_folder: Path, folder: Path) -> SavedTraining:
  with open(folder / _RECORD, "rb") as file:
    record = json.loads(file.read(_LONGEST_RECORD))
  version = record["format"], record["version"]
  if version != (_FORMAT, __version__):
    raise InputError("--resume: " + expected(
        f"a checkpoint of tf_style {__version__}", f"one of tf_style {version[1]}"))
  if files.digest_of(folder / _STATE) != record["digest"]:
    raise ValueError(f"{_STATE} has another digest than in {_RECORD}")
  with np.load(folder / _STATE, allow_pickle=False) as arrays:
    state = dict(arrays)
  return SavedTraining(run_folder, LearnConfig(**record["config"]), dict(record["paths"]),
                       dict(record["inputs"]), float(record["seconds"]), state)


def digests(lesson: "Lesson") -> dict[str, str]:
  """Returns SHA-256 digests of what a training begins with, by name."""
  def digest(*arrays: np.ndarray) -> str:
    made = hashlib.sha256()
    for array in arrays:
      made.update(repr(array.shape).encode())
      made.update(np.ascontiguousarray(array).data)
    return made.hexdigest()

  photographs = lesson.crops.photographs
  names = "\n".join(str(each) for each in photographs.sources if isinstance(each, (str, Path)))
  listed = f"{len(photographs.sources)}\n{names}".encode()
  return {"styles": digest(*(style.rgb for style in lesson.styles)),
          "photographs": hashlib.sha256(listed).hexdigest(),
          "network": lesson.weights.checksum}
