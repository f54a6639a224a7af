"""Targets and weights -> named loss terms: sums over positions first, then distances of the sums."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from tf_style import losses, network
from tf_style.records import LossTerms


class Sums(NamedTuple):
  """Everything a picture is judged by; sums over disjoint tiles add exactly.

  Attributes:
    style: FeatureSums a style layer.
    content: scalar sum of squared errors a content layer.
    variation: scalar sum of differences of neighboring pixels.
  """

  style: dict[str, losses.FeatureSums]
  content: dict[str, tf.Tensor]
  variation: tf.Tensor


class Objective(tf.Module):
  """A loss of pictures of one size.

  Attributes:
    names: [N] names of the raw terms: `content/<layer>`, `style/<layer>`, and `tv`.
    weights: [N] float32, what each is multiplied by in the total.
  """

  def __init__(self, config: Any, network_name: str, size: tuple[int, int],
               content_targets: Mapping[str, tf.Tensor],
               style_targets: Mapping[str, list[losses.Statistics]]):
    """Fixes the targets.

    Args:
      config: layers, weights, style loss and total variation are read.
      network_name: `vgg16` or `vgg19`, for strides and channels.
      size: height and width of the pictures in pixels.
      content_targets: [1, H / stride, W / stride, C] features of the content, one a content layer.
      style_targets: statistics of the style, one a region, for each style layer.
    """
    super().__init__(name="objective")
    distance = losses.STYLE_DISTANCES[config.style_loss]
    self._content = dict(content_targets)
    self._style = {name: [distance(region) for region in regions]
                   for name, regions in style_targets.items()}
    self._size, self._tv_norm, self._tv_weight = size, config.tv_norm, config.tv_weight
    table = network.layers(network_name)
    self._entries = {name: (size[0] // table[name].stride) * (size[1] // table[name].stride)
                     * table[name].channels for name in self._content}
    terms = [(f"content/{name}", config.content_weight * weight) for name, weight
             in zip(config.content_layers, config.content_layer_weights, strict=True)
             if name in self._content]
    terms += [(f"style/{name}", config.style_weight * weight) for name, weight
              in zip(config.style_layers, config.style_layer_weights, strict=True)
              if name in self._style]
    terms += [("tv", config.tv_weight)] if config.tv_weight else []
    self.names = tuple(name for name, _ in terms)
    self.weights = np.array([weight for _, weight in terms], np.float32)

  def sums(self, picture: tf.Tensor, features: Mapping[str, tf.Tensor]) -> Sums:
    """Sums a picture [1, H, W, 3] and its features over positions, undivided."""
    style = {name: losses.feature_sums(features[name]) for name in self._style}
    content = {name: losses.squared_error_sum(features[name], target)
               for name, target in self._content.items()}
    variation = (losses.variation_sum(picture, self._tv_norm) if self._tv_weight
                 else tf.zeros([], picture.dtype))
    return Sums(style, content, variation)

  def terms(self, sums: Sums) -> LossTerms:
    """Turns sums into loss terms; each raw term is a mean, so that a picture looks alike at every size."""
    raw = {f"content/{name}": value / self._entries[name] for name, value in sums.content.items()}
    for name, distances in self._style.items():
      regions = losses.statistics(sums.style[name])
      share = [region.count / tf.reduce_sum(sums.style[name].count) for region in regions]
      raw[f"style/{name}"] = tf.add_n(
          [part * distance(region) for part, distance, region in zip(share, distances, regions, strict=True)])
    raw["tv"] = sums.variation / (3 * self._size[0] * self._size[1])
    vector = tf.stack([raw[name] for name in self.names])
    return LossTerms(tf.tensordot(tf.cast(self.weights, vector.dtype), vector, 1), vector)
