"""Pictures, wherever they come from, as float32 sRGB in [0, 1] at the size that is wanted.

The other two thirds of the room: `decode` reads files, `encode` writes them.
"""

import os
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from tf_style.errors import ImageError, expected, one_line
from tf_style.pictures import decode
from tf_style.pictures.decode import Planes
from tf_style.pictures.encode import check_output_name, check_output_size, save_picture, to_uint8
from tf_style.system.files import safe_name

__all__ = ["MAX_PIXELS", "Picture", "check_output_name", "check_output_size", "fitted_size",
           "load_picture", "pictures_of", "probe_size", "resize", "save_picture", "to_uint8"]

MAX_PIXELS = 100_000_000
_ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp", ".gif")
_LEVELS = {np.uint8: 255, np.uint16: 65535}
_TRANSPARENT = 1 / 255  # below this, a color divided by its alpha is noise

Source = str | os.PathLike | Image.Image | np.ndarray


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


def load_picture(source: Source, longest_side: int | None = None, max_pixels: int = MAX_PIXELS,
                 flag: str = "--content") -> Picture:
  """Loads a picture, turns it upright, converts it to sRGB and resizes it.

  Args:
    source: a JPEG, PNG, WebP, TIFF, BMP or GIF file; a Pillow image; or an array [H, W], [H, W, 3],
      [H, W, 4] or [1, H, W, 3] of uint8, uint16 or floats in [0, 1].
    longest_side: pixels; None keeps the size.
    max_pixels: a larger picture is refused before its pixels are decoded.
    flag: names the picture in messages.
  Returns:
    The picture.
  Raises:
    ImageError: there is no such picture, it cannot be read, or it breaks the limit.
  """
  planes, size, path, notes = _decoded(source, longest_side, max_pixels, flag)
  height, width = fitted_size(*size, longest_side) if longest_side else size
  rgb, alpha = _float_planes(planes, height, width)
  return Picture(rgb, alpha, safe_name(Path(path).stem), tuple(notes))


def pictures_of(source: Source, flag: str) -> list[Source]:
  """Returns the pictures in a folder, sorted by name, or the one picture that is given.

  Raises:
    ImageError: the folder holds none, or cannot be read.
  """
  if not isinstance(source, (str, os.PathLike)) or not os.path.isdir(source):
    return [source]
  try:
    found = sorted(path for path in Path(source).iterdir()
                   if path.suffix.lower() in _ENDINGS and not path.name.startswith("."))
  except OSError as error:
    raise ImageError(f"{flag}: " + expected("a folder that can be read", error)) from error
  if not found:
    raise ImageError(f"{flag}: " + expected("a picture or a folder of pictures", f"{source} without any"))
  return list(found)


def _decoded(source: Source, longest_side: int | None, max_pixels: int, flag: str,
             ) -> tuple[Planes, tuple[int, int], str | os.PathLike, list[str]]:
  """Returns the planes, the upright (height, width) of the source, its path, and the notes.

  A JPEG that will shrink much has planes smaller than its size. What Pillow holds is freed here.
  """
  if isinstance(source, np.ndarray):
    planes = _planes_of_array(source, max_pixels, flag)
    return planes, planes.color.shape[:2], "", []
  if isinstance(source, Image.Image):
    size = probe_size(source, max_pixels, flag)
    path = str(getattr(source, "filename", ""))
    try:
      planes, notes = decode.decoded(source, one_line(path) or "a Pillow image")
    except Exception as error:  # it may still be a file, and damaged
      raise decode.unreadable(flag, "a Pillow image", error) from error
    return planes, size, path, notes
  with decode.opened(source, max_pixels, flag) as image:
    size = _upright_size(image)
    if longest_side:
      decode.reduce_while_decoding(image, longest_side)
    planes, notes = decode.decoded(image, one_line(Path(source).name))
  return planes, size, source, notes


def probe_size(source: Source, max_pixels: int = MAX_PIXELS, flag: str = "--content",
               ) -> tuple[int, int]:
  """Returns the (height, width) that `load_picture` would give, without decoding the pixels.

  Raises:
    ImageError: as `load_picture`, as far as the file's head can tell.
  """
  if isinstance(source, np.ndarray):
    return _planes_of_array(source, max_pixels, flag).color.shape[:2]
  if isinstance(source, Image.Image):
    decode.check_pixels(source.height, source.width, max_pixels, flag, "a Pillow image")
    return _upright_size(source)
  with decode.opened(source, max_pixels, flag) as image:
    return _upright_size(image)


