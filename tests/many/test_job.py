"""A job whose painter is a fake: what is finished stays, nothing of others is touched."""

import errno
import gc
import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from made_folders import GOOD, crop, results, small, write_inputs

from tf_style.errors import InputError, OutputError
from tf_style.many.folders import make_job, make_setup
from tf_style.many.job import Job
from tf_style.many.manifest import Manifest
from tf_style.many.tasks import Painted, task_of
from tf_style.system import files


class Fake:
  """Gives the digest of each content for its result, and counts what it paints."""

  def __init__(self, seed: int = 0):
    self.seed, self.painted, self.closed = seed, [], False

  def results(self, items, on_step):
    for item in items:
      self.painted.append(item.name)
      task, stamps = task_of(item)
      bad = not task.content.startswith((b"\x89PNG\r\n\x1a\n\0\0\0\r", b"\xff\xd8", b"BM"))
      data = hashlib.sha256(task.content + bytes([self.seed])).digest()
      yield item, stamps, Painted(error="no picture") if bad else Painted(data, {"total": 1.5}, 2.0)

  def close(self):
    self.closed = True


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
  write_inputs(tmp_path)
  monkeypatch.chdir(tmp_path)
  return tmp_path


def job(**options) -> Job:
  setup = make_setup(["style.png"], [], small(**options))
  return make_job(["photos"], setup, output="out", content_mask=None, logdir="logs")


def run(fake: Fake, **options) -> Iterator:
  return job(**options).run(lambda: fake)


def painted(**options) -> list[str]:
  """Runs a job to its end, and returns the names of what was painted."""
  fake = Fake(options.get("seed", 0))
  list(run(fake, **options))
  return fake.painted


def test_a_break_ends_the_job_and_the_next_call_goes_on(folder):
  fake = Fake()
  for item in run(fake):
    if item.number == 3:
      break
  del item
  gc.collect()
  assert fake.closed and sorted(results(folder / "out")) == GOOD[:3]
  first = results(folder / "out")
  assert painted() == ["04.jpg", "empty.png", "text.jpg", "below/02.png", "below/05.png"]
  assert sorted(results(folder / "out")) == GOOD
  assert first.items() <= results(folder / "out").items()
  assert painted() == ["empty.png", "text.jpg"]  # which are tried again


def test_bad_ones_that_were_mended(folder):
  painted()
  assert [item.name for item, _ in job().failed] == ["empty.png", "text.jpg"]
  crop(20).save(folder / "photos/text.jpg")
  assert painted() == ["empty.png", "text.jpg"]
  after = job()
  assert [(item.name, error) for item, error in after.failed] == [("empty.png", "no picture")]
  assert after.done == 7 and len(after.items) == 8


def test_settings_that_changed_are_said_and_all_is_painted_anew(folder):
  painted()
  first, again = results(folder / "out"), job(seed=3)
  assert again.notes == ("painted anew: 6 whose settings changed (seed 0 -> 3)",)
  assert len(painted(seed=3)) == 8
  second = results(folder / "out")
  assert first.keys() == second.keys() and not set(first.values()) & set(second.values())
  assert job(seed=3, image_every=7, device="cpu").notes == ()  # which decide nothing


def test_nothing_of_others_is_overwritten(folder):
  (folder / "out").mkdir()
  (folder / "out/01.jpg").write_bytes(b"mine")
  with pytest.raises(OutputError, match="which holds 01.jpg$"):
    job()
  assert results(folder / "out") == {"01.jpg": b"mine"} and not (folder / "logs").exists()


def test_a_file_that_comes_in_between_is_spared(folder, monkeypatch):
  original = files.write_bytes

  def write_bytes(path, data, **how):
    if path.name == "01.jpg":
      path.write_bytes(b"mine")
    original(path, data, **how)

  monkeypatch.setattr(files, "write_bytes", write_bytes)
  errors = {item.output.name: item.error for item in run(Fake())}
  assert errors["01.jpg"].startswith("--output: expected a name that can be written and is free")
  assert (folder / "out/01.jpg").read_bytes() == b"mine"
  assert sorted(results(folder / "out")) == GOOD  # nothing that was aside stays


def test_a_full_disk_ends_the_job_which_goes_on(folder, monkeypatch):
  original, fake = files._flush_file, Fake()

  def flush(path):
    if path.parent == (folder / "out").resolve() and len(fake.painted) == 3:
      raise OSError(errno.ENOSPC, "No space left on device")
    original(path)

  monkeypatch.setattr(files, "_flush_file", flush)
  with pytest.raises(OSError, match="No space left on device"):
    list(run(fake))
  assert fake.closed and sorted(results(folder / "out")) == GOOD[:2]
  monkeypatch.setattr(files, "_flush_file", original)
  assert painted() == [*GOOD[2:4], "empty.png", "text.jpg", *GOOD[4:]]
  assert sorted(results(folder / "out")) == GOOD


@pytest.mark.parametrize("moment", ["before the note", "before the renaming", "after it"])
def test_killed_while_a_result_is_written(moment, folder, monkeypatch):
  """What a process leaves that ends there; the third has nothing more to paint but the others."""
  class Killed(BaseException):
    pass

  def die(*_, **__):
    raise Killed

  def write_bytes(path, data, aside, overwrite):
    path.parent.mkdir(parents=True, exist_ok=True)
    aside.write_bytes(data[:7])
    if moment == "after it":
      aside.rename(path)
      path.write_bytes(data)
    raise Killed

  with monkeypatch.context() as patch:
    patch.setattr(*((Manifest, "note", die) if moment == "before the note" else
                    (files, "write_bytes", write_bytes)))
    patch.setattr(Job, "_end", lambda self: self._manifest.close())
    with pytest.raises(Killed):
      list(run(Fake()))
  assert ("00.png" in painted()) == (moment != "after it")
  assert sorted(results(folder / "out")) == GOOD


def test_nothing_is_opened_where_all_is_finished(folder):
  for name in ("empty.png", "text.jpg"):
    (folder / "photos" / name).unlink()
  assert len(painted()) == 6
  assert list(job().run(None)) == []


def test_two_jobs_do_not_share_a_folder(folder):
  first = run(Fake())
  next(first)
  with pytest.raises(InputError, match="a folder that no other process fills"):
    list(run(Fake()))
  first.close()
  assert len(painted()) == 7


def test_what_another_process_has_finished_meanwhile(folder):
  waiting, fake = job(), Fake()
  painted()
  list(waiting.run(lambda: fake))
  assert fake.painted == ["empty.png", "text.jpg"]


def test_names_that_are_not_plain(folder):
  names = ["two\nlines.png", "caf\udce9.png", "a, \"b\".jpg", "\u96ea.jpg"]
  for name in names:
    crop(1).save(folder / "photos" / name)
  for name in names:
    assert name in painted() or (folder / "out" / name).exists()
  assert set(results(folder / "out")) == {*GOOD, *names}
  assert painted() == ["empty.png", "text.jpg"]
  (table,) = (folder / "logs").glob("*/items.csv")
  text = table.read_text("utf-8", "surrogateescape")
  assert all(name.replace('"', '""') in text for name in names)
  assert list((folder / "logs").glob("*/sheet.jpg"))
