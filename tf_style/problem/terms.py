"""Loss terms: what each collects of a window, how windows merge, and a distance of the whole.

This is the seam for a new kind of loss. A term collects undivided sums over positions, or samples,
of a group of layers; what it collects of disjoint windows merges exactly, by addition or by
concatenation; and its distance is a function of what was merged. So every term works in tiles, with
masks and over batches.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
import tensorflow as tf

from tf_style.losses.content import squared_error_sum
from tf_style.losses.distance import StyleLoss
from tf_style.losses.hypercolumns import cosine_distance, products
from tf_style.losses.names import GRID
from tf_style.losses.statistics import FeatureSums, Statistics, feature_sums, scaled, statistics
from tf_style.losses.variation import variation_sum
from tf_style.problem import tiles
from tf_style.problem.compiled import Nest
from tf_style.problem.neighbors import NeighborTarget
from tf_style.problem.tiles import Window
from tf_style.vgg.network import Layer

# The name under which terms get the picture itself, as if it were a layer.
PICTURE = "picture"


class LossTerms(NamedTuple):
  """A loss and what it is made of.

  Attributes:
    total: scalar; the weighted sum that is minimized, a mean over the pictures of a batch.
    raw: [N] unweighted terms, named by the objective's `names`; means over the batch.
  """

  total: tf.Tensor
  raw: tf.Tensor


class Wanted(NamedTuple):
  """What pictures of one size are compared with.

  Attributes:
    targets: what each term needs to know, by the term's name.
    guides: [1, H / stride, W / stride, R] in [0, 1], what each position counts in each region of a
      style layer, by layer; none is one region of ones.
    weights: [N] float32, what each raw term is multiplied by in the total.
  """

  targets: dict[str, Nest]
  guides: dict[str, tf.Tensor]
  weights: tf.Tensor


class Term(Protocol):
  """One term of the loss.

  Attributes:
    name: as it is logged, such as `style/block1_conv1`.
    layers: the layers that it looks at, or `PICTURE` alone.
    weight: what it is multiplied by in the total.
    level_power: its weight is times the level's share of pixels to this power (see
      `Objective.weights`).
    adds_layers: whether what it collects of a group of layers is the sum over them: it then
      collects layer by layer, each given alone, which takes less memory.
  """

  name: str
  layers: tuple[str, ...]
  weight: float
  level_power: float
  adds_layers: bool

  def collect(self, features: Mapping[str, tf.Tensor], wanted: Wanted,
              window: Window | None) -> Nest:
    """Collects from the window's own cells of [B, h, w, C] features; None is the whole picture."""

  def merge(self, one: Nest, other: Nest) -> Nest:
    """Merges what was collected of two disjoint windows."""

  def part(self, adjoint: Nest, shapes: Sequence[Nest], index: int) -> Nest:
    """Returns a window's part of the adjoint of the merged nest.

    Args:
      adjoint: the gradient by what was merged.
      shapes: of what each window gave, in the order of merging.
      index: of the window.
    """

  def distance(self, collected: Nest, wanted: Wanted) -> tf.Tensor:
    """Returns the unweighted term, [B], from what was merged."""


class Sums:
  """A term of one layer whose windows merge by addition: an adjoint is that of the whole."""

  adds_layers = True

  def merge(self, one: Nest, other: Nest) -> Nest:
    return tf.nest.map_structure(tf.add, one, other)

  def part(self, adjoint: Nest, shapes: Sequence[Nest], index: int) -> Nest:
    del shapes, index
    return adjoint


class StyleTerm(Sums):
  """The distance between the statistics of a layer and those of the style, region by region."""

  def __init__(self, layer: Layer, weight: float, loss: StyleLoss):
    self.name, self.weight = f"style/{layer.name}", weight
    self.level_power = 1.0 if loss.scatters else 0.0
    self.layers: tuple[str, ...] = (layer.name,)
    self.layer, self._loss = layer, loss

  def collect(self, features: Mapping[str, tf.Tensor], wanted: Wanted,
              window: Window | None) -> FeatureSums:
    own = tiles.own_cells(features[self.layer.name], window, self.layer.stride)
    guide = wanted.guides.get(self.layer.name)
    return feature_sums(own, None if guide is None else tiles.own_cells(
        guide, window, self.layer.stride, of_picture=True))

  def distance(self, collected: FeatureSums, wanted: Wanted) -> tf.Tensor:
    return self.between(statistics(collected), wanted.targets[self.name])

  def between(self, own: Sequence[Statistics], targets: Sequence[Any]) -> tf.Tensor:
    """Returns the mean distance [B] of regions to prepared targets, weighed by positions."""
    share = 1 / tf.maximum(tf.add_n([region.count for region in own]), 1e-6)
    return tf.add_n([scaled(self._loss.distance(region, target), region.count * share)
                     for region, target in zip(own, targets, strict=True)])


