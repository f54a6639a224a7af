"""Masks: read into regions, paired by color, averaged over the cells of layers."""

import numpy as np
import pytest
from PIL import Image

from tf_style.errors import InputError
from tf_style.pictures import mask_files, masks

RED, BLUE, GREEN, WHITE, BLACK = (255, 0, 0), (0, 0, 255), (0, 255, 0), (255,) * 3, (0,) * 3
LIMIT = 10**8


def halves(left, right, height: int = 40, width: int = 60) -> np.ndarray:
  """[H, W, 3] uint8: two colors side by side."""
  pixels = np.empty((height, width, 3), np.uint8)
  pixels[:, :width // 2], pixels[:, width // 2:] = left, right
  return pixels


def load(content, styles=(), keep=(), size=(40, 60)) -> masks.Regions:
  return masks.load_regions(content, styles, keep, size, [(30, 30)] * len(styles), LIMIT)


def test_a_gray_mask_is_a_soft_matte_and_its_rest():
  ramp = np.tile(np.arange(256, dtype=np.uint8), (40, 1))
  planes = mask_files.load_mask(ramp, LIMIT, "--content_mask").planes
  np.testing.assert_allclose(planes["ffffff"], ramp / 255, atol=1e-6)
  np.testing.assert_allclose(planes["ffffff"] + planes["000000"], 1, atol=1e-6)


def test_a_mask_of_ones_is_one_region_of_ones():
  regions = load(halves(WHITE, WHITE), [halves(WHITE, WHITE)])
  assert regions.colors == ("ffffff",) and regions.kept is None
  assert np.all(regions.content == 1) and np.all(regions.styles[0] == 1)


def test_colors_survive_jpeg_and_smoothed_edges(tmp_path):
  smooth = Image.fromarray(halves(RED, BLUE, 400, 600)).resize((300, 200), Image.Resampling.LANCZOS)
  smooth.save(tmp_path / "mask.jpg", quality=80)
  planes = mask_files.load_mask(tmp_path / "mask.jpg", LIMIT, "--content_mask").planes
  assert len(planes) == 2
  for plane in planes.values():
    assert set(np.unique(plane)) == {0, 1} and plane.mean() == pytest.approx(0.5, abs=0.02)
  regions = load(halves(RED, BLUE), [tmp_path / "mask.jpg"])
  np.testing.assert_allclose(regions.styles[0][:, :14], [[[0, 1]] * 14] * 30)


def test_styles_bring_the_regions_that_they_have():
  regions = load(halves(RED, BLUE), [halves(RED, RED), halves(GREEN, BLUE)])
  assert regions.colors == ("0000ff", "ff0000")
  assert regions.styles[0].mean((0, 1)).tolist() == [0, 1]
  assert regions.styles[1].mean((0, 1)).tolist() == [0.5, 0]


def test_what_is_kept_has_no_partner():
  regions = load(halves(BLACK, WHITE), keep=["000000"])
  assert regions.colors == ("ffffff",) and all(np.all(style == 1) for style in regions.styles)
  assert regions.kept[:, :30].min() == 1 and regions.kept[:, 30:].max() == 0
  np.testing.assert_array_equal(regions.kept + regions.content, 1)


@pytest.mark.parametrize("content, styles, keep, message", [
    ((RED, BLUE), [(RED, RED)], (),
     "--style_mask: expected regions of the colors 0000ff, as in .*ff0000$"),
    ((RED, BLUE), [(RED, BLUE), (GREEN, GREEN)], (),
     "--style_mask: .*received one with 00ff00 alone"),
    ((RED, BLUE), [], (),
     "--style_mask: expected a mask for each style, or --mask_keep .*0000ff, ff0000"),
    ((RED, BLUE), [], ("00ff00",),
     r"--mask_keep: expected colors of --content_mask \(0000ff, ff0000\)"),
    ((RED, BLUE), [], ("ff0000", "0000ff"),
     "--mask_keep: expected a color of --content_mask left over"),
    ((WHITE, BLACK), [(WHITE, WHITE)], (), "--style_mask: expected regions of the colors 000000"),
])
def test_what_does_not_pair_up(content, styles, keep, message):
  with pytest.raises(InputError, match=message):
    load(halves(*content), [halves(*style) for style in styles], keep)


@pytest.mark.parametrize("height, width, stride", [
    (40, 60, 1), (40, 60, 4), (43, 61, 4), (97, 33, 16), (7, 9, 1)])
def test_cells_are_averaged_exactly(height, width, stride):
  """Against a picture enlarged until both its own pixels and the cells have whole sides."""
  weights = np.random.default_rng(0).uniform(size=(6, 10, 2)).astype(np.float32)
  fine = weights.repeat(height, 0).repeat(width, 1)
  rows, columns = height // stride, width // stride
  fine = fine[:rows * stride * 6, :columns * stride * 10]
  cells = fine.reshape(rows, stride * 6, columns, stride * 10, 2).mean((1, 3), np.float64)
  np.testing.assert_allclose(masks.area_means(weights, height, width, stride), cells, atol=1e-6)
  ones = masks.area_means(np.ones((6, 10, 1), np.float32), height, width, stride)
  np.testing.assert_allclose(ones, 1, atol=1e-6)
