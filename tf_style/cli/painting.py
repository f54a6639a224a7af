"""Paints the content of a job with its learned style, and says how far it is."""

from tf_style.cli import console
from tf_style.cli.jobs import Job
from tf_style.learned import painting
from tf_style.learned.painting import Painting
from tf_style.problem.loaded import Loaded

_FEW_TILES = 8  # are painted without a word


def painted(job: Job) -> Painting:
  """Paints the content of a job that has a model.

  Raises:
    InputError: a picture or the model is wrong.
  """
  from tf_style.learned.style import LearnedStyle
  assert job.model is not None

  def say_notes(loaded: Loaded) -> None:
    for note in () if job.polish else loaded.notes:  # else the repainting says them
      console.say(note)

  style = LearnedStyle.load(job.model, precision=job.config.precision, device=job.config.device)
  return painting.paint(style, job.inputs, job.config, on_load=say_notes,
                        on_tile=_say_how_far if job.verbosity >= 0 else None)


def _say_how_far(done: int, total: int) -> None:
  if total > _FEW_TILES and done * 10 // total > (done - 1) * 10 // total:
    console.say(f"{100 * done // total:3d} %  tile {done}/{total}")
