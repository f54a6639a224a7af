"""Files of VGG weights, read with bounds: Keras' two HDF5 layouts and ONNX.

Only arrays with the name of a convolution are looked at, and only those of the right type and
shape are read. So a file can neither run code, nor point outside itself, nor ask for more memory
than VGG takes.
"""

import functools
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

import h5py
import numpy as np

from tf_style.errors import WeightsError, expected
from tf_style.vgg import onnx_file
from tf_style.vgg.network import NETWORKS, Network

Kernels = dict[str, tuple[np.ndarray, np.ndarray]]

FORMATS = "a Keras .h5 or .weights.h5 or an ONNX file"
_HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_MAX_ONNX_BYTES = 640 * 2**20  # VGG19 with its classifier has 575 MB
_MAX_DEPTH = 8
_MAX_OBJECTS = 5_000


class _Array(NamedTuple):
  """An array in a file, not read yet; shape and values are in Keras' order."""

  shape: tuple[int, ...]
  read: Callable[[], np.ndarray]


def read_kernels(path: str | os.PathLike, network: Network) -> Kernels:
  """Reads the convolutions of `network` from a file.

  Args:
    path: a Keras legacy `.h5` or Keras 3 `.weights.h5`, with or without the classifier, or an ONNX
      file that was exported from Keras.
    network: whose convolutions are read.
  Returns:
    Kernel [3, 3, I, O] and bias [O], float32, by Keras' layer name, in the network's order.
  Raises:
    WeightsError: the file cannot be read, is damaged, or holds something else.
  """
  try:
    if not Path(path).exists():
      raise WeightsError(expected(FORMATS, "no such file"))
    if not Path(path).is_file():
      kind = "a folder" if Path(path).is_dir() else "not a regular file"
      raise WeightsError(expected(FORMATS, kind))
    with open(path, "rb") as file:
      head = file.read(len(_HDF5_SIGNATURE))
      if head == _HDF5_SIGNATURE:
        return hdf5_kernels(os.fspath(path), network)
      if Path(path).suffix.lower() != ".onnx":
        raise WeightsError(expected(FORMATS, "another kind of file" if head else "an empty file"))
      return onnx_kernels(head + file.read(_MAX_ONNX_BYTES), network)
  except OSError as error:
    raise WeightsError(expected(FORMATS, error.strerror)) from error


def hdf5_kernels(file: str | BinaryIO, network: Network) -> Kernels:
  """Reads the convolutions of `network` from HDF5, legacy or Keras 3; see `read_kernels`."""
  try:
    with h5py.File(file, "r", locking=False) as root:
      return _chosen(_renumbered(dict(_datasets(root))), network)
  except WeightsError:
    raise
  except Exception as error:  # h5py meets damage with nearly every type of exception there is
    raise WeightsError(expected("an undamaged HDF5 file", error)) from error


def _datasets(group: h5py.Group) -> Iterator[tuple[str, _Array]]:
  """Yields the datasets under hard links, by path; links out of the file are not followed."""
  waiting = [("", group)]
  seen = 0
  while waiting:
    prefix, group = waiting.pop()
    seen += len(group)
    if seen > _MAX_OBJECTS or prefix.count("/") > _MAX_DEPTH:
      raise WeightsError(expected("the layers of one network", "thousands of nested entries"))
    for name in group:
      is_inside = isinstance(group.get(name, getlink=True), h5py.HardLink)
      if not is_inside or name.startswith("optimizer"):
        continue
      entry = group[name]
      if isinstance(entry, h5py.Group):
        waiting.append((f"{prefix}{name}/", entry))
      elif isinstance(entry, h5py.Dataset):
        yield f"{prefix}{name}", _Array(entry.shape, functools.partial(_dataset_values, entry))


def _dataset_values(dataset: h5py.Dataset) -> np.ndarray:
  """Returns the values; refuses chunks, filters and outside storage: Keras writes none."""
  plain = dataset.id.get_create_plist().get_layout() in (h5py.h5d.CONTIGUOUS, h5py.h5d.COMPACT)
  if not plain or dataset.external or dataset.dtype.kind != "f" or dataset.dtype.itemsize > 8:
    raise WeightsError(expected("plain floating-point arrays", f"another kind at {dataset.name}"))
  if dataset.id.get_storage_size() != dataset.size * dataset.dtype.itemsize:
    raise WeightsError(expected("an undamaged file", f"one without the values of {dataset.name}"))
  return dataset[()]


