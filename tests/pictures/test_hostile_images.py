"""Pictures that are damaged, absurd, or no pictures: one line of error each, and no harm."""

import io
import os
import random
import struct
import subprocess
import sys
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from picture_kinds import PILLOW_CANNOT_OPEN, colors, gray_profile, picture_files, png
from PIL import Image

from tf_style.errors import ImageError
from tf_style.pictures import images

HEAD = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12"  # one entry: the orientation
FUZZ = Path(__file__).with_name("picture_fuzz.py")


def refused(source, **options) -> str:
  """Returns the one line with which both a load and a probe of `source` are refused."""
  with pytest.raises(ImageError) as loading:
    images.load_picture(source, flag="--style", **options)
  message = str(loading.value)
  assert message.startswith("--style: expected ") and message.isprintable()
  return message


@pytest.mark.parametrize("content", [b"", b"\n", b"GIF89a", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n",
                                     b"II*\0\x08\0\0\0", b"RIFF\0\0\0\0WEBPVP8 ", b"%PDF-1.7",
                                     b"P6 2 2 255 " + bytes(12), b"<svg/>", bytes(5000)])
def test_what_is_no_picture(content, tmp_path):
  path = tmp_path / "x.png"
  path.write_bytes(content)
  assert str(path) in refused(path)
  with pytest.raises(ImageError):
    images.probe_size(path)


def test_what_is_no_file(tmp_path):
  assert "No such file" in refused(tmp_path / "missing.png")
  assert "the folder" in refused(tmp_path)
  assert "null" in refused("a\0b.png")
  os.mkfifo(tmp_path / "pipe.png")
  for path in (tmp_path / "pipe.png", "/dev/zero", "/dev/null"):
    assert "the device, pipe or socket" in refused(path)
    with pytest.raises(ImageError):
      images.probe_size(path)
  (tmp_path / "link.png").symlink_to(tmp_path / "link.png")
  refused(tmp_path / "link.png")


@pytest.mark.parametrize("form", ["PPM", "ICO", "PCX", "TGA", "JPEG2000", "EPS"])
def test_only_the_formats_that_are_named_are_decoded(form, tmp_path):
  path = tmp_path / "x.png"
  Image.fromarray(colors()).save(path, form)
  assert "which is none: a" in refused(path)


@pytest.mark.parametrize("kind", ["rgb.jpg", "progressive.jpg", "rgb.png", "lossy.webp", "rgb.tif",
                                  "lzw.tif", "16 bit rgb.tif", "rgb.gif", "rgb.bmp"])
def test_truncated_pictures(kind, tmp_path):
  whole = picture_files()[kind]
  path = tmp_path / kind
  for part in (0.5, 0.8):
    path.write_bytes(whole[:int(len(whole) * part)])
    assert kind in refused(path)


@pytest.mark.parametrize("kind", ["rgb.jpg", "rgba.png", "lossy.webp", "lzw.tif", "rgb.gif"])
def test_a_wrong_ending_does_not_matter(kind, tmp_path):
  right, wrong = tmp_path / kind, tmp_path / "x.bmp"
  for path in (right, wrong):
    path.write_bytes(picture_files()[kind])
  np.testing.assert_array_equal(images.load_picture(wrong).rgb, images.load_picture(right).rgb)


def test_too_many_pixels_are_refused_before_decoding(tmp_path):
  head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
  chunk = struct.pack(">I", 13) + b"IHDR" + head + struct.pack(">I", zlib.crc32(b"IHDR" + head))
  (tmp_path / "x.png").write_bytes(b"\x89PNG\r\n\x1a\n" + chunk + b"\0\0\0\0IDAT\x35\xaf\x06\x1e")
  assert "--max_pixels" in refused(tmp_path / "x.png")
  assert "60000 x 60000" in refused(tmp_path / "x.png", max_pixels=3_000_000_000)
  for kind, data in picture_files().items():
    path = tmp_path / kind
    path.write_bytes(data)
    assert "--max_pixels" in refused(path, max_pixels=815)
    with pytest.raises(ImageError, match="--max_pixels"):
      images.probe_size(path, max_pixels=815)
    if kind not in PILLOW_CANNOT_OPEN:
      with Image.open(path) as image, pytest.raises(ImageError, match="--max_pixels"):
        images.load_picture(image, max_pixels=815)
  assert "--max_pixels" in refused(colors(), max_pixels=815)
  images.load_picture(colors(), max_pixels=816)


