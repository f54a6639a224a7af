"""Targets and weights -> named loss terms: sums over positions first, then distances of the sums."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from tf_style import losses, network, tiles
from tf_style.records import LossTerms, Window


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
               style_targets: Mapping[str, list[losses.Statistics]],
               guides: Mapping[str, tf.Tensor] | None = None):
    """Fixes the targets.

    Args:
      config: layers, weights, style loss and total variation are read.
      network_name: `vgg16` or `vgg19`, for strides and channels.
      size: height and width of the pictures in pixels.
      content_targets: [1, H / stride, W / stride, C] features of the content, one a content layer.
      style_targets: statistics of the style, one a region, for each style layer.
      guides: [1, H / stride, W / stride, R] in [0, 1], what each position counts in each region of a style
        layer; None is one region of ones.
    """
    super().__init__(name="objective")
    distance = losses.STYLE_DISTANCES[config.style_loss]
    self._content = dict(content_targets)
    self._style, self._guides = {}, {}
    for name, regions in style_targets.items():
      if guides:
        there = _regions_there(guides[name], regions)
        self._guides[name], regions = tf.gather(guides[name], there, axis=-1), [regions[i] for i in there]
      self._style[name] = [distance(region) for region in regions]
    self._size, self._tv_norm, self._tv_weight = size, config.tv_norm, config.tv_weight
    table = network.layers(network_name)
    self._strides = {name: layer.stride for name, layer in table.items()}
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

  def sums(self, picture: tf.Tensor, features: Mapping[str, tf.Tensor],
           window: Window | None = None) -> Sums:
    """Sums a picture and its features over positions, undivided.

    Args:
      picture: [1, H, W, 3], or the part of it that `window` shows.
      features: of `picture`.
      window: whose own cells count, ints or scalar tensors; None counts the whole picture.
    """
    own = self._parts(features, window, tiles.within_window)
    content, guides = (self._parts(kept, window, tiles.within_picture)
                       for kept in (self._content, self._guides))
    return Sums({name: losses.feature_sums(own[name], guides.get(name)) for name in self._style},
                {name: losses.squared_error_sum(own[name], content[name]) for name in content},
                self._variation(picture, window))

  def _parts(self, values: Mapping[str, tf.Tensor], window: Window | None,
             place: Callable[[Window, int], tiles.Slices]) -> Mapping[str, tf.Tensor]:
    """Cuts the window's own cells out of each layer."""
    if window is None:
      return values
    return {name: value[place(window, self._strides[name])] for name, value in values.items()}

  def _variation(self, picture: tf.Tensor, window: Window | None) -> tf.Tensor:
    if not self._tv_weight:
      return tf.zeros([], picture.dtype)
    if window is None:
      return losses.variation_sum(picture, self._tv_norm)
    top, left = window.own_top - window.top, window.own_left - window.left
    height, width = window.own_height, window.own_width
    part = picture[:, top:top + height + 1, left:left + width + 1]  # with the neighbors of its last pixels
    return losses.variation_sum(part, self._tv_norm, height, width)

  def terms(self, sums: Sums) -> LossTerms:
    """Turns sums into loss terms; each raw term is a mean, so that a picture looks alike at every size."""
    raw = {f"content/{name}": value / self._entries[name] for name, value in sums.content.items()}
    for name, distances in self._style.items():
      regions = losses.statistics(sums.style[name])
      everywhere = tf.maximum(tf.reduce_sum(sums.style[name].count), 1e-6)
      share = [region.count / everywhere for region in regions]
      raw[f"style/{name}"] = tf.add_n(
          [part * distance(region) for part, distance, region in zip(share, distances, regions, strict=True)])
    raw["tv"] = sums.variation / (3 * self._size[0] * self._size[1])
    vector = tf.stack([raw[name] for name in self.names])
    return LossTerms(tf.tensordot(tf.cast(self.weights, vector.dtype), vector, 1), vector)


def _regions_there(guide: tf.Tensor, targets: list[losses.Statistics]) -> list[int]:
  """Returns the regions with at least one position's worth in picture and style, or else the largest."""
  counts = np.minimum(np.sum(guide, axis=(0, 1, 2)), [float(region.count) for region in targets])
  return np.flatnonzero(counts >= min(1, counts.max())).tolist()
