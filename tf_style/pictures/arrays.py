"""Arrays and whatever NumPy makes an array of -> planes."""

from typing import Any

import numpy as np

from tf_style.errors import ImageError, expected, one_line
from tf_style.pictures.planes import Planes, check_pixels, unit_floats

_SHAPES = "an array [H, W], [H, W, 1], [H, W, 3] or [H, W, 4], or one of these as [1, ...]"
_TYPES = "an array of bool, uint8, uint16, floats in [0, 1] or integers up to 255"


def is_array(source: object) -> bool:
  """Says whether NumPy makes an array of `source`: arrays, tensors, nested lists."""
  return hasattr(source, "__array__") or isinstance(source, (list, tuple))


def as_array(source: Any, flag: str) -> np.ndarray:
  """Returns the array behind an array, a tensor of any framework, or nested lists.

  Raises:
    ImageError: there is none; the message names the type and no contents.
  """
  try:
    array = np.asarray(source)
  except Exception as error:  # frameworks refuse with exceptions of their own
    raise ImageError(f"{flag}: " + expected(
        _TYPES, f"{_type(source)} ({one_line(error)[:150]})")) from error
  if array.dtype.name == "bfloat16":
    array = array.astype(np.float32)
  if array.dtype.kind not in "buif":
    raise ImageError(f"{flag}: " + expected(_TYPES, f"{_type(source)} of {array.dtype}"))
  return array


def _type(source: object) -> str:
  return type(source).__name__


def planes_of_array(source: Any, max_pixels: int, flag: str) -> Planes:
  """Checks an array and takes its alpha apart.

  Args:
    source: [H, W] to [1, H, W, 4] of bool, uint8, uint16, floats in [0, 1], or integers to 255.
    max_pixels: a larger picture is refused.
    flag: names the picture in messages.
  Raises:
    ImageError: it is none of these.
  """
  array = as_array(source, flag)
  pixels = shaped(array, flag)
  height, width = pixels.shape[:2]
  check_pixels(height, width, max_pixels, flag, "an array")
  pixels = _scaled(pixels, flag)
  has_alpha = pixels.shape[2] == 4
  return Planes(pixels[..., :3], pixels[..., 3] if has_alpha else None)


def shaped(array: np.ndarray, flag: str) -> np.ndarray:
  """Returns [H, W, 1, 3 or 4] of an array of any shape that is a picture.

  Raises:
    ImageError: it is none.
  """
  pixels = array[0] if array.ndim == 4 and len(array) == 1 else array
  if pixels.ndim == 2:
    return pixels[..., None]
  if pixels.ndim == 3 and pixels.shape[2] in (1, 3, 4):
    return pixels
  first = pixels.ndim == 3 and pixels.shape[0] in (1, 3, 4)
  hint = " (channels come last: move the first axis to the end)" if first else ""
  raise ImageError(f"{flag}: " + expected(_SHAPES, f"shape {array.shape}{hint}"))


def _scaled(pixels: np.ndarray, flag: str) -> np.ndarray:
  """Returns uint8, uint16, or floats in [0, 1]."""
  if pixels.dtype.name in ("uint8", "uint16"):
    return pixels
  if pixels.dtype.kind == "b":
    return pixels.astype(np.uint8) * np.uint8(255)
  if pixels.dtype.kind == "f":
    try:
      return unit_floats(pixels)
    except ValueError as error:
      raise ImageError(f"{flag}: {error}") from error
  low, high = pixels.min(), pixels.max()
  if low < 0 or not 1 < high <= 255:  # the range of 0 and 1 alone is anybody's guess
    raise ImageError(f"{flag}: " + expected(_TYPES, f"{pixels.dtype} from {low} to {high}"))
  return pixels.astype(np.uint8)
