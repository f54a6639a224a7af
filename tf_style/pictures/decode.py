"""Picture files that Pillow decodes, and Pillow's own images -> planes."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from PIL import (
  AvifImagePlugin,
  BmpImagePlugin,
  GifImagePlugin,
  Image,
  ImageFile,
  PngImagePlugin,
  WebPImagePlugin,
)

from tf_style.errors import ImageError, expected
from tf_style.pictures import jpeg, profiles, tags
from tf_style.pictures.exif import orientation, turned, upright_size
from tf_style.pictures.given import Stream
from tf_style.pictures.planes import Planes, check_pixels, unit_floats

_DEEP_PNG = {2: 3, 4: 2, 6: 4}  # channels of the color types of which Pillow keeps 8 of 16 bits


_LOSSY = ("JPEG", "MPO", "WEBP", "AVIF", "HEIF")


class _GifFile(GifImagePlugin.GifImageFile):
  """A GIF whose first frame is read without asking Pillow's limit, which belongs to the process.

  How a frame is disposed of before the next does not matter for the first.
  """

  disposal_method = property(lambda self: 0, lambda self, value: None)


class _ShortReads:
  """A file whose first read is short, so that Pillow asks its own limit of no WebP's head.

  Pillow 13 reads a head of 30 bytes for that limit; those before read all at once, and ask nothing.
  """

  def __init__(self, file: Any):
    self._file, self._first = file, True

  def read(self, size: int = -1) -> bytes:
    size, self._first = (min(size, 16) if self._first else size), False
    return self._file.read(size)

  def __getattr__(self, name: str) -> Any:
    return getattr(self._file, name)


def _heif(file: Any, name: str) -> ImageFile.ImageFile:
  import pillow_heif

  return pillow_heif.HeifImageFile(file, name)


# As `Image.open` would call them, without its limit and its warnings.
_OPENERS: dict[str, Callable[..., ImageFile.ImageFile]] = {
    "JPEG": jpeg.JpegFile, "PNG": PngImagePlugin.PngImageFile, "GIF": _GifFile,
    "WEBP": lambda file, name: WebPImagePlugin.WebPImageFile(_ShortReads(file), name),
    "BMP": BmpImagePlugin.BmpImageFile, "AVIF": AvifImagePlugin.AvifImageFile, "HEIF": _heif}


def open_image(stream: Stream, form: str, max_pixels: int, flag: str) -> "PillowReader":
  """Opens a picture file whose pixels are not decoded yet.

  Args:
    stream: the file.
    form: its format, in Pillow's words.
    max_pixels: a larger picture is refused.
    flag: names the picture in messages.
  Raises:
    ImageError: it breaks the limit, or what decodes it is not installed.
    Exception: of many kinds, where it is damaged.
  """
  try:
    image = _OPENERS[form](stream.file, stream.path)
  except ImportError as error:
    raise ImageError(f"{flag}: " + expected(
        "the extra heif for a HEIC picture (pip install 'tf_style[heif]'), or one saved as JPEG",
        stream.full_name)) from error
  except SyntaxError as error:
    if form == "AVIF" and not AvifImagePlugin.SUPPORTED:
      raise ImageError(f"{flag}: " + expected(
          "a Pillow that decodes AVIF (pip install -U pillow), or the picture saved as PNG",
          stream.full_name)) from error
    raise
  check_pixels(image.height, image.width, max_pixels, flag, stream.full_name)
  if form == "JPEG":
    jpeg.check_scans(stream.file, image, flag, stream.full_name)
  return PillowReader(image, stream.name, stream)


class PillowReader(NamedTuple):
  """A picture that Pillow has opened or made.

  Attributes:
    image: in any of Pillow's modes.
    name: what to call it in notes.
    stream: the file it is read from; None for an image that the caller made or opened.
  """

  image: Image.Image
  name: str
  stream: Stream | None

  def is_exact(self) -> bool:
    """Says whether the numbers are what was written."""
    return self.image.format not in _LOSSY

  def size(self) -> tuple[int, int]:
    """Returns height and width, upright."""
    return upright_size(self.image.height, self.image.width, self._orientation())

  def _orientation(self) -> int:
    """Returns the orientation that is still to be applied; Pillow turns a TIFF itself."""
    return 1 if self.image.format == "TIFF" else orientation(self.image.info)

  def read(self, longest_side: int | None) -> tuple[Planes, list[str]]:
    """Decodes the first frame.

    Args:
      longest_side: that will be wanted; a JPEG is reduced while it is decoded where it is small.
    Returns:
      The planes, and what the user should know about how they were had.
    """
    image, turn = self.image, self._orientation()
    icc, coding, notes = self._color_tags()
    found = _deep_png(image, self._file())
    if found is None:
      image, more = self._loaded(longest_side)
      found, notes = _pixels(image), notes + more
    pixels, mode, alpha = found
    if coding is None:
      pixels, more = profiles.to_srgb(pixels, mode, icc, self.name)
      notes += more
    else:
      pixels = tags.to_srgb(pixels, coding)
      notes += filter(None, [coding.note])
    if getattr(image, "is_animated", False) and image.format != "MPO":
      notes.append(f"only the first{_of_frames(image)} of {self.name} is used")
    alpha = None if alpha is None else turned(alpha, turn)
    return Planes(turned(pixels, turn), alpha), notes

  def _file(self) -> Any:
    """Returns the file that the pixels still lie in, or None."""
    file = self.stream.file if self.stream else getattr(self.image, "fp", None)
    return None if file is None or file.closed else file

  def _color_tags(self) -> tuple[bytes | None, tags.Coding | None, list[str]]:
    """Returns the color profile, or else what other tags say; and notes."""
    image, file, points = self.image, self._file(), None
    if file and image.format == "PNG":
      points = tags.png_code_points(file)
    elif file and image.format == "AVIF":
      points = tags.avif_code_points(file)
    icc = image.info.get("icc_profile")
    if icc and not (points and image.format == "PNG"):
      return icc, None, []
    try:
      return None, tags.coding_of(image.info, points, self.name), []
    except ValueError as error:
      return None, None, [f"the color tag of {self.name} is ignored ({error})"]

  def _loaded(self, longest_side: int | None) -> tuple[Image.Image, list[str]]:
    """Decodes the image, or a JPEG anew that lacks its last bytes."""
    image, stream = self.image, self.stream
    if not (stream and isinstance(image, jpeg.JpegFile)):
      image.load()
      return image, []
    if longest_side:
      jpeg.reduce_while_decoding(image, longest_side)
    try:
      image.load()
      return image, []
    except OSError:
      stream.file.seek(0)
      image, missing = jpeg.mended(stream.file.read())
      share = math.floor(100 * missing) + 1
      return image, [f"{self.name} is cut short: less than {share} % of the picture is missing"]


def _of_frames(image: Any) -> str:
  try:
    return f" of {image.n_frames} frames"
  except Exception:  # damage behind the first frame
    return " frame"


Pixels = tuple[np.ndarray, str, np.ndarray | None]  # [H, W, C], their mode, alpha [H, W]


def _deep_png(image: Image.Image, file: Any) -> Pixels | None:
  """Reads a 16-bit PNG of which Pillow keeps 8 bits; None for anything else."""
  if file is None or image.format != "PNG" or not getattr(image, "tile", None):
    return None
  file.seek(0)
  head = file.read(26)
  if head[24] != 16 or head[25] not in _DEEP_PNG:
    return None
  import imagecodecs

  file.seek(0)
  pixels = imagecodecs.png_decode(file.read())
  channels = _DEEP_PNG[head[25]]
  pixels = pixels.reshape(image.height, image.width, -1)
  if head[25] == 2:
    key = image.info.get("transparency")
    alpha = None if key is None else np.where(np.all(pixels[..., :3] == key, -1), 0, 255)
    return pixels[..., :3], "RGB", None if alpha is None else alpha.astype(np.uint8)
  alpha = pixels[..., -1]
  color = pixels[..., :channels - 1]
  return color, "L" if channels == 2 else "RGB", None if alpha.min() == 65535 else alpha


def _pixels(image: Image.Image) -> Pixels:
  """Returns what Pillow has decoded, uint8, uint16 or floats, in mode L, RGB, CMYK, LAB or F."""
  if image.mode == "F":
    return unit_floats(np.asarray(image))[..., None], "F", None
  if image.mode.startswith("I"):
    grays, key = _gray_16_bits(image), image.info.get("transparency")
    alpha = None if key is None else np.where(np.asarray(image) == key, 0, 255).astype(np.uint8)
    return grays[..., None], "L", alpha
  mode, alpha = _mode_without_alpha(image.mode), None
  if image.has_transparency_data:
    image = image.convert("LA" if mode == "L" else "RGBA")
    channel = image.getchannel("A")
    if channel.getextrema() != (255, 255):
      alpha = np.asarray(channel)
  pixels = np.asarray(image if image.mode == mode else image.convert(mode))
  return pixels.reshape(*pixels.shape[:2], -1), mode, alpha


def _mode_without_alpha(mode: str) -> str:
  """Returns the mode in which the color of a picture is converted to sRGB."""
  if mode in ("1", "L", "LA", "La"):
    return "L"
  return mode if mode in ("CMYK", "LAB") else "RGB"


def _gray_16_bits(image: Image.Image) -> np.ndarray:
  """Returns [H, W] uint16 of the modes I and I;16."""
  values = np.asarray(image)
  if values.min() < 0 or values.max() > 65535:
    raise ValueError("gray pixels of more than 16 bits")
  return values.astype(np.uint16)
