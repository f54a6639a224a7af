"""Writes given kernels in each layout that `tf_style.vgg.weight_files` reads."""

from collections.abc import Mapping
from pathlib import Path

import h5py
import numpy as np

Kernels = Mapping[str, tuple[np.ndarray, np.ndarray]]


def random_kernels(
    shapes: Mapping[str, tuple[int, ...]]) -> dict[str, tuple[np.ndarray, np.ndarray]]:
  """Returns a kernel and a bias for each shape; no two values that matter are alike."""
  rng = np.random.default_rng(0)
  return {name: (rng.standard_normal(shape, np.float32), rng.standard_normal(shape[3:], np.float32))
          for name, shape in shapes.items()}


def write_published(path: Path, kernels: Kernels) -> None:
  """Writes the layout of the files that Keras Applications downloads."""
  with h5py.File(path, "w") as file:
    for name, (kernel, bias) in kernels.items():
      file[f"{name}/{name}_W_1:0"] = kernel
      file[f"{name}/{name}_b_1:0"] = bias


def write_saved_model(path: Path, kernels: Kernels) -> None:
  """Writes the layout of a whole model saved by Keras 2, classifier and optimizer included."""
  with h5py.File(path, "w") as file:
    for name, (kernel, bias) in kernels.items():
      file[f"model_weights/vgg/{name}/kernel:0"] = kernel
      file[f"model_weights/vgg/{name}/bias:0"] = bias
      file[f"optimizer_weights/Adam/m/{name}/bias:0"] = bias
    file["model_weights/fc1/fc1/kernel:0"] = np.ones((4, 4), np.float32)


def write_keras3(path: Path, kernels: Kernels) -> None:
  """Writes the layout of a Keras 3 `.weights.h5`: layers are numbered by class."""
  with h5py.File(path, "w") as file:
    for number, pair in enumerate(kernels.values()):
      layer = f"conv2d_{number}" if number else "conv2d"
      for index, array in enumerate(pair):
        file[f"layers/{layer}/vars/{index}"] = array
    file["layers/dense/vars/0"] = np.ones((4, 4), np.float32)


def write_onnx(path: Path, kernels: Kernels, **changes: bytes) -> None:
  """Writes the initializers as tf2onnx does for Keras; `changes` replace a layer's kernel."""
  graph = b""
  for name, (kernel, bias) in kernels.items():
    tensor = changes.get(name) or onnx_tensor(
        f"model/{name}_1/convolution:0", kernel.transpose(3, 2, 0, 1))
    graph += field(5, tensor) + field(5, onnx_tensor(f"model/{name}_1/Squeeze:0", bias))
  path.write_bytes(field(1, 8) + field(2, b"tf2onnx") + field(7, graph))


def onnx_tensor(name: str, array: np.ndarray, kind: int = 1) -> bytes:
  """Returns a TensorProto; `kind` 1 is float32."""
  dims = b"".join(field(1, size) for size in array.shape)
  return dims + field(2, kind) + field(8, name.encode()) + field(9, array.tobytes())


def field(number: int, value: int | bytes) -> bytes:
  """Returns a field of a protobuf message."""
  if isinstance(value, int):
    return varint(number << 3) + varint(value)
  return varint(number << 3 | 2) + varint(len(value)) + value


def varint(value: int) -> bytes:
  low, rest = value & 127, value >> 7
  return bytes([low | 128]) + varint(rest) if rest else bytes([low])


WRITERS = {"published.h5": write_published, "model.h5": write_saved_model,
           "keras3.weights.h5": write_keras3, "exported.onnx": write_onnx}
