"""Loads mutated weights files, by seed: `python weight_fuzz.py FIRST COUNT`.

Ends with an error at the first file that raises anything but a `WeightsError` of one line, takes
10 s, or needs more than 2 GB. Prints how many were read and how many refused.
"""

import faulthandler
import os
import resource
import struct
import sys
import tempfile
from pathlib import Path

import numpy as np
from weight_kinds import WRITERS, random_kernels

from tf_style.errors import WeightsError
from tf_style.vgg.network import NETWORKS
from tf_style.vgg.weights import load_weights

_EXTREMES = [0, 1, 0x7F, 0xFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 2**40, 2**63 - 1, 2**64 - 1]


def structure(data: bytes) -> np.ndarray:
  """Returns the positions in 256-byte pages that hold something else than random float32 values."""
  pages = np.frombuffer(data[:len(data) // 256 * 256], np.uint8).reshape(-1, 256)
  dense = np.zeros(len(pages), bool)
  for offset in range(4):  # every fourth byte is then sign and exponent, nearly always 0x3C to 0x40
    exponents = pages[:, offset::4] & 0x7F
    dense |= ((exponents >= 0x38) & (exponents <= 0x41)).mean(axis=1) > 0.95
  return (np.flatnonzero(~dense)[:, None] * 256 + np.arange(256)).ravel()


def mutate(data: bytearray, places: np.ndarray, rng: np.random.Generator) -> None:
  """Damages one to five places; most of them are in the file's structure."""
  for _ in range(rng.integers(1, 6)):
    at = int(rng.choice(places)) if rng.random() < 0.9 else int(rng.integers(len(data)))
    length = int(rng.integers(1, 24))
    match rng.integers(6):
      case 0:
        data[at] ^= 1 << int(rng.integers(8))
      case 1:
        data[at:at + length] = rng.bytes(length)
      case 2:
        value = _EXTREMES[rng.integers(len(_EXTREMES))]
        data[at:at + 8] = struct.pack("<Q", value)
      case 3:
        other = int(rng.choice(places))
        data[at:at + length] = data[other:other + length]
      case 4:
        del data[at:at + length]
        return
      case 5:
        if rng.random() < 0.3:
          del data[at:]
          return


def main(first: int, count: int) -> None:
  resource.setrlimit(resource.RLIMIT_DATA, (2 * 2**30, 2 * 2**30))
  stderr, read = os.fdopen(os.dup(2), "w"), 0
  with tempfile.TemporaryDirectory() as folder:
    for kind, (name, write) in enumerate(WRITERS.items()):
      path = Path(folder) / name
      write(path, random_kernels(NETWORKS["vgg16"].kernel_shapes()))
      original = path.read_bytes()
      places = structure(original)
      for seed in range(first, first + count):
        if seed % len(WRITERS) != kind:
          continue
        data = bytearray(original)
        mutate(data, places, np.random.default_rng(seed))
        path.write_bytes(data)
        print(seed, name, flush=True)
        faulthandler.dump_traceback_later(10, exit=True, file=stderr)
        try:
          weights = load_weights("vgg16", str(path))
          assert all(np.isfinite(kernel).all() for kernel, _ in weights.kernels.values())
          read += 1
        except WeightsError as error:
          assert str(error).startswith("--weights: expected ")
          assert str(error).isprintable() and len(str(error)) < 600
        faulthandler.cancel_dump_traceback_later()
      path.unlink()
  print(read, count - read)


if __name__ == "__main__":
  main(int(sys.argv[1]), int(sys.argv[2]))
