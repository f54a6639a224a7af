"""Decoded pictures as planes of numbers, and how their numbers are scaled."""

from typing import NamedTuple

import numpy as np

from tf_style.errors import ImageError, expected

SLACK = 0.01  # floats that lie outside [0, 1] by no more are clipped: filters overshoot
_ROWS = 256  # pixels are rounded in bands of rows: no second picture of floats
_TOP = {"uint8": 255, "uint16": 65535}


class Planes(NamedTuple):
  """A decoded picture, upright, in sRGB.

  Attributes:
    color: [H, W, 1 or 3], uint8 or uint16 (the whole range), or float in [0, 1].
    alpha: [H, W] of such numbers, not multiplied into `color`; None where nothing is transparent.
  """

  color: np.ndarray
  alpha: np.ndarray | None


def check_pixels(height: int, width: int, max_pixels: int, flag: str, name: object) -> None:
  """Raises `ImageError` where a picture has no pixels or more than `max_pixels`."""
  if not 0 < height * width <= max_pixels:
    raise ImageError(f"{flag}: " + expected(
        f"a picture of 1 to {max_pixels} pixels (--max_pixels sets the limit)",
        f"{name} with {width} x {height}"))


def unit_floats(values: np.ndarray) -> np.ndarray:
  """Returns floats clipped to [0, 1], the very same array where nothing lies outside.

  Raises:
    ValueError: some lie outside by more than .01, or are no numbers; the message is for the user.
  """
  low, high = values.min(), values.max()
  if not (low >= -SLACK and high <= 1 + SLACK):  # false for NaN too
    hint = " (divide by 255)" if low >= 0 and 1 < high <= 255 else ""
    raise ValueError(expected("floats in [0, 1]", f"{low} to {high}{hint}"))
  return values if low >= 0 and high <= 1 else np.clip(values, 0, 1)


def floats(plane: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
  """Returns a plane of any type of `Planes` as float32 in [0, 1]."""
  scale = np.float32(_TOP.get(plane.dtype.name, 1))
  return np.divide(plane, scale, out=out, dtype=np.float32, casting="same_kind")


def levels(values: np.ndarray, dtype: type[np.unsignedinteger]) -> np.ndarray:
  """Returns numbers of any type of `Planes` as whole numbers over the range of `dtype`.

  Args:
    values: [H, ...]; floats are clipped to [0, 1].
    dtype: uint8 or uint16.
  """
  if values.dtype == dtype:
    return values
  source, top = _TOP.get(values.dtype.name, 1), np.iinfo(dtype).max
  out = np.empty(values.shape, dtype)
  for row in range(0, len(values), _ROWS):
    band = values[row:row + _ROWS]
    out[row:row + _ROWS] = np.rint(
        np.clip(band, 0, 1) * top if source == 1 else band * (top / source))
  return out
