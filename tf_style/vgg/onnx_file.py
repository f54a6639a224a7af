"""The arrays of an ONNX file, read from protobuf's wire format with bounds.

The package `onnx` reads the same, but makes an object of each entry before anything can be
checked: of a hostile file of 20 MB it took 1.6 GB, eighty times its size, and honest files with a
classifier have 550 MB. It takes .2 s to import, too. So the four fields that are needed are read
here; a test compares them with what `onnx` reads.
"""

from collections.abc import Iterator
from typing import NamedTuple

FLOAT = 1  # TensorProto.DataType


class Initializer(NamedTuple):
  """A TensorProto of the graph: its name, type, dimensions, and the bytes of its values."""

  name: str
  kind: int | None
  dims: tuple[int, ...]
  values: memoryview


def initializers(data: bytes, most: int) -> Iterator[Initializer]:
  """Yields the initializers of a model's graph.

  Numbers are those of onnx.proto: a model's graph is field 7, a graph's initializers are field 5.

  Args:
    data: the file.
    most: entries that it may have on the way to its arrays.
  Raises:
    ValueError: the file is damaged, or has more entries.
    TypeError: a field has another type than onnx.proto says.
  """
  budget = iter(range(most))
  for number, graph in _fields(memoryview(data), budget):
    for inner, tensor in _fields(_bytes(graph), budget) if number == 7 else ():
      if inner == 5:
        yield _initializer(_bytes(tensor), budget)


def _initializer(tensor: memoryview, budget: Iterator[int]) -> Initializer:
  """Reads a TensorProto: dims 1, data_type 2, float_data 4, name 8, raw_data 9."""
  name, kind, dims, values = "", None, [], memoryview(b"")
  for number, value in _fields(tensor, budget):
    if number == 1:
      dims += [value] if isinstance(value, int) else _varints(value)
    elif number == 2 and isinstance(value, int):
      kind = value
    elif number in (4, 9):
      values = _bytes(value)
    elif number == 8:
      name = str(_bytes(value), "utf-8")
  return Initializer(name, kind, tuple(dims), values)


def _bytes(value: int | memoryview) -> memoryview:
  """Raises TypeError for a number where onnx.proto has bytes."""
  return memoryview(value)  # type: ignore[arg-type]


def _fields(message: memoryview, budget: Iterator[int]) -> Iterator[tuple[int, int | memoryview]]:
  """Yields number and value of each field of a protobuf message.

  Source: Protocol Buffers, "Encoding". Each field takes one from `budget`.

  Raises:
    ValueError: the message is damaged, or the budget is used up.
  """
  position = 0
  for _ in budget:
    if position == len(message):
      return
    key, position = _varint(message, position)
    if key & 7 == 0:
      value, position = _varint(message, position)
      yield key >> 3, value
      continue
    size = {1: 8, 5: 4}.get(key & 7)
    if key & 7 == 2:
      size, position = _varint(message, position)
    if size is None or size > len(message) - position:
      raise ValueError("one that ends too early or has unknown fields")
    yield key >> 3, message[position:position + size]
    position += size
  raise ValueError("one with thousands of entries")


def _varint(message: memoryview, position: int) -> tuple[int, int]:
  """Returns the base-128 integer at `position` and the position behind it."""
  value = 0
  for index, byte in enumerate(message[position:position + 10]):
    value |= (byte & 127) << (7 * index)
    if byte < 128:
      return value, position + index + 1
  raise ValueError("one that ends too early")


def _varints(packed: memoryview) -> list[int]:
  values, position = [], 0
  while position < len(packed):
    value, position = _varint(packed, position)
    values.append(value)
  return values
