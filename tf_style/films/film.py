"""What a film is to this package: frames, each with the time at which it is shown."""

from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple, Protocol

import numpy as np


class Colors(NamedTuple):
  """How RGB is written as luma and chroma.

  Attributes:
    matrix: 1 is ITU-R BT.709's, 5 is BT.601's, 9 is BT.2020's (swscale's numbers).
    full: whether luma has all 256 levels; otherwise it has those from 16 to 235.
  """

  matrix: int
  full: bool


class Frame(NamedTuple):
  """A frame.

  Attributes:
    rgb: [H, W, 3] uint8 sRGB, upright.
    time: seconds from the film's beginning.
    duration: seconds until the next, as far as the film says so; 0 otherwise.
  """

  rgb: np.ndarray
  time: Fraction
  duration: Fraction


class About(NamedTuple):
  """What a film says of itself before it is decoded.

  Attributes:
    height, width: of the upright frames, in stored pixels.
    aspect: width over height of such a pixel.
    rate: frames a second, on average.
    time_base: of its time stamps, in seconds.
    frames: how many there are, as far as it says so; 0 otherwise.
    seconds: how long it is, as far as it says so; 0 otherwise.
    colors: of its files.
    sounds: how many tracks of sound it has.
    notes: what the user should know.
  """

  height: int
  width: int
  aspect: Fraction
  rate: Fraction
  time_base: Fraction
  frames: int
  seconds: float
  colors: Colors
  sounds: int = 0
  notes: tuple[str, ...] = ()


class Film(Protocol):
  """A film that was opened.

  Attributes:
    path: of its file or folder.
    about: what it says of itself.
  """

  path: str
  about: About

  def frames(self, start: Fraction = Fraction(0)) -> Iterator[Frame]:
    """Yields the frames from a time on, in the order in which they are shown.

    Raises:
      InputError: nothing can be decoded.
    """

  def lost(self) -> str:
    """Returns, after the last frame, what could not be decoded, in words, or ''."""
