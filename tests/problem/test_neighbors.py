"""Neighbors: exact in tiles, region by region, each style its share; on real weights."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf
from made_problems import Doubles, make_problem, sample

from tf_style.pictures.masks import Regions
from tf_style.problem.banks import by_shares
from tf_style.problem.evaluators import TiledPicture, TilePasses
from tf_style.problem.neighbors import turned
from tf_style.problem.problem import Problem, View
from tf_style.vgg.extractor import Extractors

HEIGHT, WIDTH, TILE = 90, 131, 32
OPTIONS = {"neighbor_weight": 20.0, "content_layers": ("block3_conv2",),
           "neighbor_layers": ("block1_conv2", "block2_conv2", "block3_conv2"),
           "style_layers": ("block1_conv1", "block3_conv1")}


def setting(network, style="waves", content="photo", **options) -> Problem:
  styles = [sample(name, 96, 128) for name in ([style] if isinstance(style, str) else style)]
  return make_problem(network, sample(content, HEIGHT, WIDTH), styles, **OPTIONS, **options)


def chosen(problem: Problem) -> np.ndarray:
  """The target's hypercolumns [1, h, w, D]."""
  target = problem.at(HEIGHT, WIDTH).wanted.targets["neighbors"]
  return tf.gather(tf.concat(target.banks, -1)[0, 0], target.rows).numpy()


def in_tiles(problem: Problem, network: Extractors) -> View:
  """The view by tiles, its targets too."""
  config, graphs = dataclasses.replace(problem.config, tile_size=TILE), problem.graphs
  tiled = Problem(network, config, problem.loaded, graphs=graphs)
  windows = graphs.targets.windows(HEIGHT, WIDTH, TILE)
  assert len(windows) > 1
  passes = TilePasses(graphs.whole._extractor, graphs.objective)
  return View(TiledPicture(passes, windows), tiled.at(HEIGHT, WIDTH).wanted)


@pytest.mark.parametrize("masked", [False, True])
def test_tiles_are_exact_targets_and_all(vgg16, masked):
  problem = setting(vgg16)
  if masked:
    problem.loaded = problem.loaded._replace(regions=halves())
  whole, tiled = problem.at(HEIGHT, WIDTH), in_tiles(problem, vgg16)
  picture = sample("cat", HEIGHT, WIDTH)
  one, other = whole.value_and_gradient(picture), tiled.value_and_gradient(picture)
  np.testing.assert_allclose(other[0].raw, one[0].raw, rtol=1e-5)
  assert float(tf.norm(one[1] - other[1]) / tf.norm(one[1])) < 1e-5


def halves() -> Regions:
  """Left and right of the content; top and bottom of the style."""
  left = np.zeros((HEIGHT, WIDTH, 2), np.float32)
  left[:, :64, 0] = left[:, 64:, 1] = 1
  top = np.zeros((96, 128, 2), np.float32)
  top[:48, :, 0] = top[48:, :, 1] = 1
  return Regions(("000000", "ffffff"), left, (top,), None)


def test_a_region_finds_its_neighbors_in_its_region(vgg16):
  problem = setting(vgg16)
  problem.loaded = problem.loaded._replace(regions=halves())
  target = problem.at(HEIGHT, WIDTH).wanted.targets["neighbors"]
  rows, border = target.rows.numpy()[0], 12 * 32  # positions of the style's upper half
  assert rows[:, :16].max() < border <= rows[:, 16:].min()


def test_a_style_is_its_own_nearest(vgg16):
  """Where the content is the style, the picture that wants no change is the content."""
  picture = sample("waves", 96, 128)
  problem = make_problem(vgg16, picture, picture, **OPTIONS)
  view = problem.at(96, 128)
  rows = view.wanted.targets["neighbors"].rows.numpy().ravel()
  assert np.mean(rows == np.arange(len(rows))) > 0.99  # flat paper is alike in several places
  assert float(view.value(picture).raw[1]) < 1e-5 * float(view.wanted.targets["neighbors"].scale)


