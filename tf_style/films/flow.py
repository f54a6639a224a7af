"""Optical flow between two frames, and where it is to be trusted.

A flow [H, W, 2] says for each pixel (x, y) of one picture how far, in pixels to the right and
down, its place in the other is.
"""

from typing import NamedTuple

import numpy as np

from tf_style.films import extra
from tf_style.films.warp import warped
from tf_style.pictures import images

_SMALLEST = 32  # pixels; smaller pictures are looked at enlarged
# Up to so many pixels flow is searched at full size: a fifth of the error of half the size, in
# three times the time (a pan with a foreground, 512x288: .015 against .08 pixels).
_FULL_SIZE = 1_500_000
# OpenCV's medium preset has patches 3 pixels apart and 5 refinements: as exact, at twice the time.
_STRIDE, _REFINEMENTS = 4, 3


class Motion(NamedTuple):
  """How a frame moved from an earlier one.

  Attributes:
    back: [H, W, 2] from each pixel of the frame to where it was.
    sure: [H, W] bool, where the flow in the other direction says the same.
    trust: [H, W] float32 in [0, 1], where what was there is to be taken over: away from motion
      boundaries, as far as both frames look alike, and with soft borders.
  """

  back: np.ndarray
  sure: np.ndarray
  trust: np.ndarray


class Flow:
  """Dense inverse search (Kroeger et al. 2016), as OpenCV has it."""

  def __init__(self) -> None:
    """Loads OpenCV.

    Raises:
      InputError: the extra `film` is not installed.
    """
    self._cv2 = extra.load("cv2")
    self._search = self._cv2.DISOpticalFlow_create(self._cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    self._search.setPatchStride(_STRIDE)
    self._search.setVariationalRefinementIterations(_REFINEMENTS)

  def __call__(self, one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Returns the flow [H, W, 2] from one picture [1, H, W, 3] float32 to another of its size."""
    height, width = one.shape[1:3]
    scale = max(1, -(-_SMALLEST // min(height, width)))
    first, second = (self._gray(picture, scale) for picture in (one, other))
    self._search.setFinestScale(0 if height * width <= _FULL_SIZE else 1)
    flow = self._search.calc(first, second, None)
    if scale > 1:
      flow = flow.reshape(height, scale, width, scale, 2).mean((1, 3)) / scale
    return np.asarray(flow)

  def motion(self, frame: np.ndarray, before: np.ndarray) -> Motion:
    """Returns how a frame [1, H, W, 3] moved from one before, and where that is to be trusted."""
    back, ahead = self(frame, before), self(before, frame)
    sure = consistent(back, ahead)
    alike = likeness(frame, warped(before, back))
    trust = np.float32(sure & ~motion_boundaries(back)) * alike
    return Motion(back, sure, np.minimum(trust, self._cv2.blur(trust, (5, 5))))

  def rough_motion(self, frame: np.ndarray, before: np.ndarray) -> Motion:
    """Returns the same, found at half the size in a third of the time."""
    height, width = frame.shape[1:3]
    half = (width + 1) // 2, (height + 1) // 2
    resize = self._cv2.resize
    found = self.motion(*(resize(each[0], half, interpolation=self._cv2.INTER_AREA)[None]
                          for each in (frame, before)))
    scale = np.array([width / half[0], height / half[1]], np.float32)
    back = resize(found.back, (width, height)) * scale
    sure = resize(np.uint8(found.sure), (width, height)) > 0
    return Motion(back, sure, resize(found.trust, (width, height)))

  def _gray(self, picture: np.ndarray, scale: int) -> np.ndarray:
    gray = self._cv2.cvtColor(images.to_uint8(picture), self._cv2.COLOR_RGB2GRAY)
    return np.ascontiguousarray(gray.repeat(scale, 0).repeat(scale, 1) if scale > 1 else gray)


def consistent(back: np.ndarray, ahead: np.ndarray) -> np.ndarray:
  """Says where a flow and the one in the other direction cancel out.

  They do not where a pixel is seen in one frame only: |b + a(b)|^2 > .01 (|b|^2 + |a(b)|^2) + .5
  (Sundaram et al. 2010, eq. 5; Ruder et al. 2016, eq. 5), nor where its place was outside.

  Args:
    back: [H, W, 2] from this frame to the other.
    ahead: [H, W, 2] from the other to this.
  Returns:
    [H, W] bool.
  """
  height, width = back.shape[:2]
  there = warped(ahead[None], back)[0]
  rest = np.sum((back + there) ** 2, -1)
  most = 0.01 * (np.sum(back**2, -1) + np.sum(there**2, -1)) + 0.5
  y, x = np.mgrid[:height, :width]
  x, y = x + back[..., 0], y + back[..., 1]
  inside = (x > -0.5) & (x < width - 0.5) & (y > -0.5) & (y < height - 0.5)
  return (rest <= most) & inside


def motion_boundaries(flow: np.ndarray) -> np.ndarray:
  """Says where a flow changes: |grad u|^2 + |grad v|^2 > .01 |w|^2 + .002, there it is unsure.

  (Sundaram et al. 2010, eq. 6; Ruder et al. 2016, eq. 6.)

  Args:
    flow: [H, W, 2], with sides of at least 2.
  Returns:
    [H, W] bool.
  """
  slopes = [np.gradient(flow[..., axis]) for axis in (0, 1)]
  change = sum(np.square(slope) for pair in slopes for slope in pair)
  return np.asarray(change > 0.01 * np.sum(flow**2, -1) + 0.002)


def likeness(one: np.ndarray, other: np.ndarray, scale: float = 0.1) -> np.ndarray:
  """Returns exp(-(d / scale)^2) [H, W] of two pictures [1, H, W, 3], d their smoothed difference.

  So a change of light, as in a fade, is no reason to keep the old colors.
  """
  difference = np.mean(np.abs(one - other), (0, 3), dtype=np.float32)
  blur = extra.load("cv2").blur
  return np.exp(-np.square(np.float32(blur(difference, (5, 5))) / np.float32(scale)))
