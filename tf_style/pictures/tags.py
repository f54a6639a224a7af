"""Colors by tags that are no ICC profile: PNG's cICP, sRGB, gAMA, cHRM; nclx of AVIF and HEIC.

The order is that of the PNG specification (third edition, section 4.3): cICP, iCCP, sRGB, then
gAMA with cHRM. Code points are those of ITU-T H.273.
"""

import struct
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO, NamedTuple

import numpy as np

Curve = Callable[[np.ndarray], np.ndarray]
Primaries = tuple[float, ...]  # x and y of white, red, green, blue

_ROWS = 256  # pixels are converted in bands of rows
_D65 = (0.3127, 0.3290)
SRGB_PRIMARIES = (*_D65, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)
_PRIMARIES: dict[int, Primaries] = {
    1: SRGB_PRIMARIES,
    4: (0.310, 0.316, 0.67, 0.33, 0.21, 0.71, 0.14, 0.08),
    5: (*_D65, 0.64, 0.33, 0.29, 0.60, 0.15, 0.06),
    6: (*_D65, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070),
    7: (*_D65, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070),
    9: (*_D65, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046),
    11: (0.314, 0.351, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
    12: (*_D65, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
    22: (*_D65, 0.630, 0.340, 0.295, 0.605, 0.155, 0.077)}
_UNSPECIFIED = 2
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367],
                      [0.0389, -0.0685, 1.0296]])
_PAPER_WHITE = 203 / 10000  # of PQ's 10,000 nits (ITU-R BT.2408)
_GAMMA_TOLERANCE = 0.05  # relative; within it, as libpng has it, 1/2.2 means the curve of sRGB
_PRIMARIES_TOLERANCE = 0.003


class Coding(NamedTuple):
  """How numbers of a picture stand for colors.

  Attributes:
    primaries: chromaticities of white, red, green and blue.
    to_light: numbers in [0, 1] -> linear light, 1 is white.
    note: what the user should know, or ''.
  """

  primaries: Primaries
  to_light: Curve
  note: str = ""


def _srgb_to_light(values: np.ndarray) -> np.ndarray:
  return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def _light_to_srgb(light: np.ndarray) -> np.ndarray:
  light = np.clip(light, 0, 1)
  return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


def _power(gamma: float) -> Curve:
  return lambda values: values ** gamma


def _pq_to_light(values: np.ndarray) -> np.ndarray:
  """Perceptual quantizer (SMPTE ST 2084, eq. 4.1) over the light of paper white."""
  root = values ** (32 / 2523)
  light = (np.maximum(root - 107 / 128, 0) / (2413 / 128 - 2392 / 128 * root)) ** (8192 / 1305)
  return light / _PAPER_WHITE


# Cameras' curves (1, 6, 14, 15) and HLG (18) are made to be shown as they are, as browsers do.
_CURVES: dict[int, Curve] = {
    **dict.fromkeys((1, 6, 13, 14, 15, 18), _srgb_to_light), 4: _power(2.2), 5: _power(2.8),
    7: _power(2.2), 8: _power(1.0), 16: _pq_to_light}


def of_code_points(primaries: int, transfer: int, name: str) -> Coding | None:
  """Returns the coding of a cICP chunk or an nclx box, None where it is that of sRGB.

  Raises:
    ValueError: a code point is not known.
  """
  primaries, transfer = primaries or _UNSPECIFIED, transfer or _UNSPECIFIED
  if _UNSPECIFIED in (primaries, transfer):
    primaries = 1 if primaries == _UNSPECIFIED else primaries
    transfer = 13 if transfer == _UNSPECIFIED else transfer
  if primaries not in _PRIMARIES or transfer not in _CURVES:
    raise ValueError(f"code points {primaries} and {transfer}")
  curve = _CURVES[transfer]
  if primaries == 1 and curve is _srgb_to_light:
    return None
  note = (f"{name} is HDR (PQ): what is brighter than paper white, 203 nits, is white"
          if transfer == 16 else "")
  return Coding(_PRIMARIES[primaries], curve, note)


def of_gamma(gamma: float | None, primaries: Primaries | None) -> Coding | None:
  """Returns the coding of PNG's gAMA and cHRM, None where it is that of sRGB.

  Args:
    gamma: exponent of the encoding, 0.45455 for usual pictures.
    primaries: as in `Coding`.
  Raises:
    ValueError: they are absurd.
  """
  if gamma is not None and not 0.01 <= gamma <= 10:
    raise ValueError(f"gamma {gamma:g}")
  usual = gamma is None or abs(gamma * 2.2 - 1) <= _GAMMA_TOLERANCE
  primaries = primaries or SRGB_PRIMARIES
  if usual and np.abs(np.subtract(primaries, SRGB_PRIMARIES)).max() <= _PRIMARIES_TOLERANCE:
    return None
  matrix = _to_srgb_primaries(primaries)
  if not np.isfinite(matrix).all() or np.abs(matrix).max() > 100:
    raise ValueError("chromaticities of no color space")
  return Coding(primaries, _srgb_to_light if usual or gamma is None else _power(1 / gamma))


