"""The command for a film: paints its frames, shows how far it is, writes it, says where it is."""

import contextlib
import os
import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tf_style.cli import console
from tf_style.cli.attempts import Attempts
from tf_style.cli.film_jobs import FilmJob
from tf_style.cli.film_progress import FilmProgress
from tf_style.cli.progress import clock
from tf_style.descent.step import OnStep, Step
from tf_style.errors import InputError, expected
from tf_style.films import frames, sizes
from tf_style.films.digests import digest
from tf_style.films.kept import KeptFrames
from tf_style.films.opening import open_film
from tf_style.many.parcel import Footage
from tf_style.many.setup import Setup, Style
from tf_style.system import files, locks
from tf_style.system.signals import Signals

if TYPE_CHECKING:
  from tf_style.films.film import Film
  from tf_style.films.painting import PaintedFrame
  from tf_style.watching.films import FilmEvents

# What changes nothing in how the frames turn out.
_FREE = ("device", "max_pixels", "weights", "crf", "summary_every", "image_every", "save_every",
         "save_numbered", "checkpoint_every", "trace_graph", "profile")


def paint(job: FilmJob, signals: Signals, command_line: str) -> int:
  """Paints a film and returns the exit code.

  Args:
    job: what was asked for, checked.
    signals: says whether the user wants it to end.
    command_line: as it would be typed in a shell.
  Raises:
    InputError: the film or the style is wrong; nothing is left behind.
    OSError: from the system; the frames that are finished stay, and how to go on is said.
  """
  config = job.job.config
  film = open_film(job.content, job.settings.fps, config.max_pixels)
  sizes.painted_size(film.about, config.image_size, config.max_pixels)
  next(frames.chosen(film, job.settings))  # there is one, from --start on
  painter = None if job.is_elsewhere else _painter_of(job)
  run = _Run(job, film, signals, command_line)
  with contextlib.closing(painter) if painter else contextlib.nullcontext(), run.held():
    return run.paint(painter)


def _painter_of(job: FilmJob) -> Any:
  """Returns what paints the frames in this process."""
  from tf_style.films.painting import make_painter
  inputs = job.job.inputs
  return make_painter(inputs.styles or None, job.config, job.job.model, job.settings,
                      content_mask=inputs.content_mask, style_mask=inputs.style_masks or None)


@contextlib.contextmanager
def _frames(job: FilmJob, work: Any, on_step: OnStep) -> Iterator[Any]:
  """Opens the generator of frames: of this process, or of workers."""
  from tf_style.films.painting import paint_all
  if not job.is_elsewhere:
    yield paint_all(work, on_step)
    return
  from tf_style.many.shots import film_workers, paint_shots
  inputs, model = job.job.inputs, job.job.model
  absolute = lambda paths: tuple(os.path.abspath(str(path)) for path in paths)
  style = Style("", absolute(inputs.styles), absolute(inputs.style_masks), job.config.style_scale)
  mask, = absolute([inputs.content_mask]) if inputs.content_mask else (None,)
  setup = Setup(job.config, (style,), None, None if model is None else os.path.abspath(model))
  workers = film_workers(setup, Footage(os.path.abspath(job.content), mask, job.settings),
                         work.kept, job.workers, job.cluster)
  with contextlib.closing(workers), contextlib.closing(paint_shots(work, workers)) as painted:
    yield painted


