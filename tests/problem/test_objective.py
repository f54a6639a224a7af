"""The objective: what weights multiply, and what each raw term is, against NumPy."""

import numpy as np
import pytest
import tensorflow as tf

from tf_style.losses.statistics import feature_sums, statistics
from tf_style.problem.objective import Objective
from tf_style.problem.terms import PICTURE, content_target
from tf_style.settings.config import Config

LAYERS = {"block1_conv1": (8, 12, 64), "block2_conv1": (4, 6, 128), "block3_conv2": (2, 3, 256)}


def features(seed: int, batch: int = 1) -> dict[str, tf.Tensor]:
  rng = np.random.default_rng(seed)
  return {name: tf.constant(rng.uniform(0, 9, (batch, *shape)), tf.float32)
          for name, shape in LAYERS.items()}


PICTURE_PIXELS = np.random.default_rng(3).uniform(size=(1, 8, 12, 3)).astype(np.float32)
SEEN, CONTENT, STYLE = map(features, range(3))


def terms_of(seen=SEEN, picture=PICTURE_PIXELS, **options) -> tuple[dict[str, float], float]:
  """Raw terms by name, and the total."""
  config = Config.of(**{"network": "vgg16", "style_layers": "block1_conv1",
                        "content_layers": "block2_conv1", "neighbor_weight": 0,
                        "style_loss": "gram", **options})
  objective = Objective(config)
  wanted = objective.wanted(
      picture.shape[1:3],
      {f"content/{name}": content_target(CONTENT[name]) for name in config.content_layers},
      {name: statistics(feature_sums(STYLE[name])) for name in config.style_layers})
  shown = {**seen, PICTURE: tf.constant(picture)}
  terms = objective.loss({term.name: term.collect(shown, wanted, None) for term in objective.terms},
                         wanted)
  return dict(zip(objective.names, terms.raw.numpy().tolist(), strict=True)), float(terms.total)


def content_twin(name: str) -> float:
  return float(np.mean((SEEN[name].numpy() - CONTENT[name].numpy()) ** 2))


def style_twin(name: str) -> float:
  grams = [f.numpy().reshape(-1, f.shape[-1]).astype(np.float64) for f in (SEEN[name], STYLE[name])]
  one, other = (f.T @ f / len(f) for f in grams)
  return float(np.mean((one - other) ** 2) / len(one) ** 2)


def test_what_is_compared_with_a_style_is_prepared_once(monkeypatch):
  objective, prepared = Objective(Config.of(
      network="vgg16", style_layers="block1_conv1", content_layers="block2_conv1",
      neighbor_weight=0)), []
  prepare = objective._loss.prepare
  monkeypatch.setattr(objective, "_loss", objective._loss._replace(
      prepare=lambda region: prepared.append(region) or prepare(region)))
  content = {"content/block2_conv1": content_target(CONTENT["block2_conv1"])}
  of = lambda seed: {"block1_conv1": statistics(feature_sums(features(seed)["block1_conv1"]))}
  target = lambda style: objective.wanted((8, 12), content, style).targets["style/block1_conv1"][0]
  one, other = of(2), of(5)
  assert target(one) is target(one) and len(prepared) == 1
  assert target(other) is not target(one) and len(prepared) == 2
  for seed in range(80):  # of which the first are let go
    target(of(seed))
  np.testing.assert_array_equal(target(one).basis, prepare(one["block1_conv1"][0]).basis)
  assert len(objective._targets) == 60


def test_several_content_layers_each_have_their_mean_and_weight():
  raw, total = terms_of(content_layers="block1_conv1,block3_conv2",
                        content_layer_weights="0.25,3", content_weight=2, style_layers="")
  one, other = "block1_conv1", "block3_conv2"
  want = {f"content/{name}": content_twin(name) for name in (one, other)}
  assert raw == pytest.approx(want, rel=1e-5)
  assert total == pytest.approx(2 * (0.25 * content_twin(one) + 3 * content_twin(other)))


