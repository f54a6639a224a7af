"""White paper: more of it where the content asks for it; exact in tiles; nothing else changes."""

import dataclasses

import numpy as np
import pytest
from made_problems import make_problem, sample

from tf_style.problem.paper import is_paper, with_paper
from tf_style.problem.problem import Problem

OPTIONS = {"neighbor_weight": 20.0, "content_layers": ("block3_conv2",),
           "neighbor_layers": ("block1_conv2", "block2_conv2", "block3_conv2"),
           "style_layers": ("block1_conv1", "block3_conv1"), "style_layer_weights": (0.5, 0.5)}
SIDE = 96


def print_(inked: float) -> np.ndarray:
  """White paper with black stripes on a share of its height, [1, 96, 96, 3]."""
  picture = np.ones((1, SIDE, SIDE, 3), np.float32)
  rows = round(inked * SIDE)
  picture[:, :rows] = (np.arange(rows) // 4 % 2)[None, :, None, None]
  return picture


def mean_of_first_layer(problem: Problem) -> np.ndarray:
  return problem.at(SIDE, SIDE).wanted.targets["style/block1_conv1"][0].mean.numpy()


def test_paper_is_where_nothing_near_is_darker():
  picture = np.full((1, 20, 24, 3), 0.9, np.float32)
  picture[0, 9, 13] = 0  # in the third row of positions, the fourth column
  expected = np.ones((5, 6), bool)
  expected[1:4, 2:5] = False
  np.testing.assert_array_equal(is_paper(picture)[0], expected)


def test_of_the_share_that_is_asked_for_there_is_a_part():
  picture = print_(0.75)
  own = is_paper(picture).mean()
  weights = with_paper(np.ones((SIDE, SIDE, 2), np.float32), picture, np.array([0.9, 0.1]))
  shares = weights[is_paper(picture)[0]].sum(0) / weights.sum((0, 1))
  np.testing.assert_allclose(shares, [0.4 * 0.9, own], rtol=1e-5)
  np.testing.assert_array_equal(weights[..., 1], 1)


@pytest.mark.parametrize("picture, asked", [
    (print_(0.5), 0.9), (np.zeros((1, 32, 32, 3), np.float32), 0.9)])
def test_weights_stay_where_there_is_enough_or_none(picture, asked):
  weights = np.ones((1, 1, 1), np.float32)
  assert with_paper(weights, picture, np.array([asked])) is weights


def test_an_empty_photograph_asks_for_more_paper_and_a_full_one_for_no_less(vgg16):
  style = print_(0.9)
  plain, empty, full = (
      mean_of_first_layer(make_problem(vgg16, content, style, **{**OPTIONS, **options}))
      for content, options in ((print_(0.1), {"neighbor_weight": 0.0}), (print_(0.1), {}),
                               (print_(1.0), {})))
  np.testing.assert_array_equal(full, plain)
  white, = mean_of_first_layer(make_problem(vgg16, print_(0.1), print_(0.0), **OPTIONS))
  nearer = np.linalg.norm(empty - white) / np.linalg.norm(plain - white)
  assert nearer < 0.85


def test_paper_is_exact_in_tiles_and_in_a_mask_of_ones(vgg16):
  content, style = print_(0.1), print_(0.9)
  whole = make_problem(vgg16, content, style, **OPTIONS)
  ones = np.full((SIDE, SIDE, 3), 255, np.uint8)
  masked = make_problem(vgg16, content, style, content_mask=ones, style_mask=ones, **OPTIONS)
  tiled = Problem(vgg16, dataclasses.replace(whole.config, tile_size=32), whole.loaded)
  for other in (masked, tiled):
    np.testing.assert_allclose(mean_of_first_layer(other), mean_of_first_layer(whole), rtol=1e-5)
  picture = sample("cat", SIDE, SIDE)
  one, other = (each.at(SIDE, SIDE).value(picture) for each in (whole, tiled))
  np.testing.assert_allclose(other.raw, one.raw, rtol=2e-4)
