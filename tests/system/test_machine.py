"""What TensorFlow is helped with before it starts."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

_PROBE = """
from tf_style.system import machine
machine._load_cusolver()
print("libcusolver" in open("/proc/self/maps").read())
"""


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="a look at what is loaded takes Linux")
@pytest.mark.parametrize("damaged", [False, True])
def test_cusolver_is_loaded_from_its_package(damaged, tmp_path):
  folder = tmp_path / "nvidia/cusolver/lib"
  folder.mkdir(parents=True)
  if damaged:
    (folder / "libcusolver.so.11").write_bytes(b"no library")
  else:
    math = next(path for line in Path("/proc/self/maps").read_text().splitlines()
                if "/libm" in (path := line.split()[-1]) and ".so" in path)
    shutil.copy(math, folder / "libcusolver.so.11")
  done = subprocess.run([sys.executable, "-c", _PROBE], cwd=Path(__file__).parents[2], text=True,
                        env={"PYTHONPATH": str(tmp_path), "PATH": ""}, capture_output=True, check=True)
  assert done.stdout.strip() == str(not damaged) and not done.stderr


def test_float32_is_not_rounded_to_tensor_float_32():
  code = "from tf_style.system import machine as m; print(m.start_tensorflow().config.experimental" \
         ".tensor_float_32_execution_enabled())"
  done = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], text=True,
                        capture_output=True, check=True)
  assert done.stdout.strip() == "False"
