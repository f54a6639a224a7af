"""What the content and the style pictures look like to the network, computed by tiles of any size."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tf_style.losses import statistics as losses
from tf_style.problem import tiles
from tf_style.problem.memory import LARGEST_TARGET
from tf_style.problem.tiles import Window
from tf_style.vgg import network
from tf_style.vgg.extractor import Extractor


class Targets(tf.Module):
  """Makes the targets of all levels; its two graphs serve pictures of every size.

  Attributes:
    layers: those that statistics are taken of: style layers, and content layers that are adapted.
  """

  def __init__(self, extractor: Extractor, config: Any, regions: int = 0):
    """Traces nothing yet.

    Args:
      extractor: of the layers of `config`.
      config: layers, what the content's target is, network and tile size are read.
      regions: of guides; 0 where there are none.
    """
    super().__init__(name="targets")
    self._extractor, self._config = extractor, config
    self._adapted = config.content_layers if config.content_target == "adain" else ()
    self.layers = tuple(dict.fromkeys(config.style_layers + self._adapted))
    self._table = network.layers(config.network)
    picture, window = tf.TensorSpec([1, None, None, 3]), tf.TensorSpec([len(Window._fields)], tf.int32)
    guide = tf.TensorSpec([1, None, None, regions])
    guides = dict.fromkeys(self.layers, guide) if regions else {}
    self._features = tf.function(self._own_features, input_signature=[picture, window], autograph=False)
    self._sums = tf.function(self._own_sums, input_signature=[picture, window, guides], autograph=False)

  def windows(self, height: int, width: int, largest: int = 0) -> list[Window]:
    """Returns the windows in which a picture of that size is looked at.

    Args:
      height, width: in pixels.
      largest: side of a window where the configuration sets none; 0 is the whole picture.
    """
    return tiles.plan_windows(
        height, width, self._config.tile_size or largest, self._config.network, self._extractor.layers)

  def content(self, picture: np.ndarray, style: Mapping[str, list[losses.Statistics]] | None = None,
              guides: Mapping[str, np.ndarray] | None = None) -> Mapping[str, tf.Tensor]:
    """Returns what the features of the content layers are compared with, [1, h, w, C].

    That is the content's features, and where the configuration says so with channels of the style's means and
    deviations, region by region (`losses.adaptation`): so content and style do not ask for different ones.

    They have the extractor's precision, or float16 where float32 would take more than 256 MiB.

    Args:
      picture: [1, H, W, 3] float32.
      style: statistics of `layers`, one a region; without them features stay as they are.
      guides: as for `statistics`; what belongs to no region stays as it is.
    """
    windows, style = self.windows(*picture.shape[1:3]), style or {}
    kept: dict[str, np.ndarray] = {}
    sums: dict[str, losses.FeatureSums] = {}
    for window in windows:
      for name, values in self._features(*_shown(picture, window)).items():
        if style and name in self._adapted:
          part = losses.feature_sums(values, self._cut(guides, name, window))
          sums[name] = tf.nest.map_structure(tf.add, sums[name], part) if name in sums else part
        if name not in kept:
          kept[name] = self._blank(name, picture, values.dtype)
        self._cut(kept, name, window)[...] = tf.saturate_cast(values, kept[name].dtype).numpy()
    for name, own in sums.items():
      maps = [losses.adaptation(*pair) for pair in zip(losses.statistics(own), style[name], strict=True)]
      for window in windows:
        values = self._cut(kept, name, window)
        values[...] = _adapted(tf.constant(values), maps, self._cut(guides, name, window)).numpy()
    return {name: tf.constant(kept.pop(name)) for name in tuple(kept)}

  def statistics(self, picture: np.ndarray, guides: Mapping[str, np.ndarray] | None = None,
                 largest: int = 0) -> Mapping[str, list[losses.Statistics]]:
    """Returns the statistics of `layers`, one a region.

    Args:
      picture: [1, H, W, 3] float32.
      guides: [1, H / stride, W / stride, R] in [0, 1], one a layer, or None for one region of ones.
      largest: side of a window where the configuration sets none; 0 is the whole picture.
    """
    total: Any = None
    for window in self.windows(picture.shape[1], picture.shape[2], largest):
      cut = {name: self._cut(guides, name, window) for name in guides or ()}
      part = self._sums(*_shown(picture, window), tf.nest.map_structure(tf.constant, cut))
      total = part if total is None else tf.nest.map_structure(tf.add, total, part)
    return {name: losses.statistics(sums) for name, sums in total.items()}

  def blend(self, pictures: Sequence[np.ndarray], shares: Sequence[float],
            guides: Sequence[Mapping[str, np.ndarray] | None],
            largest: int = 0) -> Mapping[str, list[losses.Statistics]]:
    """Returns the statistics of several styles mixed, as `statistics` does.

    A region is mixed of those that have it.

    Args:
      pictures: [1, H, W, 3] float32, of any sizes.
      shares: one a picture.
      guides, largest: as for `statistics`, one a picture.
    """
    parts = [self.statistics(picture, guide, largest)
             for picture, guide in zip(pictures, guides, strict=True)]
    return {name: [_mixed(list(of_region), shares) for of_region in
                   zip(*(part[name] for part in parts), strict=True)] for name in self.layers}

  def _cut(self, values: Mapping[str, Any] | None, name: str, window: Window) -> Any:
    """Returns the part of a layer's values that a window stands for; None of none."""
    return values and values[name][tiles.within_picture(window, self._table[name].stride)]

  def _blank(self, name: str, picture: np.ndarray, dtype: tf.DType) -> np.ndarray:
    height, width = (side // self._table[name].stride for side in picture.shape[1:3])
    shape = 1, height, width, self._table[name].channels
    dtype = tf.float16 if dtype.size * np.prod(shape, dtype=np.int64) > LARGEST_TARGET else dtype
    return np.empty(shape, dtype.as_numpy_dtype)

  def _own_features(self, part: tf.Tensor, vector: tf.Tensor) -> dict[str, tf.Tensor]:
    return self._own(part, Window(*tf.unstack(vector)), self._config.content_layers)

  def _own_sums(self, part: tf.Tensor, vector: tf.Tensor,
                guides: Mapping[str, tf.Tensor]) -> dict[str, losses.FeatureSums]:
    own = self._own(part, Window(*tf.unstack(vector)), self.layers)
    return {name: losses.feature_sums(values, guides.get(name)) for name, values in own.items()}

  def _own(self, part: tf.Tensor, window: Window, layers: tuple[str, ...]) -> dict[str, tf.Tensor]:
    features = self._extractor(part)
    return {name: features[name][tiles.within_window(window, self._table[name].stride)] for name in layers}


def _adapted(features: tf.Tensor, maps: list[tuple[tf.Tensor, tf.Tensor]], guide: Any) -> tf.Tensor:
  """Applies each region's gain and shift."""
  values = tf.cast(features, tf.float32)
  parts = [gain * values + shift for gain, shift in maps]
  if guide is None:
    return tf.cast(parts[0], features.dtype)
  shares = tf.split(guide, guide.shape[-1], -1)
  moved = tf.add_n([share * (part - values) for share, part in zip(shares, parts, strict=True)])
  return tf.cast(values + moved, features.dtype)


def _mixed(parts: list[losses.Statistics], shares: Sequence[float]) -> losses.Statistics:
  held = [(part, share) for part, share in zip(parts, shares, strict=True) if share and part.count > 0]
  if len(held) < 2:
    return held[0][0] if held else parts[0]
  total = sum(share for _, share in held)
  return losses.blend([part for part, _ in held], [share / total for _, share in held])


def _shown(picture: np.ndarray, window: Window) -> tuple[tf.Tensor, tf.Tensor]:
  """Returns what a window shows of a picture, and the window."""
  part = picture[:, window.top:window.top + window.height, window.left:window.left + window.width]
  return tf.constant(part), tf.constant(window, tf.int32)
