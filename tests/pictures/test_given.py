"""What a caller gives for a file: bytes, file objects, and paths that hint at what is meant."""

import io
import os

import numpy as np
import pytest
from picture_kinds import colors, picture_files
from PIL import Image

from tf_style.errors import ImageError
from tf_style.pictures import images

PNG = picture_files()["rgb.png"]


@pytest.mark.parametrize("make", [bytes, bytearray, memoryview, io.BytesIO])
def test_bytes_and_file_objects_are_pictures(make):
  source = make(PNG)
  assert images.probe_size(source) == colors().shape[:2]
  picture = images.load_picture(source)
  np.testing.assert_array_equal(images.to_uint8(picture.rgb), colors())
  assert picture.name == "picture"


def test_a_file_object_is_read_from_its_beginning_and_left_where_it_stood(tmp_path):
  file = io.BytesIO()
  Image.fromarray(colors()).save(file, "PNG")
  place = file.tell()
  for _ in range(2):
    np.testing.assert_array_equal(images.to_uint8(images.load_picture(file).rgb), colors())
    assert file.tell() == place and not file.closed
  (tmp_path / "photo.png").write_bytes(PNG)
  with open(tmp_path / "photo.png", "rb") as opened:
    assert images.load_picture(opened).name == "photo"


def test_file_objects_that_cannot_be_read(tmp_path):
  (tmp_path / "x").write_text("a")
  reading, writing = os.pipe()
  with open(tmp_path / "x") as text, open(reading, "rb") as pipe:
    os.close(writing)
    for source in (text, pipe):
      with pytest.raises(ImageError, match="expected a binary file object that can seek"):
        images.load_picture(source)
  with pytest.raises(ImageError, match="expected a path, bytes, a file object.*received int$"):
    images.load_picture(7)


@pytest.mark.parametrize("path, hint", [
    ("a.jpg,b.jpg", r"a flag of its own: --style=a\.jpg --style=b\.jpg\)$"),
    ("a.jpg;b.jpg", r"a flag of its own: --style=a\.jpg --style=b\.jpg\)$"),
    ("*.jpg", "the shell expands no pattern behind '=': give --style once for each file"),
    ("photo[12].jpg", "the shell expands no pattern"),
    ("https://example.com/a.jpg", "this is an address: download the picture first"),
    ("s3://bucket/a.jpg", "this is an address: download the picture first"),
    ("file:///tmp/my%20photo.jpg", "instead of the address: --style=/tmp/my photo.jpg"),
    ("data:image/png;base64,AAAA", "an address with data"),
    ('"a.jpg"', r"leave out the quotes and blanks around it: --style=a\.jpg"),
    ("'a.jpg'", r"leave out the quotes and blanks around it: --style=a\.jpg"),
    ("a.jpg ", r"leave out the quotes and blanks around it: --style=a\.jpg"),
    ("~/no such photo.jpg", "the shell does not expand ~ behind '=': --style=/"),
    ("", "the path is empty"),
    ("Photo.JPG", r"is it photo\.jpg\?"),
    ("phto.jpg", r"is it photo\.jpg\?"),
    ("nothing like it", r"\)$"),
])
def test_a_path_without_a_file_hints_at_what_is_meant(path, hint, tmp_path, monkeypatch):
  monkeypatch.chdir(tmp_path)
  (tmp_path / "photo.jpg").write_bytes(PNG)
  for call in (images.load_picture, images.probe_size):
    wanted = rf"^--style: expected .*No such file or directory.*{hint}"
    with pytest.raises(ImageError, match=wanted):
      call(path, flag="--style")


def test_several_contents_are_one_too_many():
  with pytest.raises(ImageError, match=r"give one picture: --content=a\.jpg\)$"):
    images.probe_size("a.jpg, b.jpg")


def test_names_that_look_like_hints_are_files(tmp_path, monkeypatch):
  monkeypatch.chdir(tmp_path)
  for name in ("a.jpg,b.jpg", "*.jpg", '"a.jpg"', "photo[1].jpg", " a.jpg "):
    (tmp_path / name).write_bytes(PNG)
    assert images.probe_size(name) == colors().shape[:2]


def test_a_long_text_is_no_long_message():
  with pytest.raises(ImageError) as error:
    images.load_picture("x" * 100_000)
  assert len(str(error.value)) < 500
