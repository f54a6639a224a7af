"""The public problem: losses of a picture at any size, and what is kept from size to size."""

import math

import numpy as np
import pytest
import tensorflow as tf
from made_problems import make_problem, sample

import tf_style
from tf_style.problem import problem as problems
from tf_style.problem.evaluators import TiledPicture, WholePicture
from tf_style.problem.problem import Problem

SMALL = {"style_layers": "block1_conv1,block2_conv1", "content_layers": "block2_conv2"}


@pytest.fixture
def problem(vgg16) -> Problem:
  return make_problem(vgg16, sample("photo", 48, 64), sample("waves", 40, 56), **SMALL,
                      style_loss="gram", tv_weight=0.5)


def test_the_losses_of_a_picture_have_names(problem):
  assert isinstance(problem, tf_style.Problem)
  picture = sample("cat", 48, 64)
  terms, gradient = problem.at(48, 64).value_and_gradient(picture)
  found = problem.value(picture)
  assert list(found) == ["total", *problem.names] and gradient.shape == picture.shape
  assert problem.names == (
      "content/block2_conv2", "style/block1_conv1", "style/block2_conv1", "tv")
  np.testing.assert_allclose(list(found.values()), [terms.total, *terms.raw], rtol=1e-5)


def test_weights_at_a_size_are_by_its_share_of_the_pixels(problem):
  assert problem.pixel_share(24, 32) == 0.25
  whole, quarter = (problem.at(height, width).wanted.weights for height, width in
                    ((48, 64), (24, 32)))
  np.testing.assert_allclose(quarter / whole, [1, 0.25, 0.25, 1])


def test_what_is_larger_than_a_tile_is_seen_by_tiles(vgg16):
  problem = make_problem(vgg16, sample("photo", 48, 64), sample("waves", 40, 56), **SMALL,
                         tile_size=16)
  assert isinstance(problem.at(48, 64).evaluator, TiledPicture)
  assert isinstance(problem.at(12, 16).evaluator, WholePicture)


def test_problems_share_graphs(problem, vgg16):
  other = Problem(vgg16, problem.config, problem.loaded, graphs=problem.graphs)
  assert other.value(sample("cat", 48, 64)) == problem.value(sample("cat", 48, 64))
  assert problem.graphs.whole._value.traces == 1


def test_statistics_of_styles_are_kept_for_the_sizes_used_last(problem, monkeypatch):
  monkeypatch.setattr(problems, "_KEPT_STATISTICS", 2)
  made = []
  blend = problem.graphs.targets.blend
  monkeypatch.setattr(problem.graphs.targets, "blend", lambda *args, **options: made.append(
      args[0][0].shape[1:3]) or blend(*args, **options))
  for height, width in ((48, 64), (24, 32), (48, 64), (12, 16), (48, 64), (24, 32)):
    problem.at(height, width)
  assert made == [(46, 64), (23, 32), (12, 16), (23, 32)]


def test_a_root_that_does_not_exist_is_no_number(problem, monkeypatch):
  def fail(*_):
    raise tf.errors.InvalidArgumentError(None, None, "Cholesky decomposition was not ...")

  monkeypatch.setattr(problem.graphs.whole, "value", fail)
  found = problem.value(sample("cat", 48, 64))
  assert list(found) == ["total", *problem.names] and all(map(math.isnan, found.values()))
