"""Picture files -> planes of numbers: limits, formats, alpha, color profiles. Pillow decodes."""

import contextlib
import io
import os
import stat
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, ImageCms, ImageFile, TiffImagePlugin, UnidentifiedImageError

from tf_style.errors import ImageError, expected, one_line

_FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF")
_DRAFT_MARGIN = 4  # times the size wanted that a JPEG reduced while decoding keeps
_USUAL_SCANS = 20
_MAX_SCAN_PIXELS = 4_000_000_000  # progressive JPEG: passes over the picture times its pixels
_ORIENTATION, _BITS, _PHOTOMETRIC = 0x0112, 258, 262  # tags of EXIF and TIFF
_RAW_16 = {f"{mode};16{order}": (len(mode), dtype) for mode in ("RGB", "RGBX", "RGBA")
           for order, dtype in (("L", "<u2"), ("B", ">u2"))}


class Planes(NamedTuple):
  """A decoded picture, upright, in sRGB.

  Attributes:
    color: [H, W, 1 or 3], uint8 or uint16 (the whole range), or float in [0, 1].
    alpha: [H, W] of such numbers, or None where nothing is transparent.
  """

  color: np.ndarray
  alpha: np.ndarray | None


@contextlib.contextmanager
def opened(path: str | os.PathLike, max_pixels: int, flag: str) -> Iterator[ImageFile.ImageFile]:
  """Opens a picture file whose pixels are not decoded yet; whatever then fails is an `ImageError`.

  Pillow's own limit and warnings, which belong to the process, are set aside meanwhile.
  """
  limit = Image.MAX_IMAGE_PIXELS
  try:
    _check_regular(path, flag)
    Image.MAX_IMAGE_PIXELS = max_pixels
    with warnings.catch_warnings():
      warnings.simplefilter("ignore")
      with Image.open(path, formats=_FORMATS) as image:
        check_pixels(image.height, image.width, max_pixels, flag, path)
        _check_scans(path, image, flag)
        with _silent_stderr() if image.format == "TIFF" else contextlib.nullcontext():
          yield image
  except ImageError:
    raise
  except Image.DecompressionBombError as error:
    raise ImageError(f"{flag}: " + expected(
        _pixels_wanted(max_pixels), f"{path} with more than {2 * max_pixels}")) from error
  except UnidentifiedImageError as error:
    raise ImageError(f"{flag}: " + expected(
        "a JPEG, PNG, WebP, TIFF, BMP or GIF picture", f"{path}, which is none")) from error
  except Exception as error:  # damaged files make decoders raise anything
    raise unreadable(flag, path, error) from error
  finally:
    Image.MAX_IMAGE_PIXELS = limit


@contextlib.contextmanager
def _silent_stderr() -> Iterator[None]:
  """Keeps what libtiff itself says of a damaged file from the terminal; the error says it again."""
  try:
    saved = os.dup(2)
  except OSError:  # there is no stderr
    yield
    return
  null = os.open(os.devnull, os.O_WRONLY)
  try:
    os.dup2(null, 2)
    yield
  finally:
    os.dup2(saved, 2)
    os.close(saved)
    os.close(null)


def unreadable(flag: str, name: object, error: Exception) -> ImageError:
  """Returns the error for a picture that Pillow fails on."""
  reason = one_line(getattr(error, "strerror", None) or error or type(error).__name__)[:200]
  return ImageError(f"{flag}: " + expected("a picture that can be read", f"{name} ({reason})"))


def _check_regular(path: str | os.PathLike, flag: str) -> None:
  """Refuses what is no file before it is opened: a FIFO would block, a device may never end."""
  mode = os.stat(path).st_mode
  if not stat.S_ISREG(mode):
    kind = "the folder" if stat.S_ISDIR(mode) else "the device, pipe or socket"
    raise ImageError(f"{flag}: " + expected("a picture file", f"{kind} {path}"))


def check_pixels(height: int, width: int, max_pixels: int, flag: str, name: object) -> None:
  """Raises `ImageError` where a picture has no pixels or more than `max_pixels`."""
  if not 0 < height * width <= max_pixels:
    raise ImageError(f"{flag}: " + expected(
        _pixels_wanted(max_pixels), f"{name} with {width} x {height}"))


