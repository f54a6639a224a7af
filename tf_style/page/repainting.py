"""A repaint as a job of the page: an ordinary run in the log folder, with previews."""

import time
from typing import TYPE_CHECKING

from tf_style.cli import messages, painting
from tf_style.cli.attempts import Attempts
from tf_style.cli.jobs import Job as Asked
from tf_style.cli.progress import Forecast
from tf_style.cli.run_folder import RunFolder
from tf_style.descent.step import Step
from tf_style.page.jobs import Job
from tf_style.page.painters import Painters
from tf_style.page.previews import Pace, small_jpeg
from tf_style.pictures import images
from tf_style.repaint.metadata import picture_metadata

if TYPE_CHECKING:
  from tf_style.pictures.images import Source
  from tf_style.repaint.plan import Plan

_MOST_POINTS = 400  # of a loss curve
PICTURE = "picture.png"


def repaint(job: Job, asked: Asked, painters: Painters) -> None:
  """Does the job.

  Args:
    job: is shown how far it is.
    asked: for, as the command line would.
    painters: kept ones.
  Raises:
    InputError: a picture, the weights or an option is wrong; no folder is left behind.
  """
  start = asked.inputs.init_image
  if asked.model is not None:
    start = painting.painted(asked).picture
  watcher = _Watcher(job, asked)
  try:
    painter = painters.painter(asked.inputs, asked.config)
    _paint(painter, job, asked, watcher, start)
  except BaseException:
    if not watcher.stepped:
      watcher.folder.discard()
    raise
  finally:
    watcher.folder.close()


def _paint(painter, job: Job, asked: Asked, watcher: "_Watcher", start: "Source | None") -> None:
  inputs = asked.inputs
  result = painter(
      inputs.content, content_mask=inputs.content_mask, content_map=inputs.content_map,
      style_scale_map=inputs.style_scale_map, init_image=start, on_plan=watcher.begin,
      on_step=watcher.on_step, resume=asked.resume)
  metadata = picture_metadata(result.plan, result.losses)
  path = images.save_picture(
      watcher.folder.path / PICTURE, result.picture, result.plan.alpha, metadata, overwrite=False)
  watcher.folder.finish(result, path)
  line = f"loss {result.losses['total']:.4g} after {len(result.history['total'])} steps"
  if result.failed:
    line += "; not finite again and again: the best picture before that"
  elif result.stopped:
    line = f"stopped: {line}"
  job.show(picture=path, preview=small_jpeg(result.picture, 1024), line=line,
           percent=job.report.percent if result.stopped else 100)


class _Watcher:
  """The callbacks of a run."""

  def __init__(self, job: Job, asked: Asked):
    self._job = job
    self.folder = RunFolder(asked, Attempts(lambda: None), job.command_line)
    self.stepped = asked.resume is not None
    self._name = _name(asked)
    self._pace = Pace()
    self._losses: list[tuple[int, float]] = []
    self._every, self._seen = 1, 0

  def begin(self, plan: "Plan") -> None:
    self.folder.begin(plan, self._name)
    self._forecast = Forecast(plan.levels)
    notes = "; ".join(note.replace("\n", " ") for note in plan.notes)
    line = messages.plan_line(plan) + (f" ({notes})" if notes else "")
    self._job.show(run=self.folder.path.name, line=line, levels=len(plan.levels),
                   steps=sum(level.steps for level in plan.levels))

  def on_step(self, step: Step) -> bool:
    self.stepped = True
    self._forecast.take(step)
    changes = {}
    if self._pace.due():
      start = time.perf_counter()
      changes["preview"] = small_jpeg(step.picture())
      self._pace.took(time.perf_counter() - start)
    self._note(step)
    self._job.show(
        step=step.number, steps=step.steps, level=step.level + 1, levels=step.levels,
        width=step.width, height=step.height, percent=self._forecast.percent,
        seconds_left=self._forecast.seconds_left, losses=tuple(self._losses), **changes)
    stopping = self._job.stopping
    self.folder.on_step(step, stopping)
    return stopping

  def _note(self, step: Step) -> None:
    """Keeps every step's loss, of long runs every second's, every fourth's and so on."""
    for total in step.totals:
      if self._seen % self._every == 0:
        self._losses.append((step.level, float(total)))
      self._seen += 1
    if len(self._losses) > _MOST_POINTS:
      self._losses, self._every = self._losses[::2], 2 * self._every


def _name(asked: Asked) -> str:
  """Returns what the run's folder is called behind date and time, as the command would."""
  from tf_style.cli.output import output_path
  return output_path(asked).stem
