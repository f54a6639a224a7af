"""Free memory of the right GPU, as a made-up nvidia-smi tells it."""

import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import tensorflow as tf

from tf_style.system import memory

GIB = 2**30
FIRST, SECOND = "GPU-1111aaaa-0000-0000-0000-000000000001", "GPU-2222bbbb-0000-0000-0000-02"
TWO = f"0, {FIRST}, NVIDIA A, 10240, 40960\n1, {SECOND}, NVIDIA A, 20480, 40960\n"
UNLIKE = TWO.replace("NVIDIA A, 20480", "NVIDIA B, 20480")


@pytest.fixture
def smi(tmp_path, monkeypatch):
  """Puts a tool with a given answer, and nothing else, into PATH."""
  for name in ("CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER"):
    monkeypatch.delenv(name, raising=False)
  monkeypatch.setenv("PATH", str(tmp_path))

  def answer(text: str, program: str = "") -> None:
    tool = tmp_path / "nvidia-smi"
    tool.write_text(f"#!{sys.executable}\n{program or f'print({text!r}, end=str())'}\n")
    tool.chmod(0o755)

  return answer


def limit(number: int = 0) -> float:
  return memory.memory_limit(f"/GPU:{number}") / GIB


@pytest.mark.parametrize("visible, number, gib", [
    (None, 0, 10), (None, 1, 20), ("0,1", 1, 20), ("1,0", 0, 20), ("1", 0, 20), (" 1 , 0", 1, 10),
    (SECOND, 0, 20), (f"{SECOND},{FIRST}", 1, 10), ("GPU-2222", 0, 20), ("gpu-1111AAAA", 0, 10)])
def test_the_card_that_is_visible_under_the_number(visible, number, gib, smi, monkeypatch):
  smi(TWO)
  if visible is not None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
  assert limit(number) == gib


@pytest.mark.parametrize("visible", ["", "-1", "7", "MIG-3333cccc", "none", "0,,1"])
def test_a_card_that_cannot_be_told(visible, smi, monkeypatch):
  """A guess that a small card stands; the number is that of the last visible card."""
  smi(TWO)
  monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
  assert limit(1 if "," in visible else 0) == 4


def test_numbers_of_unlike_cards_go_by_speed(smi, monkeypatch):
  smi(UNLIKE)
  assert limit(1) == 10  # the smaller of both
  monkeypatch.setenv("CUDA_VISIBLE_DEVICES", SECOND)
  assert limit(0) == 20
  monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
  monkeypatch.setenv("CUDA_DEVICE_ORDER", "PCI_BUS_ID")
  assert limit(1) == 20


@pytest.mark.parametrize("answer, gib", [
    (f"0, {FIRST}, NVIDIA A, [N/A], 40960", 20), (f"0, {FIRST}, NVIDIA A, [N/A], [N/A]", 4),
    (f"0, {FIRST}, NVIDIA A, [Insufficient Permissions], 16384", 8),
    (f'0, {FIRST}, "NVIDIA, A", 10240, 40960', 10), ("No devices were found", 4), ("", 4),
    ("NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.", 4),
    (f"0, {FIRST}, NVIDIA A, 0, 40960", 0)])
def test_answers_without_the_figure(answer, gib, smi):
  smi(answer)
  assert limit() == gib


def test_a_tool_that_is_missing_fails_or_hangs(smi, monkeypatch):
  assert limit() == 4
  smi("", "import sys; print('\\udcff'.encode('utf-8', 'surrogateescape')); sys.exit(9)")
  assert limit() == 4
  smi("", "import time; time.sleep(60)")
  monkeypatch.setattr(memory, "_PATIENCE_S", 0.2)
  assert limit() == 4
  Path(os.environ["PATH"], "nvidia-smi").write_text("no program")
  assert limit() == 4


def test_what_tensorflow_holds_already_is_free(smi, monkeypatch):
  """It used 6 GiB, 2 of which it still uses: the driver counts all 6 as taken."""
  smi(TWO)
  monkeypatch.setattr(tf.config.experimental, "get_memory_info",
                      lambda device: {"current": 2 * GIB, "peak": 6 * GIB})
  assert limit() == 10 + 4
  smi("")
  assert limit() == 4


def test_a_card_that_tensorflow_took_whole(smi, monkeypatch):
  """TensorFlow does so by default, and then the driver reports next to nothing as free."""
  smi(f"0, {FIRST}, NVIDIA A, 600, 40960\n")
  monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: ["a"])
  monkeypatch.setattr(tf.config.experimental, "get_memory_growth", lambda gpu: False)
  monkeypatch.setattr(tf.config.experimental, "get_memory_info",
                      lambda device: {"current": 6 * GIB, "peak": 7 * GIB})
  assert limit() == 0.9 * 40 - 6


def test_ram_is_that_of_the_machine_or_of_the_container(monkeypatch):
  cells = {"/proc/meminfo": f"MemFree: 1 kB\nMemAvailable:   {8 * 2**20} kB\n"}
  monkeypatch.setattr(memory, "read_system_file", lambda path: cells.get(path, ""))
  assert memory.memory_limit("/CPU:0") == 8 * GIB
  cells |= {"/sys/fs/cgroup/memory.max": "max\n", "/sys/fs/cgroup/memory.current": "5\n"}
  assert memory.memory_limit("/CPU:0") == 8 * GIB
  cells |= {"/sys/fs/cgroup/memory.max": f"{3 * GIB}\n",
            "/sys/fs/cgroup/memory.current": f"{GIB}\n"}
  assert memory.memory_limit("/CPU:0") == 2 * GIB


def test_memory_where_there_is_no_proc(monkeypatch):
  """On Windows psutil knows; on macOS the system's own call gives the peak."""
  now = memory.peak_memory()
  monkeypatch.setattr(memory, "read_system_file", lambda path: "")
  assert abs(memory.peak_memory() - now) < 2**28
  process = SimpleNamespace(memory_info=lambda: SimpleNamespace(peak_wset=5 * GIB, rss=GIB))
  monkeypatch.setitem(sys.modules, "psutil", SimpleNamespace(
      virtual_memory=lambda: SimpleNamespace(available=6 * GIB), Process=lambda: process))
  monkeypatch.setitem(sys.modules, "resource", None)
  assert memory.peak_memory() == 5 * GIB and memory.memory_limit("/CPU:0") == 6 * GIB
