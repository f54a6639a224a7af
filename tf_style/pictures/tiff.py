"""TIFF files -> planes. tifffile decodes, for Pillow misreads or refuses many kinds."""

from typing import Any, NamedTuple

import numpy as np

from tf_style.errors import ImageError, expected
from tf_style.pictures import kinds, profiles
from tf_style.pictures.exif import turned, upright_size
from tf_style.pictures.given import Stream
from tf_style.pictures.planes import Planes, check_pixels, unit_floats

_REDUCED, _MASK = 1, 4  # bits of NewSubfileType
_OLD_REDUCED = 2  # of SubfileType
_SUBFILE_TYPE, _ORIENTATION, _INK_SET, _DNG_VERSION, _MODEL = 255, 274, 332, 50706, 272
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE, _TRANSPARENCY, _SEPARATED, _YCBCR = range(7)
_LAB, _ICC_LAB = 8, 9
_RAW = (32803, 34892)  # a color filter array; linear raw
_MODES = {_WHITE_IS_ZERO: "L", _BLACK_IS_ZERO: "L", _TRANSPARENCY: "L", _PALETTE: "RGB",
          _RGB: "RGB", _YCBCR: "RGB", _SEPARATED: "CMYK", _LAB: "LAB", _ICC_LAB: "LAB"}
_CHANNELS = {"L": 1, "RGB": 3, "CMYK": 4, "LAB": 3}
_ASSOCIATED, _UNASSOCIATED = 1, 2
_UINT, _FLOAT, _VOID = 1, 3, 4
_JPEG = 7
_MAX_SAMPLES = 16


class TiffReader(NamedTuple):
  """A TIFF file of which a page is chosen.

  Attributes:
    page: tifffile's.
    num_pages: of the file, without reduced copies and masks.
    name: what to call the picture in notes.
    stream: the file.
  """

  page: Any
  num_pages: int
  name: str
  stream: Stream

  def is_exact(self) -> bool:
    """Says whether the numbers are what was written."""
    return self.page.compression != _JPEG

  def size(self) -> tuple[int, int]:
    """Returns height and width, upright."""
    return upright_size(self.page.imagelength, self.page.imagewidth, self._orientation())

  def _orientation(self) -> int:
    value = _tag(self.page, _ORIENTATION, 1)
    return value if value in range(1, 9) else 1

  def read(self, longest_side: int | None) -> tuple[Planes, list[str]]:
    """Decodes the page.

    Args:
      longest_side: not used; a TIFF is decoded whole.
    Returns:
      The planes, and what the user should know about how they were had.
    Raises:
      ValueError: it is of a kind that is not read; the message names the way out.
      Exception: of many kinds, where it is damaged.
    """
    page, turn = self.page, self._orientation()
    samples, mode = _samples(page), _MODES[page.photometric]
    count = 1 if page.photometric == _PALETTE else _CHANNELS[mode]
    color, alpha = _numbers(samples[..., :count], page), _alpha(samples, count, page)
    if page.photometric == _PALETTE:
      color = _from_palette(color[..., 0], page)
    elif page.photometric == _WHITE_IS_ZERO:
      color = (1 if color.dtype.kind == "f" else np.iinfo(color.dtype).max) - color
    elif mode == "LAB":
      color = _signed_lab(color, page)
    if alpha is not None and page.extrasamples[:1] == (_ASSOCIATED,):
      color = _divided(color, alpha)
    color, notes = profiles.to_srgb(color, mode, page.iccprofile, self.name)
    if self.num_pages > 1:
      notes.append(f"only the first of {self.num_pages} frames of {self.name} is used")
    alpha = None if alpha is None else turned(alpha, turn)
    return Planes(turned(color, turn), alpha), notes


def open_tiff(stream: Stream, max_pixels: int, flag: str, frame: int | None = None) -> TiffReader:
  """Opens a TIFF file and chooses its page: the first that is no reduced copy and no mask.

  Args:
    stream: the file.
    max_pixels: a larger picture is refused.
    flag: names the picture in messages.
    frame: the page to take instead.
  Raises:
    ImageError: it breaks the limit, or is a raw photograph.
    Exception: of many kinds, where it is damaged.
  """
  import tifffile

  pages: list[Any] = list(tifffile.TiffFile(stream.file).pages)
  inner = [page for outer in pages for page in outer.pages or ()] if frame is None else []
  raw = any(page.photometric in _RAW or _DNG_VERSION in page.tags for page in pages + inner)
  if raw:
    kind = kinds.raw_photograph(str(_tag(pages[0], _MODEL, "")).strip("\0 ")[:60])
    raise ImageError(f"{flag}: " + expected(
        f"a finished picture ({kind.way_out})", f"{stream.full_name}, which is {kind.name}"))
  whole = [page for page in pages if not _is_reduced(page)]
  whole = whole or [page for page in inner if not _is_reduced(page)]
  whole = whole or [max(pages, key=lambda page: page.imagelength * page.imagewidth)]
  page = whole[0] if frame is None else pages[frame]
  check_pixels(page.imagelength, page.imagewidth, max_pixels, flag, stream.full_name)
  _check_kind(page)
  return TiffReader(page, len(whole), stream.name, stream)


