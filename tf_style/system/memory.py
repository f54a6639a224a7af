"""Memory: how much of it a run may take on a device, and how much it took."""

import csv
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

# What a run takes of a GPU whose free memory nobody tells.
_GUESS = 4 * 2**30
_QUERY = ["nvidia-smi", "--query-gpu=index,uuid,name,memory.free,memory.total",
          "--format=csv,noheader,nounits"]
_PATIENCE_S = 20
# The share of a GPU that TensorFlow takes at its start unless it is told to take memory as needed.
_WHOLE = 0.9


class _Card(NamedTuple):
  """A GPU as nvidia-smi numbers it; memory in bytes, None where it is not told."""

  number: str
  uuid: str
  name: str
  free: int | None
  total: int | None


def memory_limit(device: str) -> int:
  """Returns the bytes that a run may take on a device.

  That is the GPU's free memory, with what TensorFlow holds but does not use, or the free RAM of
  the machine or of the container.

  Args:
    device: TensorFlow's name, as `choose_device` returns it.
  """
  return _gpu_memory(device.strip("/")) if "GPU" in device else _free_ram()


def _free_ram() -> int:
  free = [_available_ram()]
  for limit, used in (("memory.max", "memory.current"),
                      ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes")):
    most, now = (read_system_file(f"/sys/fs/cgroup/{name}").strip() for name in (limit, used))
    if most.isdigit() and now.isdigit():
      free.append(int(most) - int(now))
  return min(free)


def _available_ram() -> int:
  if found := re.search(r"MemAvailable:\s+(\d+)", read_system_file("/proc/meminfo")):
    return int(found[1]) * 1024
  import psutil  # on Linux it is not installed
  return psutil.virtual_memory().available


def _gpu_memory(device: str) -> int:
  """Returns the bytes that a run may take on a GPU, such as `GPU:0`.

  Where the number of the GPU leaves open which card it is, the card with the least memory counts.
  """
  number = int(device.partition(":")[2])
  used, spare = _held(device)
  cards = _visible_cards(number)
  totals = [card.total for card in cards if card.total is not None]
  if totals and _is_taken_whole(number):
    return max(int(_WHOLE * min(totals)) - used, spare)
  if not cards:
    return max(_GUESS - used, spare)
  return min(_available(card) for card in cards) + spare


def _is_taken_whole(number: int) -> bool:
  """Whether TensorFlow took nearly all memory of a GPU when it started, as it does by default."""
  import tensorflow as tf
  gpus = tf.config.list_physical_devices("GPU")
  return number < len(gpus) and tf.config.experimental.get_memory_growth(gpus[number]) is False


def _available(card: _Card) -> int:
  """Returns a card's free memory; where it is not told, a guess that errs on the low side."""
  if card.free is not None:
    return card.free
  return card.total // 2 if card.total is not None else _GUESS


def _held(device: str) -> tuple[int, int]:
  """Returns the bytes of a GPU that TensorFlow uses, and those that it holds without using them.

  TensorFlow gives nothing back, so it holds at least what it once used.
  """
  import tensorflow as tf
  try:
    info = tf.config.experimental.get_memory_info(device)
  except (ValueError, RuntimeError, tf.errors.OpError):  # no such device, or no such figures
    return 0, 0
  return info["current"], max(0, info["peak"] - info["current"])


def _visible_cards(number: int) -> list[_Card]:
  """Returns the cards that TensorFlow's GPU `number` may be; none where nobody knows.

  CUDA_VISIBLE_DEVICES lists indices, or UUIDs by their first characters. nvidia-smi numbers by
  PCI bus, CUDA by speed unless CUDA_DEVICE_ORDER says otherwise: with cards of several models an
  index does not tell which one it is.
  """
  cards = _cards()
  visible = os.environ.get("CUDA_VISIBLE_DEVICES")
  if visible is None:
    wanted = str(number)
  else:
    entries = [entry.strip() for entry in visible.split(",")]
    wanted = entries[number] if number < len(entries) else ""
  if not wanted.isdecimal():
    return [card for card in cards if wanted and card.uuid.lower().startswith(wanted.lower())]
  by_bus = os.environ.get("CUDA_DEVICE_ORDER") == "PCI_BUS_ID"
  if by_bus or len({card.name for card in cards}) == 1:
    return [card for card in cards if card.number == str(int(wanted))]
  return cards


def _cards() -> list[_Card]:
  """Returns the GPUs that nvidia-smi lists; none where it is missing, fails or hangs."""
  try:
    answer = subprocess.run(_QUERY, capture_output=True, text=True, errors="replace", check=False,
                            stdin=subprocess.DEVNULL, timeout=_PATIENCE_S).stdout
  except (OSError, subprocess.SubprocessError):
    return []
  rows = csv.reader(answer.splitlines(), skipinitialspace=True)
  return [_Card(number, uuid, name, _mebibytes(free), _mebibytes(total))
          for number, uuid, name, free, total in (row for row in rows if len(row) == 5)]


def _mebibytes(cell: str) -> int | None:
  """Returns bytes, or None for `[N/A]` and the like."""
  return int(cell) * 2**20 if cell.strip().isdecimal() else None


def reserve_memory(size: int) -> None:
  """Makes TensorFlow's CPU allocator take up to 512 MiB from the system in one piece.

  Left to itself it takes pieces that double, and what does not fit the rest of one piece takes
  the next.

  Args:
    size: bytes; none of them is touched.
  """
  import tensorflow as tf
  tf.raw_ops.Empty(shape=[min(size, 2**29)], dtype=tf.uint8, init=False)


def peak_memory() -> int:
  """Returns the largest resident size of this process so far, in bytes.

  Linux' own mark comes first: `ru_maxrss` begins with the size of the parent process.
  """
  if mark := re.search(r"VmHWM:\s+(\d+)", read_system_file("/proc/self/status")):
    return int(mark[1]) * 1024
  try:
    import resource
  except ImportError:  # Windows
    import psutil
    memory = psutil.Process().memory_info()
    return getattr(memory, "peak_wset", memory.rss)
  peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
  return peak if sys.platform == "darwin" else peak * 1024


def read_system_file(path: str) -> str:
  """Returns what the system tells in a file such as /proc/meminfo; nothing where there is none."""
  try:
    return Path(path).read_text()
  except OSError:
    return ""