def test_the_limit_can_be_raised_above_pillows(tmp_path, monkeypatch):
  files = picture_files()
  monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
  for kind in ("rgb.png", "rgb.gif", "lossless alpha.webp", "16 bit rgb tiles.tif"):
    path = tmp_path / kind
    path.write_bytes(files[kind])
    images.load_picture(path, max_pixels=816)
  assert Image.MAX_IMAGE_PIXELS == 100


def test_a_jpeg_of_thousands_of_scans_is_refused(tmp_path):
  file = io.BytesIO()
  Image.new("RGB", (4000, 3000)).save(file, "JPEG", progressive=True)
  data = file.getvalue()
  last_scan = data[data.rindex(b"\xff\xda"):-2]
  (tmp_path / "x.jpg").write_bytes(data[:-2] + last_scan * 3000 + data[-2:])
  assert "scans" in refused(tmp_path / "x.jpg")
  (tmp_path / "y.jpg").write_bytes(data)
  images.load_picture(tmp_path / "y.jpg", 64)


@pytest.mark.parametrize("profile", [b"x", bytes(128), gray_profile(), gray_profile()[:150],
                                     random.Random(0).randbytes(3000)])
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_absurd_profiles_are_ignored_with_a_note(form, profile, tmp_path):
  plain, absurd = tmp_path / "plain", tmp_path / "absurd"
  Image.fromarray(colors()).save(plain, form)
  Image.fromarray(colors()).save(absurd, form, icc_profile=profile)
  picture = images.load_picture(absurd)
  np.testing.assert_array_equal(picture.rgb, images.load_picture(plain).rgb)
  note, = picture.notes
  assert note.startswith("the color profile of absurd is ignored (") and note.isprintable()


@pytest.mark.parametrize("exif", [b"Exif\0\0", b"Exif\0\0II*\0\xff\xff\xff\xff", bytes(60_000),
                                  HEAD + b"\0\x03\0\0\0\x01\0\x63\0\0",
                                  HEAD + b"\0\x02\xff\xff\xff\xff\0\0\0\0"])
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_absurd_exif_is_ignored(form, exif, tmp_path):
  Image.fromarray(colors()).save(tmp_path / "plain", form)
  Image.fromarray(colors()).save(tmp_path / "absurd", form, exif=exif)
  np.testing.assert_array_equal(images.load_picture(tmp_path / "absurd").rgb,
                                images.load_picture(tmp_path / "plain").rgb)


def test_bombs_in_a_png(tmp_path):
  bomb = zlib.compress(bytes(200_000_000))
  for kind, body in ((b"zTXt", b"a\0\0" + bomb), (b"iCCP", b"a\0\0" + bomb)):
    (tmp_path / "x.png").write_bytes(png(colors().astype(np.uint16), 2, (kind, body)))
    try:
      images.load_picture(tmp_path / "x.png")
    except ImageError as error:
      assert "x.png" in str(error)


@pytest.mark.parametrize("name", [b"a\nb.png", b"\xff\xfe.png", b"\x1b[31m.png", b"-rf.png",
                                  b" .png", b"%s{0}.png", b"a;b`c`.png",
                                  "\u202e\u00e9.png".encode()])
def test_names_of_any_bytes(name, tmp_path):
  path = tmp_path / os.fsdecode(name)
  path.write_bytes(picture_files()["animated.png"])
  picture = images.load_picture(path)
  assert picture.name.isprintable() and not set(picture.name) & set("/ \n;`")
  assert all(note.isprintable() for note in picture.notes)
  path.write_bytes(b"no picture")
  refused(path)


def test_nothing_but_the_error_is_said(tmp_path, capfd):
  whole = picture_files()["deflate.tif"]
  with warnings.catch_warnings():
    warnings.simplefilter("error")
    for at in range(8, len(whole), 5):
      damaged = whole[:at] + b"\xff\xff\xff" + whole[at + 3:]
      (tmp_path / "x.tif").write_bytes(damaged)
      try:
        images.load_picture(tmp_path / "x.tif")
      except ImageError as error:
        assert str(error).isprintable()
  assert capfd.readouterr() == ("", "")


def fuzz(first: int, count: int) -> None:
  answer = subprocess.run(
      [sys.executable, FUZZ, str(first), str(count)], capture_output=True, text=True,
      env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))})
  lines = answer.stdout.splitlines()
  assert answer.returncode == 0, f"{lines[-1:]} {answer.stderr[-2000:]}"
  read, were_refused, peak_kb = map(int, lines[-1].split())
  assert read > 0 and were_refused > 0
  assert peak_kb < 2_000_000


def test_60_mutated_pictures():
  fuzz(0, 60)


@pytest.mark.full
def test_2000_mutated_pictures():
  fuzz(1000, 2000)