class _Run:
  """The run of one film: its folder, its events, its progress."""

  def __init__(self, job: FilmJob, film: "Film", signals: Signals, command_line: str):
    self._job, self._film, self._signals = job, film, signals
    self._command_line = command_line
    self._attempts = Attempts(self._wipe_progress)
    self._progress: FilmProgress | None = None
    self._events: FilmEvents | None = None
    self._seconds = 0.0

  @contextlib.contextmanager
  def held(self) -> Iterator[None]:
    """Makes the folder, or takes that of the run to go on with, for this process alone."""
    job = self._job
    self._key = _key(job)
    made = job.resume is None
    self._folder = job.resume or files.make_run_folder(job.job.logdir, job.output.stem)
    lock = locks.lock_folder(self._folder / "film")
    if lock is None:
      raise InputError("--resume: " + expected("a run that has ended", "one that still goes on"))
    try:
      self._kept = KeptFrames(self._folder, self._key)
      yield
    finally:
      self._wipe_progress()
      if self._events:
        self._events.close()
      if made and not self._kept_any():
        files.remove_folder(self._folder)
      lock.release()

  def paint(self, painter: Any) -> int:
    """Paints what is not painted yet, writes the film, and returns the exit code."""
    from tf_style.films.job import FilmJob as Work
    job = self._job
    work = Work(self._film, painter, job.job.config, job.settings, self._kept)
    total, done = frames.count(self._film, job.settings), len(self._kept.entries)
    self._begin(work.size, total, done)
    try:
      with _frames(job, work, self._on_step) as painted:
        for frame in painted:
          self._signals.stepping = not job.is_elsewhere
          self._take(frame)
          if self._signals.received:
            return self._stopped(total)
    except (OSError, KeyboardInterrupt):
      self._say_how_to_go_on()
      raise
    if self._signals.received:
      return self._stopped(total)
    return self._write(work)

  def _begin(self, size: tuple[int, int], total: int, done: int) -> None:
    for note in (*self._job.job.notes, *self._film.about.notes):
      console.say(note)
    about, height, width = self._film.about, *size
    count = f"{total} frames" if total else "frames, nobody knows how many,"
    console.say(f"{count} of {about.width}x{about.height} at {float(about.rate):.5g} a second, "
                f"painted at {width}x{height}" + (f", {done} are done" if done else ""))
    self._attempts.tried("flags.txt", self._write_flags)
    self._attempts.tried("events", self._open_events)
    if self._job.job.verbosity >= 0:
      self._progress = FilmProgress(total, done)

  def _on_step(self, step: Step) -> bool:
    """Shows how far the frame is, and returns whether a signal came."""
    self._signals.stepping = True
    if progress := self._progress:
      console.attempt(lambda: progress.on_step(step))
    return bool(self._signals.received)

  def _take(self, frame: "PaintedFrame") -> None:
    self._seconds += frame.seconds
    if progress := self._progress:
      console.attempt(lambda: progress.on_frame(frame))
    events = self._events
    if events and not self._attempts.tried("events", lambda: _note(events, frame)):
      self._events = None

  def _write(self, work: Any) -> int:
    from tf_style.films.painting import write_film
    self._wipe_progress()
    if lost := self._film.lost():
      console.say(lost)
    try:
      path = write_film(work, self._job.output, console.say, self._job.named)
    except OSError:
      self._say_how_to_go_on()
      raise
    self._kept.remove()
    console.say(f"wrote {path}: {len(self._kept.entries)} frames, painted in "
                f"{clock(self._seconds)}; more in {self._folder}")
    console.answer(path)
    return console.DONE

  def _stopped(self, total: int) -> int:
    self._wipe_progress()
    of = f" of {total}" if total else ""
    console.say(f"stopped after {len(self._kept.entries)}{of} frames; nothing is written yet")
    self._say_how_to_go_on()
    return console.DONE

  def _say_how_to_go_on(self) -> None:
    if self._kept_any():
      self._wipe_progress()
      console.say(f"to go on: tf-style --resume={shlex.quote(str(self._folder))}")

  def _kept_any(self) -> bool:
    return bool(getattr(self, "_kept", None) and self._kept.entries)

  def _write_flags(self) -> None:
    text = "".join(f"{line}\n" for line in self._job.flag_lines)
    files.write_atomically(
        self._folder / "flags.txt", lambda aside: aside.write_text(text, "utf-8"))

  def _open_events(self) -> None:
    from tf_style.watching.films import FilmEvents
    self._events = FilmEvents(self._folder, self._key, self._command_line)

  def _wipe_progress(self) -> None:
    if self._progress:
      console.attempt(self._progress.close)
      self._progress = None


def _note(events: "FilmEvents", frame: "PaintedFrame") -> None:
  events.frame(frame.number, frame.picture, {
      **{f"loss/{name}": value for name, value in frame.losses.items()},
      "film/unsteadiness": frame.unsteadiness, "film/trust": frame.trust,
      "film/begins_shot": float(frame.begins_shot), "resources/seconds_a_frame": frame.seconds,
      **{f"color/{name}": float(frame.picture[..., index].mean())
         for index, name in enumerate(("red", "green", "blue"))}})


def _key(job: FilmJob) -> dict[str, object]:
  """Returns what decides how the frames turn out: settings, and digests of all files."""
  settings = {name: value for name, value in (
      job.job.config.as_dict() | job.settings.as_dict()).items() if name not in _FREE}
  inputs = job.job.inputs
  paths = {"film": [job.content], "style": inputs.styles,
           "masks": [mask for mask in (inputs.content_mask, *inputs.style_masks) if mask],
           "model": [] if job.job.model is None else [job.job.model]}
  return {"settings": settings, **{
      name: [digest(os.fspath(str(path))) for path in several]
      for name, several in paths.items()}}
