"""Targets by tiles are those of the whole pictures."""

import numpy as np
import pytest
import tensorflow as tf
from made_problems import SAMPLES

from tf_style.losses.content import squared_error_sum
from tf_style.pictures import images
from tf_style.problem import targets
from tf_style.settings.config import Config
from tf_style.vgg.extractor import Extractor

CONFIG = Config.of(network="vgg16", style_layers=("block1_conv1", "block3_conv1"),
                   content_layers=("block2_conv2", "block3_conv2"))


@pytest.fixture(scope="module")
def extractor(vgg16) -> Extractor:
  return vgg16.get(CONFIG.content_layers + CONFIG.style_layers, "max", "float32", "zero")


@pytest.fixture(scope="module")
def made(extractor) -> targets.Targets:
  return targets.Targets(extractor, CONFIG)


def sample(name: str) -> np.ndarray:
  return images.load_picture(SAMPLES / f"{name}.jpg", 131).rgb


def test_tiles_make_no_difference(made):
  picture = sample("photo")
  assert len(made.windows(*picture.shape[1:3], 32)) > 2
  tiled = made.content(picture, tile_size=32)
  for name, features in made.content(picture).items():
    np.testing.assert_allclose(tiled[name], features, rtol=1e-4, atol=1e-2)
  tiled = made.statistics(picture, tile_size=32)
  for name, (statistics,) in made.statistics(picture).items():
    for one, other in zip(statistics, tiled[name][0], strict=True):
      np.testing.assert_allclose(other, one, rtol=1e-4, atol=1e-5 * np.abs(one).max())


def test_the_network_looks_at_a_content_once(made):
  """Of one window, features come with the statistics; of several they do not."""
  picture = sample("photo")
  statistics, features = made.statistics_and_features(picture)
  for name, (apart,) in made.statistics(picture).items():
    for one, other in zip(apart, statistics[name][0], strict=True):
      np.testing.assert_allclose(other, one, rtol=1e-5)
  style = made.statistics(sample("waves"))
  for name, apart in made.content(picture, statistics, style).items():
    at_once = made.content(picture, statistics, style, features=features)[name]
    np.testing.assert_allclose(at_once, apart, rtol=1e-5, atol=1e-4)
  tiled, nothing = made.statistics_and_features(picture, tile_size=32)
  assert nothing is None and tiled.keys() == statistics.keys()


def test_two_graphs_serve_all_sizes(made):
  for longest in (131, 64, 96):
    picture = images.load_picture(SAMPLES / "cat.jpg", longest).rgb
    for tile_size in (0, 32):
      made.content(picture, made.statistics(picture, tile_size=tile_size), tile_size=tile_size)
  assert made._features.traces == made._sums.traces == 1


def test_half_precision_of_large_targets_is_not_felt(made, extractor, monkeypatch):
  """The content loss of another picture changes by less than a hundred-thousandth."""
  precise = made.content(sample("photo"), tile_size=32)
  monkeypatch.setattr(targets, "LARGEST_TARGET", 0)
  half = made.content(sample("photo"), tile_size=32)
  features = extractor(tf.constant(images.resize(sample("cat"), *sample("photo").shape[1:3])))
  for name, value in half.items():
    assert value.dtype == tf.float16
    errors = [float(squared_error_sum(features[name], target)[0])
              for target in (value, precise[name])]
    assert errors[0] == pytest.approx(errors[1], rel=1e-5)
