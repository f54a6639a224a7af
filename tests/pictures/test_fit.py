"""Photographs on canvases of another shape: cropped in the middle, or extended by their mirror."""

import numpy as np
import pytest

from tf_style.pictures.fit import Fit
from tf_style.pictures.load import Picture


@pytest.mark.parametrize("size, mode, photo", [
    ((30, 60), "crop", (40, 80)), ((30, 60), "extend", (24, 48)), ((60, 30), "crop", (96, 48)),
    ((60, 30), "extend", (40, 20)), ((40, 48), "crop", (40, 48)), ((40, 48), "extend", (40, 48))])
def test_a_photograph_covers_the_canvas_or_lies_within(size, mode, photo):
  fit = Fit.of(size, (40, 48), mode)
  assert fit.photo == photo and fit.canvas == (40, 48)
  assert fit.extended == (photo != (40, 48) and mode == "extend")


def test_the_middle_is_kept():
  rows = np.arange(10, dtype=np.float32)[:, None, None] * np.ones((1, 4, 1), np.float32)
  np.testing.assert_array_equal(Fit((10, 4), (6, 4)).placed(rows)[:, 0, 0], np.arange(2, 8))


def test_what_lies_beyond_the_border_is_the_mirror_image_as_often_as_it_takes():
  row = np.array([[[1.0], [2.0]]], np.float32)
  np.testing.assert_array_equal(
      Fit((1, 2), (1, 7)).placed(row)[0, :, 0], [2, 1, 1, 2, 2, 1, 1])


def test_what_counts_fades_out_within_the_photograph():
  inside = Fit((64, 64), (64, 128)).inside()[..., 0]
  assert np.all(inside[:, :32] == 0) and np.all(inside[:, 96:] == 0)
  assert np.all(inside[:, 37:91] == 1) and np.all((inside > 0)[:, 32:96])
  assert np.all(np.diff(inside[0, 31:40]) >= 0)
  assert np.all(Fit((64, 64), (64, 64)).inside() == 1)


def test_a_picture_of_about_that_size_is_placed_with_its_alpha():
  rgb = np.random.default_rng(0).uniform(size=(1, 21, 40, 3)).astype(np.float32)
  placed = Fit((20, 40), (20, 30)).picture(Picture(rgb, rgb[0, ..., 0], "", ()))
  assert placed.rgb.shape == (1, 20, 30, 3) and placed.alpha.shape == (20, 30)
