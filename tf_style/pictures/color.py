"""Whose colors a result has: transport of mean and covariance, gray pictures, the content's chroma.

Lightness and chroma are those of Oklab (Ottosson 2020, A perceptual color space for image
processing).
"""

from collections.abc import Callable

import numpy as np

from tf_style.pictures.resize import resize

# Linear sRGB -> cone responses, and their cube roots -> lightness and two axes of chroma
# (Ottosson 2020).
_CONES = np.array([[0.4122214708, 0.5363325363, 0.0514459929],
                   [0.2119034982, 0.6806995451, 0.1073969566],
                   [0.0883024619, 0.2817188376, 0.6299787005]])
_OPPONENTS = np.array([[0.2104542553, 0.7936177850, -0.0040720468],
                       [1.9779984951, -2.4285922050, 0.4505937099],
                       [0.0259040371, 0.7827717662, -0.8086757660]])
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
_HALVINGS = 12  # of the interval in which the largest chroma is sought: to 1/4096 of it
_NOISE = 1 / 255  # deviations up to one level are rounding and noise, not to be enlarged
_ROWS = 256  # pixels are converted in bands of rows: no temporaries of the picture's size


def transport_map(source: np.ndarray, target: np.ndarray, ridge: float = 1e-5) -> np.ndarray:
  """Returns the symmetric M with M S M = A, the optimal map between two covariances.

  M = S^-1/2 (S^1/2 A S^1/2)^1/2 S^-1/2 (Olkin & Pukelsheim 1982; Pitie & Kokaram 2007).

  Args:
    source, target: [C, C] covariances S and A.
    ridge: is added to the diagonal of S.
  """
  root = _power(source + ridge * np.eye(len(source)), 0.5)
  inverse = _power(source + ridge * np.eye(len(source)), -0.5)
  return inverse @ _power(root @ target @ root, 0.5) @ inverse


def _power(matrix: np.ndarray, exponent: float) -> np.ndarray:
  values, vectors = np.linalg.eigh(matrix)
  return (vectors * np.maximum(values, 1e-12) ** exponent) @ vectors.T


def _signal(deviation: np.ndarray) -> np.ndarray:
  """Returns the share of a deviation that counts: none of one level, all of two."""
  return np.clip(deviation / _NOISE - 1, 0, 1)


def match_colors(picture: np.ndarray, reference: np.ndarray) -> np.ndarray:
  """Gives a picture the mean and covariance of the reference's colors, clipped to [0, 1].

  A flat picture stays flat. Directions of color in which it is flat, as a gray one is, stay so.

  Args:
    picture, reference: [1, H, W, 3] float32 in [0, 1]; sizes may differ.
  """
  pixels, wanted = (p.reshape(-1, 3).astype(np.float64) for p in (picture, reference))
  covariance = np.cov(pixels.T, bias=True)
  matrix = transport_map(covariance, np.cov(wanted.T, bias=True))
  variances, directions = np.linalg.eigh(covariance)
  signal = _signal(np.sqrt(np.maximum(variances, 0)))
  if signal.min() < 1:
    matrix = (directions * signal) @ directions.T @ matrix
  moved = (pixels - pixels.mean(0)) @ matrix + wanted.mean(0)
  return np.clip(moved, 0, 1).reshape(picture.shape).astype(np.float32)


def match_grays(picture: np.ndarray, reference: np.ndarray) -> np.ndarray:
  """Gives a gray picture the mean and deviation of another, clipped to [0, 1].

  L' = (L - mean) deviation_ref / deviation + mean_ref (Gatys et al. 2016, Preserving Color in
  Neural Artistic Style Transfer, eq. 10). A flat picture stays flat.

  Args:
    picture, reference: [1, H, W, 3] float32 in [0, 1], three equal channels; sizes may differ.
  """
  deviation = picture.std(dtype=np.float64)
  ratio = _signal(deviation) * reference.std(dtype=np.float64) / max(deviation, _NOISE)
  moved = (picture - picture.mean(dtype=np.float64)) * ratio + reference.mean(dtype=np.float64)
  return np.clip(moved, 0, 1).astype(np.float32)


def to_oklab(rgb: np.ndarray) -> np.ndarray:
  """Returns lightness in [0, 1] and the two axes of chroma of sRGB colors [..., 3] in [0, 1]."""
  linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
  return np.cbrt(linear @ _CONES.T) @ _OPPONENTS.T


