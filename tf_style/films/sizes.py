"""The size at which a film is painted, and that at which it is stored. Pure arithmetic."""

from fractions import Fraction

from tf_style.errors import InputError, expected
from tf_style.films.film import About
from tf_style.films.stills import usual_colors
from tf_style.films.writing import FORMATS, Sheet
from tf_style.pictures import images

_FINEST = 90_000  # a second's parts that time stamps are written in at most


def painted_size(about: About, image_size: int | str, max_pixels: int) -> tuple[int, int]:
  """Returns height and width at which frames are painted, in square pixels.

  Pixels that are not square are made so on their longer side: nothing is lost.

  Args:
    about: the film.
    image_size: longest side, or `original`.
    max_pixels: more are refused.
  Raises:
    InputError: it is larger.
  """
  height, width = about.height, about.width
  if about.aspect > 1:
    width = max(1, round(width * about.aspect))
  elif about.aspect < 1:
    height = max(1, round(height / about.aspect))
  if image_size != "original":
    height, width = images.fitted_size(height, width, int(image_size))
  if height * width > max_pixels:
    raise InputError("--image_size: " + expected(
        f"frames of at most {max_pixels} pixels (--max_pixels sets the limit)",
        f"{width}x{height}"))
  return height, width


def sheet_of(about: About, size: tuple[int, int], ending: str, fps: float = 0.0) -> Sheet:
  """Returns how the frames of a film are stored in a file with an ending.

  Where the format knows pixels that are not square, they are as they were.

  Args:
    about: the film.
    size: height and width at which it is painted.
    ending: one of `FORMATS`.
    fps: frames a second, at most; 0 keeps all.
  """
  height, width = stored = size
  aspect = about.aspect if FORMATS[ending].aspect else Fraction(1)
  if aspect > 1:
    stored = height, max(1, round(width / aspect))
  elif aspect < 1:
    stored = max(1, round(height * aspect)), width
  rate = min(about.rate, Fraction(fps).limit_denominator(1001)) if fps else about.rate
  colors = about.colors
  if colors.matrix not in (1, 5):  # BT.2020's RGB is taken as sRGB's, and written as such
    colors = usual_colors(height)._replace(full=colors.full)
  return Sheet(height, width, stored, aspect, rate, _time_base(about, rate), colors)


def _time_base(about: About, rate: Fraction) -> Fraction:
  """Returns the film's own unit of time, or a frame where some are left out; never too fine."""
  base = 1 / rate if rate < about.rate else about.time_base
  return base if base >= Fraction(1, _FINEST) else Fraction(1, _FINEST)
