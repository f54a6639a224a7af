"""One process at a time has a run, until it ends, however it ends."""

import errno
import os
import subprocess
import sys

import filelock
import pytest

from tf_style.system import locks

_HOLD = """
import sys, time
from pathlib import Path
from tf_style.system import locks
lock = locks.lock_folder(Path(sys.argv[1]))
print(lock is not None, flush=True)
time.sleep(60)
"""


def hold(folder) -> tuple[subprocess.Popen, str]:
  process = subprocess.Popen([sys.executable, "-c", _HOLD, str(folder)], text=True,
                             stdout=subprocess.PIPE)
  assert process.stdout is not None
  return process, process.stdout.readline().strip()


def end(process: subprocess.Popen) -> None:
  process.kill()
  process.communicate()


def test_a_lock_ends_with_its_process(tmp_path):
  folder = tmp_path / "checkpoints"
  folder.mkdir()
  process, answer = hold(folder)
  try:
    assert answer == "True" and locks.lock_folder(folder) is None
    other, answer = hold(folder)
    end(other)
    assert answer == "False"
  finally:
    end(process)
  lock = locks.lock_folder(folder)
  assert lock is not None and locks.lock_folder(folder) is None
  assert not os.listdir(folder)
  lock.release()
  again = locks.lock_folder(folder)
  assert again is not None
  again.release()


@pytest.mark.parametrize("error", [
    NotImplementedError("FileSystem does not appear to support flock"),
    OSError(errno.EROFS, "Read-only file system"), OSError(errno.ENOLCK, "No locks available"),
    PermissionError(errno.EACCES, "Permission denied")])
def test_where_there_are_no_locks_everybody_gets_one(error, tmp_path, monkeypatch):
  def refuse(*_, **__):
    raise error
  monkeypatch.setattr(filelock.FileLock, "acquire", refuse)
  for _ in range(2):
    lock = locks.lock_folder(tmp_path)
    assert lock is not None
    lock.release()