def _tag(page: Any, code: int, default: Any) -> Any:
  tag = page.tags.get(code)
  return default if tag is None else tag.value


def _is_reduced(page: Any) -> bool:
  return bool(page.subfiletype & (_REDUCED | _MASK)) or _tag(page, _SUBFILE_TYPE, 1) == _OLD_REDUCED


def _check_kind(page: Any) -> None:
  """Refuses what is not read, by words that name the way out."""
  if page.photometric not in _MODES:
    raise ValueError(f"a TIFF of the color space {getattr(page.photometric, 'name', '?')}: "
                     "save it as RGB")
  if page.photometric == _YCBCR and page.compression != _JPEG:
    raise ValueError("a TIFF of YCbCr without today's JPEG: save it as RGB")
  if page.photometric == _SEPARATED and _tag(page, _INK_SET, 1) != 1:
    raise ValueError("a TIFF of other inks than CMYK: save it as RGB")
  if page.imagedepth > 1:
    raise ValueError("a TIFF of a volume: save one of its slices as PNG")
  if page.samplesperpixel > _MAX_SAMPLES:
    raise ValueError(f"a TIFF of {page.samplesperpixel} channels: save three of them as RGB")
  is_lab = page.photometric in (_LAB, _ICC_LAB)
  if page.sampleformat not in (_UINT, _FLOAT, _VOID) and not is_lab:
    raise ValueError("a TIFF of signed or complex numbers: save it as unsigned integers")


def _samples(page: Any) -> np.ndarray:
  """Returns [H, W, samples] as they are stored."""
  samples = page.asarray(squeeze=False)  # [planes, depth, H, W, samples]
  samples = samples[:, 0]
  return np.moveaxis(samples[..., 0], 0, -1) if len(samples) > 1 else samples[0]


def _numbers(samples: np.ndarray, page: Any) -> np.ndarray:
  """Returns samples of any depth as uint8, uint16, or floats in [0, 1]."""
  if samples.dtype.kind == "f":
    return unit_floats(samples).astype(np.float32)
  if page.photometric == _PALETTE:
    return samples
  if samples.dtype.kind == "b":
    return samples.astype(np.uint8) * np.uint8(255)
  if samples.dtype.kind == "i":  # of CIELAB, whose second and third sample are signed
    samples = samples.view(f"u{samples.dtype.itemsize}")
  bits, stored = page.bitspersample, 8 * samples.dtype.itemsize
  if stored > 16:
    return (samples >> (bits - 16)).astype(np.uint16)
  if bits == stored:
    return samples.astype(samples.dtype.newbyteorder("="))
  top = np.uint32(2 ** bits - 1)
  whole = 255 if stored == 8 else 65535
  return ((samples.astype(np.uint32) * whole + top // 2) // top).astype(f"u{stored // 8}")


def _alpha(samples: np.ndarray, count: int, page: Any) -> np.ndarray | None:
  """Returns the alpha [H, W], or None where there is none or all is opaque.

  A fourth sample of which nothing is said is alpha, as Pillow and browsers take it.
  """
  extra = page.extrasamples[:1]
  if samples.shape[2] <= count or (extra and extra[0] not in (_ASSOCIATED, _UNASSOCIATED)):
    return None
  alpha = _numbers(samples[..., count], page)
  top = 1 if alpha.dtype.kind == "f" else np.iinfo(alpha.dtype).max
  return None if alpha.min() == top else alpha


def _divided(color: np.ndarray, alpha: np.ndarray) -> np.ndarray:
  """Takes alpha out of colors that were multiplied by it."""
  top = 1 if alpha.dtype.kind == "f" else np.iinfo(alpha.dtype).max
  straight = color.astype(np.float32) * top / np.maximum(alpha, 1 if top > 1 else 1e-6)[..., None]
  straight = np.minimum(straight, top)
  return (straight if top == 1 else np.rint(straight)).astype(color.dtype)


def _signed_lab(color: np.ndarray, page: Any) -> np.ndarray:
  """Returns CIELAB as Pillow has it, 8 bits, a* and b* signed."""
  color = (color >> 8 if color.dtype == np.uint16 else color).astype(np.uint8)
  return color ^ np.array([0, 128, 128], np.uint8) if page.photometric == _ICC_LAB else color


def _from_palette(indices: np.ndarray, page: Any) -> np.ndarray:
  """Returns [H, W, 3] uint8; some writers fill the 16-bit table with 8-bit numbers."""
  table = np.asarray(page.colormap)
  table = table >> 8 if table.max() > 255 else table
  return np.moveaxis(table.astype(np.uint8)[:, indices], 0, -1)
