"""How a film is read, painted and written: one frozen record, as `Config` is for a picture."""

import dataclasses
from typing import Any

from tf_style.errors import InputError, expected
from tf_style.settings.fields import all_checked, as_text, checked, option

_LONGEST_S = 1e7


@dataclasses.dataclass(frozen=True)
class FilmConfig:
  """What is asked of a film beside what `Config` says of each of its frames.

  Raises:
    InputError: a value has the wrong type, is out of its range, or does not go with another.
  """

  start: float = option(
      0.0, "seconds", "Films", "where in the film to begin", low=0, high=_LONGEST_S)
  end: float = option(
      0.0, "seconds", "Films", "where in the film to end; 0 is its end", low=0, high=_LONGEST_S)
  fps: float = option(
      0.0, "float", "Films",
      "frames a second at most: those between are left out; 0 keeps all. A folder of frames has 25 "
      "unless this says otherwise", low=0, high=1000)
  crf: int = option(
      -1, "int", "Films",
      "quality of an .mp4 (H.264) or .webm (VP9), less is better; -1 is 17 and 24", low=-1, high=63)
  frame_steps: int = option(
      4, "int", "Films",
      "steps of a frame that starts from the last result; the first of a shot takes --steps",
      low=1, high=1_000_000)
  segments: int = option(
      0, "int", "Films",
      "cut shots into segments of at most so many frames, which --workers paint side by side and "
      "which are cross-faded; 0 cuts none", low=0, high=1_000_000)

  def __post_init__(self):
    for field in dataclasses.fields(self):
      object.__setattr__(self, field.name, checked(field, getattr(self, field.name)))
    if self.end and self.end <= self.start:
      raise InputError("--end: " + expected(
          f"a time after --start={as_text(self.start)}", as_text(self.end)))

  @classmethod
  def of(cls, **options: Any) -> "FilmConfig":
    """Makes the record from what was asked for.

    Raises:
      InputError: an option is unknown or wrong.
    """
    return cls(**all_checked(cls, options))

  def as_dict(self) -> dict[str, Any]:
    """Returns the fields as plain values, fit for JSON."""
    return dataclasses.asdict(self)
