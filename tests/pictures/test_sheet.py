"""Sheets of pictures: where each lies, how captions are broken."""

import numpy as np
import pytest
from PIL import ImageFont

from tf_style.pictures import images, sheet

RED = np.zeros((1, 40, 60, 3), np.float32) + np.float32([1, 0, 0])


def test_pictures_lie_in_rows_and_columns_unchanged():
  noise = np.random.default_rng(0).integers(0, 256, (2, 1, 40, 60, 3)) / np.float32(255)
  noise = noise.astype(np.float32)
  rows = [[("a", noise[0]), ("b", None)], [("c", RED), ("d", noise[1])]]
  page = sheet.contact_sheet(rows, 40, 60)
  down, across = 40 + 18 + 8, 60 + 8
  assert page.shape == (1, 8 + 2 * down, 8 + 2 * across, 3) and page.dtype == np.float32
  place = lambda row, column: page[:, 8 + row * down:, 8 + column * across:][:, :40, :60]
  np.testing.assert_array_equal(place(0, 0), noise[0])
  np.testing.assert_array_equal(place(1, 1), noise[1])
  assert len(np.unique(place(0, 1))) == 1
  assert page[:, 48:66, 8:68].min() < 0.2 and page[:, :8].min() == page[:, 48:66, :8].min() == 1


@pytest.mark.parametrize("shape, inside", [
    ((80, 120), np.s_[:, 8:48, 8:68]), ((80, 60), np.s_[:, 8:48, 23:53]),
    ((20, 60), np.s_[:, 18:38, 8:68])])
def test_other_sizes_are_shrunk_and_centered(shape, inside):
  picture = images.resize(RED, *shape)
  page = sheet.contact_sheet([[("", picture)]], 40, 60)
  red = np.broadcast_to(RED[:, :1, :1], page[inside].shape)
  np.testing.assert_allclose(page[inside], red, atol=1 / 255)
  assert np.sum(np.all(page < (1.1, 0.1, 0.1), axis=-1)) == page[inside][..., 0].size


def test_a_short_row_ends_early():
  assert sheet.contact_sheet([[("a", RED)] * 3, [("b", RED)]], 40, 60).shape[2] == 8 + 3 * 68


@pytest.mark.parametrize("caption", [
    "content_weight=0.02 style_scale=0.5", "a\nb", "a " * 60, "x" * 200, "", "\xe4 \u732b"])
def test_captions_are_broken_and_lose_nothing(caption):
  font = ImageFont.load_default(14)
  broken = sheet._broken(caption, font, 100)
  assert all(font.getlength(line) <= 100 for line in broken.split("\n"))
  assert "".join(broken.split()) == "".join(caption.split())


def test_captions_are_broken_where_a_reader_would():
  font = ImageFont.load_default(14)
  assert sheet._broken("style_layers=block1_conv1,block2_conv1\nseed=1", font, 130).split("\n") == [
      "style_layers=", "block1_conv1,", "block2_conv1", "seed=1"]
