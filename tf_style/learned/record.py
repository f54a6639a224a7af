"""What a learned style says of itself: a JSON file beside the weights, read without TensorFlow.

A learned style is a folder (contract of DESIGN.md): `style.json`, which holds the digests of the
other files; the network's weights as Keras writes them; pictures of the styles and of a result; a
README; and, unless it is compact, a SavedModel. Nothing in it is executed when it is loaded.
"""

import dataclasses
import json
import os
import re
from pathlib import Path
from typing import Any

from tf_style.errors import InputError, expected
from tf_style.learned.settings import LearnConfig
from tf_style.settings.config import Config
from tf_style.system import files

RECORD, WEIGHTS, SAVED_MODEL = "style.json", "network.weights.h5", "saved_model"
_KIND, _FORMAT = "a style learned by tf_style", 1
_LONGEST = 2**22  # bytes
_SHIPPED = Path(__file__).parents[1] / "samples" / "styles"


@dataclasses.dataclass(frozen=True)
class Record:
  """What is known of a learned style.

  Attributes:
    styles: names of the styles, in the order of blend weights.
    pictures: names of their files in the folder, which are as large as the network saw them.
    learning: how it was learned, resolved.
    objective: the settings of a repaint with the loss of the training, resolved.
    steps: of training, up to the network that is kept.
    losses: (step, loss) on photographs held out, at each look.
    photographs: how many were trained on.
    versions: of what decides the numbers.
    files: SHA-256 of each file in the folder that is read back, by its name.
  """

  styles: tuple[str, ...]
  pictures: tuple[str, ...]
  learning: LearnConfig
  objective: Config
  steps: int
  losses: tuple[tuple[int, float], ...]
  photographs: int
  versions: dict[str, str]
  files: dict[str, str] = dataclasses.field(default_factory=dict)

  @property
  def loss(self) -> float:
    """The loss of the network that is kept."""
    return min((loss for _, loss in self.losses), default=float("nan"))

  def as_text(self) -> str:
    """Returns the JSON file."""
    values = dataclasses.asdict(self) | {
        "kind": _KIND, "format": _FORMAT,
        "learning": self.learning.as_dict() | {"weights": "auto"},  # paths are nobody else's
        "objective": self.objective.as_dict() | {"weights": "auto"}}
    return json.dumps(values, indent=1) + "\n"


def find(name: str) -> Path:
  """Returns the folder of a learned style: a path, or the name of one that is shipped.

  Raises:
    InputError: there is none.
  """
  path = Path(name)
  if path.is_dir():
    return path
  shipped = sorted(each.name for each in _SHIPPED.iterdir()) if _SHIPPED.is_dir() else []
  if name in shipped:
    return _SHIPPED / name
  hint = f", or one of the shipped {', '.join(shipped)}" if shipped else ""
  raise InputError("--model: " + expected(f"the folder of a learned style{hint}", name))


def read_record(folder: str | os.PathLike[str]) -> Record:
  """Reads what a learned style says of itself.

  Raises:
    InputError: it is no learned style, or a damaged one.
  """
  path = Path(folder) / RECORD
  try:
    with open(path, "rb") as file:
      values = json.loads(file.read(_LONGEST + 1)[:_LONGEST])
    if values.pop("kind") != _KIND:
      raise ValueError("another kind")
    version = values.pop("format")
  except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
    raise InputError("--model: " + expected(
        f"the folder of a learned style, with {RECORD}", os.fspath(folder))) from error
  if version != _FORMAT:
    raise InputError("--model: " + expected(
        f"a learned style of format {_FORMAT}", f"{folder}, of format {version}"))
  try:
    return _record(values)
  except (InputError, TypeError, ValueError, KeyError) as error:
    raise InputError("--model: " + expected(
        "a learned style that is whole", f"{folder}, whose {RECORD} is damaged")) from error


def _record(values: dict[str, Any]) -> Record:
  record = Record(**values | {
      "styles": tuple(map(str, values["styles"])), "pictures": tuple(map(str, values["pictures"])),
      "learning": LearnConfig(**values["learning"]), "objective": Config(**values["objective"]),
      "losses": tuple((int(step), float(loss)) for step, loss in values["losses"]),
      "versions": dict(values["versions"]), "files": dict(values["files"])})
  if not record.styles or len(record.styles) != len(record.pictures):
    raise ValueError("as many pictures as styles")
  if not all(re.fullmatch(r"[\w-][\w.-]*", name) for name in record.files):
    raise ValueError("names of files")
  return record


def checked_file(folder: str | os.PathLike[str], record: Record, name: str) -> Path:
  """Returns the path of a file of a learned style, which is as it was written.

  Raises:
    InputError: it is not there, or was changed.
  """
  path = Path(folder) / name
  try:
    same = record.files.get(name) == files.digest_of(path)
  except OSError:
    same = False
  if not same:
    raise InputError("--model: " + expected(
        "a learned style that is whole", f"{folder}, whose {name} is missing or damaged"))
  return path