class ContentTarget(NamedTuple):
  """What the content term compares features with.

  Attributes:
    features: [B, h, w, C] of the content, times `roots` where there are any.
    roots: [1, h, w, 1] roots of the weights of positions, in a list; empty where all count alike.
    positions: scalar, over how many of them the mean is.
  """

  features: tf.Tensor
  roots: list[tf.Tensor]
  positions: tf.Tensor


def content_target(features: tf.Tensor, weights: np.ndarray | None = None,
                   visible: np.ndarray | None = None) -> ContentTarget:
  """Prepares the target of a `ContentTerm`.

  Args:
    features: [B, h, w, C].
    weights: [1, h, w, 1] of at least 0, what each position counts; None counts all alike.
    visible: [1, h, w, 1] in [0, 1], what the mean is over; None is all.
  """
  positions = tf.cast(tf.reduce_prod(tf.shape(features)[1:3]), tf.float32)
  if visible is not None:
    positions = tf.constant(max(np.sum(visible), 1e-6), tf.float32)
  if weights is None:
    return ContentTarget(features, [], positions)
  roots = tf.cast(np.sqrt(weights), features.dtype)
  return ContentTarget(features * roots, [roots], positions)


class ContentTerm(Sums):
  """The mean squared difference to the content's features at a layer, over what is visible."""

  level_power = 0.0

  def __init__(self, layer: Layer, weight: float):
    self.name, self.weight = f"content/{layer.name}", weight
    self.layers: tuple[str, ...] = (layer.name,)
    self._layer = layer

  def collect(self, features: Mapping[str, tf.Tensor], wanted: Wanted,
              window: Window | None) -> tf.Tensor:
    stride, target = self._layer.stride, wanted.targets[self.name]
    own = tiles.own_cells(features[self._layer.name], window, stride)
    for roots in target.roots:
      own *= tf.cast(tiles.own_cells(roots, window, stride, of_picture=True), own.dtype)
    return squared_error_sum(
        own, tiles.own_cells(target.features, window, stride, of_picture=True))

  def distance(self, collected: tf.Tensor, wanted: Wanted) -> tf.Tensor:
    positions = tf.cast(wanted.targets[self.name].positions, collected.dtype)
    return scaled(collected, 1 / (positions * self._layer.channels))


class NeighborTerm:
  """The mean cosine distance of hypercolumns to those of the style that take the content's place.

  It is multiplied by how far the style is (`Objective.scale`), as the distances of statistics are:
  so a content weight means the same for a soft painting and a hard woodcut. What is collected is
  one column a position: products with the target and with itself, [B, 2, N], and what the position
  counts, [B, 1, N].
  """

  name, level_power, adds_layers = "neighbors", 0.25, True

  def __init__(self, layers: Sequence[Layer], weight: float):
    self.weight, self._layers = weight, {layer.name: layer for layer in layers}
    self.layers = tuple(self._layers)

  def collect(self, features: Mapping[str, tf.Tensor], wanted: Wanted,
              window: Window | None) -> tuple[tf.Tensor, ...]:
    (name, values), = features.items()
    target: NeighborTarget = wanted.targets[self.name]
    cut = lambda plane: tiles.own_cells(plane, window, GRID, of_picture=True)
    rows, bank = cut(target.rows), target.banks[self.layers.index(name)][0, 0]
    stride = self._layers[name].stride
    sums = products(tiles.own_cells(values, window, stride), lambda: tf.gather(bank, rows), stride,
                    tf.shape(rows)[1:3])
    counts = tf.zeros_like(sums[:, :1])
    if name == self.layers[0]:
      counts += tf.reshape(cut(target.weights[0]), [1, 1, -1]) if target.weights else 1
    return sums, counts

  def merge(self, one: Nest, other: Nest) -> Nest:
    return tuple(tf.concat(pair, 2) for pair in zip(one, other, strict=True))

  def part(self, adjoint: Nest, shapes: Sequence[Nest], index: int) -> Nest:
    sizes = [shape[0][2] for shape in shapes]
    begin = sum(sizes[:index])
    return tuple(each[:, :, begin:begin + sizes[index]] for each in adjoint)

  def distance(self, collected: tuple[tf.Tensor, ...], wanted: Wanted) -> tf.Tensor:
    target: NeighborTarget = wanted.targets[self.name]
    sums, counts = collected
    return scaled(cosine_distance(sums, counts[:, 0]), tf.cast(target.scale, counts.dtype))


