"""The finished frames of a film, kept without loss, so that it can be gone on with and written."""

import functools
import json
import os
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tf_style.errors import InputError, expected
from tf_style.pictures import images
from tf_style.system import files

_RECORD, _FRAMES, _ABOUT, _TAILS = "frames.jsonl", "frames", "film.json", ".tails"


class Entry(NamedTuple):
  """A finished frame.

  Attributes:
    number: from 0.
    time: seconds from the beginning of the result.
    duration: seconds until the next, as far as the film says so; 0 otherwise.
    begins_shot: whether nothing before counted for it.
  """

  number: int
  time: Fraction
  duration: Fraction
  begins_shot: bool


class FrameFiles(NamedTuple):
  """A finished frame as bytes of PNGs, to be sent.

  Attributes:
    entry: about it.
    picture: as it is to be seen.
    optimized: what the next frames go by; empty where that is `picture`.
  """

  entry: Entry
  picture: bytes
  optimized: bytes


class KeptFrames:
  """A folder with a PNG a frame, and a line about each; what is in it outlives the process.

  Attributes:
    entries: the finished frames, by number.
  """

  def __init__(self, folder: Path, key: dict[str, object]):
    """Reads what is there, or begins.

    Args:
      folder: of the run.
      key: what decides how the frames turn out, fit for JSON.
    Raises:
      InputError: the frames there are those of another film or other settings.
      OSError: from the system.
    """
    self._folder = folder
    about = json.loads(json.dumps(key, sort_keys=True))
    path = folder / _ABOUT
    if path.exists():
      _check_same(json.loads(path.read_text("utf-8")), about)
    else:
      (folder / _FRAMES).mkdir(parents=True, exist_ok=True)
      text = json.dumps(about, indent=1, sort_keys=True) + "\n"
      files.write_atomically(path, lambda aside: aside.write_text(text, "utf-8"))
    self.entries = {entry.number: entry for entry in self._read()}

  @functools.cached_property
  def tails(self) -> "KeptFrames":
    """The frames of segments past their ends; they go with the others."""
    return KeptFrames(self._folder / _FRAMES / _TAILS, {})

  def add(self, entry: Entry, picture: np.ndarray, optimized: np.ndarray) -> None:
    """Keeps a frame.

    Args:
      entry: about it.
      picture: [1, H, W, 3], as it is to be seen.
      optimized: likewise, before `color` and `strength`: what the next frames go by.
    Raises:
      OSError: from the system; the frame is not kept.
    """
    images.save_picture(self.path(entry.number), picture)
    if optimized is not picture and not np.array_equal(optimized, picture):
      images.save_picture(self._other(entry.number), optimized)
    self._note(entry)

  def add_files(self, files_of: FrameFiles) -> None:
    """Keeps a frame whose files were made elsewhere.

    Raises:
      OSError: from the system; the frame is not kept.
    """
    number = files_of.entry.number
    for path, data in ((self.path(number), files_of.picture),
                       (self._other(number), files_of.optimized)):
      if data:
        files.write_atomically(path, functools.partial(Path.write_bytes, data=data))
    self._note(files_of.entry)

  def files(self, number: int) -> FrameFiles:
    """Returns the files of a frame, to be kept elsewhere."""
    other = self._other(number)
    return FrameFiles(self.entries[number], self.path(number).read_bytes(),
                      other.read_bytes() if other.exists() else b"")

  def _note(self, entry: Entry) -> None:
    line = json.dumps({"number": entry.number, "time": str(entry.time),
                       "duration": str(entry.duration), "begins_shot": entry.begins_shot})
    with open(self._folder / _RECORD, "a", encoding="utf-8") as file:
      file.write(line + "\n")
      file.flush()
      os.fsync(file.fileno())
    self.entries[entry.number] = entry

  def is_needed(self, number: int, reach: int) -> bool:
    """Whether one of so many frames after this one is missing, for which it is remembered."""
    return any(later not in self.entries for later in range(number + 1, number + 1 + reach))

  def path(self, index: int) -> Path:
    """Returns the path of a frame's PNG."""
    return self._folder / _FRAMES / f"{index + 1:06d}.png"

  def optimized(self, index: int) -> np.ndarray:
    """Returns what the next frames go by, [1, H, W, 3] float32."""
    other = self._other(index)
    return images.load_picture(other if other.exists() else self.path(index)).rgb

  def picture(self, index: int) -> np.ndarray:
    """Returns a frame [H, W, 3] uint8."""
    return images.to_uint8(images.load_picture(self.path(index)).rgb)

  def remove(self) -> None:
    """Removes the frames, when the film is written."""
    files.remove_folder(self._folder / _FRAMES)

  def _other(self, index: int) -> Path:
    return self._folder / _FRAMES / f".optimized-{index + 1:06d}.png"

  def _read(self) -> Iterator[Entry]:
    """Yields the frames that are there whole; lines of others are left out of the file."""
    try:
      lines = (self._folder / _RECORD).read_text("utf-8").splitlines(keepends=True)
    except OSError:
      return
    whole = []
    for line in lines:
      try:
        record = json.loads(line) if line.endswith("\n") else None
      except ValueError:
        record = None
      if record is None or not self.path(record["number"]).exists():
        continue
      whole.append(line)
      yield Entry(record["number"], Fraction(record["time"]), Fraction(record["duration"]),
                  record["begins_shot"])
    if len(whole) < len(lines):  # a line that was cut off would be in the way of the next
      text = "".join(whole)
      files.write_atomically(
          self._folder / _RECORD, lambda aside: aside.write_text(text, "utf-8"))


def is_kept(folder: str | os.PathLike[str]) -> bool:
  """Says whether a run's folder is that of a film."""
  return (Path(folder) / _ABOUT).exists()


def _check_same(before: dict[str, object], now: dict[str, object]) -> None:
  for name in sorted({*before, *now}):
    if before.get(name) != now.get(name):
      raise InputError("--resume: " + expected(
          f"the {name} that the film was begun with ({before.get(name)})", str(now.get(name))))
