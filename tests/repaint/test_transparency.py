"""What is transparent does not count, whole and by tiles; gray stays gray."""

import numpy as np
import pytest
import tensorflow as tf
from made_inputs import waves

from tf_style.problem.inputs import Inputs
from tf_style.problem.loaded import load
from tf_style.problem.problem import Problem
from tf_style.repaint.painter import stylize
from tf_style.settings.config import Config
from tf_style.vgg.extractor import Extractors

CONTENT, STYLE = waves(72, 96, 1), waves(80, 80, 2)
SMALL = {"network": "vgg16", "image_size": 64, "precision": "float32", "tile_size": 0,
         "style_layers": "block1_conv1,block3_conv1", "content_layers": "block3_conv2"}


def with_alpha(pixels: np.ndarray, hidden: int, left: float = 0.5, alpha: int = 255) -> np.ndarray:
  """[H, W, 4] uint8: the left part is transparent, of a color that nobody sees."""
  plane = np.full((*pixels.shape[:2], 1), alpha, np.uint8)
  plane[:, :int(left * pixels.shape[1])] = 0
  return np.concatenate([np.where(plane > 0, pixels, np.uint8(hidden)), plane], -1)


def problem(weights, content, style, **options) -> Problem:
  config = Config.of(**{**SMALL, **options})
  return Problem(Extractors(weights), config, load(Inputs.of(content, style), config))


def terms(weights, content, style, **options) -> dict[str, float]:
  made = problem(weights, content, style, **options)
  return made.value(np.float32(waves(*made.loaded.size, 5)[None] / 255))


@pytest.mark.parametrize("tile", [0, 16])
@pytest.mark.parametrize("loss", ["mixed", "gram"])
def test_hidden_colors_change_nothing(vgg16_weights, loss, tile):
  options = {"style_loss": loss, "tile_size": tile}
  for one, other in (((with_alpha(CONTENT, 0), STYLE), (with_alpha(CONTENT, 255), STYLE)),
                     ((CONTENT, with_alpha(STYLE, 0)), (CONTENT, with_alpha(STYLE, 255)))):
    assert terms(vgg16_weights, *one, **options) == terms(vgg16_weights, *other, **options)


@pytest.mark.parametrize("target", ["features", "adain"])
def test_an_opaque_alpha_is_none(vgg16_weights, target):
  """But for rounding: weighted sums are other products."""
  half = with_alpha(CONTENT, 0, left=0, alpha=128)
  plain = terms(vgg16_weights, CONTENT, STYLE, content_target=target)
  for name, value in terms(vgg16_weights, half, STYLE, content_target=target).items():
    assert value == pytest.approx(plain[name], rel=2e-3), name


def test_tiles_weigh_as_the_whole_picture_does(vgg16_weights):
  whole, tiled = (problem(vgg16_weights, with_alpha(CONTENT, 0, 0.3), with_alpha(STYLE, 9),
                          tile_size=tile).at(48, 64) for tile in (0, 16))
  picture = np.float32(waves(48, 64, 5)[None] / 255)
  (terms, gradient), (others, other) = (view.value_and_gradient(picture)
                                        for view in (whole, tiled))
  np.testing.assert_allclose(others.raw, terms.raw, rtol=1e-5)
  assert float(tf.norm(gradient - other) / tf.norm(gradient)) < 1e-5


def test_the_content_term_is_a_mean_over_what_is_visible(vgg16_weights):
  """Where the visible half is the picture itself, its term is that of the border alone."""
  options = {"content_target": "features", "content_layers": "block1_conv1"}
  made = problem(vgg16_weights, with_alpha(CONTENT, 0), STYLE, **options)
  picture = made.loaded.content.rgb.copy()
  picture[:, :, :28] = 1 - picture[:, :, :28]
  same = made.value(picture)["content/block1_conv1"]
  assert same == pytest.approx(0, abs=1e-3)
  picture[:, :, 40:] = 1 - picture[:, :, 40:]
  assert made.value(picture)["content/block1_conv1"] > 100


def test_hidden_colors_change_no_pixel():
  config = Config.of(**SMALL, steps=6, levels=1, deterministic=True)
  black, white = (stylize(with_alpha(CONTENT, hidden), STYLE, config) for hidden in (0, 255))
  np.testing.assert_array_equal(black.picture, white.picture)
  assert black.plan.regions is None and black.plan.alpha is not None


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
@pytest.mark.parametrize("init", ["content", "noise"])
def test_gray_pictures_give_a_gray_one(optimizer, init):
  content, style = (np.repeat(each.mean(-1, keepdims=True), 3, -1).astype(np.uint8)
                    for each in (CONTENT, STYLE))
  config = Config.of(**SMALL, steps=8, levels=1, optimizer=optimizer, init=init)
  result = stylize(content, style, config)
  assert np.ptp(result.picture, axis=-1).max() == 0
  colored = stylize(content, STYLE, config)
  assert np.ptp(colored.picture, axis=-1).max() > 0.02


def test_a_distance_is_never_below_zero(vgg16_weights):
  made = problem(vgg16_weights, CONTENT, CONTENT, content_target="features")
  for name, value in made.value(made.loaded.content.rgb).items():
    assert value >= 0, name
