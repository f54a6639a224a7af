"""Devices: which one a run takes, and which precision is fast on it."""

import os
import re
import time

from tf_style.errors import InputError, expected
from tf_style.system.memory import read_system_file

# auto, cpu, gpu:1, and TensorFlow's own spellings: GPU:1, /GPU:1, /device:GPU:1,
# /job:localhost/replica:0/task:0/device:GPU:1, /physical_device:GPU:1.
_DEVICE = re.compile(r"(?:/job:localhost)?(?:/replica:0)?(?:/task:0)?/?(?:(?:physical_)?device:)?"
                     r"(auto|cpu|gpu)(?::([0-9]{1,6}))?", re.IGNORECASE)


def choose_device(device: str) -> str:
  """Returns TensorFlow's name of a device: `auto` is the first GPU, or the CPU if there is none.

  Args:
    device: `auto`, `cpu`, `gpu:N`, or a name as TensorFlow spells it, in any case.
  Raises:
    InputError: the name is unknown or the machine has no such device.
  """
  import tensorflow as tf
  match = _DEVICE.fullmatch(device.strip())
  kind, number = (match[1].lower(), int(match[2] or 0)) if match else ("", 0)
  if not match or (match[2] and kind == "auto") or (number and kind == "cpu"):
    raise InputError("--device: " + expected("auto, cpu or gpu:N", device))
  gpus = tf.config.list_physical_devices("GPU")
  if kind == "cpu" or (kind == "auto" and not gpus):
    return "/CPU:0"
  if number >= len(gpus):
    raise InputError("--device: " + expected(
        f"one of the {len(gpus)} GPUs that TensorFlow can use", device) + (unused_gpu() or ""))
  return f"/GPU:{number}"


def unused_gpu() -> str | None:
  """Says why TensorFlow cannot use the machine's GPU; None if it can, or if there is no GPU."""
  import tensorflow as tf
  if not os.path.exists("/dev/nvidiactl") or tf.config.list_physical_devices("GPU"):
    return None
  if not tf.test.is_built_with_cuda():
    return "; this TensorFlow is built without CUDA: pip install 'tf_style[gpu]'"
  return "; TensorFlow does not find its CUDA libraries: pip install 'tf_style[gpu]'"


def fast_precision(device: str) -> str:
  """Returns `bfloat16` where the device has units for it, else `float32`.

  These are processors with AVX-512 BF16 or AMX, and NVIDIA's GPUs from Ampere on.

  Args:
    device: TensorFlow's name, as `choose_device` returns it.
  """
  if "GPU" in device:
    import tensorflow as tf
    gpu = tf.config.list_physical_devices("GPU")[int(device.rsplit(":", 1)[1])]
    capability = tf.config.experimental.get_device_details(gpu).get("compute_capability", (0, 0))
    return "bfloat16" if capability >= (8, 0) else "float32"
  has_units = re.search(r"\b(avx512_bf16|amx_bf16)\b", read_system_file("/proc/cpuinfo"))
  return "bfloat16" if has_units else "float32"


def convolution_rate(device: str, precision: str) -> float:
  """Measures the operations a second of a 3x3 convolution of 256 channels, in about .1 s."""
  import tensorflow as tf
  with tf.device(device):
    features = tf.ones([1, 48, 64, 256], precision)
    kernel = tf.ones([3, 3, 256, 256], precision)
    convolve = tf.function(
        lambda: tf.reduce_sum(tf.nn.conv2d(features, kernel, 1, "SAME")), autograph=False)
    convolve().numpy()
    start = time.perf_counter()
    for _ in range(5):
      convolve().numpy()
  return 5 * 2 * 9 * 256**2 * 48 * 64 / (time.perf_counter() - start)
