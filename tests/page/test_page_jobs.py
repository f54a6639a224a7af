"""Jobs: one after the other on a device, stopped where they are, told from afar."""

import threading

import pytest

from tf_style.errors import InputError
from tf_style.page import jobs
from tf_style.page.jobs import Job, Jobs

SECONDS = 20


class Held:
  """Work that goes on until it is let go."""

  def __init__(self):
    self.begun, self.free = threading.Event(), threading.Event()

  def __call__(self, job: Job) -> None:
    self.begun.set()
    while not self.free.wait(0.01) and not job.stopping:
      pass
    job.show(line="worked")


def test_one_line_a_device():
  line, first, second, other = Jobs(), Held(), Held(), Held()
  a = line.put(Job(first, {}), "cpu")
  b = line.put(Job(second, {}), "cpu")
  c = line.put(Job(other, {}), "gpu:0")
  assert first.begun.wait(SECONDS) and other.begun.wait(SECONDS)
  assert not second.begun.is_set()
  assert [line.place(job) for job in (a, b, c)] == [0, 1, 0]
  assert (a.report.state, b.report.state) == (jobs.RUNNING, jobs.WAITING)
  first.free.set()
  assert a.wait(SECONDS) and second.begun.wait(SECONDS) and line.place(b) == 0
  line.stop(b)
  assert b.wait(SECONDS) and (b.report.state, b.report.line) == (jobs.STOPPED, "worked")
  other.free.set()
  assert c.wait(SECONDS) and c.report.state == jobs.DONE


def test_a_job_that_waits_is_stopped_at_once():
  line, first, second = Jobs(), Held(), Held()
  a, b = line.put(Job(first, {}), "cpu"), line.put(Job(second, {}), "cpu")
  assert first.begun.wait(SECONDS)
  line.stop(b)
  assert b.ended and b.report.state == jobs.STOPPED and not second.begun.is_set()
  line.close(SECONDS)
  assert a.ended and a.report.state == jobs.STOPPED


@pytest.mark.parametrize(("error", "line"), [
    (InputError("--style: expected a picture, received none"),
     "--style: expected a picture, received none"),
    (MemoryError(), "there is not enough memory; ways out: a smaller --image_size, "
                    "--precision=bfloat16, or --device=cpu"),
    (OSError("disk full"), "the system refuses: disk full"),
    (KeyError("x"), "an error of the program: KeyError; the terminal says more")])
def test_what_goes_wrong_is_said_in_a_line_and_the_next_job_runs(error, line, capfd):
  line_of_jobs = Jobs()

  def fail(job: Job) -> None:
    raise error

  failed = line_of_jobs.put(Job(fail, {}), "cpu")
  after = line_of_jobs.put(Job(lambda job: None, {}), "cpu")
  assert after.wait(SECONDS) and after.report.state == jobs.DONE
  assert (failed.report.state, failed.report.line) == (jobs.FAILED, line)
  assert ("Traceback" in capfd.readouterr().err) == isinstance(error, KeyError)


def test_a_line_is_bounded_and_old_jobs_are_forgotten(monkeypatch):
  monkeypatch.setattr(jobs, "_MOST_WAITING", 2)
  monkeypatch.setattr(jobs, "_MOST_KEPT", 1)
  line, held = Jobs(), Held()
  first = line.put(Job(held, {}), "cpu")
  assert held.begun.wait(SECONDS)
  others = [line.put(Job(lambda job: None, {}), "cpu") for _ in range(2)]
  with pytest.raises(InputError, match="expected at most 2 jobs that wait, received one more"):
    line.put(Job(held, {}), "cpu")
  held.free.set()
  assert others[1].wait(SECONDS)
  last = line.put(Job(lambda job: None, {}), "cpu")
  assert last.wait(SECONDS)
  assert line.find(first.id) is None and line.find(last.id) is last
  assert line.find(None) is None and line.find("../../etc") is None


def test_reports_are_whole():
  """A reader sees one report or the next, never a mixture."""
  job = Job(lambda job: None, {})
  before = job.report
  job.show(step=3, percent=50, preview=b"x")
  assert before.step == 0 and (job.report.step, job.report.percent) == (3, 50)
  assert (job.version, job.previews) == (1, 1)
  assert len({Job(lambda job: None, {}).id for _ in range(50)}) == 50 and len(job.id) >= 12
