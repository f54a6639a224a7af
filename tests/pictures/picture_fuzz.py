"""Loads mutated pictures, by seed: `python picture_fuzz.py FIRST COUNT`.

Ends with an error at the first that raises anything but an `ImageError` of one line, or takes 10 s.
Prints how many were read, how many refused, and the peak of memory in kilobytes.
"""

import faulthandler
import os
import struct
import sys
import tempfile
import zlib
from pathlib import Path

import numpy as np
from picture_kinds import picture_files

from tf_style.errors import ImageError
from tf_style.pictures.images import load_picture, probe_size
from tf_style.system import memory

_EXTREMES = [0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF]


def mutated(files: dict[str, bytes], seed: int) -> tuple[str, bytes]:
  """Returns the name and the damaged bytes of the picture of a seed."""
  rng = np.random.default_rng(seed)
  name = str(rng.choice([name for name in files if not name.endswith("bmp")]))
  data = bytearray(files[name])
  for _ in range(rng.integers(1, 5)):
    reach = len(data) if rng.random() < 0.5 else min(len(data), 300)  # heads matter most
    at, length = int(rng.integers(reach)), int(rng.integers(1, 40))
    match rng.integers(7):
      case 0:
        data[at] ^= 1 << int(rng.integers(8))
      case 1:
        data[at:at + length] = rng.bytes(length)
      case 2:
        form = str(rng.choice(["<I", ">I", "<H", ">H"]))
        value = int(rng.choice(_EXTREMES)) & (0xFFFF if form[1] == "H" else 0xFFFFFFFF)
        data[at:at + struct.calcsize(form)] = struct.pack(form, value)
      case 3:
        del data[at:at + length]
      case 4:
        data[at:at] = data[at:at + length]
      case 5:
        data[at:at] = rng.bytes(length)
      case 6:
        if rng.random() < 0.3:
          del data[max(at, 10):]
  if name.endswith("png") and rng.random() < 0.7:
    data = with_checksums(data)
  return name, bytes(data)


def with_checksums(data: bytearray) -> bytearray:
  """Makes the checksums of a PNG right, so that damage reaches what lies behind them."""
  at = 8
  while at + 12 <= len(data):
    length = struct.unpack(">I", data[at:at + 4])[0]
    end = at + 8 + length
    if end + 4 > len(data):
      break
    data[end:end + 4] = struct.pack(">I", zlib.crc32(data[at + 4:end]))
    at = end + 4
  return data


def main(first: int, count: int) -> None:
  files, read, stderr = picture_files(), 0, os.fdopen(os.dup(2), "w")
  with tempfile.TemporaryDirectory() as folder:
    for seed in range(first, first + count):
      name, data = mutated(files, seed)
      path = Path(folder) / name
      path.write_bytes(data)
      print(seed, name, flush=True)
      faulthandler.dump_traceback_later(10, exit=True, file=stderr)
      try:
        probe_size(path)
        picture = load_picture(path, longest_side=None if seed % 2 else 64)
        assert picture.rgb.min() >= 0 and picture.rgb.max() <= 1
        assert all(note.isprintable() for note in picture.notes)
        read += 1
      except ImageError as error:
        assert str(error).startswith("--content: expected ")
        assert str(error).isprintable() and len(str(error)) < 600
      faulthandler.cancel_dump_traceback_later()
  print(read, count - read, memory.peak_memory() // 1024)


if __name__ == "__main__":
  main(int(sys.argv[1]), int(sys.argv[2]))
