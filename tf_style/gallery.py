"""The command that shows what one or two flags do: a contact sheet of small pictures."""

import sys

from tf_style.cli.launch import launch

if __name__ == "__main__":
  launch("gallery", sys.argv[1:])  # and exits: before the imports below, which take a while

import functools
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tf_style.cli import checks, command_line, console, flags
from tf_style.cli.jobs import Job, job_of
from tf_style.cli.paths import path_of
from tf_style.cli.progress import clock
from tf_style.descent.step import Step
from tf_style.errors import InputError, expected
from tf_style.pictures import images, sheet
from tf_style.system import machine
from tf_style.system.signals import Signals

if TYPE_CHECKING:
  from tf_style.repaint.painter import Painter
  from tf_style.repaint.result import Result

INTRO = """\
Shows what one or two flags do: a sheet of small pictures, each with its values under it.

  tf-style gallery --content=photo.jpg --style=painting.jpg \\
      --columns=content_weight=0.0025,0.01,0.04 --rows=style_scale=0.5,1
  tf-style gallery --content=photo.jpg --style=one.jpg --style=two.jpg \\
      --columns='style_blend=0.7,0.3;0.3,0.7'

All other flags are those of tf-style; where they are not given, --effort is draft and --image_size
256. The sheet is written anew after each picture. Ctrl-C ends it with the pictures done so far."""

_OWN = (
    flags.Flag("columns", "FLAG=X,X", "The sheet",
               "the flag that changes from column to column, and its values; where there is a "
               "semicolon, semicolons separate them, so that values may have commas"),
    flags.Flag("rows", "FLAG=X,X", "The sheet", "likewise from row to row"),
    flags.Flag("output", "FILE", "The sheet",
               "a PNG, JPEG, WebP or TIFF "
               "(default: gallery.png in the current folder, which never overwrites)"))
_LEFT_OUT = ("output", "logdir", "resume", "each_style", "workers", "cluster")
_DEFAULTS = {"effort": "draft", "image_size": "256"}


class Cell(NamedTuple):
  """One picture to be made: what is written under it, a line a flag, and how it is made."""

  caption: str
  job: Job


def main(argv: Sequence[str]) -> int:
  """Runs the command and returns its exit code, 2 for a wrong input, which leaves nothing behind.

  It is 130 after SIGINT, 143 after SIGTERM and 129 after SIGHUP; the sheet has all pictures that
  were finished.

  Args:
    argv: the command line without the program's name.
  """
  return console.stoppable(lambda signals: _run(argv, signals))


def _run(argv: Sequence[str], signals: Signals) -> int:
  given = flags.read(argv, _known(), INTRO)
  rows = _cells(given)
  output, overwrite = Path(path_of(given, "output") or "gallery.png"), "output" in given
  sizes = [checks.check_pictures(cell.job) for row in rows for cell in row]
  height, width = (max(sides) for sides in zip(*sizes, strict=True))
  page = Page(rows, height=height, width=width, output=output, overwrite=overwrite)
  page.check()
  first = rows[0][0].job
  console.show_log(first.verbosity)
  machine.start_tensorflow(verbose=first.verbosity > 0)
  return _make(page, signals)


def _known() -> list[flags.Flag]:
  files = [flag for flag in command_line.FILES if flag.name not in _LEFT_OUT]
  return [*_OWN, *files, *(flag for flag in flags.config_flags()
                           if flag.group not in ("Watching", "Films"))]


def _cells(given: dict[str, Any]) -> list[list[Cell]]:
  """Makes the job of each place of the sheet."""
  if "columns" not in given:
    raise InputError(
        "--columns: " + expected("a flag with its values (--columns=FLAG=X,X)", "none"))
  own = {flag.name for flag in _OWN}
  fixed = {name: value for name, value in given.items() if name not in own}
  columns, rows = _axis(given, "columns", fixed), _axis(given, "rows", fixed)
  (name, _), (other, _) = columns[0], rows[0]
  if name == other:
    raise InputError(
        "--rows: " + expected(f"another flag than {name}, which --columns has", other))
  return [[_cell(fixed, [axis for axis in (column, row) if axis[0]]) for column in columns]
          for row in rows]


def _axis(given: dict[str, Any], axis: str, fixed: dict[str, Any]) -> list[tuple[str, str]]:
  """Returns a flag with each of its values, or one without a name where the axis is not given."""
  if axis not in given:
    return [("", "")]
  name, sign, values = given[axis].partition("=")
  name = name.strip().removeprefix("--")
  own = {flag.name for flag in _OWN}
  names = [flag.name for flag in _known() if flag.name not in {*own, "verbosity"}]
  if not sign or not values:
    raise InputError(
        f"--{axis}: " + expected("a flag with its values, FLAG=X,X", f"'{given[axis]}'"))
  if name not in names:
    raise InputError(
        f"--{axis}: " + expected("the name of a flag of tf-style (--help lists them)", name))
  if name in fixed:
    raise InputError(
        f"--{axis}: " + expected(f"a flag that is not given beside it, or no --{name}", name))
  return [(name, value.strip()) for value in values.split(";" if ";" in values else ",")]


