"""The look: style reached and content kept, by features that no loss uses, are what they were."""

from pathlib import Path

import pytest
from made_problems import SAMPLES

from tf_style.repaint.painter import Painter
from tf_style.settings.config import Config

LAB = Path(__file__).parents[2] / "bin" / "lab"
COMMON = {"network": "vgg16", "image_size": 128, "steps": 40, "optimizer": "lbfgs",
          "precision": "float32", "tile_size": 0}
WAYS = {"default": Config.of(**COMMON),
        "statistics": Config.of(preset="statistics", content_weight=0.05, **COMMON)}


@pytest.fixture
def measures(monkeypatch, vgg16_weights):
  """Those of the benchmarks."""
  monkeypatch.syspath_prepend(LAB)
  from measures import Measures
  return Measures(vgg16_weights)


@pytest.mark.parametrize("way, content, style, distance, similarity", [
    ("default", "photo", "style", 0.164, 0.059), ("default", "cat", "glass", 0.121, 0.033),
    ("statistics", "photo", "style", 0.213, 0.154), ("statistics", "cat", "glass", 0.109, 0.053)])
def test_the_look_is_kept(measures, vgg16, way, content, style, distance, similarity):
  """In bfloat16 distances change by .001, similarities by .006: the bands are five times wider."""
  with Painter(SAMPLES / f"{style}.jpg", WAYS[way], network=vgg16) as paint:
    result = paint(SAMPLES / f"{content}.jpg")
  plan = result.plan
  found = measures.style_distance(result.picture, plan.styles[0].rgb)
  kept = measures.content_similarity(result.picture, plan.content.rgb)
  assert found == pytest.approx(distance, rel=0.05)
  assert kept == pytest.approx(similarity, abs=0.025)