class VariationTerm(Sums):
  """The total variation of the picture, a mean over its values; its target is H W."""

  name, level_power = "tv", 0.0
  layers: tuple[str, ...] = (PICTURE,)

  def __init__(self, weight: float, norm: str):
    self.weight, self._norm = weight, norm

  def collect(self, features: Mapping[str, tf.Tensor], wanted: Wanted,
              window: Window | None) -> tf.Tensor:
    del wanted
    picture = features[PICTURE]
    if window is None:
      return variation_sum(picture, self._norm)
    top, left = window.own_top - window.top, window.own_left - window.left
    height, width = window.own_height, window.own_width
    part = picture[:, top:top + height + 1, left:left + width + 1]  # with the next pixels
    return variation_sum(part, self._norm, height, width)

  def distance(self, collected: tf.Tensor, wanted: Wanted) -> tf.Tensor:
    pixels: Any = wanted.targets[self.name]
    return collected * (1 / (3 * tf.cast(pixels, collected.dtype)))


class AnchorTarget(NamedTuple):
  """What the anchor term compares a picture with.

  Attributes:
    picture: [1, H, W, 3], times `roots`.
    roots: [1, H, W, 1] roots of the weights of pixels.
    scale: scalar, what the mean is multiplied by.
  """

  picture: tf.Tensor
  roots: tf.Tensor
  scale: tf.Tensor


def anchor_target(picture: np.ndarray, weights: np.ndarray,
                  scale: tf.Tensor | float = 1.0) -> AnchorTarget:
  """Prepares the target of an `AnchorTerm`: a picture, and [1, H, W, 1] weights of its pixels."""
  roots = np.sqrt(np.float32(weights))
  return AnchorTarget(tf.constant(picture * roots), tf.constant(roots), tf.convert_to_tensor(scale))


class AnchorTerm(Sums):
  """The mean over all values of w (x - a)^2, which holds the picture x to another, a.

  It is the temporal loss of films (Ruder et al. 2016, eq. 7), where a is the last result moved
  along and w says where that is to be trusted. What counts nothing stays in the mean, so a pixel
  that is held is held alike however few they are. As that of neighbors it is multiplied by how
  much the style's features vary (`Objective.variance`), so that a weight means the same for all.
  """

  name, level_power = "anchor", 0.0
  layers: tuple[str, ...] = (PICTURE,)

  def __init__(self, weight: float):
    self.weight = weight

  def collect(self, features: Mapping[str, tf.Tensor], wanted: Wanted,
              window: Window | None) -> tf.Tensor:
    target: AnchorTarget = wanted.targets[self.name]
    cut = lambda plane: tiles.own_cells(plane, window, 1, of_picture=True)
    own = tiles.own_cells(features[PICTURE], window, 1)
    roots = tf.cast(cut(target.roots), own.dtype)
    difference = roots * own - tf.cast(cut(target.picture), own.dtype)
    return tf.reduce_sum(tf.square(difference), [1, 2, 3])

  def distance(self, collected: tf.Tensor, wanted: Wanted) -> tf.Tensor:
    target: AnchorTarget = wanted.targets[self.name]
    scale = tf.cast(target.scale, collected.dtype)
    return collected * (scale / tf.cast(tf.size(target.picture), collected.dtype))
