"""A picture that the result is held to: the term by hand, by tiles, and in a run."""

import numpy as np
import pytest
import tensorflow as tf
from made_problems import sample

from tf_style.errors import InputError
from tf_style.problem.evaluators import TiledPicture, TilePasses, WholePicture
from tf_style.problem.inputs import Anchor, Inputs
from tf_style.problem.problem import Problem
from tf_style.repaint.painter import Painter
from tf_style.repaint.plan import make_plan
from tf_style.settings.config import Config

HEIGHT, WIDTH, TILE = 74, 131, 32
OPTIONS = {"network": "vgg16", "image_size": "original", "precision": "float32", "tile_size": 0,
           "neighbor_weight": 0, "style_layers": ("block1_conv1", "block2_conv1"),
           "content_layers": ("block2_conv2",)}


def anchor() -> Anchor:
  weights = np.zeros((1, HEIGHT, WIDTH, 1), np.float32)
  weights[:, :, 40:] = 1
  weights[:, 10:20] = 0.5
  return Anchor(sample("cat", HEIGHT, WIDTH), weights)


@pytest.fixture(scope="module")
def problem(vgg16) -> Problem:
  inputs = Inputs.of(sample("photo", HEIGHT, WIDTH), sample("waves", HEIGHT, WIDTH))
  plan = make_plan(inputs._replace(anchor=anchor()), Config.of(coherence=2, **OPTIONS),
                   vgg16.weights)
  return Problem(vgg16, plan.config, plan.loaded)


def test_the_term_is_a_weighted_mean(problem):
  picture, held = sample("photo", HEIGHT, WIDTH), anchor()
  mean = np.mean(held.weights * (picture - held.picture) ** 2)
  scale = problem.graphs.objective.variance(problem._style(HEIGHT, WIDTH))
  losses = problem.value(picture)
  assert problem.names[-1] == "anchor"
  assert losses["anchor"] == pytest.approx(float(scale) * mean, rel=1e-4)
  raw = np.array([losses[name] for name in problem.names])
  assert losses["total"] == pytest.approx(raw @ problem.graphs.objective.weights(), rel=1e-4)
  assert problem.value(held.picture)["anchor"] == pytest.approx(0, abs=1e-6)


def test_tiles_give_the_whole_pictures_loss_and_gradient(problem):
  graphs, wanted = problem.graphs, problem.at(HEIGHT, WIDTH).wanted
  windows = graphs.targets.windows(HEIGHT, WIDTH, TILE)
  assert len(windows) > 1
  picture = tf.constant(sample("photo", HEIGHT, WIDTH))
  whole = WholePicture(graphs.targets._extractor, graphs.objective)
  passes = TilePasses(graphs.targets._extractor, graphs.objective)
  terms, gradient = whole.value_and_gradient(picture, wanted)
  tiled, by_tiles = TiledPicture(passes, windows).value_and_gradient(picture, wanted)
  np.testing.assert_allclose(tiled.raw, terms.raw, rtol=1e-5)
  np.testing.assert_allclose(by_tiles, gradient, atol=1e-5 * float(tf.reduce_max(gradient)))


def test_a_run_is_held_where_the_weights_say_so(vgg16):
  photo, style = sample("photo", 48, 64), sample("waves", 48, 64)
  weights = np.zeros((1, 48, 64, 1), np.float32)
  weights[:, :, 32:] = 1
  held = Anchor(photo, weights)
  moved = []
  for coherence in (0, 30):
    config = Config.of(coherence=coherence, steps=12, levels=1, optimizer="lbfgs", **OPTIONS)
    with Painter(style, config, network=vgg16) as painter:
      result = painter(photo, anchor=held, exact=False)
      assert ("anchor" in result.losses) == (coherence > 0)
      history = result.history["total"]
      assert result.losses["total"] == pytest.approx(np.nanmin(history))
    moved.append(np.abs(result.picture - photo))
  assert moved[1][:, :, 32:].mean() < 0.3 * moved[0][:, :, 32:].mean()
  assert moved[1][:, :, :32].mean() > 0.5 * moved[0][:, :, :32].mean()


def test_without_an_anchor_there_is_no_such_term(vgg16):
  config = Config.of(steps=2, levels=1, **OPTIONS)
  with Painter(sample("waves", 48, 64), config, network=vgg16) as painter:
    result = painter(sample("photo", 48, 64))
  assert "anchor" not in result.losses


def test_an_anchor_of_another_size_is_refused(vgg16):
  with Painter(sample("waves", 48, 64), Config.of(**OPTIONS), network=vgg16) as painter, \
      pytest.raises(InputError, match=r"anchor: expected a picture \(1, 48, 64, 3\)"):
    painter(sample("photo", 48, 64), anchor=anchor())
