"""Problems of small pictures, for tests: at the pictures' own sizes, in float32, whole."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import tf_style
from tf_style.pictures import images
from tf_style.pictures.images import Source
from tf_style.problem.inputs import Inputs, Sources
from tf_style.problem.problem import Problem
from tf_style.repaint.plan import make_plan
from tf_style.settings.config import Config
from tf_style.vgg.extractor import Extractor, Extractors

SAMPLES = Path(tf_style.__file__).parent / "samples"

# Neighbors beside content and style, of layers that are computed soon.
SHALLOW: dict[str, Any] = {
    "neighbor_weight": 20.0, "content_layers": ("block3_conv2",),
    "neighbor_layers": ("block1_conv2", "block3_conv2"),
    "style_layers": ("block1_conv1", "block3_conv1")}


def halves_of(height: int, width: int, left: float, right: float) -> np.ndarray:
  """A map, [H, W] float32, of one level at the left and one at the right."""
  planes = np.full((height, width), left, np.float32)
  planes[:, width // 2:] = right
  return planes


def sample(name: str, height: int, width: int) -> np.ndarray:
  """One of the package's pictures, [1, H, W, 3] float32, of whatever proportions."""
  return images.resize(images.load_picture(SAMPLES / f"{name}.jpg", 256).rgb, height, width)


class Doubles(Extractors):
  """A network in float64, in which no run is."""

  def get(self, layers: Sequence[str], pooling: str, precision: str, padding: str) -> Extractor:
    del precision
    return super().get(layers, pooling, "float64", padding)


def make_problem(network: Extractors, content: Source | None, style: Sources = None, /, *,
                 content_mask: Source | None = None, style_mask: Sources = None,
                 content_map: Source | None = None, style_scale_map: Source | None = None,
                 **options: Any) -> Problem:
  """Makes a problem as a run does.

  Args:
    network: pretrained.
    content, style, content_mask, style_mask, content_map, style_scale_map: as for `Inputs.of`.
    options: as for `Config.of`; there are no neighbors where they do not say so.
  """
  config = Config.of(**{"network": network.weights.network.name, "image_size": "original",
                        "tile_size": 0, "precision": "float32",
                        **({} if "preset" in options else {"neighbor_weight": 0}), **options})
  inputs = Inputs.of(content, style, content_mask=content_mask, style_mask=style_mask,
                     content_map=content_map, style_scale_map=style_scale_map)
  plan = make_plan(inputs, config, network.weights)
  return Problem(network, plan.config, plan.loaded)
