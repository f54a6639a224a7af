"""Loading and saving change nothing that belongs to the process, from several threads at once."""

import os
import struct
import sys
import threading
import warnings
import zlib

import numpy as np
import pytest
from picture_kinds import colors, picture_files
from PIL import Image

from tf_style.errors import ImageError
from tf_style.pictures import images

KINDS = ("lzw.tif", "16 bit rgb.tif", "jpeg inside.tif", "rgb.png", "rgb.jpg", "lossy.webp",
         "animated.gif", "rgb.avif")


def test_threads_load_and_save_while_others_write_to_stderr(tmp_path, capfd):
  paths = []
  for kind in KINDS:
    paths.append(tmp_path / kind)
    paths[-1].write_bytes(picture_files()[kind])
  state = lambda: (os.fstat(2).st_ino, Image.MAX_IMAGE_PIXELS, tuple(warnings.filters))
  before, seen, failed, lines = state(), set(), [], 2000

  def work(number: int) -> None:
    try:
      for _ in range(12):
        for path in paths:
          images.load_picture(path, 20)
          seen.add(state())
        images.save_picture(tmp_path / f"{number}.tif", colors())
    except Exception as error:
      failed.append(error)

  workers = [threading.Thread(target=work, args=(number,)) for number in range(4)]
  for worker in workers:
    worker.start()
  for _ in range(lines):
    os.write(2, b"line\n")
  for worker in workers:
    worker.join()
  assert not failed
  assert seen == {before} == {state()}
  assert capfd.readouterr().err == "line\n" * lines


def header_alone(side: int) -> bytes:
  """The head of a PNG of `side` x `side`, and no more."""
  head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
  chunk = struct.pack(">I", 13) + b"IHDR" + head + struct.pack(">I", zlib.crc32(b"IHDR" + head))
  return b"\x89PNG\r\n\x1a\n" + chunk + b"\0\0\0\0IDAT\x35\xaf\x06\x1e"


@pytest.mark.parametrize("side", [9_800, 14_000, 60_000])
def test_pillows_limit_warns_of_nothing_and_decides_nothing(side):
  with warnings.catch_warnings():
    warnings.simplefilter("error")
    with pytest.raises(ImageError, match=f"--max_pixels.*with {side} x {side}$"):
      images.probe_size(header_alone(side), max_pixels=side * side - 1)
    assert images.probe_size(header_alone(side), max_pixels=side * side) == (side, side)


@pytest.mark.parametrize("form", ["PNG", "GIF", "WEBP", "TIFF", "BMP", "JPEG", "AVIF"])
def test_a_limit_of_the_caller_s_own_decides_nothing(form, tmp_path, monkeypatch):
  path = tmp_path / "x"
  Image.fromarray(colors()).save(path, form, **({"disposal": 2} if form == "GIF" else {}))
  monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
  with warnings.catch_warnings():
    warnings.simplefilter("error")
    assert images.load_picture(path).rgb.shape == (1, *colors().shape)


def test_missing_stderr_is_nothing_to_loading(tmp_path):
  path = tmp_path / "x.tif"
  Image.fromarray(colors()).save(path, compression="tiff_lzw")
  saved, sys.stderr = sys.stderr, None
  try:
    np.testing.assert_array_equal(images.to_uint8(images.load_picture(path).rgb), colors())
  finally:
    sys.stderr = saved
