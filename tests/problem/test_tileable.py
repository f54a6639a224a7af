"""Pictures that tile: nothing tells where their borders are, whole and in tiles."""

import numpy as np
import pytest
from made_problems import make_problem, sample

from tf_style.errors import InputError
from tf_style.pictures.seams import resize_tile, seamless
from tf_style.problem import tiles
from tf_style.problem.inputs import Inputs
from tf_style.problem.loaded import load
from tf_style.repaint.painter import stylize
from tf_style.settings.config import Config

HEIGHT, WIDTH = 96, 144
OPTIONS = {"tileable": True, "style_layers": ("block1_conv1", "block3_conv1")}
CONTENT = {"content_layers": ("block3_conv2",), "neighbor_weight": 20.0,
           "neighbor_layers": ("block1_conv2", "block3_conv2")}


def smooth(height: int = HEIGHT, width: int = WIDTH) -> np.ndarray:
  return seamless(sample("cat", height, width))


def test_nothing_tells_where_the_border_is(vgg16):
  view = make_problem(vgg16, None, sample("waves", 64, 80), output_size=f"{WIDTH}x{HEIGHT}",
                      **OPTIONS).at(HEIGHT, WIDTH)
  picture = smooth()
  (one, slope), (other, moved) = (view.value_and_gradient(each) for each in (
      picture, np.roll(picture, (32, 48), (1, 2))))
  np.testing.assert_allclose(other.raw, one.raw, rtol=1e-5)
  np.testing.assert_allclose(moved, np.roll(slope, (32, 48), (1, 2)),
                             atol=1e-4 * np.abs(slope).max())


@pytest.mark.parametrize("size", [(HEIGHT, WIDTH), (48, WIDTH)])
def test_tiles_are_exact(vgg16, size):
  views = [make_problem(vgg16, sample("photo", *size), sample("waves", 64, 80), tile_size=side,
                        **OPTIONS, **CONTENT).at(*size) for side in (0, 16)]
  (one, slope), (other, tiled) = (view.value_and_gradient(smooth(*size)) for view in views)
  np.testing.assert_allclose(other.raw, one.raw, rtol=1e-5)
  assert np.linalg.norm(tiled - slope) < 1e-5 * np.linalg.norm(slope)


def test_what_lies_beyond_a_border_is_the_other_side():
  picture = np.arange(8, dtype=np.float32).reshape(1, 2, 4, 1)
  shown = tiles.shown(picture, tiles.Window(-1, 3, 3, 2, 0, 0, 1, 1))
  np.testing.assert_array_equal(shown[0, ..., 0], [[7, 4], [3, 0], [7, 4]])
  padded = np.ones((1, 5, 4, 1), np.float32)
  np.testing.assert_array_equal(
      tiles.folded(padded, (2, 4), (1, 0))[0, ..., 0], [[2] * 4, [3] * 4])


def steps_of(picture: np.ndarray, axis: int) -> tuple[float, np.ndarray]:
  """Returns the mean difference at the seam, and those of all neighboring rows or columns."""
  around = np.concatenate([picture, np.take(picture, [0], axis)], axis)
  steps = np.abs(np.diff(around, axis=axis)).mean((0, 3 - axis, 3))
  return steps[-1], steps[:-1]


@pytest.mark.parametrize("name", ["cat", "photo"])
def test_borders_fit_and_what_lies_within_stays(name):
  given = sample(name, HEIGHT, WIDTH)
  picture = seamless(given)
  for axis in (1, 2):
    seam, steps = steps_of(picture, axis)
    assert seam < np.quantile(steps, 0.75) < 0.6 * steps_of(given, axis)[0]
  inside = np.s_[:, 24:-24, 24:-24]
  assert np.abs(picture - given)[inside].mean() < 0.01
  assert picture.min() >= 0 and picture.max() <= 1


def test_what_fits_already_stays():
  across = np.sin(2 * np.pi * (np.arange(64) + 0.5) / 64)
  picture = np.float32(0.5 + 0.2 * across[:, None, None] * across[:, None])[None].repeat(3, -1)
  np.testing.assert_allclose(seamless(picture), picture, atol=0.02)


def test_a_picture_that_tiles_does_so_when_resized():
  picture = smooth()
  small = resize_tile(np.roll(picture, (48, 72), (1, 2)), 48, 72)
  np.testing.assert_allclose(small, np.roll(resize_tile(picture, 48, 72), (24, 36), (1, 2)),
                             atol=1e-5)


@pytest.mark.parametrize("content", ["photo", None])
def test_edges_of_a_result_differ_no_more_than_neighboring_columns(content):
  config = Config.of(
      tileable=True, image_size=96, output_size="" if content else "96x64", network="vgg16",
      optimizer="lbfgs", steps=30, levels=2, precision="float32", neighbor_weight=0)
  result = stylize(content and sample(content, 70, 100), sample("waves", 64, 80), config)
  picture = result.picture
  assert picture.shape == (1, 64, 96, 3)
  for axis in (1, 2):
    seam, steps = steps_of(picture, axis)
    assert seam < steps.max()


def test_sides_are_whole_strides():
  with pytest.raises(InputError, match="^--output_size: expected sides that are multiples of 16"):
    Inputs.of(None, "s").check(Config.of(tileable=True, output_size="100x64"))
  assert load(Inputs.of(sample("photo", 70, 100)[0], sample("waves", 64, 80)[0]),
              Config.of(tileable=True, image_size=100)).size == (64, 96)
