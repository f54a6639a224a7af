"""Files appear whole or not at all, and nothing is overwritten by a name that was not asked for."""

import os
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tf_style.errors import OutputError
from tf_style.system import files


def test_a_file_is_written_and_its_folder_made(tmp_path):
  path = files.write_atomically(tmp_path / "a/b/c.txt", lambda p: p.write_text("x"))
  assert path.read_text() == "x" and path.stat().st_mode & 0o777 == 0o666 & ~files._umask()


def test_a_writer_that_fails_leaves_the_old_file(tmp_path):
  path = tmp_path / "out.txt"
  path.write_text("old")

  def write(aside):
    aside.write_text("half")
    raise OSError("disk full")

  with pytest.raises(OSError, match="disk full"):
    files.write_atomically(path, write)
  assert path.read_text() == "old" and os.listdir(tmp_path) == ["out.txt"]


@pytest.mark.parametrize("has_links", [True, False])
def test_many_writers_of_one_name_never_overwrite(tmp_path, has_links, monkeypatch):
  if not has_links:
    def refuse(*_):
      raise PermissionError("no hard links here")
    monkeypatch.setattr(os, "link", refuse)
  threads = [threading.Thread(target=files.write_atomically, args=(
      tmp_path / "out.txt", lambda p, i=i: p.write_text(str(i)), False)) for i in range(8)]
  for thread in threads:
    thread.start()
  for thread in threads:
    thread.join()
  names = {"out.txt"} | {f"out-{n}.txt" for n in range(2, 9)}
  assert set(os.listdir(tmp_path)) == names
  assert sorted(path.read_text() for path in tmp_path.iterdir()) == list("01234567")


def test_free_path(tmp_path):
  (tmp_path / "a.png").touch()
  (tmp_path / "a-2.png").touch()
  assert files.free_path(tmp_path / "a.png") == tmp_path / "a-3.png"
  assert files.free_path(tmp_path / "b.png") == tmp_path / "b.png"


def test_two_runs_of_one_second_get_two_folders(tmp_path):
  folders = {files.make_run_folder(tmp_path / "logs", "a b/c") for _ in range(5)}
  assert len(folders) == 5 and all(f.is_dir() and "a_b_c" in f.name for f in folders)


def test_a_log_folder_that_is_a_file(tmp_path):
  (tmp_path / "logs").touch()
  with pytest.raises(OutputError, match="^--logdir: expected"):
    files.make_run_folder(tmp_path / "logs", "run")


@given(st.text(max_size=300))
def test_safe_names_fit_every_file_system(text):
  name = files.safe_name(text)
  assert 0 < len(name.encode()) <= 100 and not set(name) & set('/\\:*?"<>|\0\n ')
  assert not name.startswith(".")


def test_checks_leave_nothing_behind(tmp_path):
  files.check_writable(tmp_path / "new/folder/out.png")
  files.check_folder(tmp_path / "new/folder", "--logdir")
  assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["file/out.png", "folder", "x" * 300 + ".png", "dangling/out.png"])
def test_places_that_cannot_be_written(tmp_path, name):
  (tmp_path / "file").touch()
  (tmp_path / "folder").mkdir()
  (tmp_path / "dangling").symlink_to("nowhere")
  with pytest.raises(OutputError, match="^--output: expected .*, received "):
    files.check_writable(tmp_path / name)
