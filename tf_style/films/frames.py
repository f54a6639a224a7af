"""Which frames of a film are painted, when each is shown, and at which size."""

from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from tf_style.errors import InputError, expected
from tf_style.films.film import Film, Frame
from tf_style.films.settings import FilmConfig
from tf_style.pictures import images


def chosen(film: Film, settings: FilmConfig, since: Fraction = Fraction(0)) -> Iterator[Frame]:
  """Yields the frames from `start` to `end`, at most `fps` a second; times begin at `start`.

  Args:
    film: to be read.
    settings: those named are read.
    since: the time of a frame before which none is yielded, and which is sought in the film.
  Raises:
    InputError: there is none; the message says how long the film is.
  """
  start, end = (Fraction(time).limit_denominator(1_000_000)
                for time in (settings.start, settings.end))
  last, any_yet = Fraction(0), False
  rate = Fraction(settings.fps).limit_denominator(1001)
  thinned = 0 < rate < film.about.rate
  sought = max(since - 1 / rate, Fraction(0)) if thinned else since  # all of a tick is looked at
  frames: Iterator[Frame] = (
      frame._replace(time=frame.time - start) for frame in film.frames(start + sought))
  if thinned:
    frames = (frame for frame in at_rate(frames, rate) if frame.time >= since)
  for frame in frames:
    last = frame.time + frame.duration
    if end and frame.time >= end - start:
      break
    any_yet = True
    yield frame
  if not any_yet:
    length = film.about.seconds or float(last + start)
    raise InputError("--start: " + expected(
        f"a time before the end of the film ({length:.6g} seconds)", f"{settings.start:g}"))


def at_rate(frames: Iterator[Frame], rate: Fraction) -> Iterator[Frame]:
  """Yields at most `rate` frames a second: the last one that begins before each tick's middle.

  Times become those of the ticks; a tick without a frame of its own is left out.
  """
  held: Frame | None = None
  for frame in frames:
    tick = round(frame.time * rate)
    if held is not None and round(held.time * rate) != tick:
      yield held._replace(time=round(held.time * rate) / rate, duration=1 / rate)
    if held is None or round(held.time * rate) != tick:
      held = frame
  if held is not None:
    yield held._replace(time=round(held.time * rate) / rate, duration=1 / rate)


def count(film: Film, settings: FilmConfig) -> int:
  """Returns how many frames will be painted, as far as the film says so; 0 otherwise."""
  about = film.about
  seconds = about.seconds or float(about.frames / about.rate)
  if not seconds:
    return 0
  end = min(settings.end or seconds, seconds)
  rate = min(float(about.rate), settings.fps) if settings.fps else float(about.rate)
  if about.frames and not settings.fps and not settings.start and not settings.end:
    return about.frames
  return max(1, round((end - settings.start) * rate))


def at_size(frame: Frame, height: int, width: int) -> np.ndarray:
  """Returns the picture of a frame as it is painted, [1, height, width, 3] float32."""
  return images.resize(np.float32(frame.rgb[None]) / np.float32(255), height, width)
