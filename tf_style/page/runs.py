"""The runs of a log folder, read back: settings, pictures, losses, how they ended."""

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image

from tf_style.cli import command_line, flag_files, flags
from tf_style.cli.jobs import job_of
from tf_style.cli.models import job_with_model
from tf_style.errors import InputError
from tf_style.page import asking
from tf_style.page.places import Places
from tf_style.page.previews import jpeg_of
from tf_style.repaint import checkpoints

_MOST = 60
_SHOWN_PX = 320
_LONGEST = 2**20  # bytes of a summary


class Run(NamedTuple):
  """What is shown of a run.

  Attributes:
    name: of its folder.
    state: in a word.
    loss: the last, or None.
    steps: that were done; None while nobody knows.
    can_go_on: whether it has a checkpoint.
  """

  name: str
  state: str
  loss: float | None
  steps: int | None
  can_go_on: bool


def found(places: Places, going: set[str]) -> list[Run]:
  """Returns the newest runs of repaints, newest first.

  Args:
    places: the folders.
    going: names of those that this page is at.
  """
  try:
    names = sorted((each.name for each in places.logdir.iterdir()), reverse=True)
  except OSError:
    return []
  runs = []
  for name in names:
    try:
      runs.append(_read(places.run(name), name in going))
    except InputError:
      continue
    if len(runs) == _MOST:
      break
  return runs


def _read(folder: Path, going: bool) -> Run:
  summary = _summary(folder)
  can_go_on = (folder / "checkpoints").is_dir() and any(
      each.name.isdecimal() for each in (folder / "checkpoints").iterdir())
  if going or summary is None:
    return Run(folder.name, "goes on" if going else "interrupted", None, None, can_go_on)
  total = summary.get("losses", {}).get("total") if isinstance(summary.get("losses"), dict) else (
      summary.get("loss"))
  state = "stopped" if summary.get("stopped") else "done"
  return Run(folder.name, state, float(total) if isinstance(total, (int, float)) else None,
             summary.get("steps"), can_go_on)


def _summary(folder: Path) -> dict[str, Any] | None:
  try:
    with open(folder / "summary.json", "rb") as file:
      summary = json.loads(file.read(_LONGEST))
  except (OSError, ValueError):
    return None
  return summary if isinstance(summary, dict) else None


def asked_for(folder: Path) -> dict[str, Any]:
  """Returns the flags of a run, as few as ask for it, with the paths of its pictures.

  Raises:
    InputError: its flags cannot be read, or it is no repaint.
  """
  words = flag_files.expanded([f"--flagfile={folder / 'flags.txt'}"])
  given = flags.read(words, [*command_line.FILES, *flags.config_flags()], "")
  if "model" in given:
    job_with_model(given)  # which checks it
    return {name: value for name, value in given.items()
            if name not in ("output", "logdir", "verbosity")}
  asked = job_of(given)
  several = ("style", "style_mask")
  paths: dict[str, Any] = {name: list(each) if name in several else each[0]
                           for name, each in asked.paths.items()}
  try:
    return paths | asking.changed(checkpoints.load(folder).asked)
  except InputError:  # it has no checkpoint, but what it was resolved to
    return paths | asking.changed(asked.config, resolved=True)


def picture_of(folder: Path) -> Path | None:
  """Returns the file of the last picture that the page has written for a run."""
  return max(folder.glob("picture*.png"), key=lambda path: path.stat().st_mtime, default=None)


def thumbnail(folder: Path) -> bytes:
  """Returns the last picture of a run as a small JPEG; nothing where there is none."""
  from tf_style.watching.events import last_picture
  picture = picture_of(folder)
  try:
    data = picture.read_bytes() if picture else last_picture(folder)
    if data is not None:
      with Image.open(io.BytesIO(data)) as image:
        return jpeg_of(image.convert("RGB"), _SHOWN_PX)
  except (OSError, InputError):
    pass
  return b""


def settings_table(given: Mapping[str, Any]) -> list[tuple[str, str]]:
  """Returns names and values of flags, of files their names alone."""
  rows = []
  for name, value in given.items():
    is_file = name in (*asking.PICTURES, "model")
    values = value if isinstance(value, (list, tuple)) else [value]
    rows.append((name, ", ".join(Path(str(each)).name if is_file else str(each)
                                 for each in values)))
  return rows
