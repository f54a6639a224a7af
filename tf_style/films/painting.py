"""A film in, a painted film out, frame by frame: reading, painting, keeping, writing."""

import contextlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import numpy as np
from absl import logging

from tf_style.descent.step import OnStep
from tf_style.films import frames, sizes, targets, writing
from tf_style.films.coherence import Expected, Memory
from tf_style.films.film import Frame
from tf_style.films.flow import Flow
from tf_style.films.job import FilmJob
from tf_style.films.kept import Entry, KeptFrames
from tf_style.films.opening import open_film
from tf_style.films.painters import FramePainter, Repainter, Stylizer
from tf_style.films.segments import Part, missing_parts, overlap, shown
from tf_style.films.settings import FilmConfig
from tf_style.films.sound import Sound
from tf_style.learned.style import LearnedStyle
from tf_style.pictures import images
from tf_style.pictures.images import Source
from tf_style.problem.inputs import Sources
from tf_style.settings.config import Config
from tf_style.system import files, machine

_ALL = Part(0, Fraction(0), 0, sys.maxsize, sys.maxsize)


class PaintedFrame(NamedTuple):
  """A finished frame of a film.

  Attributes:
    number: from 0.
    time: seconds from the beginning of the result.
    picture: [1, H, W, 3] float32 in [0, 1], whole levels of 8 bits.
    losses: of its best step by name: `total`, and each raw term; of a learned style none.
    begins_shot: whether it was painted afresh, as the first of a shot.
    unsteadiness: mean absolute difference to the last result moved along, where that is trusted; 0
      where there is none.
    trust: the share of the frame where it is.
    seconds: that it took.
  """

  number: int
  time: float
  picture: np.ndarray
  losses: dict[str, float]
  begins_shot: bool
  unsteadiness: float
  trust: float
  seconds: float


def paint_film(content: str | os.PathLike[str], style: Sources = None,
               config: Config | None = None, *,
               model: LearnedStyle | str | os.PathLike[str] | None = None,
               settings: FilmConfig | None = None,
               output: str | os.PathLike[str] | None = None,
               folder: str | os.PathLike[str] | None = None,
               on_step: OnStep | None = None) -> Iterator[PaintedFrame]:
  """Paints a film in the manner of a style, frame after frame, and writes it after the last.

      for frame in paint_film("film.mp4", "painting.jpg", output="painted.mp4"):
        print(frame.number, frame.time)

  Args:
    content: a film that FFmpeg reads, an animated GIF, WebP or PNG, or a folder of numbered frames.
    style: as for `Painter`; not beside `model`.
    config: of the pictures; `Config.of(coherence=0)` paints each frame alone. None is the default,
      and beside `model` the film's own size.
    model: a learned style, or its folder, that paints in place of `style`.
    settings: of the film, such as `FilmConfig.of(start=10, fps=12)`.
    output: a name that ends in .mp4, .webm, .mov or .gif, or a folder for PNGs, which must be new
      or empty; None writes nothing.
    folder: where finished frames are kept meanwhile, so that a second call goes on; None takes one
      for temporary files.
    on_step: called after every chunk of steps of a repaint; a true return value ends all with the
      frames that are finished, and nothing is written.
  Returns:
    An iterator of finished frames, which does the work.
  Raises:
    InputError: the film, a picture or a setting is wrong; from the first `next`.
    OSError: from the system, such as a full disk; what is kept stays.
  """
  machine.prepare()
  config = config or Config.of(**({} if model is None else {"image_size": "original"}))
  settings = settings or FilmConfig.of()
  target = None if output is None else Path(output)
  if target is not None:
    targets.check_target(target, settings)
  film = open_film(os.fspath(content), settings.fps, config.max_pixels)
  with contextlib.ExitStack() as stack:
    if folder is None and (target is not None or settings.segments):
      folder = stack.enter_context(tempfile.TemporaryDirectory())
    kept = None if folder is None else KeptFrames(
        Path(folder), {"settings": config.as_dict() | settings.as_dict()})
    painter = make_painter(style, config, model, settings)
    stack.callback(painter.close)
    job = FilmJob(film, painter, config, settings, kept)
    done = yield from paint_all(job, on_step)
    if done and target is not None:
      write_film(job, target)


def make_painter(style: Sources, config: Config,
                 model: LearnedStyle | str | os.PathLike[str] | None, settings: FilmConfig, *,
                 content_mask: Source | None = None, style_mask: Sources = None) -> FramePainter:
  """Returns what paints the frames; arguments as for `paint_film` and `Painter`."""
  if model is None:
    return Repainter(style, config, settings.frame_steps, content_mask=content_mask,
                     style_mask=style_mask)
  if not isinstance(model, LearnedStyle):
    model = LearnedStyle.load(model, precision=config.precision, device=config.device)
  return Stylizer(model, config)


