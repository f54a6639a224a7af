"""A map of the content: ones change nothing, it is exact in tiles, none counts beyond a border."""

import functools

import numpy as np
import pytest
from made_inputs import waves
from made_problems import SHALLOW, halves_of, make_problem, sample

from tf_style.errors import InputError
from tf_style.problem.inputs import Inputs
from tf_style.problem.loaded import load
from tf_style.settings.config import Config

HEIGHT, WIDTH = 80, 96
halves = functools.partial(halves_of, HEIGHT, WIDTH)
TERMS = ("content/block3_conv2", "neighbors")


def problem(network, content_map=None, **options):
  return make_problem(network, sample("photo", HEIGHT, WIDTH), sample("waves", 64, 80),
                      content_map=content_map, **SHALLOW, **options)


def test_a_map_of_ones_changes_nothing_bit_for_bit(vgg16):
  picture = sample("cat", HEIGHT, WIDTH)
  one = problem(vgg16).at(HEIGHT, WIDTH).value_and_gradient(picture)
  other = problem(vgg16, halves(1, 1)).at(HEIGHT, WIDTH).value_and_gradient(picture)
  np.testing.assert_array_equal(one[0].raw, other[0].raw)
  np.testing.assert_array_equal(one[1], other[1])


def test_a_gray_map_is_another_content_weight(vgg16):
  picture = sample("cat", HEIGHT, WIDTH)
  one = problem(vgg16, content_weight=0.5).at(HEIGHT, WIDTH).value_and_gradient(picture)
  other = problem(vgg16, halves(0.5, 0.5), content_weight=1.0).at(
      HEIGHT, WIDTH).value_and_gradient(picture)
  assert float(one[0].total) == pytest.approx(float(other[0].total), rel=1e-5)
  np.testing.assert_allclose(one[1], other[1], atol=1e-5 * np.abs(one[1]).max())


def test_the_parts_of_a_content_add_up(vgg16):
  picture = sample("cat", HEIGHT, WIDTH)
  whole, left, right = (problem(vgg16, each).value(picture) for each in (
      None, halves(1, 0), halves(0, 1)))
  for name in TERMS:
    assert left[name] + right[name] == pytest.approx(whole[name], rel=1e-4)
    assert min(left[name], right[name]) > 0.1 * whole[name]


def test_tiles_are_exact(vgg16):
  picture, ramp = sample("cat", HEIGHT, WIDTH), np.linspace(0, 1, WIDTH, dtype=np.float32)
  given = np.tile(ramp, (HEIGHT, 1))
  one, other = (problem(vgg16, given, tile_size=side).at(HEIGHT, WIDTH) for side in (0, 32))
  (one, slope), (other, tiled) = (each.value_and_gradient(picture) for each in (one, other))
  np.testing.assert_allclose(other.raw, one.raw, rtol=1e-5)
  assert np.linalg.norm(tiled - slope) < 1e-5 * np.linalg.norm(slope)


def with_map(network, content_map, **options):
  made = problem(network, **options)
  made.loaded = made.loaded._replace(content_map=content_map[..., None])
  return made


def test_what_is_the_contents_own_counts_less_in_the_statistics():
  loaded = load(Inputs.of(waves(HEIGHT, WIDTH, 1), waves(80, 80, 2)), Config.of(image_size=WIDTH))
  assert loaded._replace(content_map=halves(0.5, 1)[..., None]).weights is None
  weights = loaded._replace(content_map=halves(1, 2)[..., None]).weights
  np.testing.assert_array_equal(weights.content[..., 0], halves(1, 0.25))
  assert all(np.all(each == 1) for each in weights.styles)


def test_where_more_is_kept_less_style_is_asked_for(vgg16):
  picture = sample("cat", HEIGHT, WIDTH)
  options = {"content_weight": 1e-9}
  _, plain = problem(vgg16, **options).at(HEIGHT, WIDTH).value_and_gradient(picture)
  _, kept = with_map(vgg16, halves(1, 4), **options).at(HEIGHT, WIDTH).value_and_gradient(picture)
  parts = [[np.abs(part).mean() for part in np.split(slope.numpy(), 2, 2)]
           for slope in (plain, kept)]
  assert parts[1][1] / parts[0][1] < 0.4 < 0.8 < parts[1][0] / parts[0][0]


def test_tiles_are_exact_where_more_is_kept(vgg16):
  picture = sample("cat", HEIGHT, WIDTH)
  one, other = (with_map(vgg16, halves(1, 3), tile_size=side).at(HEIGHT, WIDTH) for side in (0, 32))
  (one, slope), (other, tiled) = (each.value_and_gradient(picture) for each in (one, other))
  np.testing.assert_allclose(other.raw, one.raw, rtol=1e-5)
  assert np.linalg.norm(tiled - slope) < 1e-5 * np.linalg.norm(slope)


@pytest.mark.parametrize("fit", ["crop", "extend"])
def test_a_photograph_comes_to_the_size_asked_for(fit):
  mask = np.zeros((72, 96, 3), np.uint8)
  mask[:, 48:] = 255
  loaded = load(Inputs.of(waves(72, 96, 1), waves(80, 80, 2), content_mask=mask),
                Config.of(output_size="120x60", fit=fit, mask_keep="ffffff"))
  assert loaded.size == (60, 120) and loaded.content.rgb.shape == (1, 60, 120, 3)
  kept = loaded.regions.kept[..., 0]
  assert loaded.regions.content.shape == (60, 120, 1) and kept.shape == (60, 120)
  if fit == "crop":
    assert loaded.content_map is None and kept[:, 61:].min() == 1 and kept[:, :59].max() == 0
  else:
    assert kept[:, 61:99].min() == 1 and kept[:, 101:].max() == 0
    assert np.all(loaded.content_map[:, :20] == 0) and np.all(loaded.content_map[:, 30:90] == 1)


@pytest.mark.parametrize("given, options, message", [
    ({"content": None}, {"output_size": "64x64", "faces": 2}, "--faces: expected 1 without"),
    ({"content": None, "content_map": "m"}, {"output_size": "64x64"}, "--content_map: expected"),
    ({"content": None}, {"output_size": "64x64", "fit": "extend"}, "--fit: expected --output_size"),
    ({}, {"fit": "extend"}, "--fit: expected --output_size and --content"),
    ({}, {"output_size": "64x64", "max_pixels": 99}, "--output_size: expected at most 99"),
])
def test_what_does_not_go_together(given, options, message):
  with pytest.raises(InputError, match=f"^{message}"):
    Inputs(**{"content": "c", "styles": ("s",), **given}).check(Config.of(**options))
