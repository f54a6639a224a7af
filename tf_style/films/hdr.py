"""HDR frames, as phones and cameras write them (PQ, HLG), made ordinary pictures.

Light is in cd/m^2 until the end. White of ordinary pictures is 203 cd/m^2 (ITU-R BT.2408).
"""

import functools

import numpy as np

PQ, HLG = 16, 18  # FFmpeg's numbers of transfer characteristics
_PQ_PEAK, _PEAK, _WHITE = 10_000.0, 1_000.0, 203.0
_M1, _M2, _C1, _C2, _C3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128
_LUMA = np.array([0.2627, 0.6780, 0.0593], np.float32)  # of BT.2020
# RGB of BT.2020 -> of BT.709 (ITU-R BT.2087).
_TO_BT709 = np.array([[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083],
                      [-0.0182, -0.1006, 1.1187]], np.float32)


def as_srgb(rgb: np.ndarray, transfer: int) -> np.ndarray:
  """Returns an HDR frame as sRGB.

  The largest of the three channels is mapped, and the others go along, so that hues stay.

  Args:
    rgb: [H, W, 3] uint16, of BT.2020's primaries.
    transfer: `PQ` or `HLG`.
  Returns:
    [H, W, 3] uint8. What is brighter than 1000 cd/m^2 is white.
  """
  light = _pq_light()[rgb] if transfer == PQ else hlg_light(rgb)
  most = light.max(-1, keepdims=True)
  light *= tone_mapped(most) / np.maximum(most, 1e-6)
  return np.uint8(255 * _srgb_levels(light @ _TO_BT709.T / np.float32(_WHITE)) + np.float32(0.5))


def pq_to_light(level: np.ndarray) -> np.ndarray:
  """Levels in [0, 1] -> cd/m^2 (SMPTE ST 2084, eq. 4)."""
  root = np.power(level, 1 / _M2)
  return _PQ_PEAK * np.power(np.maximum(root - _C1, 0) / (_C2 - _C3 * root), 1 / _M1)


def light_to_pq(light: np.ndarray) -> np.ndarray:
  """cd/m^2 -> levels in [0, 1] (SMPTE ST 2084, eq. 5)."""
  power = np.power(light / _PQ_PEAK, _M1)
  return np.power((_C1 + _C2 * power) / (1 + _C3 * power), _M2)


def hlg_light(rgb: np.ndarray) -> np.ndarray:
  """[H, W, 3] uint16 -> cd/m^2 on a display of 1000 cd/m^2 (ITU-R BT.2100, tables 5 and 9)."""
  scene = _hlg_scene()[rgb]
  luma = (scene @ _LUMA)[..., None]
  return np.float32(_PEAK) * np.power(luma, np.float32(0.2)) * scene


def tone_mapped(light: np.ndarray) -> np.ndarray:
  """cd/m^2 up to 1000 -> up to 203: what is dark stays, what is bright is compressed.

  A Hermite spline from a knee on, in levels of PQ (ITU-R BT.2390-8, section 5.4.1).
  """
  peak, most = light_to_pq(np.array([_PEAK, _WHITE])).tolist()
  level, highest = np.minimum(light_to_pq(light) / peak, 1), most / peak
  knee = 1.5 * highest - 0.5
  t = np.maximum(level - knee, 0) / (1 - knee)
  spline = ((2 * t**3 - 3 * t**2 + 1) * knee + (t**3 - 2 * t**2 + t) * (1 - knee)
            + (3 * t**2 - 2 * t**3) * highest)
  return pq_to_light(peak * np.where(level < knee, level, spline))


@functools.cache
def _pq_light() -> np.ndarray:
  """Light of each 16 bit level, [65536] float32."""
  return np.float32(pq_to_light(np.arange(65536) / 65535))


@functools.cache
def _hlg_scene() -> np.ndarray:
  """Light of the scene, in [0, 1], of each 16 bit level (ITU-R BT.2100, table 5): [65536]."""
  level, a = np.arange(65536) / 65535, 0.17883277
  b, c = 1 - 4 * a, 0.5 - a * np.log(4 * a)
  return np.float32(np.where(level <= 0.5, level**2 / 3, (np.exp((level - c) / a) + b) / 12))


def _srgb_levels(light: np.ndarray) -> np.ndarray:
  """Linear light, 1 is white -> levels in [0, 1] (IEC 61966-2-1)."""
  light = np.clip(light, 0, 1)
  return np.where(light <= 0.0031308, 12.92 * light,
                  1.055 * np.power(light, np.float32(1 / 2.4)) - 0.055)
