"""Saves a run so that it can go on: state, history and configuration, checked by digests.

A checkpoint is a folder `checkpoints/<step>` of the run's, written aside and renamed: `state.*` in
TensorFlow's format, `history.npz`, and `run.json`, which holds the digests of the others. Two are
kept.
"""

import hashlib
import json
import os
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from absl import logging

from tf_style.descent.step import Step
from tf_style.errors import InputError, expected
from tf_style.settings.config import Config
from tf_style.system import files, locks
from tf_style.version import __version__

if TYPE_CHECKING:
  import tensorflow as tf

  from tf_style.repaint.plan import Plan

_FORMAT = 4
_KEPT = 2
_RECORD, _HISTORY, _STATE = "run.json", "history.npz", "state"
_LONGEST_RECORD = 2**20  # bytes


class Saved(NamedTuple):
  """A checkpoint that was read.

  Attributes:
    run_folder: of the run.
    folder: of the checkpoint.
    config: of the run, resolved.
    asked: configuration as it was asked for, before anything was resolved.
    paths: of the pictures and of the log folder, by flag, one or several.
    inputs: digests of what the run began with, by name.
    levels: height, width and planned steps of each level.
    level: index of the level in progress.
    level_ends: whether no more steps of it were to come.
    precision: of the features, from this step on.
    faults: steps of the run so far whose loss or gradient was not finite.
    seconds: that the run has taken.
    history: arrays of all steps so far, as in `Result`.
  """

  run_folder: Path
  folder: Path
  config: Config
  asked: Config
  paths: dict[str, list[str]]
  inputs: dict[str, str]
  levels: list[list[int]]
  level: int
  level_ends: bool
  precision: str
  faults: int
  seconds: float
  history: dict[str, np.ndarray]

  def check(self, plan: "Plan") -> None:
    """Checks that a `Plan` begins with what the run began with.

    Raises:
      InputError: it does not.
    """
    for name, digest in digests(plan).items():
      if self.inputs.get(name) != digest:
        raise InputError("--resume: " + expected(
            f"the {name} that the run began with (SHA-256 {self.inputs.get(name, 'none')[:12]}...)",
            f"another ({digest[:12]}...)"))

  def steps_done(self, level: int) -> int:
    """Returns how many steps of a level were done."""
    return int(np.sum(self.history["level"] == level))

  def restore(self, state: "tf.train.Checkpoint") -> None:
    """Fills a `tf.train.Checkpoint` like the one that was saved.

    Raises:
      InputError: it is of another shape.
    """
    import tensorflow as tf
    try:
      state.read(os.fspath(self.folder / _STATE)).assert_consumed()
    except (tf.errors.OpError, AssertionError, ValueError) as error:
      raise InputError("--resume: " + expected(
          "the state of such a run", f"{self.folder}: {str(error).splitlines()[0]}")) from error


class Checkpoints:
  """Saves a run from time to time, as an `on_step` callback, and locks its folder meanwhile."""

  def __init__(self, run_folder: str | os.PathLike[str], plan: "Plan", asked: Config,
               paths: dict[str, list[str]]):
    """Writes nothing yet but the folder.

    Args:
      run_folder: of the run.
      plan: a `Plan`.
      asked: the configuration before it was resolved.
      paths: of the pictures and of the log folder, by flag.
    Raises:
      InputError: another process is at this run.
      OSError: from the system.
    """
    self._folder, self._every = Path(run_folder) / "checkpoints", plan.config.checkpoint_every
    self._constant = {
        "format": _FORMAT, "version": __version__, "config": plan.config.as_dict(),
        "asked": asked.as_dict(), "paths": paths, "inputs": digests(plan),
        "levels": [list(level) for level in plan.levels]}
    self._folder.mkdir(parents=True, exist_ok=True)
    self._lock = locks.lock_folder(self._folder)
    if self._lock is None:
      raise InputError("--resume: " + expected("a run that has ended", "one that still goes on"))
    self._last = time.monotonic()

  def on_step(self, step: Step, stopping: bool = False) -> None:
    """Saves at the end of a level, when the run stops, and when it is time.

    Raises:
      OSError: from the system; the checkpoints before are as they were.
    """
    if stopping or step.level_ends or time.monotonic() - self._last >= self._every:
      self._last = time.monotonic()
      self._save(step)

  def close(self) -> None:
    """Leaves the folder to other processes."""
    if self._lock is not None:
      self._lock.release()
      self._lock = None

  def _save(self, step: Step) -> None:
    folder = self._folder / f"{step.number:06d}"
    try:
      files.write_folder_atomically(folder, lambda aside: self._write(aside, step))
    except OSError:  # perhaps there is room for two, but not for three
      self._remove_all_but(1)
      files.write_folder_atomically(folder, lambda aside: self._write(aside, step))
    self._remove_all_but(_KEPT)

  def _write(self, aside: Path, step: Step) -> None:
    import tensorflow as tf
    verbosity = logging.get_verbosity()
    logging.set_verbosity(min(verbosity, logging.WARNING))  # TensorFlow tells how long it took
    try:
      step.state().checkpoint().write(os.fspath(aside / _STATE))
    except tf.errors.OpError as error:
      raise OSError(error.message) from error
    finally:
      logging.set_verbosity(verbosity)
    history: dict[str, Any] = step.history()
    np.savez(aside / _HISTORY, **history)
    record = self._constant | {
        "level": step.level, "level_ends": step.level_ends, "precision": step.precision,
        "faults": step.faults, "seconds": step.seconds,
        "files": {path.name: files.digest_of(path) for path in sorted(aside.iterdir())}}
    record["checksum"] = _checksum(record)
    (aside / _RECORD).write_text(json.dumps(record, indent=1), "utf-8")

  def _remove_all_but(self, kept: int) -> None:
    """Removes old checkpoints, and what a killed process left half written."""
    newest = _found(self._folder)[:kept]
    for path in self._folder.iterdir():
      if path not in newest:
        files.remove_folder(path)


