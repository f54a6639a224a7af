"""Reads the scalars of a run back from its TensorBoard event files, without TensorFlow."""

import os
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from tensorboard.compat.proto import event_pb2
from tensorboard.util import tensor_util

from tf_style.errors import InputError, expected


def history(run_folder: str | os.PathLike) -> dict[str, np.ndarray]:
  """Reads what a run has written so far; the run may still go on, or have been killed.

      steps, losses = history("logs/20260101-120000-photo-painting")["loss/total"].T

  Args:
    run_folder: the folder of one run, with its event files.
  Returns:
    For each scalar, by the name it has in TensorBoard, an array [n, 2] of float64: steps, which
    count through all levels, and values. Of a step that was written twice the later value counts.
  Raises:
    InputError: there are no event files in the folder.
  """
  paths = sorted(Path(run_folder).glob("events.out.tfevents.*"))
  if not paths:
    raise InputError(expected("the folder of a run, with event files of TensorBoard",
                              os.fspath(run_folder)))
  found: dict[str, dict[int, float]] = {}
  for path in paths:
    for record in _records(path):
      event = event_pb2.Event.FromString(record)
      for value in event.summary.value:
        if value.metadata.plugin_data.plugin_name == "scalars":
          scalar = float(tensor_util.make_ndarray(value.tensor))
          found.setdefault(value.tag, {})[event.step] = scalar
  return {tag: np.array(sorted(values.items()), float) for tag, values in found.items()}


def _records(path: Path) -> Iterator[bytes]:
  """Yields the records of a TFRecord file, up to one that is cut off.

  A record is its length (8 bytes, little-endian), a checksum (4), the data and a checksum (4);
  see https://www.tensorflow.org/tutorials/load_data/tfrecord.
  """
  with open(path, "rb") as file:
    while len(head := file.read(12)) == 12:
      (length,) = struct.unpack("<Q", head[:8])
      body = file.read(length + 4)
      if len(body) < length + 4:
        return
      yield body[:-4]