def _upright_size(image: Image.Image) -> tuple[int, int]:
  if decode.orientation(image) >= 5:
    return image.width, image.height
  return image.height, image.width


def _planes_of_array(array: np.ndarray, max_pixels: int, flag: str) -> Planes:
  """Checks an array and takes its alpha apart."""
  shape = array.shape
  if len(shape) == 4 and shape[0] == 1 and shape[3] == 3:
    array = array[0]
  elif not (len(shape) == 2 or len(shape) == 3 and shape[2] in (3, 4)):
    raise ImageError(f"{flag}: " + expected(
        "an array [H, W], [H, W, 3], [H, W, 4] or [1, H, W, 3]", f"shape {shape}"))
  height, width = array.shape[:2]
  decode.check_pixels(height, width, max_pixels, flag, "an array")
  if array.dtype.type not in _LEVELS:
    if not np.issubdtype(array.dtype, np.floating):
      raise ImageError(f"{flag}: " + expected("an array of uint8, uint16 or floats", array.dtype))
    low, high = array.min(), array.max()
    if not (low >= 0 and high <= 1):  # false for NaN too
      raise ImageError(f"{flag}: " + expected("floats in [0, 1]", f"{low} to {high}"))
  array = array.reshape(height, width, -1)
  return Planes(array[..., :3], array[..., 3] if array.shape[2] == 4 else None)


def fitted_size(height: int, width: int, longest_side: int) -> tuple[int, int]:
  """Returns the (height, width), at least 1, of that shape whose longer one is `longest_side`."""
  scale = longest_side / max(height, width)
  return max(1, int(height * scale + 0.5)), max(1, int(width * scale + 0.5))


def resize(rgb: np.ndarray, height: int, width: int) -> np.ndarray:
  """Resizes a picture [1, H, W, 3] float32 with an antialiased Lanczos filter, clipped to [0, 1].

  A picture of that size already is returned as it is.
  """
  if rgb.shape[1:3] == (height, width):
    return rgb
  return _float_planes(Planes(rgb[0], None), height, width)[0]


def _float_planes(planes: Planes, height: int, width: int) -> tuple[np.ndarray, np.ndarray | None]:
  """Returns (rgb [1, height, width, 3], alpha [height, width] or None), float32 in [0, 1].

  One channel at a time, so that a large picture that shrinks is never held in floats. Colors are
  weighted by their alpha while they are resized: what is transparent does not bleed into the rest.
  """
  same_size = planes.color.shape[:2] == (height, width)
  alpha = None if planes.alpha is None else _floats(planes.alpha)
  small_alpha = None if alpha is None else _resampled(alpha, height, width)
  rgb = np.empty((1, height, width, 3), np.float32)
  for channel in range(planes.color.shape[2]):
    plane, out = planes.color[..., channel], rgb[0, ..., channel]
    if same_size:
      _floats(plane, out)
      continue
    plane = _floats(plane)
    out[:] = _resampled(plane, height, width)
    if alpha is not None and small_alpha is not None:
      plane *= alpha
      weighted = _resampled(plane, height, width)
      visible = small_alpha > _TRANSPARENT
      out[visible] = np.minimum(weighted[visible] / small_alpha[visible], 1)
  if planes.color.shape[2] == 1:
    rgb[..., 1:] = rgb[..., :1]
  return rgb, small_alpha


def _floats(plane: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
  scale = np.float32(_LEVELS.get(plane.dtype.type, 1))
  return np.divide(plane, scale, out=out, dtype=np.float32, casting="same_kind")


def _resampled(plane: np.ndarray, height: int, width: int) -> np.ndarray:
  """Resizes [H, W] float32; the very same array where the size is the same."""
  if plane.shape == (height, width):
    return plane
  resized = Image.fromarray(plane).resize((width, height), Image.Resampling.LANCZOS)
  return np.clip(np.asarray(resized), 0, 1)
