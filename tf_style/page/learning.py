"""Learned styles on the page: what a network paints, at once, and learning a new one as a job."""

import functools
import io
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from tf_style.cli import lessons
from tf_style.cli.learning import LearnWatchers
from tf_style.cli.lessons import LearnJob
from tf_style.descent.step import Step
from tf_style.errors import InputError, expected
from tf_style.learned.record import read_record
from tf_style.page.jobs import Job
from tf_style.page.painters import Painters
from tf_style.page.previews import small_jpeg
from tf_style.pictures import color, images
from tf_style.pictures.alpha import without_hidden_colors
from tf_style.system import machine

if TYPE_CHECKING:
  from tf_style.pictures.images import Picture

COLORS = ("style", "content", "luminance")
_ROWS, _ROW_PX = 6, 160  # of the sheet of photographs held out, and the height of one


class Shown:
  """What learned styles paint, kept so that colors and strength follow at once."""

  def __init__(self, painters: Painters):
    """Loads nothing yet."""
    self._painters = painters
    self._content = functools.lru_cache(2)(_content)
    self._painted = functools.lru_cache(4)(self._paint)

  def picture(self, folder: str, photo: str, *, size: int, mode: str, strength: float,
              blend: Sequence[float]) -> np.ndarray:
    """Returns a photograph as a learned style paints it, [1, H, W, 3] float32 in [0, 1].

    Args:
      folder: of the style.
      photo: path.
      size: longest side in pixels.
      mode: one of `COLORS`.
      strength: share of the painted picture in a blend with the photograph.
      blend: shares of the styles; none takes all alike.
    Raises:
      InputError: one of them is wrong.
    """
    if mode not in COLORS:
      raise InputError("--color: " + expected(f"one of {', '.join(COLORS)}", mode))
    machine.import_tensorflow()
    gray = mode == "luminance"
    painted = self._painted(folder, photo, size, gray, tuple(map(float, blend)))
    return color.finished(mode, float(strength), painted, self._content(photo, size).rgb)

  def _paint(self, folder: str, photo: str, size: int, gray: bool,
             blend: tuple[float, ...]) -> np.ndarray:
    content = self._content(photo, size)
    seen = color.seen("luminance" if gray else "style", content.rgb)
    return self._painters.learned(folder).paint(content._replace(rgb=seen), blend)


def _content(photo: str, size: int) -> "Picture":
  return without_hidden_colors(images.load_picture(photo, size), "--content")


def styles_of(folder: Path) -> tuple[str, ...]:
  """Returns the names of the styles that a network has learned.

  Raises:
    InputError: it is no learned style.
  """
  return read_record(folder).styles


def lesson_of(given: Mapping[str, Any]) -> LearnJob:
  """Returns what texts of flags of `tf-style learn` ask for, checked before TensorFlow.

  Raises:
    InputError: the first thing that is wrong.
  """
  asked = lessons.job_of(given)
  lessons.check(asked)
  return asked


def learn(job: Job, asked: LearnJob) -> None:
  """Does the job: an ordinary training in the log folder, with photographs held out as previews.

  Raises:
    InputError: a picture, the weights or a setting is wrong.
  """
  from tf_style.learned.learning import learn_style
  watchers = LearnWatchers(asked, job.signals, job.command_line)
  sheet = _Sheet(job)

  def on_step(step: Step) -> bool:
    sheet.take(step)
    return watchers.on_step(step)

  try:
    style = learn_style(list(asked.styles), asked.photos, asked.config, on_lesson=watchers.begin,
                        on_step=on_step, on_state=watchers.on_state)
  except BaseException:
    if not sheet.rows:
      watchers.discard()
    raise
  finally:
    watchers.close()
  style.save(asked.output)
  watchers.finish(style.record)
  job.show(model=Path(asked.output), percent=100, run=watchers.path.name,
           line=f"learned {os.path.basename(asked.output)}: loss {style.record.loss:.4g} on "
                "photographs held out")


class _Sheet:
  """Photographs held out as they are painted: a row a look, the latest below."""

  def __init__(self, job: Job):
    self._job, self._looks = job, 0
    self.rows: list[np.ndarray] = []
    self._losses: list[tuple[int, float]] = []

  def take(self, step: Step) -> None:
    self._losses += [(0, float(total)) for total in step.totals]
    changes: dict[str, Any] = {}
    looks = len(step.history()["look"])
    if looks != self._looks:
      self._looks = looks
      row = step.picture()
      height, width = row.shape[1:3]
      self.rows = [*self.rows, images.resize(row, _ROW_PX, _ROW_PX * width // height)][-_ROWS:]
      changes["preview"] = small_jpeg(np.concatenate(self.rows, axis=1), 960)
    left = step.seconds_a_step * (step.steps - step.number)
    self._job.show(step=step.number, steps=step.steps, percent=100 * step.number // step.steps,
                   seconds_left=left, losses=tuple(self._losses[-400:]),
                   line="learning: each row is photographs it was not shown, painted", **changes)


def as_jpeg(picture: np.ndarray, longest: int) -> bytes:
  """Returns a picture as a JPEG of good quality."""
  image = Image.fromarray(images.to_uint8(picture))
  image.thumbnail((longest, longest))
  file = io.BytesIO()
  image.save(file, "JPEG", quality=90)
  return file.getvalue()
