"""Pictures, wherever they come from, as float32 sRGB in [0, 1] at the size that is wanted."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol, cast

import numpy as np
from numpy.typing import ArrayLike
from PIL import Image, TiffImagePlugin

from tf_style.errors import ImageError, expected, one_line
from tf_style.pictures import arrays, decode, given, kinds, tiff
from tf_style.pictures.planes import Planes, check_pixels
from tf_style.pictures.resize import fitted_size, float_planes
from tf_style.system.files import safe_name

MAX_PIXELS = 100_000_000
ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp", ".gif", ".avif", ".heic",
           ".heif")

Source = str | os.PathLike | bytes | BinaryIO | Image.Image | ArrayLike


class Picture(NamedTuple):
  """A picture as the package sees it.

  Attributes:
    rgb: [1, H, W, 3] float32 in [0, 1], sRGB, upright.
    alpha: [H, W] float32 in [0, 1], not multiplied into `rgb`; None where nothing is transparent.
    name: fit for a part of a file name.
    notes: what the user should know, such as 'only the first of 3 frames of x.gif is used'.
  """

  rgb: np.ndarray
  alpha: np.ndarray | None
  name: str
  notes: tuple[str, ...]


class Reader(Protocol):
  """A picture whose pixels are not decoded yet."""

  def is_exact(self) -> bool:
    """Says whether its numbers are what was written, as JPEG's are not."""

  def size(self) -> tuple[int, int]:
    """Returns height and width, upright."""

  def read(self, longest_side: int | None) -> tuple[Planes, list[str]]:
    """Decodes the picture, as large as it is or, for speed, smaller; returns notes too."""


class _ArrayReader(NamedTuple):
  planes: Planes

  def is_exact(self) -> bool:
    return True

  def size(self) -> tuple[int, int]:
    return self.planes.color.shape[:2]

  def read(self, longest_side: int | None) -> tuple[Planes, list[str]]:
    return self.planes, []


def load_picture(source: Source, longest_side: int | None = None, max_pixels: int = MAX_PIXELS,
                 flag: str = "--content") -> Picture:
  """Loads a picture, turns it upright, converts it to sRGB and resizes it.

  Args:
    source: the path, the bytes or a binary file object of a JPEG, PNG, WebP, TIFF, BMP, GIF, AVIF
      or (with the extra `heif`) HEIC file; a Pillow image; or an array, a tensor of any framework
      or nested lists, [H, W] to [1, H, W, 4], of bool, uint8, uint16, floats in [0, 1] or other
      integers from 0 to 255. Floats outside [0, 1] by at most .01 are clipped.
    longest_side: pixels; None keeps the size.
    max_pixels: a larger picture is refused before its pixels are decoded.
    flag: names the picture in messages.
  Returns:
    The picture.
  Raises:
    ImageError: there is no such picture, it cannot be read, or it breaks the limit.
  """
  planes, size, path, notes = _decoded(source, longest_side, max_pixels, flag)
  height, width = fitted_size(*size, longest_side) if longest_side else planes.color.shape[:2]
  rgb, alpha = float_planes(planes, height, width)
  return Picture(rgb, alpha, safe_name(Path(path).stem), tuple(notes))


def _decoded(source: Source, longest_side: int | None, max_pixels: int, flag: str,
             ) -> tuple[Planes, tuple[int, int], str, list[str]]:
  """Returns the planes, the upright size, the path and notes; what decoders hold is freed here."""
  with opened(source, max_pixels, flag) as (reader, path):
    size = reader.size()
    planes, notes = reader.read(longest_side)
  return planes, size, path, notes


def probe_size(source: Source, max_pixels: int = MAX_PIXELS, flag: str = "--content",
               ) -> tuple[int, int]:
  """Returns the (height, width) that `load_picture` would give, without decoding the pixels.

  Raises:
    ImageError: as `load_picture`, as far as the file's head can tell.
  """
  with opened(source, max_pixels, flag) as (reader, _):
    return reader.size()


def pictures_of(source: Source, flag: str) -> list[Source]:
  """Returns the pictures in a folder, sorted by name, or the one picture that is given.

  Raises:
    ImageError: the folder holds none, or cannot be read.
  """
  if not isinstance(source, (str, os.PathLike)) or not os.path.isdir(source):
    return [source]
  try:
    found = sorted(path for path in Path(source).iterdir()
                   if path.suffix.lower() in ENDINGS and not path.name.startswith("."))
  except OSError as error:
    raise ImageError(f"{flag}: " + expected("a folder that can be read", error)) from error
  if not found:
    raise ImageError(f"{flag}: " + expected(
        "a picture or a folder of pictures", f"{source} without any"))
  return list(found)


@contextlib.contextmanager
def opened(source: Source, max_pixels: int, flag: str) -> Iterator[tuple[Reader, str]]:
  """Opens a picture of any kind whose pixels are not decoded yet, and says its path or ''.

  Whatever then fails is an `ImageError`. Nothing that belongs to the process is changed.
  """
  if isinstance(source, Image.Image):
    path = str(getattr(source, "filename", ""))
    with _errors(flag, "a Pillow image"):
      yield _of_image(source, one_line(path) or "a Pillow image", max_pixels, flag), path
  elif arrays.is_array(source):
    yield _ArrayReader(arrays.planes_of_array(source, max_pixels, flag)), ""
  else:
    with given.opened(source, flag) as stream, _errors(flag, stream.full_name):
      yield _of_file(stream, max_pixels, flag), stream.path


@contextlib.contextmanager
def _errors(flag: str, name: str) -> Iterator[None]:
  """Turns every error into an `ImageError` of one short line."""
  try:
    yield
  except ImageError:
    raise
  except Exception as error:  # damaged files make decoders raise anything
    reason = one_line(getattr(error, "strerror", None) or error or type(error).__name__)[:200]
    raise ImageError(f"{flag}: " + expected(
        "a picture that can be read", f"{name} ({reason})")) from error


def _of_file(stream: given.Stream, max_pixels: int, flag: str) -> Reader:
  head = stream.file.read(kinds.HEAD_BYTES)
  stream.file.seek(0)
  kind = kinds.kind_of(head)
  if kind is None or kind.way_out:
    found = f": {kind.name} ({kind.way_out})" if kind else ""
    raise ImageError(f"{flag}: " + expected(
        kinds.READ, f"{stream.full_name}, which is none{found}"))
  if kind.name == "TIFF":
    return tiff.open_tiff(stream, max_pixels, flag)
  return decode.open_image(stream, kind.name, max_pixels, flag)


def _of_image(image: Image.Image, name: str, max_pixels: int, flag: str) -> Reader:
  """Reads a TIFF that Pillow has opened but not decoded anew, for Pillow misreads many."""
  check_pixels(image.height, image.width, max_pixels, flag, "a Pillow image")
  if isinstance(image, TiffImagePlugin.TiffImageFile) and image.tile and image.fp is not None:
    image.fp.seek(0)
    file = cast(BinaryIO, image.fp)
    stream = given.Stream(file, str(image.filename), name, "a Pillow image")
    return tiff.open_tiff(stream, max_pixels, flag, image.tell() or None)
  return decode.PillowReader(image, name, None)
