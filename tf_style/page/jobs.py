"""What the page has the machine do: jobs, one after the other on a device, seen by any page."""

import collections
import secrets
import signal
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tf_style.cli import console
from tf_style.errors import InputError, expected
from tf_style.system.signals import Signals

WAITING, RUNNING, DONE, STOPPED, FAILED = "waiting", "running", "done", "stopped", "failed"
_MOST_WAITING = 20
_MOST_KEPT = 100  # jobs that have ended


class Report(NamedTuple):
  """What is known of a job at one moment; a new one replaces it, so that readers need no lock.

  Attributes:
    state: one of the words above.
    line: what happens, or what went wrong.
    preview: the picture so far, as a small JPEG; empty before the first.
    step, steps: of all, done and planned.
    level, levels: of the sizes, from 1.
    width, height: of this level, in pixels.
    percent: of the work.
    seconds_left: None while nobody knows.
    losses: of the steps so far, thinned out: level and loss.
    picture: the finished picture's file.
    run: name of the run's folder in the log folder; empty where there is none.
    cells: of a sheet: the flags of each picture, and the picture as a small JPEG or nothing.
    model: folder of the style that was learned.
  """

  state: str = WAITING
  line: str = ""
  preview: bytes = b""
  step: int = 0
  steps: int = 0
  level: int = 0
  levels: int = 0
  width: int = 0
  height: int = 0
  percent: int = 0
  seconds_left: float | None = None
  losses: tuple[tuple[int, float], ...] = ()
  picture: Path | None = None
  run: str = ""
  cells: tuple[tuple[Mapping[str, str], bytes], ...] = ()
  model: Path | None = None


class Job:
  """Something that takes a while.

  Attributes:
    id: a word that nobody guesses, by which a page finds its job again.
    given: the texts of flags that it was asked for with.
    command_line: which does the same in a shell, with the names of files instead of their paths.
    report: what is known of it now.
    version: grows with each report.
    previews: how many there were.
    signals: says whether it shall end, as it would after a signal.
    before: the job whose picture was shown until this one.
  """

  def __init__(self, work: Callable[["Job"], None], given: Mapping[str, Any],
               command_line: str = "", before: "Job | None" = None):
    """Does nothing yet.

    Args:
      work: does it; tells by `show` how far it is, and ends soon after `stopping` is true.
      given, command_line, before: the attributes.
    """
    self.id = secrets.token_urlsafe(9)
    self.given, self.command_line, self.before = dict(given), command_line, before
    self.report, self.version, self.previews = Report(), 0, 0
    self.signals = Signals()
    self._work = work
    self._ended = threading.Event()

  @property
  def stopping(self) -> bool:
    """Whether somebody asked it to end."""
    return bool(self.signals.received)

  @property
  def ended(self) -> bool:
    return self._ended.is_set()

  def stop(self) -> None:
    """Asks it to end with what it has."""
    self.signals.received = int(signal.SIGINT)

  def show(self, **changes: Any) -> None:
    """Replaces what is known of it; only the thread that does the job may."""
    self.report = self.report._replace(**changes)
    self.previews += "preview" in changes
    self.version += 1

  def wait(self, seconds: float) -> bool:
    """Waits for its end, and returns whether it came."""
    return self._ended.wait(seconds)

  def run(self) -> None:
    """Does it; whatever goes wrong is said in a line."""
    try:
      if self.stopping:
        self.show(state=STOPPED, line="stopped before it began")
        return
      self.show(state=RUNNING, line="loading")
      self._work(self)
      if self.report.state == RUNNING:
        self.show(state=STOPPED if self.stopping else DONE, seconds_left=None)
    except Exception as error:
      line = console.line_of(error)
      if line is None:
        console.say("".join(traceback.format_exception(error)).replace("\n", " | "))
        line = f"an error of the program: {type(error).__name__}; the terminal says more"
      self.show(state=FAILED, line=line, seconds_left=None)
    finally:
      self._ended.set()
      self.version += 1