def _cell(fixed: dict[str, Any], axes: list[tuple[str, str]]) -> Cell:
  shown = ((name, os.path.basename(value) if os.sep in value else value) for name, value in axes)
  return Cell("\n".join(f"{name}={value}" for name, value in shown),
              job_of(_DEFAULTS | fixed | dict(axes)))


class Page:
  """The sheet and the file that it is in."""

  def __init__(self, rows: list[list[Cell]], *, height: int, width: int, output: Path,
               overwrite: bool):
    """Begins without any picture; writes nothing.

    Args:
      rows: what is to be made.
      height, width: of the largest picture.
      output, overwrite: as for `images.save_picture`.
    """
    self.rows, self.output = rows, output
    self._size, self._overwrite = (height, width), overwrite
    self._pictures: dict[tuple[int, int], np.ndarray] = {}

  @property
  def places(self) -> Iterator[tuple[tuple[int, int], Cell]]:
    """Row and column of each cell, and the cell."""
    return (((row, column), cell) for row, cells in enumerate(self.rows)
            for column, cell in enumerate(cells))

  def check(self) -> None:
    """Checks that it can be written, and overwrites nothing that is read.

    Raises:
      OutputError: it cannot, or would.
    """
    checks.check_output(self.output, *self._drawn().shape[1:3])
    for _, cell in self.places:
      checks.check_spares(self.output, cell.job)

  def put(self, place: tuple[int, int], picture: np.ndarray) -> None:
    """Writes the sheet with one picture more."""
    self._pictures[place] = picture
    self.output = images.save_picture(self.output, self._drawn(), overwrite=self._overwrite)
    self._overwrite = True  # from now on the name is this run's own

  def _drawn(self) -> np.ndarray:
    cells = [[(cell.caption, self._pictures.get((row, column)))
              for column, cell in enumerate(row_of_cells)]
             for row, row_of_cells in enumerate(self.rows)]
    return sheet.contact_sheet(cells, *self._size)


def _make(page: Page, signals: Signals) -> int:
  """Checks what is to be made, then makes it, and returns the exit code."""
  painters = _painters(page)
  notes = [note for place, cell in page.places for note in painters[place].plan(
      cell.job.inputs.content, content_mask=cell.job.inputs.content_mask,
      content_map=cell.job.inputs.content_map, style_scale_map=cell.job.inputs.style_scale_map,
      init_image=cell.job.inputs.init_image).notes]
  for note in dict.fromkeys(notes):
    console.say(note)
  start, done = time.monotonic(), 0
  for place, cell in page.places:
    inputs = cell.job.inputs
    with painters[place] as paint:
      result = paint(inputs.content, content_mask=inputs.content_mask,
                     content_map=inputs.content_map,
                     style_scale_map=inputs.style_scale_map, init_image=inputs.init_image,
                     on_step=lambda step: _stops(step, signals))
    if result.stopped:
      break
    page.put(place, result.picture)
    done += 1
    _say_how_far(cell, result, done, len(painters), time.monotonic() - start)
  if done:
    console.say(f"wrote {page.output}: {done} of {len(painters)} pictures")
    console.answer(page.output)
  else:
    console.say("tf_style: interrupted")
  return console.DONE


def _painters(page: Page) -> dict[tuple[int, int], "Painter"]:
  """Returns a painter for each place; those of one network on one device share it."""
  from tf_style.repaint.painter import Painter
  from tf_style.vgg.extractor import Extractors
  from tf_style.vgg.weights import load_weights
  load = functools.cache(load_weights)
  shared = functools.cache(lambda network, file, device: Extractors(load(network, file)))
  painters = {}
  for place, cell in page.places:
    config, inputs = cell.job.config, cell.job.inputs
    network = shared(config.network, config.weights, config.device)
    painters[place] = Painter(inputs.styles, config, style_mask=inputs.style_masks,
                              network=network)
  return painters


def _stops(step: Step, signals: Signals) -> bool:
  """Whether a signal came; from the first step on they are waited for."""
  del step
  signals.stepping = True
  return bool(signals.received)


def _say_how_far(cell: Cell, result: "Result", done: int, count: int, seconds: float) -> None:
  if cell.job.verbosity >= 0:
    left = f", about {clock(seconds / done * (count - done))} left" if done < count else ""
    failed = " (not finite again and again: the best picture before that)" * result.failed
    values = cell.caption.replace("\n", " ")
    console.say(f"{done}/{count}  {values}: loss {result.losses['total']:.4g}{failed}{left}")