def load(run_folder: str | os.PathLike[str]) -> Saved:
  """Reads the newest checkpoint of a run that is not damaged.

  Raises:
    InputError: there is none, or it is of another version.
  """
  found = _found(Path(run_folder) / "checkpoints")
  if not found:
    raise InputError("--resume: " + expected("the folder of a run, with checkpoints", run_folder))
  for folder in found:
    try:
      return _read(Path(run_folder), folder)
    except (OSError, _Damaged) as error:
      logging.warning("the checkpoint %s is damaged: %s", folder.name, error)
  raise InputError("--resume: " + expected("a checkpoint that is whole", "damaged ones"))


def digests(plan: "Plan") -> dict[str, str]:
  """Returns SHA-256 digests of all that a `Plan` begins with, by name."""
  content, regions = plan.content, plan.regions
  arrays: dict[str, list[np.ndarray | None]] = {
      "content map": [plan.loaded.content_map],
      "content picture": [content.rgb, content.alpha] if content else [],
      "style picture": [plane for style in plan.styles for plane in (style.rgb, style.alpha)],
      "masks": [regions.content, *regions.styles, regions.kept,
                np.array(regions.scales)] if regions else [],
      "picture to start from": [plan.start]}
  return {name: _digest(parts) for name, parts in arrays.items()} | {
      "network": plan.weights.checksum}


class _Damaged(Exception):
  """A file of a checkpoint is not as it was written."""


def _found(folder: Path) -> list[Path]:
  """Returns the checkpoints in a folder, newest first."""
  try:
    return sorted((path for path in folder.iterdir() if path.name.isdecimal()),
                  key=lambda path: int(path.name), reverse=True)
  except OSError:
    return []


def _read(run_folder: Path, folder: Path) -> Saved:
  record = _read_record(folder / _RECORD)
  for name, digest in record.get("files", {}).items():
    if files.digest_of(folder / name) != digest:
      raise _Damaged(f"{name} has another digest than in {_RECORD}")
  try:
    with np.load(folder / _HISTORY, allow_pickle=False) as history:
      arrays = dict(history)
    fields: dict[str, Any] = {name: record[name] for name in Saved._fields if name in record}
    fields |= {name: Config(**record[name]) for name in ("config", "asked")}
    return Saved(run_folder=run_folder, folder=folder, history=arrays, **fields)
  except (TypeError, ValueError, KeyError, zipfile.BadZipFile) as error:
    raise _Damaged(str(error)) from error


def _read_record(path: Path) -> dict[str, Any]:
  with open(path, "rb") as file:
    text = file.read(_LONGEST_RECORD + 1)
  try:
    record = json.loads(text) if len(text) <= _LONGEST_RECORD else None
  except (ValueError, RecursionError):
    record = None
  if not isinstance(record, dict):
    raise _Damaged(f"{path.name} is no JSON record")
  version = record.get("format"), record.get("version")
  if version != (_FORMAT, __version__):
    raise InputError("--resume: " + expected(
        f"a checkpoint of tf_style {__version__}, format {_FORMAT}",
        f"one of tf_style {version[1]}, format {version[0]}"))
  if record.pop("checksum", None) != _checksum(record):
    raise _Damaged(f"{path.name} has another checksum than it says")
  return record


def _checksum(record: dict[str, Any]) -> str:
  return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()


def _digest(arrays: list[np.ndarray | None]) -> str:
  digest = hashlib.sha256()
  for array in arrays:
    if array is not None:
      digest.update(repr(array.shape).encode())
      digest.update(np.ascontiguousarray(array).data)
  return digest.hexdigest()