def _renumbered(arrays: dict[str, _Array]) -> dict[str, _Array]:
  """Names the arrays of Keras 3, `.../conv2d_7/vars/0`, by their order in the network."""
  pattern = re.compile(r"(?:^|/)conv2d(?:_(\d{1,4}))?/vars/")
  found = {path: int(match[1] or 0) for path in arrays if (match := pattern.search(path))}
  numbers = sorted(set(found.values()))
  for network in NETWORKS.values():
    names = list(network.kernel_shapes())
    if len(names) == len(numbers):
      return {f"{names[numbers.index(number)]}/{path}": arrays[path]
              for path, number in found.items()}
  return arrays


def onnx_kernels(data: bytes, network: Network) -> Kernels:
  """Reads the convolutions of `network` from the bytes of an ONNX file; see `read_kernels`."""
  try:
    arrays = {each.name: _onnx_array(each) for each in onnx_file.initializers(data, _MAX_OBJECTS)}
  except (ValueError, TypeError) as error:
    raise WeightsError(expected("an undamaged ONNX file", error)) from error
  return _chosen(arrays, network)


def _onnx_array(initializer: onnx_file.Initializer) -> _Array:
  name, kind, dims, values = initializer
  order = (2, 3, 1, 0) if len(dims) == 4 else tuple(range(len(dims)))

  def read() -> np.ndarray:
    if kind != onnx_file.FLOAT or len(values) != 4 * int(np.prod(dims)):
      raise WeightsError(
          expected("float32 values inside the ONNX file", f"another kind at {name}"))
    return np.frombuffer(values, "<f4").reshape(dims).transpose(order)

  return _Array(tuple(dims[axis] for axis in order), read)


def _chosen(arrays: dict[str, _Array], network: Network) -> Kernels:
  """Reads one kernel and one bias for each convolution of `network`, and nothing else."""
  found: dict[str, list[_Array]] = {}
  for path, array in arrays.items():
    if names := re.findall(r"block[1-5]_conv[1-4]", path):
      found.setdefault(names[-1], []).append(array)
  _check_network(set(found), network)
  kernels = {}
  for name, shape in network.kernel_shapes().items():
    pair = sorted(found[name], key=lambda array: -len(array.shape))
    if [array.shape for array in pair] != [shape, shape[3:]]:
      raise WeightsError(expected(f"{shape} and {shape[3:]} at {name}",
                                  " and ".join(str(array.shape) for array in pair[:4])))
    with np.errstate(over="ignore"):
      kernel, bias = (_aligned(array.read()) for array in pair)
    if not (np.isfinite(kernel).all() and np.isfinite(bias).all() and kernel.any()):
      raise WeightsError(expected("trained weights", f"NaN, infinite or only zero ones at {name}"))
    kernels[name] = kernel, bias
  return kernels


def _aligned(values: np.ndarray) -> np.ndarray:
  """Copies into float32 at a multiple of 64 bytes: such memory TensorFlow can share."""
  memory = np.empty(4 * values.size + 64, np.uint8)
  start = -memory.ctypes.data % 64
  array = memory[start:start + 4 * values.size].view(np.float32).reshape(values.shape)
  array[...] = values
  return array


def _check_network(found: set[str], network: Network) -> None:
  wanted = network.kernel_shapes()
  if found == set(wanted):
    return
  for other in NETWORKS.values():
    if found == set(other.kernel_shapes()):
      raise WeightsError(
          expected(f"weights of {network.name}",
                   f"those of {other.name}; give --network={other.name}"))
  missing = [name for name in wanted if name not in found]
  raise WeightsError(expected(
      f"the {len(wanted)} convolutions of {network.name} under Keras' names",
      f"a file without {missing[0]}" if missing else f"also {sorted(found - set(wanted))[0]}"))
