"""Pictures -> files: PNG, JPEG, WebP, 16-bit TIFF by ending; sRGB tagged, never seen half done."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageCms, PngImagePlugin

from tf_style.errors import OutputError, expected
from tf_style.system import files

_ROWS = 256  # pixels are rounded in bands of rows: no second picture of floats
_EXIF_LIMIT = 65_000  # bytes; a JPEG segment has 65,533
_IMAGE_DESCRIPTION = 0x010E


def to_uint8(rgb: np.ndarray) -> np.ndarray:
  """Rounds a picture [1, H, W, 3] or [H, W, 3] in [0, 1] to 256 levels, [H, W, 3]."""
  return _rounded(rgb.reshape(rgb.shape[-3:]), np.uint8)


def _rounded(values: np.ndarray, dtype: type[np.unsignedinteger]) -> np.ndarray:
  """Returns `values` [H, ...] in [0, 1], clipped, as whole numbers over the range of `dtype`."""
  top = np.iinfo(dtype).max
  out = np.empty(values.shape, dtype)
  for row in range(0, len(values), _ROWS):
    band = slice(row, row + _ROWS)
    out[band] = np.rint(np.clip(values[band], 0, 1) * top)
  return out


def check_output_name(path: str | os.PathLike) -> None:
  """Checks that the ending of `path` names a format that can be written.

  Raises:
    OutputError: it does not; the message lists those that do.
  """
  if Path(path).suffix.lower() not in _writers():
    raise OutputError("--output: " + expected(f"a name ending in {', '.join(_writers())}", path))


def check_output_size(path: str | os.PathLike, height: int, width: int) -> None:
  """Checks that the format of `path` can hold so large a picture.

  Raises:
    OutputError: it cannot.
  """
  suffix = Path(path).suffix.lower()
  limit = {".jpg": 65500, ".jpeg": 65500, ".webp": 16383}.get(suffix)
  if limit and max(height, width) > limit:
    raise OutputError("--output: " + expected(
        f"at most {limit} pixels a side in {suffix} (.png and .tif hold more)",
        f"{width} x {height}"))


def save_picture(path: str | os.PathLike, rgb: np.ndarray, alpha: np.ndarray | None = None,
                 metadata: dict[str, Any] | None = None, overwrite: bool = True) -> Path:
  """Writes a picture in the format of the ending of `path`.

  PNG and WebP (quality 95) keep `alpha`, TIFF (16 bits) too; JPEG (quality 95, 4:4:4) shows it over
  white. `metadata` goes into the file as one JSON text: PNG's iTXt chunk `Description`, elsewhere
  the tag ImageDescription. What does not fit into the 64 KiB of a JPEG's EXIF is left out whole, in
  WebP too.

  Args:
    path: ends in .png, .jpg, .jpeg, .webp, .tif or .tiff, in any case; its folder is made.
    rgb: [1, H, W, 3] in [0, 1], sRGB; values outside are clipped.
    alpha: [H, W] in [0, 1], not multiplied into `rgb`.
    metadata: names and whatever JSON can hold.
    overwrite: False takes the next free name where `path` exists.
  Returns:
    The path that was written.
  Raises:
    OutputError: the ending is unknown, or the format cannot hold so large a picture.
    OSError: from the system; `path` is as before.
  """
  check_output_name(path)
  height, width = rgb.shape[-3:-1]
  check_output_size(path, height, width)
  write = _writers()[Path(path).suffix.lower()]
  pixels = rgb.reshape(height, width, 3)
  text = json.dumps(metadata) if metadata else ""
  return files.write_atomically(path, lambda aside: write(aside, pixels, alpha, text), overwrite)


def _writers() -> dict[str, Callable]:
  return {".png": _write_png, ".jpg": _write_jpeg, ".jpeg": _write_jpeg, ".webp": _write_webp,
          ".tif": _write_tiff, ".tiff": _write_tiff}


def _image(pixels: np.ndarray, alpha: np.ndarray | None) -> Image.Image:
  image = Image.fromarray(_rounded(pixels, np.uint8))
  if alpha is not None:
    image.putalpha(Image.fromarray(_rounded(alpha, np.uint8)))
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


def _write_png(path: Path, pixels: np.ndarray, alpha: np.ndarray | None, text: str) -> None:
  info = PngImagePlugin.PngInfo()
  info.add(b"sRGB", b"\0")
  if text:
    info.add_itxt("Description", text)
  _image(pixels, alpha).save(path, "PNG", pnginfo=info, compress_level=2)


def _write_jpeg(path: Path, pixels: np.ndarray, alpha: np.ndarray | None, text: str) -> None:
  if alpha is not None:
    pixels = pixels * alpha[..., None] + (1 - alpha[..., None])
  _image(pixels, None).save(path, "JPEG", quality=95, subsampling=0, icc_profile=_srgb_profile(),
                            exif=_exif(text))


def _write_webp(path: Path, pixels: np.ndarray, alpha: np.ndarray | None, text: str) -> None:
  _image(pixels, alpha).save(path, "WEBP", quality=95, exact=True, icc_profile=_srgb_profile(),
                             exif=_exif(text))


def _write_tiff(path: Path, pixels: np.ndarray, alpha: np.ndarray | None, text: str) -> None:
  import tifffile

  if alpha is not None:
    pixels = np.concatenate([pixels, alpha[..., None]], axis=-1)
  tifffile.imwrite(path, _rounded(pixels, np.uint16), photometric="rgb", metadata=None,
                   extrasamples=None if alpha is None else ["unassalpha"], description=text or None,
                   iccprofile=_srgb_profile(), software="tf_style")