def _pixels_wanted(max_pixels: int) -> str:
  return f"a picture of 1 to {max_pixels} pixels (--max_pixels sets the limit)"


def _check_scans(path: str | os.PathLike, image: Image.Image, flag: str) -> None:
  """Refuses a progressive JPEG of so many passes that a small file would decode for minutes."""
  if "progressive" in image.info:
    scans = Path(path).read_bytes().count(b"\xff\xda")
    if scans > _USUAL_SCANS and scans * image.width * image.height > _MAX_SCAN_PIXELS:
      raise ImageError(f"{flag}: " + expected(
          "a progressive JPEG of a usual number of scans", f"{path} with {scans}"))


def orientation(image: Image.Image) -> int:
  """Returns the EXIF orientation, 1 to 8, that is still to be applied; Pillow turns a TIFF itself.

  Only what stands before the pixels is read, so that a probe and a load agree.
  """
  if image.format == "TIFF":
    return 1
  try:
    value = Image.Image.getexif(image).get(_ORIENTATION, 1)
  except Exception:  # absurd EXIF says nothing about the pixels
    return 1
  return value if value in range(1, 9) else 1


def turned(plane: np.ndarray, orientation: int) -> np.ndarray:
  """Returns a view of `plane` [H, W, ...], upright (EXIF 2.3: where row and column 0 lie)."""
  if orientation in (5, 6, 7, 8):
    plane = plane.swapaxes(0, 1)
  rows = slice(None, None, -1 if orientation in (3, 4, 7, 8) else 1)
  columns = slice(None, None, -1 if orientation in (2, 3, 6, 7) else 1)
  return plane[rows, columns]


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


def decoded(image: Image.Image, name: str) -> tuple[Planes, list[str]]:
  """Decodes the first frame.

  Args:
    image: opened or made by Pillow, in any of its modes.
    name: what to call it in the notes.
  Returns:
    The planes, and what the user should know about how they were had.
  """
  notes = []
  turn = orientation(image)
  base_mode = _mode_without_alpha(image.mode)
  try:
    transform = _to_srgb(image.info.get("icc_profile"), base_mode)
  except Exception as error:  # an absurd profile; Pillow raises several kinds
    notes.append(f"the color profile of {name} is ignored ({one_line(error)[:100]})")
    transform = None
  planes = _raw_16_bits(image) if transform is None else None
  if planes is None:
    image.load()
    base, alpha = _split_alpha(image)
    color = turned(_color(base, transform), turn)
    planes = Planes(color, None if alpha is None else turned(alpha, turn))
  if getattr(image, "is_animated", False) and image.format != "MPO":
    notes.append(f"only the first{_of_frames(image)} of {name} is used")
  return planes, notes


def _of_frames(image: Any) -> str:
  try:
    return f" of {image.n_frames} frames"
  except Exception:  # damage behind the first frame
    return " frame"


def _mode_without_alpha(mode: str) -> str:
  """Returns the mode in which the color of a picture is converted to sRGB."""
  if mode in ("1", "L", "LA", "La") or mode.startswith("I"):
    return "L"
  return mode if mode in ("CMYK", "LAB", "F") else "RGB"


def _to_srgb(icc: bytes | None, mode: str) -> ImageCms.ImageCmsTransform | None:
  """Returns the transform from the profile to sRGB; None where it would change nothing to speak of.

  Relative colorimetric with black point compensation, as browsers and photo editors do.
  """
  if mode == "LAB":
    profile = ImageCms.createProfile("LAB")
  elif not icc:
    return None
  else:
    profile = ImageCms.ImageCmsProfile(io.BytesIO(icc)).profile
    space = {"L": "GRAY", "RGB": "RGB", "CMYK": "CMYK"}.get(mode, "no profile")
    if profile.xcolor_space.strip() != space:
      raise ValueError(expected(f"one for {space}", profile.xcolor_space.strip()))
  transform = ImageCms.buildTransform(
      profile, ImageCms.createProfile("sRGB"), mode, "RGB", ImageCms.Intent.RELATIVE_COLORIMETRIC,
      ImageCms.Flags.BLACKPOINTCOMPENSATION)
  if mode not in ("L", "RGB"):
    return transform
  levels = np.arange(0, 256, 15)
  grid = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(1, -1, 3)
  before = Image.fromarray(grid.astype(np.uint8)).convert(mode)
  after = transform.apply(before)
  change = np.asarray(after, int) - np.asarray(before.convert("RGB"))
  return transform if np.abs(change).max() > 1 else None


