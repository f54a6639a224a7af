"""What a frame should look like by the results before it, and where that can be said."""

from typing import NamedTuple

import numpy as np

from tf_style.films import extra
from tf_style.films.flow import Flow, Motion
from tf_style.films.warp import warped

# A frame and its result are kept for longer each so many frames, and so many of them: what was
# hidden for a while takes its earlier look.
_EVERY, _KEPT = 8, 2
# A shot begins where the motion can be said for less than this share of a frame, and the frame
# before, moved along, is this far from it.
_LEAST_SURE, _LEAST_CHANGE = 0.4, 0.06
_ENOUGH = 0.98  # of a frame is known: earlier ones are not looked at
# Of a pixel that is moved along, the share of each of the two beside it, in rows and in columns.
_SMOOTH = 1 / 32


class Expected(NamedTuple):
  """What a frame should look like.

  Attributes:
    picture: [1, H, W, 3] float32 in [0, 1], of results moved along; something is everywhere.
    trust: [1, H, W, 1] float32 in [0, 1], where that is to be believed.
  """

  picture: np.ndarray
  trust: np.ndarray


class _Past(NamedTuple):
  frame: np.ndarray
  painted: np.ndarray


class Memory:
  """Frames with their results: the last one, and some before it.

  The last result counts first. Where it says nothing, for what is seen now was hidden then, earlier
  ones do (Ruder et al. 2016, section 3.3). It takes the memory of four frames, however long the
  film is.
  """

  def __init__(self, flow: Flow):
    """Remembers nothing yet."""
    self._flow = flow
    self._last: _Past | None = None
    self._older: list[_Past] = []

  def expect(self, frame: np.ndarray) -> Expected | None:
    """Returns what a frame [1, H, W, 3] should look like; None for the first one of a shot.

    The frames of the shot before are forgotten then.
    """
    if self._last is None:
      return None
    motion = self._flow.motion(frame, self._last.frame)
    if begins_shot(frame, self._last.frame, motion):
      self.forget()
      return None
    moved = moved_along(self._last.painted, motion.back)
    known = motion.trust[None, ..., None]
    picture = known * moved
    for past in reversed(self._older):
      if past is self._last or np.mean(known) > _ENOUGH:
        continue
      motion = self._flow.rough_motion(frame, past.frame)
      more = np.maximum(motion.trust[None, ..., None] - known, 0)
      picture += more * moved_along(past.painted, motion.back)
      known = known + more
    return Expected(picture + (1 - known) * moved, known)

  def remember(self, index: int, frame: np.ndarray, painted: np.ndarray) -> None:
    """Takes a frame and its result, [1, H, W, 3] each, by its number in the film."""
    self._last = _Past(frame, painted)
    if index % _EVERY == 0:
      self._older = [*self._older, self._last][-_KEPT:]

  def forget(self) -> None:
    """Forgets all: a shot begins."""
    self._last, self._older = None, []

  @staticmethod
  def reach() -> int:
    """Returns how many frames back the memory goes at most."""
    return _EVERY * _KEPT + 1


def begins_shot(frame: np.ndarray, before: np.ndarray, motion: Motion) -> bool:
  """Says whether a frame [1, H, W, 3] is the first of a shot, by its motion from the one before."""
  change = float(np.mean(np.abs(frame - warped(before, motion.back))))
  return bool(np.mean(motion.sure) < _LEAST_SURE and change > _LEAST_CHANGE)


def moved_along(painted: np.ndarray, flow: np.ndarray) -> np.ndarray:
  """Moves a result [1, H, W, 3] along a flow, and smooths it by very little.

  Painting and interpolation leave noise of one or two pixels' width in each frame. The next frame
  would keep it and add its own: after a hundred, dark parts had bright dots, in rows. Strokes are
  wider, and each frame's steps draw them as sharp as the first one's.
  """
  kernel = np.array([_SMOOTH, 1 - 2 * _SMOOTH, _SMOOTH], np.float32)
  cv2 = extra.load("cv2")
  moved = warped(painted, flow, sharp=True)[0]
  smooth: np.ndarray = cv2.sepFilter2D(moved, -1, kernel, kernel, borderType=cv2.BORDER_REFLECT_101)
  return smooth[None]
