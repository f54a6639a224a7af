"""Hidden colors: they do not count, and what replaces them continues what is visible."""

import numpy as np
import pytest

from tf_style.errors import ImageError
from tf_style.pictures import alpha
from tf_style.pictures.images import Picture


def picture(hidden: float, plane: np.ndarray) -> Picture:
  rng = np.random.default_rng(0)
  rgb = rng.uniform(size=(1, *plane.shape, 3)).astype(np.float32)
  return Picture(np.where(plane[..., None] > 0, rgb, np.float32(hidden)), plane, "a", ())


def plane(height: int = 13, width: int = 22) -> np.ndarray:
  values = np.zeros((height, width), np.float32)
  values[3:9, 5:12] = 1
  values[9, 5:12] = 0.4
  return values


def test_hidden_colors_make_no_difference_and_visible_ones_stay():
  black, white = (alpha.without_hidden_colors(picture(hidden, plane()), "--style").rgb
                  for hidden in (0, 1))
  np.testing.assert_array_equal(black, white)
  np.testing.assert_array_equal(black[:, 3:10, 5:12], picture(0, plane()).rgb[:, 3:10, 5:12])
  assert 0.2 < black[0, 0].mean() < 0.8


def test_one_visible_color_is_everywhere():
  filled = alpha.without_hidden_colors(picture(0, plane())._replace(
      rgb=np.where(plane()[None, ..., None] > 0, np.float32([0.1, 0.5, 0.9]), 0)), "--style")
  np.testing.assert_allclose(filled.rgb, np.broadcast_to(
      np.float32([0.1, 0.5, 0.9]), filled.rgb.shape), rtol=1e-5)


def test_opaque_pictures_are_left_alone():
  opaque = picture(0, plane())._replace(alpha=None)
  assert alpha.without_hidden_colors(opaque, "--style") is opaque


def test_a_picture_of_which_nothing_is_visible_is_refused():
  with pytest.raises(ImageError, match="--style: expected a picture that is not transparent"):
    alpha.without_hidden_colors(picture(0, np.zeros((4, 4), np.float32)), "--style")
