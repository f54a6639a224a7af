"""The whole objective: against finite differences, whole against tiles, on real weights."""

import numpy as np
import pytest
import tensorflow as tf

from tf_style import gradients, losses, tiles
from tf_style.config import Config
from tf_style.features import Extractor
from tf_style.objective import Objective

LAYERS = ("block1_conv1", "block2_conv1", "block3_conv1", "block4_conv1", "block4_conv2")


def picture(seed: int, height: int, width: int) -> np.ndarray:
  """A smooth picture with a little grain, [1, H, W, 3] in (0, 1)."""
  rng = np.random.default_rng(seed)
  y, x = np.mgrid[:height, :width] / 9
  waves = np.stack([np.sin(a * y + b * x) for a, b in rng.uniform(-1, 1, (3, 2))], -1)
  return np.clip(0.5 + 0.35 * waves + rng.normal(0, 0.03, waves.shape), 0.01, 0.99)[None].astype(np.float32)


def setting(weights, height, width, precision="float32", pooling="max", **options):
  config = Config.of(network=weights.network, style_layers=LAYERS[:4], content_layers=LAYERS[4:], **options)
  extractor = Extractor(weights, LAYERS, pooling, precision)
  dtype = tf.float64 if precision == "float64" else tf.float32
  content = extractor(tf.constant(picture(1, height, width), dtype))
  style = extractor(tf.constant(picture(2, 80, 96), dtype))
  statistics = {name: losses.statistics(losses.feature_sums(style[name])) for name in LAYERS[:4]}
  objective = Objective(config, weights.network, (height, width), {LAYERS[4]: content[LAYERS[4]]}, statistics)
  return extractor, objective


@pytest.mark.parametrize("loss", ["gram", "covariance"])
def test_gradient_of_the_objective_by_finite_differences(vgg16_weights, loss):
  whole = gradients.WholePicture(*setting(vgg16_weights, 40, 56, "float64", style_loss=loss, tv_weight=0.1,
                                          tv_norm="l2"))
  start = tf.constant(picture(3, 40, 56), tf.float64)
  _, gradient = whole.value_and_gradient(start)
  direction = gradient / tf.norm(gradient)
  ahead, behind = (whole.value(start + sign * 1e-6 * direction).total for sign in (1, -1))
  assert float(tf.norm(gradient)) == pytest.approx(float(ahead - behind) / 2e-6, rel=1e-4)


@pytest.mark.parametrize("loss", losses.STYLE_DISTANCES)
@pytest.mark.parametrize(("height", "width", "tile"), [(75, 131, 48), (160, 33, 64), (96, 100, 32)])
def test_tiles_are_exact(vgg16_weights, loss, height, width, tile):
  extractor, objective = setting(vgg16_weights, height, width, style_loss=loss, tv_weight=0.1)
  windows = tiles.plan_windows(height, width, tile, "vgg16", LAYERS)
  assert len(windows) > 1
  start = tf.constant(picture(3, height, width))
  terms, gradient = gradients.WholePicture(extractor, objective).value_and_gradient(start)
  tiled = gradients.TiledPicture(extractor, objective, windows)
  tiled_terms, tiled_gradient = tiled.value_and_gradient(start)
  np.testing.assert_allclose(tiled_terms.raw, terms.raw, rtol=1e-4)
  assert float(tiled_terms.total) == pytest.approx(float(terms.total), rel=1e-5)
  # The matrix root of so few positions amplifies the float32 rounding of the sums.
  bound = 5e-5 if loss == "wasserstein" else 1e-5
  assert float(tf.norm(gradient - tiled_gradient)) < bound * float(tf.norm(gradient))
  assert tiled.traces == 2


@pytest.mark.parametrize("pooling", ["average", "plain_average"])
def test_tiles_are_exact_through_vgg19(vgg19_weights, pooling):
  extractor, objective = setting(vgg19_weights, 75, 131, pooling=pooling)
  start = tf.constant(picture(3, 75, 131))
  _, gradient = gradients.WholePicture(extractor, objective).value_and_gradient(start)
  windows = tiles.plan_windows(75, 131, 48, "vgg19", LAYERS)
  _, tiled = gradients.TiledPicture(extractor, objective, windows).value_and_gradient(start)
  assert float(tf.norm(gradient - tiled)) < 1e-5 * float(tf.norm(gradient))