def paint_all(job: FilmJob, on_step: OnStep | None = None) -> Generator[PaintedFrame, None, bool]:
  """Paints the frames that are not kept yet, and keeps them; segment by segment where asked.

  Args:
    job: the film; its frames are kept where it has segments.
    on_step: as for `paint_film`.
  Returns:
    By its end: whether all were painted.
  """
  if not job.longest_segment:
    return (yield from paint_frames(job, on_step))
  for parts in missing_parts(job):
    for part in parts:
      if not (yield from paint_frames(job, on_step, part)):
        return False
  return True


def paint_frames(job: FilmJob, on_step: OnStep | None = None, part: Part | None = None,
                 ) -> Generator[PaintedFrame, None, bool]:
  """Paints the frames that are not kept yet, and keeps them.

  Args:
    job: the film.
    on_step: as for `paint_film`.
    part: which frames, those of a tail being kept as such and not yielded; None is all of the film,
      whose shots are not cut.
  Returns:
    By its end: whether all were painted.
  """
  memory = Memory(Flow()) if job.config.coherence else None
  height, width = job.size
  kept, part = job.kept, part or _ALL
  for number, frame in enumerate(frames.chosen(job.film, job.settings, part.time), part.first):
    begun = time.perf_counter()
    if number >= part.end:
      break
    picture = frames.at_size(frame, height, width)
    place = part.place(kept, number) if kept else None
    if place and number in place.entries:
      if memory and (part is not _ALL or place.is_needed(number, Memory.reach())):
        if place.entries[number].begins_shot:
          memory.forget()
        memory.remember(number, picture, place.optimized(number))
      continue
    expected = memory.expect(picture) if memory else None
    painted = job.painter(picture, expected, on_step)
    if painted.stopped:
      return False
    if memory:
      memory.remember(number, picture, painted.optimized)
    if place:
      entry = Entry(number, frame.time, frame.duration, expected is None)
      place.add(entry, painted.picture, painted.optimized)
    if number >= part.tail:
      continue
    seen = painted.picture
    if place and overlap(job):
      seen = np.float32(shown(job, number)[None]) / np.float32(255)
    unsteadiness, trust = _moved(painted.optimized, expected)
    yield PaintedFrame(
        number, float(frame.time), seen, painted.losses, expected is None,
        unsteadiness, trust, time.perf_counter() - begun)
  return True


def write_film(job: FilmJob, path: Path, say: Callable[[str], object] = logging.info,
               overwrite: bool = True) -> Path:
  """Writes the frames that are kept as a film, which appears when it is whole.

  Args:
    job: its frames are all kept.
    path: as `output` of `paint_film`.
    say: is told what is encoded anew or left out.
    overwrite: False takes the next free name where there is such a file.
  Returns:
    The path that was written.
  Raises:
    OSError: from the system; nothing is left behind.
  """
  assert job.kept is not None
  if not path.suffix:
    _say_without_sound(job, "a folder of pictures", say)
    files.write_folder_atomically(path, lambda aside: _copy(job, aside))
    return path
  if path.suffix.lower() == ".gif":
    _say_without_sound(job, "a GIF", say)
  return files.write_atomically(path, lambda aside: _encode(job, aside, say), overwrite)


def _encode(job: FilmJob, path: Path, say: Callable[[str], object]) -> None:
  assert job.kept is not None
  settings, about = job.settings, job.film.about
  ending = path.suffix.lower()
  sheet = sizes.sheet_of(about, job.size, ending, settings.fps)
  sound = None
  if about.sounds and writing.FORMATS[ending].sound:
    end = Fraction(settings.end).limit_denominator(1_000_000) if settings.end else None
    sound = Sound(job.film.path, Fraction(settings.start).limit_denominator(1_000_000), end, say)
  writer = writing.make_writer(
      path, sheet, sound, None if settings.crf < 0 else settings.crf)
  with contextlib.closing(writer):
    for _, entry in sorted(job.kept.entries.items()):
      writer.write(Frame(shown(job, entry.number), entry.time, entry.duration))


def _copy(job: FilmJob, folder: Path) -> None:
  assert job.kept is not None
  for number in sorted(job.kept.entries):
    path = job.kept.path(number)
    if overlap(job):
      images.save_picture(folder / path.name, np.float32(shown(job, number)[None]) / 255)
    else:
      shutil.copyfile(path, folder / path.name)


def _say_without_sound(job: FilmJob, what: str, say: Callable[[str], object]) -> None:
  if job.film.about.sounds:
    say(f"{what} has no sound: that of the film is left out")


def _moved(painted: np.ndarray, expected: Expected | None) -> tuple[float, float]:
  """Returns how far a result is from what was expected, and for which share of it something was."""
  if expected is None:
    return 0.0, 0.0
  difference = np.mean(np.abs(painted - expected.picture), -1, keepdims=True)
  counted = max(float(np.sum(expected.trust)), 1e-6)
  return float(np.sum(difference * expected.trust)) / counted, float(np.mean(expected.trust))
