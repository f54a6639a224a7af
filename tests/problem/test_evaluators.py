"""The whole loss: by finite differences, whole and by tiles, and over batches; on real weights."""

from collections.abc import Mapping

import numpy as np
import pytest
import tensorflow as tf
from made_problems import Doubles, make_problem, sample

from tf_style.losses.style import STYLE_LOSSES
from tf_style.pictures.masks import Regions
from tf_style.problem import tiles
from tf_style.problem.evaluators import TiledPicture, TilePasses
from tf_style.problem.problem import Problem, View
from tf_style.problem.terms import LossTerms, content_target

SHALLOW = {"style_layers": ("block1_conv1", "block2_conv1", "block3_conv1"),
           "content_layers": ("block3_conv2",)}
DEEP = {"style_layers": ("block1_conv1", "block4_conv1", "block5_conv1"),
        "content_layers": ("block4_conv2",), "tv_norm": "l2"}


def setting(network, height, width, *, guides=False, **options) -> Problem:
  problem = make_problem(network, sample("photo", height, width), sample("waves", height, width),
                         **{**SHALLOW, "tv_weight": 0.1, **options})
  if guides:
    problem.loaded = problem.loaded._replace(regions=ramps(height, width))
  return problem


def ramps(height: int, width: int) -> Regions:
  """Two regions whose weights change along both sides."""
  across = np.linspace(0, 1, width)[None, :] * np.linspace(1, 0.5, height)[:, None]
  weights = np.stack([across, 1 - across], -1).astype(np.float32)
  return Regions(("000000", "ffffff"), weights, (weights,), None)


def tiled(problem: Problem, height: int, width: int, tile: int) -> tuple[View, TilePasses]:
  """The view of a whole picture, but evaluated by tiles, in graphs of their own."""
  extractor, targets = problem.graphs.whole._extractor, problem.graphs.targets
  passes = TilePasses(extractor, problem.graphs.objective)
  windows = targets.windows(height, width, tile)
  assert len(windows) > 1
  return View(TiledPicture(passes, windows), problem.at(height, width).wanted), passes


def assert_alike(found: tuple[LossTerms, tf.Tensor], expected: tuple[LossTerms, tf.Tensor],
                 bound: float) -> None:
  for ours, theirs in zip(found[0], expected[0], strict=True):
    np.testing.assert_allclose(ours, theirs, rtol=bound)
  assert found[1].shape == expected[1].shape
  assert float(tf.norm(found[1] - expected[1]) / tf.norm(expected[1])) < bound


def compare(problem: Problem, height, width, tile, *, start=None, bound=1e-5):
  """Whole and tiled loss, terms and gradient agree; there is one trace a pass."""
  if start is None:
    start = sample("cat", height, width)
  kernel = problem.graphs.whole._extractor.operations["block1_conv1"].kernel
  start = start.astype(np.float64 if kernel.dtype == tf.float64 else np.float32)
  whole = problem.at(height, width).value_and_gradient(start)
  view, passes = tiled(problem, height, width, tile)
  for _ in range(2):  # the second call writes into the first one's gradient
    found = view.value_and_gradient(start)
  assert passes.traces == 2
  assert_alike(found, whole, bound)
  for ours, theirs in zip(view.value(start), whole[0], strict=True):
    np.testing.assert_allclose(ours, theirs, rtol=bound)


@pytest.mark.parametrize("loss", ["gram", "covariance"])
def test_gradient_of_the_objective_by_finite_differences(vgg16, loss):
  problem = setting(Doubles(vgg16.weights), 40, 56, style_loss=loss,
                    content_layers=("block4_conv2",), tv_norm="l2")
  view, start = problem.at(40, 56), tf.constant(sample("cat", 40, 56), tf.float64)
  _, gradient = view.value_and_gradient(start)
  direction = gradient / tf.norm(gradient)
  ahead, behind = (view.value(start + sign * 1e-6 * direction).total for sign in (1, -1))
  assert float(tf.norm(gradient)) == pytest.approx(float(ahead - behind) / 2e-6, rel=1e-4)


@pytest.mark.parametrize("loss", STYLE_LOSSES)
@pytest.mark.parametrize(("height", "width", "tile"), [(75, 131, 48), (160, 33, 64), (97, 102, 24)])
def test_tiles_are_exact(vgg16, loss, height, width, tile):
  compare(setting(vgg16, height, width, style_loss=loss), height, width, tile)


@pytest.mark.parametrize(("pooling", "padding"), [
    ("max", "zero"), ("average", "zero"), ("plain_average", "zero"), ("max", "replicate")])
def test_tiles_are_exact_through_the_whole_of_vgg19(vgg19, pooling, padding):
  """The root of a covariance of 512 channels at 70 positions amplifies the sums' rounding."""
  problem = setting(vgg19, 233, 86, pooling=pooling, padding=padding, **DEEP)
  compare(problem, 233, 86, 32, bound=3e-5)


def test_nothing_but_rounding_is_left(vgg19):
  problem = setting(Doubles(vgg19.weights), 233, 86, **DEEP)
  compare(problem, 233, 86, 32, bound=1e-11)


