"""The whole objective: against finite differences, whole against tiles, on real weights and pictures."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

import tf_style
from tf_style.losses import statistics as losses
from tf_style.pictures import images
from tf_style.problem import gradients, tiles
from tf_style.problem.objective import Objective
from tf_style.settings.config import Config
from tf_style.vgg import network
from tf_style.vgg.extractor import Extractor

STYLE = ("block1_conv1", "block2_conv1", "block3_conv1")
CONTENT = ("block3_conv2",)
DEEP = {"style_layers": ("block1_conv1", "block4_conv1", "block5_conv1"), "content_layers": ("block4_conv2",),
        "tv_norm": "l2"}


def picture(name: str, height: int, width: int, precision: str = "float32") -> tf.Tensor:
  source = Path(tf_style.__file__).parent / "samples" / f"{name}.jpg"
  loaded = images.load_picture(source, 256).rgb
  return tf.constant(images.resize(loaded, height, width), "float64" if precision == "float64" else "float32")


def setting(weights, height, width, precision="float32", guides=None, **options):
  config = Config.of(network=weights.network, **{
      "style_layers": STYLE, "content_layers": CONTENT, "tv_weight": 0.1, **options})
  extractor = Extractor(weights, config.content_layers + config.style_layers, config.pooling, precision,
                        config.padding)
  content, style = (extractor(picture(name, height, width, precision)) for name in ("photo", "waves"))
  targets = {name: losses.statistics(losses.feature_sums(style[name], (guides or {}).get(name)))
             for name in config.style_layers}
  objective = Objective(config)
  return extractor, objective, objective.wanted(
      (height, width), {name: content[name] for name in config.content_layers}, targets, guides)


def compare(extractor, objective, wanted, height, width, tile, bound=1e-5):
  """Whole and tiled loss, terms and gradient agree; there is more than one window and one trace a pass."""
  name = extractor.model.name
  start = picture("cat", height, width, extractor.model.input.dtype)
  terms, gradient = gradients.WholePicture(extractor, objective).value_and_gradient(start, wanted)
  windows = tiles.plan_windows(height, width, tile, name, extractor.layers)
  tiled = gradients.TiledPicture(extractor, objective, windows)
  for _ in range(2):  # the second call writes into the first one's gradient
    tiled_terms, tiled_gradient = tiled.value_and_gradient(start, wanted)
  assert len(windows) > 1 and tiled.traces == 2
  np.testing.assert_allclose(tiled_terms.raw, terms.raw, rtol=bound)
  np.testing.assert_allclose(tiled_terms.total, terms.total, rtol=bound)
  assert float(tf.norm(gradient - tiled_gradient) / tf.norm(gradient)) < bound


@pytest.mark.parametrize("loss", ["gram", "covariance"])
def test_gradient_of_the_objective_by_finite_differences(vgg16_weights, loss):
  extractor, objective, wanted = setting(
      vgg16_weights, 40, 56, "float64", style_loss=loss, content_layers=("block4_conv2",), tv_norm="l2")
  whole = gradients.WholePicture(extractor, objective)
  start = picture("cat", 40, 56, "float64")
  _, gradient = whole.value_and_gradient(start, wanted)
  direction = gradient / tf.norm(gradient)
  ahead, behind = (whole.value(start + sign * 1e-6 * direction, wanted).total for sign in (1, -1))
  assert float(tf.norm(gradient)) == pytest.approx(float(ahead - behind) / 2e-6, rel=1e-4)


@pytest.mark.parametrize("loss", losses.STYLE_LOSSES)
@pytest.mark.parametrize(("height", "width", "tile"), [(75, 131, 48), (160, 33, 64), (97, 102, 24)])
def test_tiles_are_exact(vgg16_weights, loss, height, width, tile):
  compare(*setting(vgg16_weights, height, width, style_loss=loss), height, width, tile)


@pytest.mark.parametrize(("pooling", "padding"), [
    ("max", "zero"), ("average", "zero"), ("plain_average", "zero"), ("max", "replicate")])
def test_tiles_are_exact_through_the_whole_of_vgg19(vgg19_weights, pooling, padding):
  """The root of a covariance of 512 channels at 70 positions amplifies the rounding of the sums."""
  compare(*setting(vgg19_weights, 233, 86, pooling=pooling, padding=padding, **DEEP), 233, 86, 32, bound=3e-5)


def test_nothing_but_rounding_is_left(vgg19_weights):
  compare(*setting(vgg19_weights, 233, 86, "float64", **DEEP), 233, 86, 32, bound=1e-11)


def test_tiles_are_exact_with_guides(vgg16_weights):
  height, width = 75, 131
  guides = ramps("vgg16", STYLE, height, width)
  for loss in losses.STYLE_LOSSES:
    compare(*setting(vgg16_weights, height, width, guides=guides, style_loss=loss), height, width, 48)


def ramps(name: str, layers, height: int, width: int) -> dict[str, tf.Tensor]:
  """Two regions whose weights change along both sides."""
  across = np.linspace(0, 1, width)[None, :] * np.linspace(1, 0.5, height)[:, None]
  regions = np.stack([across, 1 - across], -1)[None].astype(np.float32)
  strides = {layer: network.layers(name)[layer].stride for layer in layers}
  return {layer: tf.image.resize(regions, (height // stride, width // stride))
          for layer, stride in strides.items()}


@pytest.mark.full
def test_tiles_are_exact_at_random(vgg16_weights, vgg19_weights):
  rng = np.random.default_rng(0)
  for _ in range(30):
    weights = (vgg16_weights, vgg19_weights)[rng.integers(2)]
    names = list(network.layers(weights.network))[:-2]
    layers = tuple(names[i] for i in sorted(rng.choice(len(names), 3, replace=False)))
    last = network.deepest(weights.network, layers)
    tile = int(rng.choice([48, 64, 96]))
    limit = tile + 2 * tiles.halo(weights.network, layers)
    height, width = int(rng.integers(limit + last.stride, limit + 150)), int(rng.integers(last.stride, 200))
    choose = lambda *options: str(rng.choice(options))
    guides = ramps(weights.network, layers[:2], height, width) if rng.integers(2) else None
    options = {"style_loss": choose(*losses.STYLE_LOSSES), "tv_norm": choose("l1", "l2"),
               "pooling": choose("max", "average", "plain_average")}
    compare(*setting(weights, height, width, guides=guides, style_layers=layers[:2],
                     content_layers=layers[1:], **options), height, width, tile, bound=3e-5)
