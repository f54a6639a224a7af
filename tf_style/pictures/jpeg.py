"""JPEG: reduced while decoding, many scans refused, a file that lacks its last bytes mended."""

import io
from typing import BinaryIO

import numpy as np
from PIL import ImageFile, JpegImagePlugin

from tf_style.errors import ImageError, expected

_DRAFT_MARGIN = 4  # times the size wanted that a JPEG reduced while decoding keeps
_USUAL_SCANS = 20
_MAX_SCAN_PIXELS = 4_000_000_000  # progressive JPEG: passes over the picture times its pixels
_MISSING_SHARE = 0.05  # of the pixels, that a mended picture may lack
_END = b"\xff\xd9"
_NOISE = bytes(range(1, 255)) * 16  # read as pixels, it changes what is missing
_BLOCK_ROWS = 16
_TRUNCATED = "image file is truncated"


class JpegFile(JpegImagePlugin.JpegImageFile):
  """A JPEG of which EXIF is left alone: Pillow warns of it where it is damaged.

  Of a file of several pictures (MPO) it is the first, and of HDR with a gain map the base.
  """

  def _read_dpi_from_exif(self) -> None:
    pass


def reduce_while_decoding(image: ImageFile.ImageFile, longest_side: int) -> None:
  """Lets a JPEG be decoded at 1/2, 1/4 or 1/8 where that leaves enough for a good resize.

  Four times the size that is wanted, and whole blocks: on photographs the result then differs by at
  most 0.4 gray levels in the mean from a resize of the whole, where twice the size gave 1.3.
  """
  for scale in (8, 4, 2):
    whole = image.width % scale == image.height % scale == 0
    if whole and max(image.size) >= _DRAFT_MARGIN * scale * longest_side:
      image.draft(None, (image.width // scale, image.height // scale))
      return


def check_scans(file: BinaryIO, image: ImageFile.ImageFile, flag: str, name: str) -> None:
  """Refuses a progressive JPEG of so many passes that a small file would decode for minutes."""
  if "progressive" not in image.info:
    return
  place = file.tell()
  file.seek(0)
  scans = file.read().count(b"\xff\xda")
  file.seek(place)
  if scans > _USUAL_SCANS and scans * image.width * image.height > _MAX_SCAN_PIXELS:
    raise ImageError(f"{flag}: " + expected(
        "a progressive JPEG of a usual number of scans", f"{name} with {scans}"))


def mended(data: bytes) -> tuple[JpegFile, float]:
  """Opens a JPEG that lacks its end, and returns it with the share of the picture that is missing.

  The decoder fills what is missing with one color. Where two endings give different pixels, and in
  all rows of blocks behind, they are missing.

  Raises:
    ValueError: more than a twentieth is missing.
  """
  data = data.rstrip(b"\xff")
  image, other = JpegFile(io.BytesIO(data + _END)), JpegFile(io.BytesIO(data + _NOISE + _END))
  try:
    differ = np.asarray(image) != np.asarray(other)
  except OSError as error:
    raise ValueError(_TRUNCATED) from error
  differ = differ.reshape(len(differ), -1)
  rows = np.flatnonzero(differ.any(axis=1))
  behind = len(differ) - rows[0] - _BLOCK_ROWS if len(rows) else 0
  missing = max(float(differ.mean()), behind / len(differ))
  if missing > _MISSING_SHARE:
    raise ValueError(_TRUNCATED)
  return image, missing