def test_a_turned_content_finds_itself_in_the_turns_of_the_style(vgg16):
  """Features of turned pictures differ from turned features, so only turns have the very same."""
  style = sample("waves", 96, 128)
  nearest = {}
  for turns in (1, 4, 8):
    content = turned(style, 6)  # mirrored, and turned upside down
    problem = make_problem(vgg16, content, style, style_turns=turns, **OPTIONS)
    target = problem.at(96, 128).wanted.targets["neighbors"]
    raw = problem.value(content)["neighbors"] / float(target.scale)
    nearest[turns] = raw
  assert nearest[8] < 1e-5 < 0.02 < nearest[4] < nearest[1]


def test_regions_turn_with_their_style(vgg16):
  problem = setting(vgg16, style_turns=2)
  problem.loaded = problem.loaded._replace(regions=halves())
  rows = problem.at(HEIGHT, WIDTH).wanted.targets["neighbors"].rows.numpy()[0]
  assert rows[:, :16].max() < 2 * 12 * 32 <= rows[:, 16:].min()


def test_a_mask_of_ones_changes_nothing(vgg16):
  plain, masked = setting(vgg16), setting(vgg16)
  masked.loaded = masked.loaded._replace(regions=Regions(
      ("ffffff",), np.ones((HEIGHT, WIDTH, 1), np.float32),
      (np.ones((96, 128, 1), np.float32),), None))
  np.testing.assert_array_equal(chosen(plain), chosen(masked))


def test_two_equal_styles_are_one(vgg16):
  np.testing.assert_array_equal(chosen(setting(vgg16)), chosen(setting(vgg16, ["waves", "waves"])))


def test_each_style_gets_its_share_of_the_positions(vgg16):
  problem = setting(vgg16, ["waves", "glass"], style_blend=(3, 1))
  rows = problem.at(HEIGHT, WIDTH).wanted.targets["neighbors"].rows.numpy()
  assert np.mean(rows < 24 * 32) == pytest.approx(0.75, abs=0.01)


def test_shares_are_met_by_those_that_suit_best():
  cosines = np.array([[0.9, 0.8, 0.7, 0.6], [0.1, 0.2, 0.3, 0.4]])
  np.testing.assert_array_equal(by_shares(cosines, np.array([0.5, 0.5])), [0, 0, 1, 1])
  np.testing.assert_array_equal(by_shares(cosines, np.array([1.0, 0.0])), [0, 0, 0, 0])
  none = np.array([[-np.inf] * 4, [0.1] * 4])
  np.testing.assert_array_equal(by_shares(none, np.array([0.5, 0.5])), [1, 1, 1, 1])


@pytest.mark.parametrize("count", [3, 5])
def test_shares_of_many_styles_are_met(count):
  cosines = np.random.default_rng(1).normal(size=(count, 4000))
  shares = np.arange(1, count + 1) / np.arange(1, count + 1).sum()
  found = np.bincount(by_shares(cosines, shares), minlength=count) / 4000
  np.testing.assert_allclose(found, shares, atol=0.01)


def test_the_gradient_is_that_of_finite_differences(vgg16_weights):
  problem = make_problem(Doubles(vgg16_weights), sample("photo", 32, 48), sample("waves", 32, 48),
                         style_loss="covariance", **OPTIONS)
  view, rng = problem.at(32, 48), np.random.default_rng(0)
  picture = sample("cat", 32, 48).astype(np.float64) * 0.8 + 0.1
  gradient = view.value_and_gradient(picture)[1].numpy()
  way = rng.normal(size=picture.shape)
  step = 1e-8  # few cells change sides of a maximum
  ends = [float(view.value(picture + sign * step * way).total) for sign in (1, -1)]
  assert np.sum(gradient * way) == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=1e-3)
