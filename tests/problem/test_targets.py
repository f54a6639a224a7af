"""Targets by tiles are those of the whole pictures."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from tf_style.losses import statistics as losses
from tf_style.pictures import images
from tf_style.problem import targets
from tf_style.settings.config import Config
from tf_style.vgg.extractor import Extractor

CONFIG = {"network": "vgg16", "style_layers": ("block1_conv1", "block3_conv1"),
          "content_layers": ("block2_conv2", "block3_conv2")}
SAMPLES = Path(targets.__file__).parents[1] / "samples"


@pytest.fixture(scope="module")
def extractor(vgg16_weights) -> Extractor:
  return Extractor(vgg16_weights, CONFIG["content_layers"] + CONFIG["style_layers"])


def sample(name: str) -> np.ndarray:
  return images.load_picture(SAMPLES / f"{name}.jpg", 131).rgb


def test_tiles_make_no_difference(extractor):
  picture = sample("photo")
  whole, tiled = (targets.Targets(extractor, Config.of(tile_size=size, **CONFIG)) for size in (0, 32))
  assert len(tiled.windows(*picture.shape[1:3])) > 2
  for name, features in whole.content(picture).items():
    np.testing.assert_allclose(tiled.content(picture)[name], features, rtol=1e-4, atol=1e-2)
  for name, (statistics,) in whole.statistics(picture).items():
    for one, other in zip(statistics, tiled.statistics(picture)[name][0], strict=True):
      np.testing.assert_allclose(other, one, rtol=1e-4, atol=1e-5 * np.abs(one).max())


def test_half_precision_of_large_targets_is_not_felt(extractor, monkeypatch):
  """The content loss of another picture changes by less than a hundred-thousandth."""
  tiled = targets.Targets(extractor, Config.of(tile_size=32, **CONFIG))
  precise = tiled.content(sample("photo"))
  monkeypatch.setattr(targets, "LARGEST_TARGET", 0)
  half = tiled.content(sample("photo"))
  features = extractor(tf.constant(images.resize(sample("cat"), *sample("photo").shape[1:3])))
  for name, value in half.items():
    assert value.dtype == tf.float16
    errors = [float(losses.squared_error_sum(features[name], target)) for target in (value, precise[name])]
    assert errors[0] == pytest.approx(errors[1], rel=1e-5)
