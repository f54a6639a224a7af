"""Gray maps of how much there is where, and faces, which are found."""

import sys

import numpy as np
import pytest
from PIL import Image

from tf_style.errors import InputError
from tf_style.pictures import faces, maps
from tf_style.pictures.faces import Face

LIMIT = 10**8


def test_a_map_is_its_gray_levels():
  ramp = np.tile(np.arange(256, dtype=np.uint8), (4, 1))
  got = maps.load_map(ramp, LIMIT, "--content_map")
  np.testing.assert_allclose(got[..., 0], ramp / 255, atol=1e-6)


def test_what_is_transparent_is_black():
  pixels = np.full((4, 4, 4), 255, np.uint8)
  pixels[:2, :, 3] = 0
  got = maps.load_map(Image.fromarray(pixels), LIMIT, "--content_map")
  assert got[..., 0].mean(1).tolist() == [0, 0, 1, 1]


def test_colors_are_no_map():
  pixels = np.zeros((4, 4, 3), np.uint8)
  pixels[..., 0] = 255
  with pytest.raises(InputError, match="^--content_map: expected a gray picture, from black to"):
    maps.load_map(pixels, LIMIT, "--content_map")


def test_another_shape_is_said():
  assert maps.stretched((40, 60), (341, 512), "--content_map", "map") == []
  assert maps.stretched((50, 50), (341, 512), "--content_map", "map") == [
      "--content_map: a map of 50 x 50 is stretched to its picture, 512 x 341"]


def test_a_face_counts_more_softly_widened():
  got = faces.weights([Face(0.25, 0.25, 0.5, 0.5)], (200, 100), 3.0)[..., 0]
  assert got.shape == (200, 100) and got.max() == got[100, 50] == 3 and got[:6].max() == 1
  assert got[52, 50] == pytest.approx(3, abs=0.01) and 1 < got[30, 50] < 3
  assert np.abs(np.diff(got, axis=0)).max() < 0.1
  assert np.all(faces.weights([], (20, 10), 3.0) == 1)


def test_faces_are_found_where_they_are():
  data = pytest.importorskip("skimage.data")
  pytest.importorskip("mtcnn")
  picture = np.float32(data.astronaut()[None, :320, 100:420]) / 255
  face, = faces.find(picture)
  middle = face.top + face.height / 2, face.left + face.width / 2
  assert middle == pytest.approx((0.37, 0.39), abs=0.04)
  assert 0.2 < face.height < 0.45
  assert faces.find(np.float32(data.coffee()[None, :200, :300]) / 255) == []


def test_a_missing_extra_is_one_line(monkeypatch):
  monkeypatch.setitem(sys.modules, "mtcnn", None)
  with pytest.raises(InputError, match=r"^--faces: expected the extra .*tf_style\[faces\]"):
    faces.find(np.zeros((1, 8, 8, 3), np.float32))
