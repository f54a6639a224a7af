"""A configuration -> the terms of the loss, their weights, and the total."""

import collections
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tf_style.losses.statistics import Statistics, covariance, trace
from tf_style.losses.style import STYLE_LOSSES
from tf_style.problem.compiled import Nest
from tf_style.problem.strokes import StrokeTerm
from tf_style.problem.terms import (
    AnchorTarget,
    AnchorTerm,
    ContentTerm,
    LossTerms,
    NeighborTerm,
    StyleTerm,
    Term,
    VariationTerm,
    Wanted,
)
from tf_style.settings.config import Config
from tf_style.vgg.network import NETWORKS

# How many times the content's own distance from the style counts as the scale of neighbors.
_DISTANCES = 1.65
# What the directions of strokes weigh, over what neighbors do.
_STROKES = 0.3
_KEPT_TARGETS = 60  # of five layers at twelve sizes, up to 1 MB each


class Objective:
  """The loss of a run; one graph of it serves pictures of every size.

  Attributes:
    terms: N of them.
    names: [N] names of the raw terms: `content/<layer>`, `neighbors`, `strokes`, `style/<layer>`,
      `tv`, and `anchor`.
  """

  def __init__(self, config: Config, *, anchored: bool = False):
    """Sets the terms up.

    Args:
      config: layers, weights, network, style loss and total variation are read.
      anchored: whether pictures are held to another, by `config.coherence`.
    """
    table = NETWORKS[config.network].layers
    self._loss = STYLE_LOSSES[config.style_loss]
    terms: list[Term] = [
        ContentTerm(table[name], config.content_weight * weight) for name, weight
        in zip(config.content_layers, config.content_layer_weights, strict=True)]
    if config.neighbor_weight:
      terms.append(NeighborTerm([table[name] for name in config.neighbor_layers],
                                config.content_weight * config.neighbor_weight))
    if config.stroke_direction == "content":
      terms.append(StrokeTerm(_STROKES * config.content_weight * config.neighbor_weight))
    self._style_terms = [
        StyleTerm(table[name], config.style_weight * weight, self._loss) for name, weight
        in zip(config.style_layers, config.style_layer_weights, strict=True)]
    terms += self._style_terms
    terms += [VariationTerm(config.tv_weight, config.tv_norm)] if config.tv_weight else []
    terms += [AnchorTerm(config.coherence)] if anchored else []
    self.terms = tuple(terms)
    self.names = tuple(term.name for term in terms)
    self._style_layers = config.style_layers
    self._style_layer_weights = config.style_layer_weights
    self._targets: collections.OrderedDict[int, tuple[Any, Statistics]] = collections.OrderedDict()

  def weights(self, share: float = 1.0) -> np.ndarray:
    """Returns what each raw term is multiplied by in the total, [N] float32.

    A distance of moments falls as the positions that the moments are taken over grow: a picture of
    N positions that is drawn from the style's own distribution has moments off by their sampling
    error, whose square is in proportion to 1 / N. With equal weights such a distance outweighs the
    content at coarse levels, which then lose it; times N, as a test statistic is, it weighs the
    same at every size. `StyleLoss.scatters` says whether that is so. Measured on two pairs, at
    levels of 96, 136 and 192 pixels, at their ends: Gram style terms fall by 2.1 to 2.5 a level,
    with equal weights; content terms, 1.35 and 1.8 times the last level's at the first, are .9 and
    1.2 times it so. With the other losses equal weights serve.

    Neighbors weigh less at coarse levels, which leaves the large strokes to the statistics.

    Args:
      share: pixels of the level over those of the finest.
    """
    return np.array([term.weight * share**term.level_power for term in self.terms], np.float32)

  def scale(self, own: Mapping[str, list[Statistics]],
            style: Mapping[str, list[Statistics]]) -> tf.Tensor:
    """Returns what cosine distances to neighbors are multiplied by, to be in units of the style's.

    That is the smaller of the style's variance, sum_l w_l tr(A_l) / C_l, and of `_DISTANCES` times
    the style terms of the content itself. With the variance alone, contents that are near to the
    style from the start came less near to it, in proportion, than others (by the share of the
    squared distance that was closed: .83 to .97, in the order of that distance on nine of ten
    pairs).

    Args:
      own: statistics of the content, one a region, by layer; those of style layers count.
      style: likewise.
    """
    variance, distance = tf.zeros([]), tf.zeros([])
    for term, weight in zip(self._style_terms, self._style_layer_weights, strict=True):
      both = own[term.layer.name], style[term.layer.name]
      there = [pair for pair in zip(*both, strict=True)
               if min(float(region.count[0]) for region in pair) >= 1]
      of_content, of_style = zip(*there, strict=True) if there else both
      variance += weight * _variance(of_style)
      targets = [self._prepared(region) for region in of_style]
      distance += weight * tf.cast(term.between(of_content, targets)[0], tf.float32)
    return tf.minimum(variance, _DISTANCES * distance)

  def variance(self, style: Mapping[str, list[Statistics]]) -> tf.Tensor:
    """Returns a style's variance, sum_l w_l tr(A_l) / C_l, which an anchor is multiplied by."""
    return tf.add_n([weight * _variance(style[name]) for name, weight in zip(
        self._style_layers, self._style_layer_weights, strict=True)])

  def wanted(self, size: tuple[int, int], content: Mapping[str, Nest],
             style: Mapping[str, list[Statistics]],
             guides: Mapping[str, np.ndarray] | None = None, *, share: float = 1.0,
             anchor: AnchorTarget | None = None) -> Wanted:
    """Prepares the targets of a level.

    Args:
      size: height and width of its pictures in pixels.
      content: targets of the content terms, by their names.
      style: statistics of the style, one a region, by layer; those of style layers count.
      guides: as in `Wanted`.
      share: as for `weights`.
      anchor: what the picture is held to, where there is such a term.
    """
    targets: dict[str, Nest] = {**content}
    kept = {}
    for name in self._style_layers:
      regions = style[name]
      if guides:
        there = _regions_there(guides[name], regions)
        kept[name] = tf.gather(guides[name], there, axis=-1)
        regions = [regions[index] for index in there]
      targets[f"style/{name}"] = [self._prepared(region) for region in regions]
    targets["tv"] = tf.constant(size[0] * size[1], tf.float32)
    if anchor is not None:
      targets[AnchorTerm.name] = anchor
    return Wanted({name: targets[name] for name in self.names}, kept,
                  tf.constant(self.weights(share)))

  def _prepared(self, region: Statistics) -> Any:
    """Returns the target that statistics of a style give; those used last are kept."""
    key = id(region)
    if key not in self._targets:
      self._targets[key] = self._loss.prepare(region), region  # whose id is its own while it lives
      if len(self._targets) > _KEPT_TARGETS:
        self._targets.popitem(last=False)
    self._targets.move_to_end(key)
    return self._targets[key][0]

  def loss(self, collected: Mapping[str, Nest], wanted: Wanted) -> LossTerms:
    """Turns what the terms collected of all windows into the loss.

    Args:
      collected: by term; each raw term is a mean over positions, so that a picture looks alike at
        every size.
      wanted: what it is compared with.
    """
    distances = tf.stack([term.distance(collected[term.name], wanted) for term in self.terms])
    return LossTerms(*_weighed(distances, tf.cast(wanted.weights, distances.dtype)))


