"""Files appear whole or not at all, and nothing is overwritten by a name that was not asked for."""

import errno
import hashlib
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tf_style.errors import OutputError
from tf_style.system import files


def test_a_file_is_written_and_its_folder_made(tmp_path):
  path = files.write_atomically(tmp_path / "a/b/c.txt", lambda p: p.write_text("x"))
  (tmp_path / "default").touch()
  assert path.read_text() == "x"
  assert path.stat().st_mode == (tmp_path / "default").stat().st_mode


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


def test_a_folder_is_written_with_the_usual_rights(tmp_path):
  (tmp_path / "default").mkdir()
  files.write_folder_atomically(tmp_path / "a/b", lambda aside: (aside / "x").write_text("1"))
  assert (tmp_path / "a/b").stat().st_mode == (tmp_path / "default").stat().st_mode
  assert os.listdir(tmp_path / "a") == ["b"] and (tmp_path / "a/b/x").read_text() == "1"


@pytest.mark.parametrize("overwrite", [True, False])
def test_a_folder_with_something_in_it_is_replaced_or_kept(overwrite, tmp_path):
  folder = tmp_path / "f"
  folder.mkdir()
  files.write_folder_atomically(folder, lambda aside: (aside / "old").touch(), overwrite=False)
  write = lambda: files.write_folder_atomically(folder, lambda a: (a / "new").touch(), overwrite)
  if overwrite:
    write()
  else:
    with pytest.raises(OSError):
      write()
  assert os.listdir(folder) == ["new" if overwrite else "old"]
  assert os.listdir(tmp_path) == ["f"]


# --- Other systems, as far as they can be imitated here
# ---------------------------------------------

_IMPORTS = """
import sys
for name in ("fcntl", "resource", "pwd", "grp", "termios"):
  sys.modules[name] = None
import warnings
warnings.simplefilter("ignore")
import tf_style, tf_style.run, tf_style.gallery, tf_style.export, tf_style.board
from tf_style.system import devices, files, locks, machine, memory
tf_style.load_picture, tf_style.Config, tf_style.history
from pathlib import Path
path = Path(sys.argv[1])
files.write_atomically(path / "a.txt", lambda p: p.write_text("x"), overwrite=False)
files.write_folder_atomically(path / "f", lambda p: (p / "y").write_text("y"))
(path / "run").mkdir()
lock = locks.lock_folder(path / "run")
print(lock is not None, locks.lock_folder(path / "run"), memory.memory_limit("/CPU:0") > 0)
lock.release()
again = locks.lock_folder(path / "run")
print(again is not None)
again.release()
"""


def test_what_windows_lacks_is_not_needed(tmp_path):
  done = subprocess.run([sys.executable, "-c", _IMPORTS, str(tmp_path)], text=True,
                        capture_output=True, check=False)
  assert done.stdout == "True None True\nTrue\n", done.stderr


@pytest.fixture
def windows(monkeypatch):
  """Folders cannot be opened, files open for reading not flushed, folders not renamed over."""
  real_open, real_fsync, real_rename, handles = os.open, os.fsync, Path.rename, {}

  def open_(path, flags, *more, **options):
    if os.path.isdir(path):
      raise PermissionError(errno.EACCES, "Permission denied", str(path))
    handle = real_open(path, flags, *more, **options)
    handles[handle] = flags
    return handle

  def fsync(handle):
    if not handles.get(handle, os.O_RDWR) & (os.O_RDWR | os.O_WRONLY):
      raise OSError(errno.EBADF, "Bad file descriptor")
    real_fsync(handle)

  def rename(path, target):
    if os.path.lexists(target):
      raise FileExistsError(errno.EEXIST, "Cannot create a file when that file already exists")
    return real_rename(path, target)

  monkeypatch.setattr(os, "open", open_)
  monkeypatch.setattr(os, "fsync", fsync)
  monkeypatch.setattr(Path, "rename", rename)
  monkeypatch.delattr(os, "link")
  monkeypatch.setattr(shutil, "_use_fd_functions", False)


def test_files_and_folders_are_written_on_windows(tmp_path, windows):
  for name in ("a.txt", "a-2.txt"):
    written = files.write_atomically(tmp_path / "a.txt", lambda p: p.write_text("x"), False)
    assert written == tmp_path / name and written.read_text() == "x"
  files.write_atomically(tmp_path / "a.txt", lambda p: p.write_text("y"))
  assert (tmp_path / "a.txt").read_text() == "y"
  (tmp_path / "f").mkdir()
  for overwrite in (False, True):
    files.write_folder_atomically(tmp_path / "f", lambda p: (p / "z").write_text("z"), overwrite)
  with pytest.raises(OSError):
    files.write_folder_atomically(tmp_path / "f", lambda p: (p / "w").write_text("w"), False)
  assert sorted(os.listdir(tmp_path)) == ["a-2.txt", "a.txt", "f"]
  assert os.listdir(tmp_path / "f") == ["z"]


def test_a_disk_that_fails_to_flush_is_reported(tmp_path, monkeypatch):
  def fail(_):
    raise OSError(errno.EIO, "Input/output error")
  monkeypatch.setattr(os, "fsync", fail)
  with pytest.raises(OSError, match="Input/output error"):
    files.write_atomically(tmp_path / "a.txt", lambda p: p.write_text("x"))
  with pytest.raises(OSError, match="Input/output error"):
    files.write_folder_atomically(tmp_path / "f", lambda p: None)
  assert not os.listdir(tmp_path)


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


@pytest.mark.parametrize("overwrite", [True, False])
def test_bytes_are_written_by_way_of_a_known_name(overwrite, tmp_path):
  path, aside = tmp_path / "new/out.png", tmp_path / "new/.aside.png"
  files.write_bytes(path, b"first", aside=aside, overwrite=overwrite)
  assert path.read_bytes() == b"first" and os.listdir(path.parent) == ["out.png"]
  if overwrite:
    files.write_bytes(path, b"second", aside=aside, overwrite=True)
  else:
    with pytest.raises(FileExistsError):
      files.write_bytes(path, b"second", aside=aside, overwrite=False)
  assert path.read_bytes() == (b"second" if overwrite else b"first")
  assert os.listdir(path.parent) == ["out.png"]
  assert files.digest_of(path) == hashlib.sha256(path.read_bytes()).hexdigest()
