"""Masks as people have them -> regions by color: mattes, colors, labels, alpha."""

import itertools
from typing import NamedTuple

import numpy as np

from tf_style.errors import InputError, expected
from tf_style.pictures import arrays
from tf_style.pictures.load import Source, opened
from tf_style.pictures.planes import Planes, floats, levels

# Of 255: colors that differ by less in each channel are one; JPEG at usual qualities moves flat
# areas less.
NEAR = 48
_LEAST_SHARE = 0.005
_WHITE, _BLACK = "ffffff", "000000"
_MAX_LABEL = 31
# Of labels 0, 1, ...: black, white, the pure colors, then others, all 85 levels apart.
_LABEL_COLORS = tuple(dict.fromkeys(
    bytes(color).hex() for color in ((0,) * 3, *itertools.product((255, 0), repeat=3),
                                     *itertools.product((170, 85, 255, 0), repeat=3))))


class Mask(NamedTuple):
  """A mask that was read.

  Attributes:
    planes: by color, six hexadecimal digits, [h, w] float32 in [0, 1]; they sum to 1.
    notes: what the user should know about how it was read.
  """

  planes: dict[str, np.ndarray]
  notes: tuple[str, ...]

  def size(self) -> tuple[int, int]:
    """Returns height and width."""
    return next(iter(self.planes.values())).shape


def load_mask(source: Source, max_pixels: int, flag: str) -> Mask:
  """Reads a mask into its regions.

  A gray mask is one soft matte: white is a region and black another. One of integers up to 31 has a
  region for each label. Colors are a region each where they cover half a percent. What is
  transparent is black, but where all that is seen is black alpha itself is the matte.

  Args:
    source: what `load_picture` takes, and arrays of any integers that are labels.
    max_pixels: a larger mask is refused.
    flag: names the mask in messages and notes.
  Raises:
    InputError: it cannot be read, or its numbers have no meaning.
  """
  with opened(_labels_as_bytes(source, flag), max_pixels, flag) as (reader, _):
    planes, _ = reader.read(None)
  if planes.alpha is not None:
    return _of_alpha(planes, flag)
  gray = np.ptp(planes.color, axis=-1).max() == 0
  if gray and planes.color.dtype.kind == "u" and reader.is_exact():
    values = planes.color[..., 0]
    if 0 < values.max() <= _MAX_LABEL:
      return _of_labels(values, flag)
    if values.max() <= 255:  # 8 bits, whatever holds them
      planes = Planes(planes.color.astype(np.uint8), None)
  return Mask(_of_colors(floats(planes.color)), ())


def _labels_as_bytes(source: Source, flag: str) -> Source:
  """Returns arrays of labels, and of 0 to 255 in wider integers, as uint8; the rest as it is."""
  if not arrays.is_array(source):
    return source
  values = arrays.shaped(arrays.as_array(source, flag), flag)
  if not values.size or values.dtype.kind == "b" or values.dtype.name in ("uint8", "uint16"):
    return values
  low, high = values.min(), values.max()
  if values.dtype.kind == "f" and (not 1 < high <= _MAX_LABEL or np.any(values != np.rint(values))):
    return values
  if low < 0 or not (high <= _MAX_LABEL or high == 255):
    raise InputError(f"{flag}: " + expected(
        f"labels from 0 to {_MAX_LABEL}, or levels of which 255 is white",
        f"{values.dtype} from {low} to {high}"))
  return values.astype(np.uint8)


def _of_labels(values: np.ndarray, flag: str) -> Mask:
  """Makes each label a region; labels that cover too little join the most common one."""
  counts = np.bincount(values.ravel())
  labels = np.flatnonzero(counts >= _LEAST_SHARE * values.size)
  values = np.where(np.isin(values, labels), values, np.argmax(counts))
  colors = [_LABEL_COLORS[label] for label in labels]
  note = (f"{flag}: the labels {', '.join(map(str, labels))} are the regions {', '.join(colors)}")
  return Mask({color: (values == label).astype(np.float32)
               for label, color in zip(labels, colors, strict=True)}, (note,))


def _of_alpha(planes: Planes, flag: str) -> Mask:
  alpha = floats(planes.alpha)  # type: ignore[arg-type]
  seen = floats(planes.color) * alpha[..., None]
  if seen.max() < NEAR / 255:
    return Mask(_matte(alpha), (f"{flag}: its alpha is the mask, opaque is {_WHITE}",))
  return Mask(_of_colors(seen), (f"{flag}: what is transparent is {_BLACK}",))


def _of_colors(rgb: np.ndarray) -> dict[str, np.ndarray]:
  """Divides [h, w, 1 or 3] float32 into a matte and its rest, or into its colors."""
  if np.mean(np.ptp(rgb, axis=-1) > NEAR / 255) < _LEAST_SHARE:
    return _matte(np.mean(rgb, axis=-1))
  pixels = levels(rgb, np.uint8)
  palette = sorted(_palette(pixels), key=_hex)
  distances = [np.square(pixels - color.astype(np.float32)).sum(-1) for color in palette]
  owner = np.argmin(distances, axis=0)
  return {_hex(color): (owner == index).astype(np.float32) for index, color in enumerate(palette)}


def _matte(white: np.ndarray) -> dict[str, np.ndarray]:
  planes = {_BLACK: 1 - white, _WHITE: white}
  return {color: plane for color, plane in planes.items() if plane.mean() >= _LEAST_SHARE}


def _palette(pixels: np.ndarray) -> list[np.ndarray]:
  """Returns the colors [3] of [h, w, 3] uint8 that cover enough, the most common first."""
  packed, counts = np.unique(
      pixels @ np.array([1 << 16, 1 << 8, 1], np.int32), return_counts=True)
  colors = np.stack([packed >> 16, packed >> 8 & 255, packed & 255], -1)
  taken: list[np.ndarray] = []
  rest = np.ones(len(colors), bool)
  while rest.any():
    color = colors[rest][np.argmax(counts[rest])]
    near = rest & (np.abs(colors - color).max(-1) < NEAR)
    if not taken or counts[near].sum() >= _LEAST_SHARE * counts.sum():
      taken.append(color)
    elif counts[rest].sum() < _LEAST_SHARE * counts.sum():
      break
    rest &= ~near
  return taken


def _hex(color: np.ndarray) -> str:
  return bytes(color.tolist()).hex()