def _raw_16_bits(image: Image.Image) -> Planes | None:
  """Reads an uncompressed 16-bit RGB TIFF, of which Pillow keeps 8 bits; None for anything else."""
  if not isinstance(image, TiffImagePlugin.TiffImageFile) or image.fp is None:
    return None
  tiles: list[Any] = list(image.tile)
  if not tiles or any(tile.codec_name != "raw" or tile.args[0] not in _RAW_16 or tile.args[1]
                      for tile in tiles):
    return None
  raw_mode = tiles[0].args[0]
  channels, dtype = _RAW_16[raw_mode]
  boxes = [tile.extents for tile in tiles]
  pixels = np.empty((max(b[3] for b in boxes), max(b[2] for b in boxes), channels), np.uint16)
  for tile, (left, top, right, bottom) in zip(tiles, boxes, strict=True):
    image.fp.seek(tile.offset)
    data = image.fp.read((bottom - top) * (right - left) * channels * 2)
    pixels[top:bottom, left:right] = np.frombuffer(data, dtype).reshape(bottom - top, -1, channels)
  pixels = turned(pixels, image.tag_v2.get(_ORIENTATION, 1))
  return Planes(pixels[..., :3], pixels[..., 3] if raw_mode.startswith("RGBA") else None)


def _split_alpha(image: Image.Image) -> tuple[Image.Image, np.ndarray | None]:
  """Returns the picture without its alpha, and the alpha [H, W] where something is transparent."""
  if not image.has_transparency_data:
    return image, None
  if image.mode.startswith("I"):
    key = image.info["transparency"]
    return image, np.where(np.asarray(image) == key, 0, 255).astype(np.uint8)
  mode = _mode_without_alpha(image.mode)
  image = image.convert("LA" if mode == "L" else "RGBA")
  alpha = image.getchannel("A")
  opaque = alpha.getextrema() == (255, 255)
  return image.convert(mode), None if opaque else np.asarray(alpha)


def _color(image: Image.Image, transform: ImageCms.ImageCmsTransform | None) -> np.ndarray:
  """Returns [H, W, 1 or 3] sRGB of a picture without alpha."""
  if image.mode == "F":
    return _checked_floats(np.asarray(image))[..., None]
  if image.mode.startswith("I"):
    grays = _gray_16_bits(image)
    if transform is None:
      return grays[..., None]
    image = Image.fromarray((grays >> 8).astype(np.uint8))
  mode = _mode_without_alpha(image.mode)
  if transform is not None:
    image = transform.apply(image if image.mode == mode else image.convert(mode))
  elif image.mode not in ("L", "RGB"):
    image = image.convert("L" if mode == "L" else "RGB")
  pixels = np.asarray(image)
  return pixels.reshape(*pixels.shape[:2], -1)


def _checked_floats(values: np.ndarray) -> np.ndarray:
  if not (values.min() >= 0 and values.max() <= 1):  # true for NaN too
    raise ValueError("floating-point pixels outside [0, 1]")
  return values


def _gray_16_bits(image: Image.Image) -> np.ndarray:
  """Returns [H, W] uint16 of the modes I and I;16, which Pillow also uses for 12 bits."""
  values = np.asarray(image)
  tags = getattr(image, "tag_v2", {})
  top = 4095 if tags.get(_BITS) == (12,) else 65535
  if values.min() < 0 or values.max() > top:
    raise ValueError("gray pixels of more than 16 bits")
  if tags.get(_PHOTOMETRIC) == 0:
    values = top - values
  return (values if top == 65535 else values * 16 + values // 256).astype(np.uint16)
