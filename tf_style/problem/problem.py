"""A network, a configuration and pictures in; loss and gradient at any size out."""

import collections
import functools
import math
import operator
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from tf_style.losses.names import GRID
from tf_style.pictures import color, images
from tf_style.pictures.masks import area_means
from tf_style.problem import guides
from tf_style.problem.compiled import Nest, Traces
from tf_style.problem.directions import field
from tf_style.problem.evaluators import Evaluator, OnTile, TiledPicture, TilePasses, WholePicture
from tf_style.problem.inputs import size_at
from tf_style.problem.loaded import Loaded
from tf_style.problem.neighbors import Match, Neighbors, NeighborTarget, StyleView
from tf_style.problem.objective import Objective
from tf_style.problem.paper import with_paper
from tf_style.problem.strokes import StrokeTerm, stroke_target
from tf_style.problem.targets import StyleStatistics, Targets
from tf_style.problem.terms import (
  AnchorTarget,
  LossTerms,
  NeighborTerm,
  Wanted,
  anchor_target,
  content_target,
)
from tf_style.settings.config import Config
from tf_style.vgg.extractor import Extractors

_KEPT_STATISTICS = 12  # levels whose style statistics are kept, about 3 MB each

# The style's statistics, and the pictures that they are of, by pictures, shares and sizes.
_Kept = collections.OrderedDict[tuple[Any, ...], tuple[StyleStatistics, tuple[np.ndarray, ...]]]


# By height and width.
Found = dict[tuple[int, int], Match]


class View(NamedTuple):
  """The problem at one size.

  Attributes:
    evaluator: gives loss and gradient.
    wanted: what pictures of this size are compared with.
  """

  evaluator: Evaluator
  wanted: Wanted

  def value(self, picture: np.ndarray | tf.Tensor) -> LossTerms:
    """Returns the loss of pictures [B, H, W, 3] in [0, 1]."""
    return self.evaluator.value(tf.convert_to_tensor(picture), self.wanted)

  def value_and_gradient(self, picture: np.ndarray | tf.Tensor) -> tuple[LossTerms, tf.Tensor]:
    """Returns the loss and the gradient of its total by the pictures, [B, H, W, 3]."""
    return self.evaluator.value_and_gradient(tf.convert_to_tensor(picture), self.wanted)


class Graphs:
  """What is traced once for a configuration and serves pictures of every size.

  Attributes:
    objective: the loss.
    targets, style_targets, neighbors: make what pictures are compared with, of the content and of
      the styles.
    whole, passes: evaluate whole pictures, and tiles.
  """

  def __init__(self, network: Extractors, config: Config, traces: Traces | None = None, *,
               anchored: bool = False):
    """Builds the extractor; traces nothing yet.

    Args:
      network: the pretrained network.
      config: resolved: its precision is not `auto`.
      traces: keeps account of what tracing leaves behind.
      anchored: whether pictures are held to another.
    """
    traces = traces or Traces()
    of_styles, extractor = (network.get(config.layers, config.pooling, config.precision, padding)
                            for padding in (config.padding, "wrap" if config.tileable
                                            else config.padding))
    self.objective = Objective(config, anchored=anchored)
    self.targets = Targets(extractor, config, traces)
    self.style_targets = Targets(of_styles, config, traces) if config.tileable else self.targets
    self.neighbors = Neighbors(extractor, of_styles, config, traces)
    self.whole = WholePicture(extractor, self.objective, traces)
    self.passes = TilePasses(extractor, self.objective, traces)
    self._statistics: _Kept = collections.OrderedDict()

  def style_statistics(self, pictures: Sequence[np.ndarray], shares: Sequence[float],
                       sizes: Sequence[tuple[int, int]], tile_size: int) -> StyleStatistics:
    """Returns the statistics of styles at these sizes, blended; those used last are kept.

    Args:
      pictures: [1, H, W, 3] float32, not changed afterwards.
      shares: one a picture.
      sizes: heights and widths at which they are seen, one a picture.
      tile_size: as for `Targets.statistics`.
    """
    key = (*map(id, pictures), *shares, *sizes, tile_size)
    if key not in self._statistics:
      seen = [images.resize(picture, *size) for picture, size in zip(pictures, sizes, strict=True)]
      found = self.style_targets.blend(seen, shares, [None] * len(seen), tile_size=tile_size)
      self._statistics[key] = found, tuple(pictures)  # whose ids are theirs while this lives
      if len(self._statistics) > _KEPT_STATISTICS:
        self._statistics.popitem(last=False)
    self._statistics.move_to_end(key)
    return self._statistics[key][0]