def from_oklab(lab: np.ndarray) -> np.ndarray:
  """Returns sRGB colors [..., 3]; what no screen shows lies outside [0, 1]."""
  linear = (lab @ np.linalg.inv(_OPPONENTS).T) ** 3 @ np.linalg.inv(_CONES).T
  return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * abs(linear) ** (1 / 2.4) - 0.055)


def gray(picture: np.ndarray) -> np.ndarray:
  """Returns the gray picture of the same lightness, three equal channels.

  A gray of linear value l has lightness l^(1/3).

  Args:
    picture: [1, H, W, 3] float32 in [0, 1].
  """
  def of(rgb: np.ndarray) -> np.ndarray:
    return from_oklab(to_oklab(rgb) * (1, 0, 0))
  return _in_bands(of, picture)


def luminance(picture: np.ndarray) -> np.ndarray:
  """Returns the luminance [...] of colors [..., 3] (ITU-R BT.601)."""
  weighed: np.ndarray = picture @ _LUMA
  return weighed


def is_gray(picture: np.ndarray) -> bool:
  """Whether the channels of a picture [1, H, W, 3] differ by two levels of 8 bits at most."""
  return all(np.ptp(rows, axis=-1).max() <= 2.5 / 255
             for rows in np.array_split(picture[0], range(_ROWS, picture.shape[1], _ROWS)))


def with_chroma(picture: np.ndarray, content: np.ndarray) -> np.ndarray:
  """Returns the lightness of one picture with the chroma of another.

  Where no screen shows that color, the chroma is reduced as far as it takes; hue and lightness
  are kept.

  Args:
    picture, content: [1, H, W, 3] float32 in [0, 1], of one size.
  """
  def of(rgb: np.ndarray, colors: np.ndarray) -> np.ndarray:
    lab = to_oklab(colors)
    lab[..., 0] = to_oklab(rgb)[..., 0]
    return from_oklab(_within_gamut(lab))
  return _in_bands(of, picture, content)


def _within_gamut(lab: np.ndarray) -> np.ndarray:
  """Multiplies chroma by the largest share that a screen can show, found by halving."""
  outside = ~_shown(lab)
  colors = lab[outside]
  share, step = np.zeros((len(colors), 1)), 1.0
  for _ in range(_HALVINGS):
    step /= 2
    tried = share + step
    share = np.where(_shown(_scaled(colors, tried))[:, None], tried, share)
  lab[outside] = _scaled(colors, share)
  return lab


def _scaled(lab: np.ndarray, share: np.ndarray) -> np.ndarray:
  return np.concatenate([lab[:, :1], lab[:, 1:] * share], axis=1)


def _shown(lab: np.ndarray) -> np.ndarray:
  rgb = from_oklab(lab)
  return np.all((rgb >= -1e-4) & (rgb <= 1 + 1e-4), axis=-1)


def _in_bands(function: Callable[..., np.ndarray], *pictures: np.ndarray) -> np.ndarray:
  """Applies a function of pixels in float64, a few rows at a time; clips the result to [0, 1]."""
  result = np.empty_like(pictures[0])
  for top in range(0, result.shape[1], _ROWS):
    rows = np.s_[:, top:top + _ROWS]
    result[rows] = np.clip(function(*(p[rows].astype(np.float64) for p in pictures)), 0, 1)
  return result


def seen(mode: str, picture: np.ndarray) -> np.ndarray:
  """Returns what the network sees of a content picture: gray where only luminance is stylized."""
  return gray(picture) if mode == "luminance" else picture


def style_seen(mode: str, style: np.ndarray, content: np.ndarray) -> np.ndarray:
  """Returns what the network sees of a style picture (Gatys et al. 2016, Preserving Color).

  With `match` it has the content's mean and covariance (section 3 there). With `luminance` both
  are gray, and it has the content's mean and deviation (section 4).
  """
  if mode == "match":
    return match_colors(style, content)
  return match_grays(gray(style), gray(content)) if mode == "luminance" else style


def finished(mode: str, strength: float, picture: np.ndarray, content: np.ndarray) -> np.ndarray:
  """Returns what the user gets: a result with the content's chroma where asked for, then blended.

  Args:
    mode: `content` and `luminance` bring the content's chroma back, `style` and `match` do not.
    strength: share of the result in the blend; the rest is the content. Stored values are blended:
      of light, the brighter picture would show through at every share, as in a double exposure.
    picture: [1, H, W, 3] float32 in [0, 1].
    content: the same, of any size.
  """
  if mode in ("style", "match") and strength == 1:
    return picture
  content = resize(content, *picture.shape[1:3])
  if mode in ("content", "luminance"):
    picture = with_chroma(picture, content)
  return np.float32(strength) * picture + np.float32(1 - strength) * content