def _variance(style: Sequence[Statistics]) -> tf.Tensor:
  """Returns tr(A) / C of a layer's regions, weighed by their positions."""
  count = tf.maximum(tf.add_n([region.count for region in style]), 1e-6)
  spread = tf.add_n([trace(covariance(region)) * (region.count / count) for region in style])
  return tf.cast(spread[0] / style[0].mean.shape[-1], tf.float32)


@tf.custom_gradient
def _weighed(distances: tf.Tensor, weights: tf.Tensor
             ) -> tuple[tuple[tf.Tensor, tf.Tensor], Callable[..., Any]]:
  """Returns the weighted sum of terms [N, B], each a mean over the batch, and these, [N]."""
  raw = tf.reduce_mean(distances, 1)
  nothing = tf.zeros([], raw.dtype)
  raw = tf.where(raw < 0, nothing, raw)  # rounded below zero; NaN stays

  def gradient(of_total: tf.Tensor, of_raw: tf.Tensor) -> tuple[tf.Tensor, None]:
    slope = tf.where(raw > 0, of_total * weights + of_raw, nothing)
    return tf.broadcast_to(slope[:, None] / distances.shape[1], tf.shape(distances)), None

  return (tf.reduce_sum(raw * weights), raw), gradient


def _regions_there(guide: tf.Tensor, targets: list[Statistics]) -> list[int]:
  """Returns the regions with a position's worth in picture and style, or else the largest."""
  counts = np.minimum(np.sum(guide, axis=(0, 1, 2)), [float(region.count[0]) for region in targets])
  return [int(index) for index in np.flatnonzero(counts >= min(1, counts.max()))]