class Line:
  """Jobs one after the other, in a thread that begins with the first."""

  def __init__(self, prepare: Callable[[], None] | None = None):
    """Makes an empty line; `prepare` is what its thread does first."""
    self._prepare = prepare
    self._change = threading.Condition()
    self._waiting: collections.deque[Job] = collections.deque()
    self._now: Job | None = None
    self._thread: threading.Thread | None = None

  def begin(self) -> None:
    """Starts the thread, where it does not run yet."""
    with self._change:
      if self._thread is None:
        self._thread = threading.Thread(target=self._run, daemon=True, name="jobs")
        self._thread.start()

  def put(self, job: Job) -> None:
    """Appends a job.

    Raises:
      InputError: too many wait.
    """
    with self._change:
      if len(self._waiting) >= _MOST_WAITING:
        raise InputError(expected(f"at most {_MOST_WAITING} jobs that wait", "one more"))
      self._waiting.append(job)
      self._change.notify()
    self.begin()

  def place(self, job: Job) -> int:
    """Returns how many jobs come before one that waits; 0 for all others."""
    with self._change:
      if job not in self._waiting:
        return 0
      return self._waiting.index(job) + (self._now is not None)

  def drop(self, job: Job) -> None:
    """Takes a job that still waits out of the line, and ends it."""
    with self._change:
      if job not in self._waiting:
        return
      self._waiting.remove(job)
    job.stop()
    job.run()

  def _run(self) -> None:
    if self._prepare is not None:
      self._prepare()
    while True:
      with self._change:
        while not self._waiting:
          self._change.wait()
        self._now = job = self._waiting.popleft()
      job.run()
      with self._change:
        self._now = None


class Jobs:
  """All jobs of the page, each in the line of its device."""

  def __init__(self, prepare: Callable[[], None] | None = None):
    """Begins without any; `prepare` is what each line does before its first job."""
    self._prepare = prepare
    self._lines: dict[str, Line] = {}
    self._jobs: dict[str, tuple[Job, Line]] = {}
    self._lock = threading.Lock()

  def line(self, device: str) -> Line:
    """Returns the line of a device."""
    with self._lock:
      return self._lines.setdefault(device, Line(self._prepare))

  def put(self, job: Job, device: str) -> Job:
    """Appends a job to the line of a device, and returns it.

    Raises:
      InputError: too many wait there.
    """
    line = self.line(device)
    line.put(job)
    with self._lock:
      self._jobs[job.id] = job, line
      ended = [each.id for each, _ in self._jobs.values() if each.ended]
      for id_ in ended[:max(0, len(ended) - _MOST_KEPT)]:
        del self._jobs[id_]
    return job

  def add(self, job: Job) -> Job:
    """Takes in a job that is done at once, and returns it."""
    job.run()
    with self._lock:
      self._jobs[job.id] = job, Line()
    return job

  def find(self, id_: object) -> Job | None:
    """Returns the job with that id."""
    found = self._jobs.get(id_) if isinstance(id_, str) else None
    return found[0] if found else None

  def place(self, job: Job) -> int:
    """Returns how many jobs come before one that waits; 0 for all others."""
    found = self._jobs.get(job.id)
    return found[1].place(job) if found else 0

  def stop(self, job: Job) -> None:
    """Asks a job to end; one that waits ends at once."""
    job.stop()
    if found := self._jobs.get(job.id):
      found[1].drop(job)

  def runs(self) -> set[str]:
    """Returns the names of the run folders that are in use."""
    with self._lock:
      return {job.report.run for job, _ in self._jobs.values() if not job.ended}

  def close(self, patience_s: float) -> None:
    """Asks all jobs to end, and waits so long that they can save what they have."""
    with self._lock:
      going = [job for job, _ in self._jobs.values() if not job.ended]
    for job in going:
      self.stop(job)
    end = time.monotonic() + patience_s
    for job in going:
      job.wait(max(0.0, end - time.monotonic()))