class Problem:
  """What a picture shall be like, and how far it is from that.

      problem = Problem(Extractors(load_weights("vgg19")), config, load(inputs, config))
      loss, gradient = problem.at(384, 512).value_and_gradient(picture)

  Attributes:
    config: resolved.
    loaded: the pictures.
    graphs: what is traced.
    found: the neighbors of the content, by the size at which they were searched last.
  """

  def __init__(self, network: Extractors, config: Config, loaded: Loaded, *,
               graphs: Graphs | None = None, found: Found | None = None,
               on_tile: OnTile | None = None):
    """Traces nothing yet.

    Args:
      network: the pretrained network, which `config` names.
      config: resolved: precision and tile size are not `auto`, and there are no layers for a
        content or a style that is not there.
      loaded: the pictures.
      graphs: of another problem with the same network and configuration, to be shared.
      found: of another problem with the same pictures, not to be searched again.
      on_tile: is told how many tiles of a step are done, and of how many.
    """
    self.config, self.loaded, self.found = config, loaded, found or {}
    self.graphs = graphs or Graphs(network, config, anchored=is_anchored(config, loaded))
    self._on_tile = on_tile

  @functools.cached_property
  def names(self) -> tuple[str, ...]:
    """Names of the raw terms."""
    return self.graphs.objective.names

  def pixel_share(self, height: int, width: int) -> float:
    """Returns the pixels of a size over those of the result."""
    return height * width / math.prod(self.loaded.size)

  def at(self, height: int, width: int) -> View:
    """Returns the problem at a size, by tiles where it is larger than one.

    Pictures of other proportions than the result's are not compared with anything sensible.
    """
    side = int(self.config.tile_size)
    windows = self.graphs.targets.windows(height, width, side)
    evaluator: Evaluator = self.graphs.whole if len(windows) == 1 else TiledPicture(
        self.graphs.passes, windows, self._on_tile)
    return View(evaluator, self._wanted(height, width))

  def value(self, picture: np.ndarray) -> dict[str, float]:
    """Returns the losses of a picture [1, H, W, 3]: `total`, and each raw term by its name."""
    view = self.at(*picture.shape[1:3])
    try:
      terms = view.value(picture)
    except tf.errors.InvalidArgumentError:  # of a root that does not exist
      return dict.fromkeys(["total", *self.names], math.nan)
    raw = dict(zip(self.names, map(float, terms.raw), strict=True))
    return {"total": float(terms.total), **raw}

  def _wanted(self, height: int, width: int) -> Wanted:
    config, loaded = self.config, self.loaded
    seen = None if loaded.content is None else color.seen(
        config.color, images.resize(loaded.content.rgb, height, width))
    match = self._match(seen) if seen is not None and config.neighbor_weight else None
    style = self._style(height, width, match) if loaded.styles else {}

    @functools.cache  # mostly both are the same, of no erosion
    def guides_of(weighed: bool, erosion: float) -> Mapping[str, np.ndarray] | None:
      regions = loaded.weights if weighed else loaded.regions
      return None if regions is None else self._guides(regions.content, height, width, erosion)

    content: dict[str, Nest] = {}
    if seen is not None:
      compared = style and (config.content_target == "adain" or match)
      own, features = self.graphs.targets.statistics_and_features(
          seen, guides_of(True, 0.0), tile_size=int(config.tile_size)) if compared else ({}, None)
      features = self.graphs.targets.content(
          seen, own, style, guides_of(False, 0.0), features=features,
          tile_size=int(config.tile_size))
      weights, visible = (self._on_layers(planes, height, width) for planes in (
          loaded.content_weights, loaded.visible))
      content = {f"content/{name}": content_target(each, weights.get(name), visible.get(name))
                 for name, each in features.items()}
      if match:
        scale = self.graphs.objective.scale(own, style)
        content[NeighborTerm.name] = self._scaled(match.target, scale)
        if config.stroke_direction == "content":
          content[StrokeTerm.name] = stroke_target(
              field(seen, everywhere=True), (height, width), self._styles_seen(height, width),
              scale)
    return self.graphs.objective.wanted(
        (height, width), content, style, guides_of(True, config.mask_erosion),
        share=self.pixel_share(height, width),
        anchor=self._anchor(height, width, style))

  def _anchor(self, height: int, width: int, style: StyleStatistics) -> AnchorTarget | None:
    """Returns what the picture is held to at a size; None where it is not held."""
    anchor = self.loaded.anchor
    if anchor is None or not is_anchored(self.config, self.loaded):
      return None
    weights = area_means(anchor.weights[0], height, width)[None]
    known = style and self.config.style_layers
    scale = self.graphs.objective.variance(style) if known else 1.0
    return anchor_target(images.resize(anchor.picture, height, width), weights, scale)

  def _match(self, content: np.ndarray) -> Match:
    """Finds the style's nearest hypercolumns for a content [1, H, W, 3]."""
    loaded, regions = self.loaded, self.loaded.weights
    height, width = content.shape[1:3]
    if (height, width) in self.found:
      return self.found[height, width]
    on_grid = lambda planes: area_means(planes, height, width, GRID)[None]
    weights, own = loaded.content_weights, loaded.own_share
    match = self.graphs.neighbors.target(
        content, [self._views(index, height, width) for index in range(len(loaded.styles))],
        loaded.shares, regions=None if regions is None else on_grid(regions.content),
        weights=None if weights is None else on_grid(weights)[..., 0],
        kept=None if own is None else on_grid(own)[..., 0],
        tile_size=int(self.config.tile_size))
    self.found = {(height, width): match}
    return match

  def _scaled(self, target: NeighborTarget, scale: tf.Tensor) -> NeighborTarget:
    """Gives neighbors their scale, and more where the map counts more than 1 on average."""
    if target.weights and self.loaded.content_map is not None:
      height, width = target.rows.shape[1:]  # the mean is over what is visible
      visible = self.loaded.visible
      counted = height * width if visible is None else np.sum(
          area_means(visible, height * GRID, width * GRID, GRID))
      scale *= tf.reduce_sum(target.weights[0]) / max(counted, 1e-6)
    return target._replace(scale=scale)

  def _views(self, index: int, height: int, width: int) -> list[StyleView]:
    """Returns a style as the regions see it where the picture has a size, one view a scale."""
    picture, regions = self.loaded.styles[index].rgb, self.loaded.weights
    seen = lambda size: images.resize(picture, *size)
    if regions is None:
      return [StyleView(seen(self._style_sizes(height, width)[index]), None)]
    views = []
    for scale, members in regions.by_scale.items():
      size = self._style_sizes(height, width, scale)[index]
      planes = np.zeros_like(regions.styles[index])
      planes[..., members] = regions.styles[index][..., members]
      views.append(StyleView(seen(size), area_means(planes, *size, GRID)[None]))
    return views

  def _on_layers(self, planes: np.ndarray | None, height: int,
                 width: int) -> Mapping[str, np.ndarray]:
    """Returns [H, W, R] on the grids of the content layers, by name; of None nothing."""
    if planes is None:
      return {}
    table = self.graphs.targets.network.layers
    layers = [table[name] for name in self.config.content_layers]
    return guides.guides(planes, height, width, layers)

  def _style_sizes(self, height: int, width: int, scale: float = 1.0) -> list[tuple[int, int]]:
    """Returns the sizes at which the styles are seen where the picture has this size."""
    targets = self.graphs.targets
    scale *= max(height, width) / max(self.loaded.size)
    least = 2 * targets.network.deepest(targets.layers).stride
    return [size_at(style.rgb.shape[1:3], scale, least) for style in self.loaded.styles]

  def _styles_seen(self, height: int, width: int, scale: float = 1.0) -> list[np.ndarray]:
    """Returns the styles as they are seen where the picture has this size."""
    sizes = self._style_sizes(height, width, scale)
    return [images.resize(style.rgb, *size)
            for style, size in zip(self.loaded.styles, sizes, strict=True)]

  def _style(self, height: int, width: int, match: Match | None = None) -> StyleStatistics:
    """Returns the statistics of all styles, each scaled as the picture is."""
    loaded, targets = self.loaded, self.graphs.style_targets
    tile_size = int(self.config.tile_size) or max(height, width)
    pictures = [style.rgb for style in loaded.styles]
    lent = match.paper if match is not None and match.paper.any() else None
    plain = loaded.regions is None and all(style.alpha is None for style in loaded.styles)
    if plain and lent is None:
      sizes = self._style_sizes(height, width)
      return self.graphs.style_statistics(pictures, loaded.shares, sizes, tile_size)
    regions = loaded.weights or loaded.whole
    found: dict[int, StyleStatistics] = {}
    for scale, members in regions.by_scale.items():
      seen = self._styles_seen(height, width, scale)
      sizes = [each.shape[1:3] for each in seen]
      planes = given = [each[..., members] for each in regions.styles]
      if lent is not None:
        planes = [with_paper(*each) for each in zip(given, seen, lent[:, members], strict=True)]
      if plain and all(map(operator.is_, planes, given)):
        return self.graphs.style_statistics(pictures, loaded.shares, sizes, tile_size)
      of_styles = [self._guides(each, *size, self.config.mask_erosion)
                   for each, size in zip(planes, sizes, strict=True)]
      blended = targets.blend(seen, loaded.shares, of_styles, tile_size=tile_size)
      found |= {index: {name: [each[place]] for name, each in blended.items()}
                for place, index in enumerate(members)}
    return {name: [found[index][name][0] for index in sorted(found)] for name in targets.layers}

  def _guides(self, weights: np.ndarray, height: int, width: int,
              erosion: float) -> Mapping[str, np.ndarray]:
    targets = self.graphs.targets
    layers = [targets.network.layers[name] for name in targets.layers]
    return guides.guides(weights, height, width, layers, erosion)


def is_anchored(config: Config, loaded: Loaded) -> bool:
  """Says whether the loss has a term that holds the picture to another."""
  return loaded.anchor is not None and config.coherence > 0