def test_style_layers_each_have_their_mean_and_weight():
  raw, total = terms_of(style_layers=tuple(LAYERS), style_layer_weights=(0.5, 2, 7),
                        style_weight=3, content_layers="")
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
  want = sum(np.sum(np.abs(np.diff(255.0 * PICTURE_PIXELS, axis=axis)) ** power)
             for axis in (1, 2)) / PICTURE_PIXELS.size
  assert raw["tv"] == pytest.approx(want, rel=1e-5)
  without = terms_of()
  assert "tv" not in without[0]
  assert total - without[1] == pytest.approx(0.5 * want, rel=1e-3)


@pytest.mark.parametrize("loss", ["gram", "mixed"])
@pytest.mark.parametrize("batch", [2, 3])
def test_a_batch_is_the_mean_of_its_pictures(batch, loss):
  options = {"style_layers": tuple(LAYERS), "style_layer_weights": (1, 2, 3), "tv_weight": 0.5,
             "style_loss": loss}
  seen, pictures = features(4, batch), np.random.default_rng(5).uniform(size=(batch, 8, 12, 3))
  pictures = pictures.astype(np.float32)
  raw, total = terms_of(seen, pictures, **options)
  alone = [terms_of({name: value[row:row + 1] for name, value in seen.items()},
                    pictures[row:row + 1], **options) for row in range(batch)]
  for name, value in raw.items():
    assert value == pytest.approx(np.mean([terms[name] for terms, _ in alone]), rel=1e-5)
  assert total == pytest.approx(np.mean([each for _, each in alone]), rel=1e-5)


@pytest.mark.parametrize("loss, share", [
    ("gram", 0.25), ("gram_sum", 1), ("covariance", 1), ("wasserstein", 1), ("mixed", 1)])
def test_gram_and_neighbors_weigh_less_where_there_are_fewer_positions(loss, share):
  objective = Objective(Config.of(style_loss=loss, tv_weight=0.5))
  shares = [share if name.startswith("style/") else 0.25**0.25 if name == "neighbors" else 1
            for name in objective.names]
  np.testing.assert_allclose(objective.weights(0.25) / objective.weights(), shares, rtol=1e-6)


def statistics_of(shift: float, scale: float, count: int = 4000) -> dict[str, list]:
  values = np.random.default_rng(5).normal(shift, scale, (1, 1, count, 64)).astype(np.float32)
  return {"block1_conv1": statistics(feature_sums(tf.constant(values)))}


@pytest.mark.parametrize("shift, scale, expected", [
    (0.0, 1.0, 0.0),  # the content is like the style
    (0.2, 1.0, 1.65 * 0.2**2),  # so far is its mean from the style's, squared
    (0.0, 0.8, 1.65 * 0.2**2),  # and its deviation
    (3.0, 1.0, 1.0),  # farther than the style varies
])
def test_neighbors_count_by_the_distance_of_content_and_style_at_most_by_the_variance(
    shift, scale, expected):
  objective = Objective(Config.of(network="vgg16", style_layers="block1_conv1",
                                  style_layer_weights=0.5, style_loss="wasserstein"))
  found = objective.scale(statistics_of(shift, scale), statistics_of(0.0, 1.0))
  assert float(found) == pytest.approx(0.5 * expected, rel=0.03, abs=1e-4)


def test_a_region_that_one_of_both_lacks_does_not_count_for_the_scale_of_neighbors():
  objective = Objective(Config.of(network="vgg16", style_layers="block1_conv1",
                                  style_layer_weights=1.0, style_loss="wasserstein"))
  near, style, none = statistics_of(0.2, 1.0), statistics_of(0.0, 1.0), statistics_of(5, 1, 0)
  both = [{name: each[name] + none[name] for name in each} for each in (near, style)]
  assert float(objective.scale(*both)) == float(objective.scale(near, style))
