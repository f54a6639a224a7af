"""Where a film is cut: at its shots and, where asked, within them, with a cross-fade.

A segment begins afresh, as a shot does. The one before it is painted for some frames more, its
tail: what is shown there goes from the one to the other, pixel by pixel. Both are pictures of the
same frame, and each follows the flow from its own results.
"""

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from tf_style.films import frames
from tf_style.films.coherence import Memory, begins_shot
from tf_style.films.flow import Flow
from tf_style.films.job import FilmJob
from tf_style.films.kept import KeptFrames

_A_PART = 24  # frames: what a worker that dies may lose
_OVERLAP = 8  # frames of a tail, and half a segment at most


class Part(NamedTuple):
  """Frames of one segment that are painted one after the other.

  Attributes:
    first: number of the frame from which the film is read: those before `begin` are kept.
    time: of that frame, in the result.
    begin, end: from which frame on they are painted, and before which they end.
    tail: from which frame on they are the segment's tail.
  """

  first: int
  time: Fraction
  begin: int
  end: int
  tail: int

  def place(self, kept: KeptFrames, number: int) -> KeptFrames:
    """Returns where one of its frames is kept."""
    return kept if number < self.tail else kept.tails


def overlap(job: FilmJob) -> int:
  """Returns how many frames a tail has; 0 where shots are not cut."""
  return min(_OVERLAP, job.longest_segment // 2)


def shown(job: FilmJob, number: int) -> np.ndarray:
  """Returns a frame that is kept, [H, W, 3] uint8, mixed with the tail that is there."""
  kept, length = job.kept, overlap(job)
  assert kept is not None
  picture = kept.picture(number)
  if not length or number not in kept.tails.entries:
    return picture
  begin = number
  while not kept.entries[begin].begins_shot:
    begin -= 1
  share = np.float32((number - begin + 1) / (length + 1))
  tail = np.float32(kept.tails.picture(number))
  return np.uint8(np.rint(tail + share * (np.float32(picture) - tail)))


def missing_parts(job: FilmJob) -> Iterator[list[Part]]:
  """Yields the parts of each segment that are to be painted, in their order.

  Segments without any are left out. Where shots are not cut, each is one segment.
  """
  kept = job.kept
  assert kept is not None
  times, begins = shots_of(job)
  reach = Memory.reach() if job.config.coherence else 0
  for begin, end, stop in segments_of(job, [*begins, len(times)]):
    parts = []
    for start in range(begin, stop, _A_PART):
      whole = Part(start, times[start], start, min(start + _A_PART, stop), end)
      missing = [number for number in range(start, whole.end)
                 if number not in whole.place(kept, number).entries]
      if missing:
        first = max(begin, missing[0] - reach)
        parts.append(whole._replace(first=first, time=times[first], begin=missing[0]))
    if parts:
      yield parts


def segments_of(job: FilmJob, bounds: list[int]) -> Iterator[tuple[int, int, int]]:
  """Yields where each segment begins, where it ends, and where its tail does.

  Args:
    job: says how long segments are at most; those of a shot are as long as each other, or one more.
    bounds: numbers of the frames that begin shots, and the number of frames.
  """
  length, most = overlap(job), job.longest_segment
  for begin, end in zip(bounds[:-1], bounds[1:], strict=True):
    count = math.ceil((end - begin) / most) if most else 1
    cuts = [begin + (end - begin) * index // count for index in range(count + 1)]
    for first, last in zip(cuts[:-1], cuts[1:], strict=True):
      yield first, last, min(last + length, end)


def shots_of(job: FilmJob) -> tuple[list[Fraction], list[int]]:
  """Looks through a film: the times of its frames, and the numbers of those that begin shots.

  Where each frame is painted alone, a part of a shot counts as one.
  """
  times: list[Fraction] = []
  begins: list[int] = []
  flow, before = Flow() if job.config.coherence else None, None
  for number, frame in enumerate(frames.chosen(job.film, job.settings)):
    times.append(frame.time)
    if flow is None:
      begins += [number] if number % _A_PART == 0 else []
      continue
    picture = frames.at_size(frame, *job.size)
    if before is None or begins_shot(picture, before, flow.motion(picture, before)):
      begins.append(number)
    before = picture
  return times, begins
