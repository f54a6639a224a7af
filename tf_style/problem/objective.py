"""Targets and weights -> named loss terms: sums over positions first, then distances of the sums."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from tf_style.losses import statistics as losses
from tf_style.problem import tiles
from tf_style.problem.terms import LossTerms
from tf_style.problem.tiles import Window
from tf_style.vgg import network


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


class Wanted(NamedTuple):
  """What pictures of one size are judged against.

  Attributes:
    content: [1, H / stride, W / stride, C] features of the content, one a content layer.
    style: what the style loss needs to know of the style, one a region, for each style layer.
    guides: [1, H / stride, W / stride, R] in [0, 1], what each position counts in each region of a style
      layer; none is one region of ones.
    pixels: scalar, H W.
    weights: [N] float32, what each raw term is multiplied by in the total.
  """

  content: dict[str, tf.Tensor]
  style: dict[str, list[Any]]
  guides: dict[str, tf.Tensor]
  pixels: tf.Tensor
  weights: tf.Tensor


class Objective:
  """The loss of a run; one graph of it serves pictures of every size.

  Attributes:
    names: [N] names of the raw terms: `content/<layer>`, `style/<layer>`, and `tv`.
  """

  def __init__(self, config: Any):
    """Reads layers, weights, network, style loss and total variation from `config`."""
    self._loss = losses.STYLE_LOSSES[config.style_loss]
    self._style_layers = config.style_layers
    self._tv_norm, self._tv_weight = config.tv_norm, config.tv_weight
    self._strides = {name: layer.stride for name, layer in network.layers(config.network).items()}
    terms = [(f"content/{name}", config.content_weight * weight) for name, weight
             in zip(config.content_layers, config.content_layer_weights, strict=True)]
    terms += [(f"style/{name}", config.style_weight * weight) for name, weight
              in zip(config.style_layers, config.style_layer_weights, strict=True)]
    terms += [("tv", config.tv_weight)] if config.tv_weight else []
    self.names = tuple(name for name, _ in terms)
    self._weights = np.array([weight for _, weight in terms], np.float32)
    self._is_style = np.array([name.startswith("style/") for name in self.names])

  def weights(self, share: float = 1.0) -> np.ndarray:
    """Returns what each raw term is multiplied by in the total, [N] float32.

    A distance of moments falls as the positions that the moments are taken over grow: a picture of N
    positions that is drawn from the style's own distribution has moments off by their sampling error, whose
    square is in proportion to 1 / N. With equal weights such a distance outweighs the content at coarse
    levels, which then lose it; times N, as a test statistic is, it weighs the same at every size. `scatters`
    says whether that is so. Measured on two pairs, at levels of 96, 136 and 192 pixels, at their ends: Gram
    style terms fall by 2.1 to 2.5 a level, with equal weights; content terms, 1.35 and 1.8 times the last
    level's at the first, are .9 and 1.2 times it so. With the other two losses equal weights serve.

    Args:
      share: pixels of the level over those of the finest.
    """
    return np.where(self._is_style & self._loss.scatters, np.float32(share), np.float32(1)) * self._weights

  def wanted(self, size: tuple[int, int], content: Mapping[str, tf.Tensor],
             style: Mapping[str, list[losses.Statistics]],
             guides: Mapping[str, tf.Tensor] | None = None, share: float = 1.0) -> Wanted:
    """Prepares the targets of a level.

    Args:
      size: height and width of its pictures in pixels.
      content, guides: as in `Wanted`.
      style: statistics of the style, one a region, by layer; those of style layers count.
      share: as for `weights`.
    """
    prepared, kept = {}, {}
    for name in filter(style.__contains__, self._style_layers):
      regions = style[name]
      if guides:
        there = _regions_there(guides[name], regions)
        kept[name], regions = tf.gather(guides[name], there, axis=-1), [regions[index] for index in there]
      prepared[name] = [self._loss.prepare(region) for region in regions]
    return Wanted(dict(content), prepared, kept, tf.constant(size[0] * size[1], tf.float32),
                  tf.constant(self.weights(share)))

  def sums(self, picture: tf.Tensor, features: Mapping[str, tf.Tensor], wanted: Wanted,
           window: Window | None = None) -> Sums:
    """Sums a picture and its features over positions, undivided.

    Args:
      picture: [1, H, W, 3], or the part of it that `window` shows.
      features: of `picture`.
      wanted: of the whole picture.
      window: whose own cells count, ints or scalar tensors; None counts the whole picture.
    """
    return Sums(*self.layer_sums(features, wanted, window), self.variation(picture, window))

  def layer_sums(self, features: Mapping[str, tf.Tensor], wanted: Wanted, window: Window | None = None
                 ) -> tuple[dict[str, losses.FeatureSums], dict[str, tf.Tensor]]:
    """Sums features of some layers as `sums` does; returns `style` and `content` of `Sums`."""
    own = self._parts(features, window, tiles.within_window)
    content, guides = (self._parts(kept, window, tiles.within_picture)
                       for kept in (wanted.content, wanted.guides))
    return ({name: losses.feature_sums(own[name], guides.get(name)) for name in wanted.style if name in own},
            {name: losses.squared_error_sum(own[name], content[name]) for name in content if name in own})

  def _parts(self, values: Mapping[str, tf.Tensor], window: Window | None,
             place: Callable[[Window, int], tiles.Slices]) -> Mapping[str, tf.Tensor]:
    """Cuts the window's own cells out of each layer."""
    if window is None:
      return values
    return {name: value[place(window, self._strides[name])] for name, value in values.items()}

  def variation(self, picture: tf.Tensor, window: Window | None = None) -> tf.Tensor:
    """Sums differences of neighboring pixels as `sums` does; zero where they have no weight."""
    if not self._tv_weight:
      return tf.zeros([], picture.dtype)
    if window is None:
      return losses.variation_sum(picture, self._tv_norm)
    top, left = window.own_top - window.top, window.own_left - window.left
    height, width = window.own_height, window.own_width
    part = picture[:, top:top + height + 1, left:left + width + 1]  # with the neighbors of its last pixels
    return losses.variation_sum(part, self._tv_norm, height, width)

  def terms(self, sums: Sums, wanted: Wanted) -> LossTerms:
    """Turns sums into loss terms; each raw term is a mean, so that a picture looks alike at every size."""
    raw = {f"content/{name}": value * (1 / tf.cast(tf.size(wanted.content[name], tf.int64), value.dtype))
           for name, value in sums.content.items()}
    for name, targets in wanted.style.items():
      regions = losses.statistics(sums.style[name])
      everywhere = tf.maximum(tf.reduce_sum(sums.style[name].count), 1e-6)
      raw[f"style/{name}"] = tf.add_n(
          [self._loss.distance(region, target) * (region.count / everywhere)
           for region, target in zip(regions, targets, strict=True)])
    raw["tv"] = sums.variation * (1 / (3 * tf.cast(wanted.pixels, sums.variation.dtype)))
    vector = tf.stack([raw[name] for name in self.names])
    return LossTerms(tf.reduce_sum(vector * tf.cast(wanted.weights, vector.dtype)), vector)


def _regions_there(guide: tf.Tensor, targets: list[losses.Statistics]) -> list[int]:
  """Returns the regions with at least one position's worth in picture and style, or else the largest."""
  counts = np.minimum(np.sum(guide, axis=(0, 1, 2)), [float(region.count) for region in targets])
  return np.flatnonzero(counts >= min(1, counts.max())).tolist()
