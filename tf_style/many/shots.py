"""Paints the shots of a film in several processes; the frames are those of one process.

Nothing before a cut counts for what comes after it, so shots are painted side by side. A long one
goes in parts, one after the other, each with the results that the next frames go by.
"""

import collections
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tf_style.films.job import FilmJob
from tf_style.films.kept import FrameFiles, KeptFrames
from tf_style.films.opening import open_film
from tf_style.films.painting import PaintedFrame, make_painter, paint_frames
from tf_style.films.segments import Part, missing_parts
from tf_style.many.actor import Actor
from tf_style.many.parcel import Footage
from tf_style.many.setup import Setup
from tf_style.many.stamps import Stamps
from tf_style.many.workers import Workers
from tf_style.pictures import images


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
    part = task.part
    for each in task.before:
      part.place(kept, each.entry.number).add_files(each)
    painted = tuple(frame._replace(picture=np.zeros((0,), np.float32)) for frame in paint_frames(
        job._replace(kept=kept), part=part))
    return Stretched(painted, files_of(kept, part, part.begin, part.end))


def files_of(kept: KeptFrames, part: Part, begin: int, end: int) -> tuple[FrameFiles, ...]:
  """Returns the files of the frames of a part from one on, before another."""
  return tuple(part.place(kept, number).files(number) for number in range(begin, end))


def paint_shots(job: FilmJob, workers: Workers) -> Generator[PaintedFrame, None, bool]:
  """Paints the frames that are not kept yet, as `paint_all` does, but in whatever order.

  Their pictures are not mixed with tails: those are not there yet, or are, as it happens.

  Args:
    job: its frames are kept; its painter is not used.
    workers: of `film_workers`.
  Raises:
    OSError: a part killed its workers again and again.
  """
  assert job.kept is not None
  segments = [collections.deque(each) for each in missing_parts(job)]
  of_part = {part: segment for segment in segments for part in segment}
  waiting = collections.deque(Stretch(each.popleft(), job.film.path) for each in segments)
  for stretch, _, made in workers.work(waiting):
    if made.error:
      raise OSError(made.error)
    frames = {frame.number: frame for frame in made.frames}
    for of_frame in made.files:
      number = of_frame.entry.number
      stretch.part.place(job.kept, number).add_files(of_frame)
      if number in frames:
        yield frames[number]._replace(picture=images.load_picture(job.kept.path(number)).rgb)
    if segment := of_part[stretch.part]:
      waiting.appendleft(Stretch(segment.popleft(), job.film.path))
  return True


def film_workers(setup: Setup, film: Footage, kept: KeptFrames, count: int | None,
                 cluster: str | None) -> Workers:
  """Starts the workers of a film; arguments are those of `Workers`.

  Args:
    kept: the frames that are finished.
  """
  def task_of(stretch: Stretch) -> tuple[StretchTask, Stamps]:
    part = stretch.part
    return StretchTask(part, files_of(kept, part, part.first, part.begin)), ()

  return Workers(setup, count, cluster, film=film, kind=FilmActor, task_of=task_of)
