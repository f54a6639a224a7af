"""Progress of a job, on a terminal and in a log."""

import io
import re
from pathlib import Path

import numpy as np
import pytest
from test_progress import Terminal

from tf_style.cli import job_progress
from tf_style.cli.job_progress import JobProgress
from tf_style.descent.step import Step
from tf_style.many.items import Item
from tf_style.many.job import Finished

ITEM = Item("below/photo.jpg", "/photos/below/photo.jpg", 0, None)


def step(number: int) -> Step:
  return Step(number, 40, 0, 1, 10, 20, (), np.zeros(0), np.ones(1), np.zeros((1, 0)), np.ones(1),
              np.ones(1), 12.5, 65.0, 0.1, lambda: np.zeros((1, 10, 20, 3), np.float32),
              lambda: None)


def finished(number: int, error: str = "") -> Finished:
  return Finished(Path(f"/photos/{number}.jpg"), Path(f"/out/{number}.jpg"), "", number, 6,
                  None if error else 3.14159, 2.0, error, ())


def show(stream: io.StringIO, monkeypatch) -> str:
  """A job of six, of which two were finished before; the first of the others takes 20 s."""
  times = iter([0.0, 20.0, *(20.0 + second for second in range(100))])
  monkeypatch.setattr(job_progress.time, "monotonic", lambda: next(times))
  monkeypatch.setattr("sys.stderr", stream)
  progress = JobProgress(4, 6)
  for number in range(3, 7):
    progress.on_step(ITEM, step(20))
    progress.on_item(finished(number, "expected" if number == 4 else ""))
  progress.close()
  return stream.getvalue()


def test_a_log_gets_a_line_an_item(monkeypatch):
  lines = show(io.StringIO(), monkeypatch).splitlines()
  assert [line.partition("  ")[0] for line in lines] == [f"{number} of 6" for number in range(3, 7)]
  assert lines[0] == "3 of 6  3.jpg: loss 3.142, 2.0 s  1 min 00 s left"
  assert lines[1] == "4 of 6  4.jpg: failed  2 s left"
  assert lines[-1] == "6 of 6  6.jpg: loss 3.142, 2.0 s"


@pytest.mark.parametrize("columns", [30, 120])
def test_a_terminal_gets_one_line_that_is_wiped_away_at_the_end(columns, monkeypatch):
  monkeypatch.setenv("COLUMNS", str(columns))
  text = show(Terminal(), monkeypatch)
  assert "\n" not in text
  parts = [part.strip() for part in text.split("\r")]
  assert max(map(len, text.split("\r"))) < columns and parts[-2:] == ["", ""]
  if columns == 120:
    percents = [part.partition("]")[0].count("#") for part in parts if part]
    assert percents == sorted(percents) and percents[-1] == 24
    assert re.search(r"\] 3 of 6  below/photo.jpg  20/40  loss 12.5$", parts[1] or parts[0])
