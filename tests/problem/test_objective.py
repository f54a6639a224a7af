"""The objective: what weights multiply, and what each raw term is, against NumPy."""

import numpy as np
import pytest
import tensorflow as tf

from tf_style.losses import statistics as losses
from tf_style.problem.objective import Objective
from tf_style.settings.config import Config

LAYERS = {"block1_conv1": (8, 12, 64), "block2_conv1": (4, 6, 128), "block3_conv2": (2, 3, 256)}


def features(seed: int) -> dict[str, tf.Tensor]:
  rng = np.random.default_rng(seed)
  return {name: tf.constant(rng.uniform(0, 9, (1, *shape)), tf.float32) for name, shape in LAYERS.items()}


PICTURE = np.random.default_rng(3).uniform(size=(1, 8, 12, 3)).astype(np.float32)
SEEN, CONTENT, STYLE = map(features, range(3))


def terms_of(**options) -> tuple[dict[str, float], float]:
  """Raw terms by name, and the total."""
  config = Config.of(**{"network": "vgg16", "style_layers": "block1_conv1", "content_layers": "block2_conv1",
                        "style_loss": "gram", **options})
  objective = Objective(config)
  wanted = objective.wanted(
      PICTURE.shape[1:3], {name: CONTENT[name] for name in config.content_layers},
      {name: losses.statistics(losses.feature_sums(STYLE[name])) for name in config.style_layers})
  terms = objective.terms(objective.sums(tf.constant(PICTURE), SEEN, wanted), wanted)
  return dict(zip(objective.names, terms.raw.numpy().tolist(), strict=True)), float(terms.total)


def content_twin(name: str) -> float:
  return float(np.mean((SEEN[name].numpy() - CONTENT[name].numpy()) ** 2))


def style_twin(name: str) -> float:
  grams = [f.numpy().reshape(-1, f.shape[-1]).astype(np.float64) for f in (SEEN[name], STYLE[name])]
  one, other = (f.T @ f / len(f) for f in grams)
  return float(np.mean((one - other) ** 2) / len(one) ** 2)


def test_several_content_layers_each_have_their_mean_and_weight():
  raw, total = terms_of(content_layers="block1_conv1,block3_conv2", content_layer_weights="0.25,3",
                        content_weight=2, style_layers="")
  want = {f"content/{name}": content_twin(name) for name in ("block1_conv1", "block3_conv2")}
  assert raw == pytest.approx(want, rel=1e-5)
  assert total == pytest.approx(2 * (0.25 * want["content/block1_conv1"] + 3 * want["content/block3_conv2"]))


def test_style_layers_each_have_their_mean_and_weight():
  raw, total = terms_of(style_layers=tuple(LAYERS), style_layer_weights=(0.5, 2, 7), style_weight=3,
                        content_layers="")
  want = [style_twin(name) for name in LAYERS]
  assert list(raw) == [f"style/{name}" for name in LAYERS]
  assert list(raw.values()) == pytest.approx(want, rel=1e-4)
  assert total == pytest.approx(3 * np.dot(want, (0.5, 2, 7)), rel=1e-4)


def test_a_layer_of_weight_0_does_not_count():
  both = terms_of(style_layers="block1_conv1,block2_conv1", style_layer_weights="1,0")
  assert both[1] == pytest.approx(terms_of(style_layer_weights="1")[1], rel=1e-6)


@pytest.mark.parametrize("norm, power", [("l1", 1), ("l2", 2)])
def test_total_variation_is_a_mean_over_pixels(norm, power):
  """Of differences in 0-255 units, between neighbors down and across."""
  raw, total = terms_of(tv_weight=0.5, tv_norm=norm)
  want = sum(np.sum(np.abs(np.diff(255.0 * PICTURE, axis=axis)) ** power) for axis in (1, 2)) / PICTURE.size
  assert raw["tv"] == pytest.approx(want, rel=1e-5)
  without = terms_of()
  assert "tv" not in without[0]
  assert total - without[1] == pytest.approx(0.5 * want, rel=1e-3)
