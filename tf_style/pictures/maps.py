"""Maps: gray pictures that say how much of something there is at each place."""

import math

import numpy as np

from tf_style.errors import InputError, expected
from tf_style.pictures import color
from tf_style.pictures.load import Source, load_picture

_ROUNDING = 0.5  # pixels by which a side of a resized picture may differ


def load_map(source: Source, max_pixels: int, flag: str) -> np.ndarray:
  """Reads a gray picture, [h, w, 1] float32: black is 0, as is what is transparent, white is 1.

  Args:
    source: what `load_picture` takes.
    max_pixels: a larger one is refused.
    flag: names the map in messages.
  Raises:
    InputError: it cannot be read, or has colors.
  """
  picture = load_picture(source, None, max_pixels, flag)
  if not color.is_gray(picture.rgb):
    raise InputError(f"{flag}: " + expected("a gray picture, from black to white", "one in colors"))
  levels = picture.rgb[0, ..., :1]
  return levels if picture.alpha is None else levels * picture.alpha[..., None]


def stretched(given: tuple[int, int], size: tuple[int, int], flag: str, noun: str) -> list[str]:
  """Returns a note where a mask or a map has not the shape of its picture, or none.

  Args:
    given, size: height and width of the mask and of the picture.
    flag: names the mask.
    noun: what it is.
  """
  ratio = abs(math.log(given[1] * size[0] / (given[0] * size[1])))
  if ratio <= _ROUNDING * sum(1 / side for side in (*given, *size)):
    return []
  return [f"{flag}: a {noun} of {given[1]} x {given[0]} is stretched to its picture, "
          f"{size[1]} x {size[0]}"]
