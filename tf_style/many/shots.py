"""Paints the shots of a film in several processes; the frames are those of one process.

Nothing before a cut counts for what comes after it, so shots are painted side by side. A long one
goes in parts, one after the other, each with the results that the next frames go by.
"""

import collections
import tempfile
from collections.abc import Generator, Iterator
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tf_style.films import frames
from tf_style.films.coherence import Memory, begins_shot
from tf_style.films.flow import Flow
from tf_style.films.kept import FrameFiles, KeptFrames
from tf_style.films.opening import open_film
from tf_style.films.painting import FilmJob, PaintedFrame, Part, make_painter, paint_frames
from tf_style.many.actor import Actor
from tf_style.many.parcel import Footage
from tf_style.many.setup import Setup
from tf_style.many.stamps import Stamps
from tf_style.many.workers import Workers
from tf_style.pictures import images

_A_PART = 24  # frames: what a worker that dies may lose


class Stretch(NamedTuple):
  """An item for a worker: a part of a shot.

  Attributes:
    part: the frames.
    content: path of the film.
  """

  part: Part
  content: str

  @property
  def name(self) -> str:
    return f"frames {self.part.begin + 1} to {self.part.end}"


class StretchTask(NamedTuple):
  """What a worker is given of it: the part, and the results that its frames go by."""

  part: Part
  before: tuple[FrameFiles, ...]


class Stretched(NamedTuple):
  """What a worker gives back: the frames, without their pictures, and their files."""

  frames: tuple[PaintedFrame, ...] = ()
  files: tuple[FrameFiles, ...] = ()
  error: str = ""


class FilmActor(Actor):
  """A worker that paints parts of one film."""

  def ready(self) -> None:
    """Opens the film and loads the network.

    Raises:
      InputError: the film, the weights, the learned style or the device is wrong.
    """
    setup, film = self._setup, self._film
    assert film is not None, "the parcel has a film"
    style, = setup.styles
    painter = make_painter(style.pictures or None, setup.config, setup.model, film.settings,
                           content_mask=film.content_mask, style_mask=style.masks or None)
    opened = open_film(film.path, film.settings.fps, setup.config.max_pixels)
    self._job = FilmJob(opened, painter, setup.config, film.settings)

  def paint(self, task: StretchTask) -> Stretched:
    """Paints a part."""
    return paint_part(self._job, task)


def paint_part(job: FilmJob, task: StretchTask) -> Stretched:
  """Paints a part of a film as if all before had been painted here."""
  with tempfile.TemporaryDirectory(prefix="tf_style-") as folder:
    kept = KeptFrames(Path(folder), {})
    for each in task.before:
      kept.add_files(each)
    painted = tuple(frame._replace(picture=np.zeros((0,), np.float32)) for frame in paint_frames(
        job._replace(kept=kept), part=task.part))
    return Stretched(painted, tuple(kept.files(frame.number) for frame in painted))


def paint_shots(job: FilmJob, workers: Workers) -> Generator[PaintedFrame, None, bool]:
  """Paints the frames that are not kept yet, as `paint_frames` does, but in whatever order.

  Args:
    job: its frames are kept; its painter is not used.
    workers: of `film_workers`.
  Raises:
    OSError: a part killed its workers again and again.
  """
  assert job.kept is not None
  shots = [collections.deque(each) for each in missing_parts(job)]
  of_part = {part: shot for shot in shots for part in shot}
  waiting = collections.deque(Stretch(shot.popleft(), job.film.path) for shot in shots)
  for stretch, _, made in workers.work(waiting):
    if made.error:
      raise OSError(made.error)
    for frame, of_frame in zip(made.frames, made.files, strict=True):
      job.kept.add_files(of_frame)
      picture = images.load_picture(job.kept.path(frame.number)).rgb
      yield frame._replace(picture=picture)
    if shot := of_part[stretch.part]:
      waiting.appendleft(Stretch(shot.popleft(), job.film.path))
  return True


def film_workers(setup: Setup, film: Footage, kept: KeptFrames, count: int | None,
                 cluster: str | None) -> Workers:
  """Starts the workers of a film; arguments are those of `Workers`.

  Args:
    kept: the frames that are finished.
  """
  def task_of(stretch: Stretch) -> tuple[StretchTask, Stamps]:
    part = stretch.part
    return StretchTask(part, tuple(map(kept.files, range(part.first, part.begin)))), ()

  return Workers(setup, count, cluster, film=film, kind=FilmActor, task_of=task_of)


def missing_parts(job: FilmJob) -> Iterator[list[Part]]:
  """Yields the parts of each shot that are to be painted, in their order; shots without any not."""
  kept = {} if job.kept is None else job.kept.entries
  times, begins = shots_of(job)
  reach = Memory.reach() if job.config.coherence else 0
  for begin, end in zip(begins, [*begins[1:], len(times)], strict=True):
    parts = []
    for start in range(begin, end, _A_PART):
      stop = min(start + _A_PART, end)
      missing = [number for number in range(start, stop) if number not in kept]
      if missing:
        first = max(begin, missing[0] - reach)
        parts.append(Part(first, times[first], missing[0], stop))
    if parts:
      yield parts


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
