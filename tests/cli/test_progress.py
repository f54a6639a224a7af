"""Progress as the user sees it, on a terminal and in a log."""

import io
import threading

import numpy as np
import pytest

from tf_style.cli.progress import Forecast, Progress, clock, pixel_steps
from tf_style.descent.step import Step

LEVELS = [(10, 20, 20), (20, 40, 20)]


class Terminal(io.StringIO):
  def isatty(self) -> bool:
    return True


def step(number: int, level: int, chunk: int = 1, seconds_a_step: float = 0.1) -> Step:
  height, width, _ = LEVELS[level]
  return Step(number, 40, level, 2, height, width, (), np.zeros(0), np.ones(chunk),
              np.zeros((chunk, 0)), np.ones(chunk), np.ones(chunk), 12.5, 65.0, seconds_a_step,
              lambda: np.zeros((1, height, width, 3), np.float32), lambda: None)


def show(stream: io.StringIO) -> str:
  progress = Progress(LEVELS, stream)
  for number in range(1, 41):
    progress.on_step(step(number, level=(number - 1) // 20))
  progress.close()
  return stream.getvalue()


def test_a_forecast_knows_the_share_that_is_done_and_the_time_left():
  forecast = Forecast(LEVELS)
  forecast.take(step(1, level=0))
  assert (forecast.percent, forecast.seconds_left) == (1, None)  # the first chunk compiles
  forecast.take(step(10, level=0))
  assert forecast.percent == 10 and forecast.seconds_left == pytest.approx(9)
  forecast.take(step(40, level=1))
  assert forecast.percent == 100


def test_a_log_gets_a_line_each_tenth_of_the_work():
  lines = show(io.StringIO()).splitlines()
  tenths = (10, 20, 32, 40, 52, 60, 72, 80, 92, 100)
  assert [line[:5] for line in lines] == [f"{percent:3d} %" for percent in tenths]
  assert lines[0] == " 10 %  10/40  loss 12.5  level 1 of 2, 20x10  9 s left"
  assert lines[-1] == "100 %  40/40  loss 12.5  level 2 of 2, 40x20  1 min 05 s in all"


def test_a_terminal_gets_one_line_that_is_wiped_away_at_the_end(monkeypatch):
  monkeypatch.setenv("COLUMNS", "120")
  text = show(Terminal())
  assert "\n" not in text
  *_, last, wiped, end = text.split("\r")
  assert last.startswith("[########################] 100 %")
  assert wiped.strip() == "" and len(wiped) >= len(last.rstrip()) and end == ""


@pytest.mark.parametrize("columns", [20, 60, 75, 80, 100])
def test_the_bar_fits_the_terminal(columns, monkeypatch):
  monkeypatch.setenv("COLUMNS", str(columns))
  assert max(len(part) for part in show(Terminal()).split("\r")) < columns


def test_the_time_left_counts_pixels_and_no_compilation():
  stream = io.StringIO()
  progress = Progress(LEVELS, stream)
  progress.on_step(step(10, level=0, chunk=10, seconds_a_step=99))
  progress.on_step(step(20, level=0, chunk=10, seconds_a_step=0.1))  # then 20 steps of 4 x the size
  progress.on_step(step(24, level=1, chunk=4, seconds_a_step=99))
  progress.on_step(step(30, level=1, chunk=6, seconds_a_step=0.5))
  ends = [line.rpartition("  ")[2] for line in stream.getvalue().splitlines()]
  assert ends == ["time left: known soon", "8 s left", "6 s left", "5 s left"]


def test_tiles_move_the_bar_of_a_terminal_only(monkeypatch):
  monkeypatch.setenv("COLUMNS", "120")
  for stream in (Terminal(), io.StringIO()):
    progress = Progress(LEVELS, stream)
    progress.on_tile(3, 96)
    progress.on_step(step(20, level=0))
    before = stream.getvalue()
    progress.on_tile(5, 96)
    drawn = stream.getvalue()[len(before):]
    if stream.isatty():
      assert "  0 %  tile 3/96" in before and drawn.startswith("\r[") and "20/40" in drawn
      assert drawn.endswith("  tile 5/96")
    else:
      assert "tile" not in before and drawn == ""


class Broken(io.StringIO):
  """A stream whose reader goes away after some writes."""

  def __init__(self, terminal: bool, writes: int):
    super().__init__()
    self._terminal, self._left = terminal, writes

  def isatty(self) -> bool:
    return self._terminal

  def write(self, text: str) -> int:
    self._left -= 1
    if self._left < 0:
      raise BrokenPipeError(32, "Broken pipe")
    return super().write(text)


@pytest.mark.parametrize("terminal", [False, True])
@pytest.mark.parametrize("writes", [0, 1, 5])
def test_a_run_outlives_the_reader_of_its_progress(terminal, writes):
  shown = show(Broken(terminal, writes))
  assert bool(shown) == bool(writes)


def test_a_run_without_stderr(monkeypatch):
  closed = io.StringIO()
  closed.close()
  for stream in (None, closed):
    monkeypatch.setattr("sys.stderr", stream)
    progress = Progress(LEVELS)
    for number in range(1, 41):
      progress.on_step(step(number, level=(number - 1) // 20))
      progress.on_tile(1, 2)
    progress.close()


def test_the_bar_starts_no_thread():
  before = threading.enumerate()
  progress = Progress(LEVELS, Terminal())
  progress.on_step(step(1, level=0))
  assert threading.enumerate() == before
  progress.close()


def test_pixel_steps():
  assert pixel_steps(LEVELS) == 200 * 20 + 800 * 20


@pytest.mark.parametrize("seconds, text", [
    (0.2, "0 s"), (59.4, "59 s"), (59.6, "1 min 00 s"), (125, "2 min 05 s"), (4020, "1 h 07 min")])
def test_clock(seconds, text):
  assert clock(seconds) == text
