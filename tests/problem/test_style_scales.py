"""Strokes' size by place: one size is the default, or another scale; several are regions."""

import functools

import numpy as np
import pytest
from made_problems import SHALLOW, halves_of, make_problem, sample

from tf_style.errors import InputError
from tf_style.pictures import masks
from tf_style.problem.inputs import Inputs
from tf_style.settings.config import Config

HEIGHT, WIDTH = 80, 96
halves = functools.partial(halves_of, HEIGHT, WIDTH)


def problem(network, levels=None, **options):
  return make_problem(network, sample("photo", HEIGHT, WIDTH), sample("waves", 96, 96),
                      style_scale_map=levels, **SHALLOW, **options)


def test_a_map_of_ones_changes_nothing_bit_for_bit(vgg16):
  picture = sample("cat", HEIGHT, WIDTH)
  one, other = (problem(vgg16, each).at(HEIGHT, WIDTH).value_and_gradient(picture)
                for each in (None, halves(1, 1)))
  np.testing.assert_array_equal(one[0].raw, other[0].raw)
  np.testing.assert_array_equal(one[1], other[1])


def test_a_gray_map_is_another_scale(vgg16):
  picture = sample("cat", HEIGHT, WIDTH)
  gray, scaled = problem(vgg16, halves(0.5, 0.5)), problem(vgg16, style_scale=0.5)
  one, other = gray.value(picture), scaled.value(picture)
  for name, value in one.items():
    assert value == pytest.approx(other[name], rel=2e-3), name


def test_each_half_sees_the_style_in_its_scale_and_tiles_are_exact(vgg16):
  picture = sample("cat", HEIGHT, WIDTH)
  made = problem(vgg16, halves(1, 0))
  fine, coarse = (problem(vgg16, halves(each, each))._style(HEIGHT, WIDTH) for each in (0, 1))
  for name, (large, small) in made._style(HEIGHT, WIDTH).items():
    np.testing.assert_allclose(large.mean, coarse[name][0].mean, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(small.mean, fine[name][0].mean, rtol=1e-4, atol=1e-4)
  rows = made.at(HEIGHT, WIDTH).wanted.targets["neighbors"].rows.numpy()[0]
  assert rows[:, :12].max() < (96 // 4) ** 2 <= rows[:, 12:].min()
  (one, slope), (other, tiled) = (problem(vgg16, halves(1, 0), tile_size=side).at(
      HEIGHT, WIDTH).value_and_gradient(picture) for side in (0, 32))
  np.testing.assert_allclose(other.raw, one.raw, rtol=1e-5)
  assert np.linalg.norm(tiled - slope) < 1e-5 * np.linalg.norm(slope)


def test_regions_are_divided_softly():
  ramp = np.linspace(0, 1, 9, dtype=np.float32)[None, :, None]
  regions = masks.scaled(masks.whole((1, 9), [(4, 4)]), ramp)
  assert regions.scales == (1.0, 0.5, 0.25) and regions.styles[0].shape == (4, 4, 3)
  np.testing.assert_allclose(regions.content.sum(-1), 1)
  np.testing.assert_allclose(regions.content[0, 6], [0.5, 0.5, 0])
  assert regions.by_scale == {1.0: [0], 0.5: [1], 0.25: [2]}


def test_masks_and_scales_go_together(vgg16):
  half = np.zeros((HEIGHT, WIDTH), np.uint8)
  half[:40] = 255
  made = problem(vgg16, halves(1, 0.5), content_mask=half, style_mask=half)
  regions = made.loaded.regions
  assert regions.scales == (1, 1, 0.5, 0.5) and regions.colors == ("000000", "ffffff") * 2
  np.testing.assert_allclose(regions.content.sum(-1), 1)
  assert len(made._style(HEIGHT, WIDTH)["block1_conv1"]) == 4


def test_a_style_is_needed():
  with pytest.raises(InputError, match="^--style_scale_map: expected a style beside it"):
    Inputs("c", style_scale_map="m").check(Config.of())
