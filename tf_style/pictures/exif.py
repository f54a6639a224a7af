"""Which way up a picture is: the orientation of EXIF and XMP, and turning by it."""

import re
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np

_ORIENTATION = 0x0112
_SHORT = 3


def orientation(info: Mapping[Any, Any]) -> int:
  """Returns the orientation, 1 to 8, that a picture's metadata ask for; 1 where they are damaged.

  Args:
    info: what Pillow reads before the pixels; `exif`, ImageMagick's text of it, and XMP are used.
  """
  data = info.get("exif")
  if data is None and "Raw profile type exif" in info:
    data = _unhexed(info["Raw profile type exif"])
  value = _of_exif(bytes(data)) if isinstance(data, (bytes, bytearray)) else None
  return value or _of_xmp(info.get("XML:com.adobe.xmp") or info.get("xmp")) or 1


def _unhexed(text: str) -> bytes:
  try:
    return bytes.fromhex("".join(text.split("\n")[3:]))
  except ValueError:
    return b""


def _of_exif(data: bytes) -> int | None:
  """Reads the orientation from the first folder of tags (EXIF 2.3, 4.6.2)."""
  data = data.removeprefix(b"Exif\0\0")
  order = {b"II*\0": "<", b"MM\0*": ">"}.get(data[:4])
  if order is None:
    return None
  try:
    start, = struct.unpack_from(order + "I", data, 4)
    count, = struct.unpack_from(order + "H", data, start)
    for entry in range(start + 2, min(start + 2 + 12 * count, len(data)), 12):
      tag, kind, values, value = struct.unpack_from(order + "HHIH", data, entry)
      if tag == _ORIENTATION:
        return value if kind == _SHORT and values == 1 and 1 <= value <= 8 else None
  except struct.error:  # cut short
    pass
  return None


def _of_xmp(xmp: str | bytes | None) -> int | None:
  text = xmp.decode("latin-1") if isinstance(xmp, bytes) else xmp or ""
  found = re.search(r'tiff:Orientation(="|>)([1-8])\b', text)
  return int(found[2]) if found else None


def turned(plane: np.ndarray, orientation: int) -> np.ndarray:
  """Returns a view of `plane` [H, W, ...], upright (EXIF 2.3: where row and column 0 lie)."""
  if orientation in (5, 6, 7, 8):
    plane = plane.swapaxes(0, 1)
  rows = slice(None, None, -1 if orientation in (3, 4, 7, 8) else 1)
  columns = slice(None, None, -1 if orientation in (2, 3, 6, 7) else 1)
  return plane[rows, columns]


def upright_size(height: int, width: int, orientation: int) -> tuple[int, int]:
  """Returns the (height, width) of a picture once it is turned."""
  return (width, height) if orientation >= 5 else (height, width)