@pytest.mark.parametrize("loss", STYLE_LOSSES)
def test_tiles_are_exact_with_guides(vgg16, loss):
  compare(setting(vgg16, 75, 131, guides=True, style_loss=loss), 75, 131, 48)


@pytest.mark.full
def test_tiles_are_exact_at_random(vgg16, vgg19):
  rng = np.random.default_rng(0)
  for _ in range(30):
    pretrained = (vgg16, vgg19)[rng.integers(2)]
    network = pretrained.weights.network
    names = list(network.layers)[:-2]
    layers = tuple(names[i] for i in sorted(rng.choice(len(names), 3, replace=False)))
    last = network.deepest(layers)
    tile = int(rng.choice([48, 64, 96]))
    limit = tile + 2 * tiles.halo(network, layers)
    height = int(rng.integers(limit + last.stride, limit + 150))
    width = int(rng.integers(last.stride, 200))
    choose = lambda *options: str(rng.choice(options))
    problem = setting(pretrained, height, width, guides=bool(rng.integers(2)),
                      style_loss=choose(*STYLE_LOSSES), tv_norm=choose("l1", "l2"),
                      pooling=choose("max", "average", "plain_average"),
                      style_layers=layers[:2], content_layers=layers[1:])
    compare(problem, height, width, tile, bound=3e-5)


def batch_of(size: int, height: int, width: int, dtype: str) -> np.ndarray:
  """[B, H, W, 3] of pictures that differ in their contrast, too."""
  pictures = [sample("cat", height, width), 0.2 + 0.5 * sample("glass", height, width),
              0.1 * sample("style", height, width)]
  return np.concatenate(pictures[:size]).astype(dtype)


def mean_of_singles(view: View, pictures: np.ndarray) -> tuple[LossTerms, tf.Tensor]:
  """The means of the pictures' losses, and their gradients over their number."""
  alone = [view.value_and_gradient(picture[None]) for picture in pictures]
  totals, raw = zip(*(terms for terms, _ in alone), strict=True)
  gradient = tf.concat([gradient for _, gradient in alone], 0) / len(pictures)
  return LossTerms(tf.reduce_mean(totals, 0), tf.reduce_mean(raw, 0)), gradient


@pytest.mark.parametrize("loss, guides, doubles", [
    *(("mixed", guides, doubles) for guides in (False, True) for doubles in (False, True)),
    *((loss, True, False) for loss in STYLE_LOSSES if loss != "mixed")])
def test_a_batch_is_the_mean_of_its_pictures(vgg16, loss, guides, doubles):
  network = Doubles(vgg16.weights) if doubles else vgg16
  view = setting(network, 41, 58, guides=guides, style_loss=loss).at(41, 58)
  for size in (2, 3):
    pictures = batch_of(size, 41, 58, "float64" if doubles else "float32")
    expected, bound = mean_of_singles(view, pictures), 1e-11 if doubles else 1e-5
    assert_alike(view.value_and_gradient(pictures), expected, bound)
  np.testing.assert_allclose(view.value(pictures).raw, expected[0].raw, rtol=bound)


def test_a_batch_may_have_a_content_each(vgg16):
  problem = setting(vgg16, 41, 58)
  view, pictures = problem.at(41, 58), batch_of(2, 41, 58, "float32")
  targets = dict(view.wanted.targets)
  contents = batch_of(3, 41, 58, "float32")[1:]
  each = [problem.graphs.targets.content(content[None]) for content in contents]
  together = tf.concat([found["block3_conv2"] for found in each], 0)
  targets["content/block3_conv2"] = content_target(together)
  found, _ = view._replace(wanted=view.wanted._replace(targets=targets)).value_and_gradient(
      pictures)
  alone = []
  for content, picture in zip(each, pictures, strict=True):
    targets["content/block3_conv2"] = content_target(content["block3_conv2"])
    wanted = view.wanted._replace(targets=targets)
    alone.append(view._replace(wanted=wanted).value(picture[None]).raw)
  np.testing.assert_allclose(found.raw, np.mean(alone, 0), rtol=1e-5)


@pytest.mark.parametrize("loss, guides", [
    ("mixed", False), ("mixed", True), ("gram", True), ("covariance", True)])
def test_tiles_of_a_batch_are_exact(vgg16, loss, guides):
  problem = setting(vgg16, 75, 131, guides=guides, style_loss=loss)
  compare(problem, 75, 131, 48, start=batch_of(3, 75, 131, "float32"))


def test_one_trace_serves_all_sizes(vgg16):
  problem = setting(vgg16, 64, 96, style_loss="gram", tile_size=48)
  for height, width in ((64, 96), (32, 48), (41, 60)):
    problem.at(height, width).value(sample("cat", height, width))
    problem.at(height, width).value_and_gradient(sample("cat", height, width))
  graphs = problem.graphs
  counts: Mapping[str, int] = {
      "whole": graphs.whole._value.traces, "passes": graphs.passes.traces,
      "adjoint": graphs.passes.differentiate.traces}
  assert counts == {"whole": 1, "passes": 2, "adjoint": 1}
