"""The machine a run is on: a quiet TensorFlow, devices, memory, and the precision that is fast."""

import contextlib
import ctypes
import importlib.util
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tf_style.errors import InputError, expected
from tf_style.version import __version__


def start_tensorflow(verbose: bool = False) -> Any:
  """Imports TensorFlow and lists the devices without their noise on stderr; returns the module.

  The first import writes to file descriptor 2 from C++ before any level is looked at, so the
  descriptor itself is turned to a buffer, which is printed when the import fails or `verbose`.
  """
  if not verbose:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
  sys.stderr.flush()
  kept = os.dup(2)
  with tempfile.TemporaryFile() as noise:
    os.dup2(noise.fileno(), 2)
    shown = verbose
    try:
      _load_cusolver()
      _share_one_arena()
      import tensorflow as tf
      for gpu in tf.config.list_physical_devices("GPU"):
        tf.config.experimental.set_memory_growth(gpu, True)
      # float32 is to be float32: with 10 bits of mantissa an H100 was a tenth faster, and losses 2 % off.
      tf.config.experimental.enable_tensor_float_32_execution(False)
    except Exception:
      shown = True
      raise
    finally:
      os.dup2(kept, 2)
      os.close(kept)
      if shown:
        noise.seek(0)
        sys.stderr.write(noise.read().decode(errors="replace"))
  tf.get_logger().setLevel("INFO" if verbose else "ERROR")
  return tf


def _load_cusolver() -> None:
  """Opens the extra `gpu`'s cuSOLVER, for TensorFlow 2.21 does not look into that package's folder."""
  spec = importlib.util.find_spec("nvidia")
  for folder in (spec and spec.submodule_search_locations) or ():
    for path in Path(folder).glob("cusolver/lib/libcusolver.so.*"):
      with contextlib.suppress(OSError):
        ctypes.CDLL(str(path))


def _share_one_arena() -> None:
  """Has glibc's threads allocate from one arena: what one thread frees another can take."""
  with contextlib.suppress(AttributeError, OSError):
    ctypes.CDLL(None).mallopt(-8, 1)  # M_ARENA_MAX


def choose_device(device: str) -> str:
  """Returns TensorFlow's name of a device: `auto` is the first GPU, where there is one.

  Args:
    device: `auto`, `cpu` or `gpu:N`.
  Raises:
    InputError: the name is unknown or the machine has no such device.
  """
  import tensorflow as tf
  gpus = tf.config.list_physical_devices("GPU")
  match = re.fullmatch(r"gpu(?::(\d+))?", device)
  if device == "cpu" or (device == "auto" and not gpus):
    return "/CPU:0"
  if device == "auto":
    return "/GPU:0"
  if not match:
    raise InputError("--device: " + expected("auto, cpu or gpu:N", device))
  number = int(match.group(1) or 0)
  if number >= len(gpus):
    raise InputError("--device: " + expected(
        f"one of the {len(gpus)} GPUs that TensorFlow can use", device) + (unused_gpu() or ""))
  return f"/GPU:{number}"


def unused_gpu() -> str | None:
  """Says, where a GPU is there that TensorFlow cannot use, why; None where all is well."""
  import tensorflow as tf
  if not os.path.exists("/dev/nvidiactl") or tf.config.list_physical_devices("GPU"):
    return None
  if not tf.test.is_built_with_cuda():
    return "; this TensorFlow is built without CUDA: pip install 'tf_style[gpu]'"
  return "; TensorFlow does not find its CUDA libraries: pip install 'tf_style[gpu]'"


def fast_precision(device: str) -> str:
  """Returns `bfloat16` where the device reports units for it (AVX-512 BF16, AMX; NVIDIA from Ampere on).

  Args:
    device: TensorFlow's name, as `choose_device` returns it.
  """
  if "GPU" in device:
    import tensorflow as tf
    gpu = tf.config.list_physical_devices("GPU")[int(device.rsplit(":", 1)[1])]
    capability = tf.config.experimental.get_device_details(gpu).get("compute_capability", (0, 0))
    return "bfloat16" if capability >= (8, 0) else "float32"
  return "bfloat16" if re.search(r"\b(avx512_bf16|amx_bf16)\b", _read("/proc/cpuinfo")) else "float32"


def convolution_rate(device: str, precision: str) -> float:
  """Measures, in about a tenth of a second, the operations a second of a 3x3 convolution of 256 channels."""
  import tensorflow as tf
  with tf.device(device):
    features = tf.ones([1, 48, 64, 256], precision)
    kernel = tf.ones([3, 3, 256, 256], precision)
    convolve = tf.function(lambda: tf.reduce_sum(tf.nn.conv2d(features, kernel, 1, "SAME")), autograph=False)
    convolve().numpy()
    start = time.perf_counter()
    for _ in range(5):
      convolve().numpy()
  return 5 * 2 * 9 * 256**2 * 48 * 64 / (time.perf_counter() - start)


def memory_limit(device: str) -> int:
  """Returns the bytes that the run may still take on a device: free GPU memory, else RAM in its cgroup."""
  if "GPU" in device:
    answer = subprocess.run(
        ["nvidia-smi", "--query-gpu=memory.free", "--format=csv,noheader,nounits",
         f"--id={device.rsplit(':', 1)[1]}"], capture_output=True, text=True, check=False).stdout
    return int(answer.strip() or 8192) * 2**20
  free = [int(match) * 1024 for match in re.findall(r"MemAvailable:\s+(\d+)", _read("/proc/meminfo"))]
  for limit, used in (("memory.max", "memory.current"),
                      ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes")):
    most, now = _read(f"/sys/fs/cgroup/{limit}").strip(), _read(f"/sys/fs/cgroup/{used}").strip()
    if most.isdigit() and now.isdigit():
      free.append(int(most) - int(now))
  return min(free, default=8 * 2**30)


def reserve_memory(size: int) -> None:
  """Has TensorFlow's allocator on a CPU take its memory from the system in one piece of up to 512 MiB.

  Left to itself it takes pieces that double, and what is too large for the rest of one touches the next.

  Args:
    size: bytes; none of them is touched.
  """
  import tensorflow as tf
  tf.raw_ops.Empty(shape=[min(size, 2**29)], dtype=tf.uint8, init=False)


def peak_memory() -> int:
  """Returns the largest resident size of this process so far, in bytes.

  The kernel's own mark is read where there is one: `ru_maxrss` begins with the parent's size.
  """
  if mark := re.search(r"VmHWM:\s+(\d+)", _read("/proc/self/status")):
    return int(mark[1]) * 1024
  import resource
  peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
  return peak if sys.platform == "darwin" else peak * 1024


def versions() -> dict[str, str]:
  """Returns the versions of what decides the numbers of a run."""
  import keras
  import numpy as np
  import tensorflow as tf
  return {"tf_style": __version__, "python": platform.python_version(),
          "tensorflow": tf.__version__, "keras": keras.__version__, "numpy": np.__version__}


def _read(path: str) -> str:
  try:
    return Path(path).read_text()
  except OSError:
    return ""
