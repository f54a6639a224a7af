"""A learned style's picture of a frame, with the strokes of the result before it."""

import math

import numpy as np

from tf_style.films import extra
from tf_style.films.coherence import Expected

# How far the network may be from the last result: in colors, for that to count still; and in
# strokes, for a mean to be as good as either.
_COLORS, _STROKES = 0.12, 0.05
_SEEN = 1 / 40  # of the shorter side: what is compared is smoothed over so many pixels
_OCTAVES_PX = (1.0, 2.0, 4.0)  # details are what blurs of so many pixels take away, one by one
_GAIN = (0.7, 2.0)  # by which their contrast is changed at most


def blended(made: np.ndarray, expected: Expected, coherence: float) -> np.ndarray:
  """Takes over what is expected where it is trusted, and where the network's picture agrees.

  made + s t a (e - made), with the trust t, the agreement a of colors, and a share s of
  c / (c + d / 5), where d is 0 where strokes are alike, and 1 where they differ. So strokes stay
  where they were, and all the more where the network has changed them little. A mean of strokes
  that differ is paler than they are: its details get back the contrast that the network's picture
  has there.

  Args:
    made: [1, H, W, 3], the network's picture.
    expected: of the same size.
    coherence: c, at least 0.
  """
  cv2, picture, before = extra.load("cv2"), made[0], expected.picture[0]
  gap, side = before - picture, 2 * math.ceil(min(made.shape[1:3]) * _SEEN) + 1
  agreement = _alike(np.max(np.abs(cv2.blur(gap, (side, side))), -1), _COLORS)
  strokes = _alike(cv2.blur(np.mean(np.abs(gap), -1), (side, side)), _STROKES)
  share = coherence / (coherence + np.float32(0.2) * (1 - strokes) + np.float32(1e-6))
  weights = expected.trust[0] * (share * agreement)[..., None]
  mixed = picture + weights * gap
  crisp = as_crisp(mixed, picture)
  return np.clip(mixed + np.minimum(2 * weights, 1) * (crisp - mixed), 0, 1)[None]


def as_crisp(picture: np.ndarray, model: np.ndarray) -> np.ndarray:
  """Returns a picture whose details have the local contrast that those of another have.

  Octave by octave they are multiplied by the root of the ratio of their mean squares around a
  place, within `_GAIN`.

  Args:
    picture, model: [H, W, 3].
  """
  cv2, made = extra.load("cv2"), np.zeros_like(picture)
  for sigma in _OCTAVES_PX:
    rest, rest_of_model = (cv2.GaussianBlur(each, (0, 0), sigma) for each in (picture, model))
    details = picture - rest
    around = int(8 * sigma) + 1
    power, wanted = (cv2.blur(np.mean(np.square(each), -1), (around, around)) + np.float32(1e-5)
                     for each in (details, model - rest_of_model))
    made += np.clip(np.sqrt(wanted / power), *_GAIN)[..., None] * details
    picture, model = rest, rest_of_model
  return made + picture


def _alike(distance: np.ndarray, scale: float) -> np.ndarray:
  return np.exp(-np.square(distance / np.float32(scale)))
