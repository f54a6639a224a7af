"""What the network sees of the content and of the style pictures, computed by tiles of any size."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tf_style.losses.content import adaptation
from tf_style.losses.statistics import FeatureSums, Statistics, blend, feature_sums, statistics
from tf_style.problem import tiles
from tf_style.problem.compiled import Compiled, Traces
from tf_style.problem.memory import LARGEST_TARGET
from tf_style.problem.tiles import Window
from tf_style.settings.config import Config
from tf_style.vgg.extractor import Extractor
from tf_style.vgg.network import NETWORKS

Guides = Mapping[str, np.ndarray]
StyleStatistics = Mapping[str, list[Statistics]]
Features = Mapping[str, tf.Tensor]


class Targets:
  """Makes the targets of all levels; its three graphs serve pictures of every size.

  Attributes:
    layers: those that statistics are taken of: style layers, and content layers that are adapted.
    network: whose features they are.
  """

  def __init__(self, extractor: Extractor, config: Config, traces: Traces | None = None):
    """Traces nothing yet.

    Args:
      extractor: of the layers of `config`.
      config: layers, network, and what the content's target is are read.
      traces: keeps account of what tracing leaves behind.
    """
    self._extractor, self._content_layers = extractor, config.content_layers
    self._adapted = config.content_layers if config.content_target == "adain" else ()
    self.layers = tuple(dict.fromkeys(config.style_layers + self._adapted))
    self.network = NETWORKS[config.network]
    traces = traces or Traces()
    self._features = Compiled(self._own_features, traces)
    self._sums = Compiled(self._own_sums, traces)
    self._both = Compiled(self._sums_and_features, traces)

  def windows(self, height: int, width: int, tile_size: int) -> list[Window]:
    """Returns the windows in which a picture is looked at; of tile size 0, one."""
    return tiles.plan_windows(height, width, tile_size, self.network, self._extractor.layers,
                              self._extractor.wraps)

  def content(self, picture: np.ndarray, own: StyleStatistics | None = None,
              style: StyleStatistics | None = None, guides: Guides | None = None, *,
              features: Features | None = None, tile_size: int = 0) -> dict[str, tf.Tensor]:
    """Returns what the features of the content layers are compared with, [1, h, w, C].

    That is the content's features, and where the configuration says so with channels of the
    style's means and deviations, region by region (`losses.content.adaptation`): so content and
    style do not ask for different ones.

    They have the extractor's precision, or float16 where float32 would take more than 256 MiB.

    Args:
      picture: [1, H, W, 3] float32.
      own: its own statistics of `layers`, one a region.
      style: those of the style; without both features stay as they are.
      guides: as for `statistics`; what belongs to no region stays as it is.
      features: of a picture of one window, where they are known (`statistics_and_features`).
      tile_size: side of a window; 0 looks at the whole picture at once.
    """
    maps = {name: [adaptation(*pair) for pair in zip(own[name], style[name], strict=True)]
            for name in self._adapted} if own and style else {}
    kept: dict[str, np.ndarray] = {}
    for window in self.windows(picture.shape[1], picture.shape[2], tile_size):
      for name, values in (features or self._features(*_shown(picture, window))).items():
        if name in maps:
          values = _adapted(values, maps[name], self._cut(guides, name, window))
        if name not in kept:
          kept[name] = self._blank(name, picture, values.dtype)
        self._cut(kept, name, window)[...] = tf.saturate_cast(values, kept[name].dtype).numpy()
    return {name: tf.constant(kept.pop(name)) for name in tuple(kept)}

  def content_of_batch(self, pictures: tf.Tensor,
                       style: StyleStatistics) -> dict[str, tf.Tensor]:
    """As `content` without regions, of whole pictures [B, H, W, 3], each by itself; in a graph."""
    features = self._extractor(pictures)
    wanted = {}
    for name in self._content_layers:
      values = wanted[name] = features[name]
      if name in self._adapted and style:
        own, = statistics(feature_sums(values))
        wanted[name] = _adapted(values, [adaptation(own, style[name][0])], None)
    return wanted

  def statistics(self, picture: np.ndarray, guides: Guides | None = None, *,
                 tile_size: int = 0) -> StyleStatistics:
    """Returns the statistics of `layers`, one a region.

    Args:
      picture: [1, H, W, 3] float32.
      guides: [1, H / stride, W / stride, R] in [0, 1], one a layer, or None for one region of ones.
      tile_size: side of a window; 0 looks at the whole picture at once.
    """
    total: dict[str, FeatureSums] = {}
    for window in self.windows(picture.shape[1], picture.shape[2], tile_size):
      cut = {name: tf.constant(self._cut(guides, name, window)) for name in guides or ()}
      part = self._sums(*_shown(picture, window), cut)
      total = {name: _added(total.get(name), part[name]) for name in part}
    return {name: statistics(sums) for name, sums in total.items()}

  def statistics_and_features(self, picture: np.ndarray, guides: Guides | None = None, *,
                              tile_size: int = 0) -> tuple[StyleStatistics, Features | None]:
    """Returns `statistics`, and of a picture of one window the features that `content` takes.

    The network looks at such a picture once. Arguments are those of `statistics`.
    """
    windows = self.windows(picture.shape[1], picture.shape[2], tile_size)
    if len(windows) > 1:
      return self.statistics(picture, guides, tile_size=tile_size), None
    cut = {name: tf.constant(guide) for name, guide in (guides or {}).items()}
    sums, features = self._both(*_shown(picture, windows[0]), cut)
    return {name: statistics(each) for name, each in sums.items()}, features

  def blend(self, pictures: Sequence[np.ndarray], shares: Sequence[float],
            guides: Sequence[Guides | None], *, tile_size: int = 0) -> StyleStatistics:
    """Returns the statistics of several styles mixed, as `statistics` does.

    A region is mixed of those that have it.

    Args:
      pictures: [1, H, W, 3] float32, of any sizes.
      shares: one a picture.
      guides: as for `statistics`, one a picture.
      tile_size: side of a window; 0 looks at each picture at once.
    """
    parts = [self.statistics(picture, guide, tile_size=tile_size)
             for picture, guide in zip(pictures, guides, strict=True)]
    return {name: [_mixed(of_region, shares) for of_region in
                   zip(*(part[name] for part in parts), strict=True)] for name in self.layers}

  def _cut(self, values: Mapping[str, Any] | None, name: str, window: Window) -> Any:
    """Returns the part of a layer's values that a window stands for; None of none."""
    if values is None:
      return None
    stride = self.network.layers[name].stride
    return tiles.own_cells(values[name], window, stride, of_picture=True)

  def _blank(self, name: str, picture: np.ndarray, dtype: tf.DType) -> np.ndarray:
    layer = self.network.layers[name]
    shape = 1, *(side // layer.stride for side in picture.shape[1:3]), layer.channels
    large = dtype.size * np.prod(shape, dtype=np.int64) > LARGEST_TARGET
    return np.empty(shape, (tf.float16 if large else dtype).as_numpy_dtype)

  def _own_features(self, part: tf.Tensor, vector: tf.Tensor) -> dict[str, tf.Tensor]:
    return self._own(part, vector, self._content_layers)

  def _own_sums(self, part: tf.Tensor, vector: tf.Tensor,
                guides: Mapping[str, tf.Tensor]) -> dict[str, FeatureSums]:
    return {name: feature_sums(values, guides.get(name))
            for name, values in self._own(part, vector, self.layers).items()}

  def _sums_and_features(self, part: tf.Tensor, vector: tf.Tensor, guides: Mapping[str, tf.Tensor],
                         ) -> tuple[dict[str, FeatureSums], dict[str, tf.Tensor]]:
    own = self._own(part, vector, tuple(dict.fromkeys(self.layers + self._content_layers)))
    sums = {name: feature_sums(own[name], guides.get(name)) for name in self.layers}
    return sums, {name: own[name] for name in self._content_layers}

  def _own(self, part: tf.Tensor, vector: tf.Tensor,
           layers: Sequence[str]) -> dict[str, tf.Tensor]:
    features, window = self._extractor(part), Window(*tf.unstack(vector))
    return {name: tiles.own_cells(features[name], window, self.network.layers[name].stride)
            for name in layers}


def _added(total: FeatureSums | None, part: FeatureSums) -> FeatureSums:
  return part if total is None else tf.nest.map_structure(tf.add, total, part)


def _adapted(features: tf.Tensor, maps: Sequence[tuple[tf.Tensor, tf.Tensor]],
             guide: np.ndarray | None) -> tf.Tensor:
  """Applies each region's gain and shift, [B, C] each."""
  values = tf.cast(features, maps[0][0].dtype)
  parts = [gain[:, None, None] * values + shift[:, None, None] for gain, shift in maps]
  if guide is None:
    return tf.cast(parts[0], features.dtype)
  shares = tf.split(tf.cast(guide, values.dtype), guide.shape[-1], -1)
  moved = tf.add_n([share * (part - values) for share, part in zip(shares, parts, strict=True)])
  return tf.cast(values + moved, features.dtype)


def _mixed(parts: Sequence[Statistics], shares: Sequence[float]) -> Statistics:
  held = [(part, share) for part, share in zip(parts, shares, strict=True)
          if share and part.count[0] > 0]
  if len(held) < 2:
    return held[0][0] if held else parts[0]
  total = sum(share for _, share in held)
  return blend([part for part, _ in held], [share / total for _, share in held])


def _shown(picture: np.ndarray, window: Window) -> tuple[tf.Tensor, tf.Tensor]:
  """Returns what a window shows of a picture, and the window."""
  return tf.constant(tiles.shown(picture, window)), tf.constant(window, tf.int32)
