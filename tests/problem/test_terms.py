"""The seam for a new kind of loss: a term that compares samples of two layers is exact in tiles."""

from collections.abc import Mapping, Sequence

import numpy as np
import pytest
import tensorflow as tf
from made_problems import make_problem, sample

from tf_style.problem.compiled import Nest
from tf_style.problem.evaluators import TiledPicture, TilePasses, WholePicture
from tf_style.problem.problem import Problem, View
from tf_style.problem.terms import Wanted
from tf_style.problem.tiles import Window, own_cells
from tf_style.vgg.network import NETWORKS

HEIGHT, WIDTH, TILE = 74, 131, 32
FINE, COARSE = (NETWORKS["vgg16"].layers[name] for name in ("block1_conv2", "block2_conv2"))


class Nearest:
  """Mean squared distance of each sample to the nearest of the style's.

  A sample is a position of the coarse layer with what the fine one has there.
  """

  name, weight, level_power, adds_layers = "nearest", 3.0, 0.0, False
  layers = (FINE.name, COARSE.name)

  def collect(self, features: Mapping[str, tf.Tensor], wanted: Wanted,
              window: Window | None) -> dict[str, tf.Tensor]:
    del wanted
    coarse = own_cells(features[COARSE.name], window, COARSE.stride)
    size, step = tf.shape(coarse), COARSE.stride // FINE.stride
    fine = own_cells(features[FINE.name], window, FINE.stride)
    fine = fine[:, :step * size[1]:step, :step * size[2]:step]
    both = tf.concat([fine, coarse], -1)
    return {"samples": tf.reshape(both, [size[0], -1, FINE.channels + COARSE.channels])}

  def merge(self, one: Nest, other: Nest) -> Nest:
    return {"samples": tf.concat([one["samples"], other["samples"]], 1)}

  def part(self, adjoint: Nest, shapes: Sequence[Nest], index: int) -> Nest:
    ends = np.cumsum([shape["samples"][1] for shape in shapes])
    return {"samples": adjoint["samples"][:, ends[index] - shapes[index]["samples"][1]:ends[index]]}

  def distance(self, collected: Nest, wanted: Wanted) -> tf.Tensor:
    difference = collected["samples"][:, :, None] - wanted.targets[self.name]
    return tf.reduce_mean(tf.reduce_min(tf.reduce_sum(difference**2, -1), -1), -1)


@pytest.fixture(scope="module")
def problem(vgg16) -> Problem:
  """With the term beside those that there are, all in one gradient."""
  problem = make_problem(vgg16, sample("photo", HEIGHT, WIDTH), sample("waves", HEIGHT, WIDTH),
                         style_layers=("block1_conv1", COARSE.name), tv_weight=0.1,
                         content_layers=(FINE.name, "block3_conv1"))
  objective = problem.graphs.objective
  objective.terms += (Nearest(),)
  return problem


def wanted_of(problem: Problem) -> Wanted:
  """What the terms that there are want, and five samples of the style for the new one."""
  objective = problem.graphs.objective
  wanted, nearest = problem.at(HEIGHT, WIDTH).wanted, objective.terms[-1]
  features = problem.graphs.whole._extractor(problem.loaded.styles[0].rgb)
  samples = nearest.collect(features, wanted, None)["samples"][0, ::700]
  assert len(samples) == 4
  return Wanted(wanted.targets | {nearest.name: samples}, wanted.guides,
                tf.constant(objective.weights()))


@pytest.mark.parametrize("batch", [1, 2])
def test_samples_of_two_layers_are_exact_in_tiles(problem, batch):
  extractor, objective = problem.graphs.whole._extractor, problem.graphs.objective
  wanted = wanted_of(problem)
  pictures = np.concatenate([sample("cat", HEIGHT, WIDTH), 0.5 * sample("glass", HEIGHT, WIDTH)])
  windows = problem.graphs.targets.windows(HEIGHT, WIDTH, TILE)
  assert len({(w.own_height, w.own_width) for w in windows}) > 1  # as many samples are in each
  passes = TilePasses(extractor, objective)
  whole, tiled = (View(evaluator, wanted) for evaluator in (
      WholePicture(extractor, objective), TiledPicture(passes, windows)))
  terms, gradient = whole.value_and_gradient(pictures[:batch])
  found, tiled_gradient = tiled.value_and_gradient(pictures[:batch])
  assert float(terms.raw[-1]) > 0
  for ours, theirs in zip(found, terms, strict=True):
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)
  assert float(tf.norm(gradient - tiled_gradient) / tf.norm(gradient)) < 1e-5
  np.testing.assert_allclose(tiled.value(pictures[:batch]).raw, terms.raw, rtol=1e-5)


def test_the_gradient_of_samples_is_that_of_features(problem):
  """By a tape over the extractor, without collecting and forks."""
  extractor, nearest = problem.graphs.whole._extractor, problem.graphs.objective.terms[-1]
  wanted, picture = wanted_of(problem), tf.constant(sample("cat", HEIGHT, WIDTH))
  only = wanted._replace(weights=tf.constant([0.0] * (len(wanted.weights) - 1) + [3.0]))
  with tf.GradientTape() as tape:
    tape.watch(picture)
    value = 3 * nearest.distance(nearest.collect(extractor(picture), wanted, None), wanted)[0]
  expected = tape.gradient(value, picture)
  terms, gradient = View(problem.graphs.whole, only).value_and_gradient(picture)
  assert float(terms.total) == pytest.approx(float(value), rel=1e-6)
  assert float(tf.norm(gradient - expected) / tf.norm(expected)) < 1e-5