def png_code_points(file: BinaryIO) -> tuple[int, ...] | None:
  """Returns the four numbers of a PNG's cICP chunk, or None; the file is left where it stood."""
  place = file.tell()
  try:
    file.seek(8)
    while len(head := file.read(8)) == 8 and head[4:] not in (b"IDAT", b"IEND"):
      length, = struct.unpack(">I", head[:4])
      if head[4:] == b"cICP" and length == 4:
        return tuple(file.read(4))
      file.seek(length + 4, 1)
  finally:
    file.seek(place)
  return None


def avif_code_points(file: BinaryIO) -> tuple[int, ...] | None:
  """Returns primaries and transfer of an AVIF's box `colr` of kind `nclx`, or None.

  The file is left where it stood.
  """
  place = file.tell()
  try:
    file.seek(0)
    head = file.read(1 << 16)
  finally:
    file.seek(place)
  at = head.find(b"colrnclx")
  return struct.unpack_from(">HH", head, at + 8) if 0 <= at <= len(head) - 12 else None


def coding_of(info: Mapping[Any, Any], code_points: tuple[int, ...] | None,
              name: str) -> Coding | None:
  """Returns the coding that tags ask for, None for sRGB.

  Args:
    info: what Pillow read; `nclx_profile`, `srgb`, `gamma` and `chromaticity` are used.
    code_points: of cICP or nclx: primaries, transfer, then for cICP matrix and range.
    name: of the picture, in notes.
  Raises:
    ValueError: a tag is absurd.
  """
  nclx = info.get("nclx_profile")
  if code_points is None and isinstance(nclx, dict):
    code_points = nclx.get("color_primaries", 0), nclx.get("transfer_characteristics", 0)
  if code_points is not None:
    if len(code_points) == 4 and code_points[2:] != (0, 1):
      raise ValueError("cICP of another matrix or range than 0 and 1")
    return of_code_points(code_points[0], code_points[1], name)
  if "srgb" in info:
    return None
  return of_gamma(info.get("gamma"), info.get("chromaticity"))


def to_srgb(pixels: np.ndarray, coding: Coding) -> np.ndarray:
  """Converts a picture to sRGB; colors outside its gamut are clipped.

  Args:
    pixels: [H, W, 1 or 3] uint8 or uint16; of one channel, the curve alone counts.
    coding: of the pixels.
  Returns:
    uint16 of the same shape.
  """
  top = np.iinfo(pixels.dtype).max
  light = coding.to_light(np.arange(top + 1) / top).astype(np.float32)
  matrix = np.eye(1) if pixels.shape[2] == 1 else _to_srgb_primaries(coding.primaries)
  out = np.empty(pixels.shape, np.uint16)
  for row in range(0, len(pixels), _ROWS):
    linear = light[pixels[row:row + _ROWS]] @ matrix.T.astype(np.float32)
    out[row:row + _ROWS] = np.rint(_light_to_srgb(linear) * 65535)
  return out


def _to_srgb_primaries(primaries: Primaries) -> np.ndarray:
  """Returns the matrix of linear light to that of sRGB, white adapted by Bradford's transform."""
  source, target = _to_xyz(primaries), _to_xyz(SRGB_PRIMARIES)
  cones = (_BRADFORD @ target.sum(1)) / (_BRADFORD @ source.sum(1))
  adapt = np.linalg.inv(_BRADFORD) @ np.diag(cones) @ _BRADFORD
  return np.linalg.inv(target) @ adapt @ source


def _to_xyz(primaries: Primaries) -> np.ndarray:
  """Returns the matrix of linear RGB to XYZ (Lindbloom, RGB/XYZ matrices)."""
  x, y = np.reshape(primaries, (4, 2)).T
  with np.errstate(all="ignore"):
    xyz = np.stack([x / y, np.ones(4), (1 - x - y) / y])
    if not np.isfinite(xyz).all() or abs(np.linalg.det(xyz[:, 1:])) < 1e-9:
      raise ValueError("chromaticities of no color space")
    return xyz[:, 1:] * np.linalg.solve(xyz[:, 1:], xyz[:, 0])
