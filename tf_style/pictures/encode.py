"""Pictures -> files: PNG, JPEG, WebP, 16-bit TIFF by ending; sRGB tagged, never seen half done."""

import io
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import ArrayLike
from PIL import Image, ImageCms, PngImagePlugin

from tf_style.errors import ImageError, OutputError, expected
from tf_style.pictures.arrays import planes_of_array
from tf_style.pictures.load import Source, opened
from tf_style.pictures.planes import Planes, floats, levels
from tf_style.system import files

_EXIF_LIMIT = 65_000  # bytes; a JPEG segment has 65,533
_IMAGE_DESCRIPTION = 0x010E
_FLAG = "--output"
_NO_LIMIT = sys.maxsize
Target = Path | IO[bytes]
ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff")  # of formats that are written


def to_uint8(rgb: np.ndarray) -> np.ndarray:
  """Rounds a picture [1, H, W, 3] or [H, W, 3] in [0, 1] to 256 levels, [H, W, 3]."""
  return levels(rgb.reshape(rgb.shape[-3:]), np.uint8)


def check_output_name(path: str | os.PathLike) -> None:
  """Checks that the ending of `path` names a format that can be written.

  Raises:
    OutputError: it does not; the message lists those that do.
  """
  if Path(path).suffix.lower() not in _writers():
    raise OutputError(f"{_FLAG}: " + expected(f"a name ending in {', '.join(_writers())}", path))


def check_output_size(path: str | os.PathLike, height: int, width: int) -> None:
  """Checks that the format of `path` can hold so large a picture.

  Raises:
    OutputError: it cannot.
  """
  suffix = Path(path).suffix.lower()
  limit = {".jpg": 65500, ".jpeg": 65500, ".webp": 16383}.get(suffix)
  if limit and max(height, width) > limit:
    raise OutputError(f"{_FLAG}: " + expected(
        f"at most {limit} pixels a side in {suffix} (.png and .tif hold more)",
        f"{width} x {height}"))


def save_picture(path: str | os.PathLike, picture: Source, alpha: ArrayLike | None = None,
                 metadata: dict[str, Any] | None = None, overwrite: bool = True) -> Path:
  """Writes a picture in the format of the ending of `path`.

  PNG and WebP (quality 95) keep alpha, TIFF (16 bits) too; JPEG (quality 95, 4:4:4) shows it over
  white. `metadata` goes into the file as one JSON text: PNG's iTXt chunk `Description`, elsewhere
  the tag ImageDescription. What does not fit into the 64 KiB of a JPEG's EXIF is left out whole, in
  WebP too.

  Args:
    path: ends in .png, .jpg, .jpeg, .webp, .tif or .tiff, in any case; its folder is made.
    picture: sRGB, whatever `load_picture` takes: [H, W] to [1, H, W, 4] of uint8, uint16, floats in
      [0, 1] and others, or a Pillow image. Floats outside [0, 1] by at most .01 are clipped.
    alpha: [H, W] of such numbers, not multiplied into the colors; None takes the picture's own.
    metadata: names and whatever JSON can hold.
    overwrite: False takes the next free name where `path` exists.
  Returns:
    The path that was written.
  Raises:
    ImageError: `picture` or `alpha` is none.
    OutputError: the ending is unknown, or the format cannot hold so large a picture.
    OSError: from the system; `path` is as before.
  """
  write = _writer(path, picture, alpha, metadata)
  return files.write_atomically(path, write, overwrite)


def encoded(name: str, picture: Source, alpha: ArrayLike | None = None,
            metadata: dict[str, Any] | None = None) -> bytes:
  """Returns what `save_picture` would write into a file of this name, which need not be there."""
  stream = io.BytesIO()
  _writer(name, picture, alpha, metadata)(stream)
  return stream.getvalue()


def _writer(path: str | os.PathLike, picture: Source, alpha: ArrayLike | None,
            metadata: dict[str, Any] | None) -> Callable[[Target], None]:
  """Returns what writes a picture, once it is checked; arguments are those of `save_picture`."""
  check_output_name(path)
  with opened(picture, _NO_LIMIT, _FLAG) as (reader, _):
    planes, _ = reader.read(None)
  if alpha is not None:
    planes = planes._replace(alpha=_checked_alpha(alpha, *planes.color.shape[:2]))
  check_output_size(path, *planes.color.shape[:2])
  if planes.color.shape[2] == 1:
    planes = planes._replace(color=planes.color.repeat(3, axis=2))
  write = _writers()[Path(path).suffix.lower()]
  text = json.dumps(metadata) if metadata else ""
  return lambda target: write(target, planes, text)


def _checked_alpha(alpha: ArrayLike, height: int, width: int) -> np.ndarray:
  plane = planes_of_array(alpha, _NO_LIMIT, f"{_FLAG}, alpha").color
  if plane.shape != (height, width, 1):
    raise ImageError(f"{_FLAG}: " + expected(
        f"an alpha of the picture's shape {(height, width)}", f"shape {np.shape(alpha)}"))
  return plane[..., 0]


def _writers() -> dict[str, Callable]:
  writers = (_write_png, _write_jpeg, _write_jpeg, _write_webp, _write_tiff, _write_tiff)
  return dict(zip(ENDINGS, writers, strict=True))


def _image(planes: Planes) -> Image.Image:
  image = Image.fromarray(levels(planes.color, np.uint8))
  if planes.alpha is not None:
    image.putalpha(Image.fromarray(levels(planes.alpha, np.uint8)))
  return image


def _srgb_profile() -> bytes:
  """Returns an ICC profile of sRGB, the same bytes at every call (lcms stamps the time into it)."""
  profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
  profile[24:36] = bytes([7, 208, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0])  # 2000-01-01
  return bytes(profile)


def _exif(text: str) -> Image.Exif:
  exif = Image.Exif()
  if 0 < len(text) < _EXIF_LIMIT:
    exif[_IMAGE_DESCRIPTION] = text
  return exif


def _write_png(target: Target, planes: Planes, text: str) -> None:
  info = PngImagePlugin.PngInfo()
  info.add(b"sRGB", b"\0")
  if text:
    info.add_itxt("Description", text)
  _image(planes).save(target, "PNG", pnginfo=info, compress_level=2)


def _write_jpeg(target: Target, planes: Planes, text: str) -> None:
  if planes.alpha is not None:
    color, alpha = floats(planes.color), floats(planes.alpha)[..., None]
    planes = Planes(color * alpha + (1 - alpha), None)
  _image(planes).save(target, "JPEG", quality=95, subsampling=0, icc_profile=_srgb_profile(),
                      exif=_exif(text))


def _write_webp(target: Target, planes: Planes, text: str) -> None:
  _image(planes).save(target, "WEBP", quality=95, exact=True, icc_profile=_srgb_profile(),
                      exif=_exif(text))


def _write_tiff(target: Target, planes: Planes, text: str) -> None:
  import tifffile

  pixels = levels(planes.color, np.uint16)
  if planes.alpha is not None:
    pixels = np.dstack([pixels, levels(planes.alpha, np.uint16)])
  tifffile.imwrite(target, pixels, photometric="rgb", metadata=None, description=text or None,
                   extrasamples=None if planes.alpha is None else ["unassalpha"],
                   iccprofile=_srgb_profile(), software="tf_style")
