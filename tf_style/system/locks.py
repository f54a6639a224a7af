"""Locks: one process at a time works on a run."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
  import filelock


def lock_folder(folder: Path) -> "filelock.BaseFileLock | None":
  """Takes a folder for this process until it ends, or until the lock is released.

  The lock is a file beside the folder, and the system's own, which ends with the process.
  Where the drive knows no locks, or is not writable, everybody gets one.

  Args:
    folder: must exist.
  Returns:
    The lock, to be released; None if another process has it.
  """
  import filelock
  lock = filelock.FileLock(f"{folder}.lock", thread_local=False)
  try:
    lock.acquire(timeout=0)
  except filelock.Timeout:
    return None
  except (OSError, NotImplementedError):
    pass
  return lock
