"""How much style a picture reached and how much content it kept, by features that no loss uses.

The default's losses use block1..5_conv1 and block4_conv2, so `vgg` is held out from them. An
objective of neighbors uses all ten layers of the first four blocks: for it `vgg` is no longer held
out, though still what the field compares. `pooled`, the same network with average pools on pictures
of three quarters of their size, is, as far as any features of one network can be; `random` and
`patches` are altogether. Deeper layers such as block5_conv3 know objects rather than strokes: they
measure content here, not style.
"""

import functools
from typing import Any

import numpy as np
import tensorflow as tf

from tf_style.pictures import images
from tf_style.problem.directions import field
from tf_style.vgg.extractor import Extractor
from tf_style.vgg.weights import Weights

KINDS = ("patches", "random", "vgg")
CLOSED_KINDS = ("vgg", "pooled", "random", "patches")
_STYLE_LAYERS = ("block2_conv2", "block3_conv3", "block4_conv3")
_CONTENT_LAYER = "block5_conv3"
_STRUCTURE_LAYER = "block5_conv2"
_MOST_POSITIONS = 1024
_POOLED_SIZE = 0.75
_DIRECTIONS = 256
_SAMPLES = 4096
# Of `paper_and_marks`, at a longest side of 384 pixels: sides of windows, and limits of luminance.
_NEAR_PX, _WIDE_PX = 9, 21
_EMPTY_DEVIATION, _EMPTY_LIGHT, _WHITE_PAPER, _PAPER_SHARE = 0.025, 0.5, 0.85, 0.2
_LEAST_EMPTY = 0.01

Descriptions = dict[str, list[np.ndarray]]


class Measures:
  """Judges results against their content and style; independent of the objective that made them."""

  def __init__(self, weights: Weights):
    self._weights = weights
    self._extract = _compiled(Extractor(
        weights, (*_STYLE_LAYERS, _STRUCTURE_LAYER, _CONTENT_LAYER)))
    self._extract_random = _compiled(Extractor(_random(weights), _STYLE_LAYERS))

  @functools.cached_property
  def _extract_pooled(self) -> Any:
    return _compiled(Extractor(self._weights, _STYLE_LAYERS, pooling="average"))

  def pair(self, content: np.ndarray, style: np.ndarray) -> "PairMeasures":
    """Returns what judges results of a pair, [1, H, W, 3] each."""
    return PairMeasures(self, content, style)

  def style_distances(self, picture: np.ndarray, style: np.ndarray) -> dict[str, float]:
    """Sliced Wasserstein distances (Heitz et al. 2021), 0 where picture and style agree, by kind.

    `patches`: 7x7 pixels, at two scales; `random`: three layers of the network with random kernels;
    `vgg`: the same layers, pretrained, which see objects too: there a picture that keeps more of
    its content is farther from the style. Each is in units of the style's own deviations: 1 is a
    whole deviation off. Pictures are [1, H, W, 3] in [0, 1].
    """
    return _distances(*({kind: self._described(kind, each) for kind in KINDS}
                        for each in (picture, style)))

  def described(self, picture: np.ndarray, where: np.ndarray | None = None) -> Descriptions:
    """Returns patches and features, as `_projected` has them, by kind of `CLOSED_KINDS`.

    Args:
      picture: [1, H, W, 3].
      where: [H, W] bool, the places that count; None is all.
    """
    return {kind: self._described(kind, picture, where) for kind in CLOSED_KINDS}

  def style_distance(self, picture: np.ndarray, style: np.ndarray) -> float:
    """Returns the mean over the three kinds."""
    return float(np.mean([*self.style_distances(picture, style).values()]))

  def content_similarity(self, picture: np.ndarray, content: np.ndarray) -> float:
    """Mean cosine of centered deep features at the same place, 1 where they agree."""
    return _cosine(*(self.deep_features(each)[_CONTENT_LAYER] for each in (picture, content)))

  def deep_features(self, picture: np.ndarray) -> dict[str, np.ndarray]:
    """Returns the two layers, [h, w, C] each, that content is measured by."""
    features = self._extract(tf.constant(picture))
    return {name: features[name][0].numpy() for name in (_STRUCTURE_LAYER, _CONTENT_LAYER)}

  def _described(self, kind: str, picture: np.ndarray,
                 where: np.ndarray | None = None) -> list[np.ndarray]:
    if kind == "patches":
      half = picture[:, :picture.shape[1] // 2 * 2, :picture.shape[2] // 2 * 2]
      half = half.reshape(1, half.shape[1] // 2, 2, half.shape[2] // 2, 2, 3).mean((2, 4))
      return [_projected(_rows(_patches(each), where)) for each in (picture, half)]
    if kind == "pooled":
      size = (max(32, round(_POOLED_SIZE * side)) for side in picture.shape[1:3])
      features = self._extract_pooled(tf.constant(images.resize(picture, *size)))
    else:
      extract = self._extract_random if kind == "random" else self._extract
      features = extract(tf.constant(picture))
    return [_projected(_rows(features[name][0].numpy(), where)) for name in _STYLE_LAYERS]


class PairMeasures:
  """Judges results of one pair; what does not depend on the result is computed once."""

  def __init__(self, measures: Measures, content: np.ndarray, style: np.ndarray):
    self._measures, self._content, self._style = measures, content, style
    self._wanted = measures.described(style)
    self._open = _distances(measures.described(content), self._wanted)
    self._deep = measures.deep_features(content)

  def __call__(self, result: np.ndarray) -> dict[str, float | None]:
    """Returns all measures of a result, [1, H, W, 3] of the content's size.

    `vgg`, `pooled`, `random` and `patches` say how much of the way from the content to the style
    is closed: 1 - (d(result, style) / d(content, style))^2 with the sliced Wasserstein distances of
    `style_distances`, squared as they are in losses (Heitz et al. 2021). The others are those of
    the functions below.
    """
    left = _distances(self._measures.described(result), self._wanted)
    deep = self._measures.deep_features(result)
    paper, marks = paper_and_marks(result, self._content, self._style)
    return {**_closed(left, self._open),
            "edges": edges_correlation(result, self._content),
            "strokes": strokes_agreement(result, self._content),
            "self_similarity": self_similarity(deep[_STRUCTURE_LAYER],
                                               self._deep[_STRUCTURE_LAYER]),
            "cosine": _cosine(deep[_CONTENT_LAYER], self._deep[_CONTENT_LAYER]),
            "paper": paper, "marks": marks}


def closed(result: Descriptions, content: Descriptions, wanted: Descriptions) -> dict[str, float]:
  """Returns how much of the way from the content to the style is closed, by kind."""
  return _closed(*(_distances(each, wanted) for each in (result, content)))


def edges_correlation(picture: np.ndarray, content: np.ndarray) -> float:
  """Pearson correlation of the edges of two pictures, [1, H, W, 3] each, 1 where they agree.

  Edges are the gradient's magnitude, by central differences, of the luminance (ITU-R BT.601)
  blurred by a Gaussian of one pixel where the longest side is 384 pixels, in proportion elsewhere.
  """
  a, b = (_edges(each) for each in (picture, content))
  a, b = a - a.mean(), b - b.mean()
  return float(np.mean(a * b) / (a.std() * b.std() + 1e-12))


def strokes_agreement(picture: np.ndarray, content: np.ndarray) -> float:
  """Mean cosine of twice the angle between strokes and the content's edges, [1, H, W, 3] each.

  1 where all strokes go along the edges around, 0 where they have nothing to do with them, -1 where
  they cross them. Directions are those of structure tensors (Bigun 1987) at half the size; where
  both are sure counts more.
  """
  half = [images.resize(each, each.shape[1] // 2, each.shape[2] // 2)
          for each in (picture, content)]
  one, other = field(half[0]), field(half[1], everywhere=True)
  weights = np.linalg.norm(one, axis=-1) * np.linalg.norm(other, axis=-1)
  return float((one * other).sum() / max(weights.sum(), 1e-9))


def self_similarity(features: np.ndarray, wanted: np.ndarray) -> float:
  """Distance of two pictures' self-similarities, 0 where they agree, 2 at most; less is better.

  D holds the cosine distances of all pairs of positions, each row divided by its sum; the distance
  is sum_j |D_ij - D'_ij|, averaged over i. That is the content loss of Kolkin et al. (STROTSS,
  2019) times the number of positions, so that it means the same at every size.

  Args:
    features, wanted: [h, w, C] of block5_conv2, which no objective here uses. Of more than 1024
      positions every second, third ... in both directions is taken.
  """
  a, b = (_relative_distances(each) for each in (features, wanted))
  return float(np.mean(np.sum(np.abs(a - b), 1)))


def paper_and_marks(result: np.ndarray, content: np.ndarray,
                    style: np.ndarray) -> tuple[float | None, float | None]:
  """Says what became of the style's paper where the content is empty: (paper, marks).

  A style's paper is the fifth of its positions where windows of 9x9 pixels (where the longest side
  is 384) are lightest. The content is empty where the luminance of windows of 21x21 pixels deviates
  by less than .025 around a mean above .5.

  Returns:
    paper: the result's mean luminance where the content is empty, over that of the style's paper:
      1 where white stays white, less where it is gray.
    marks: the mean deviation of luminance within windows of 9x9 pixels in the result where the
      content is empty, less that of the style's paper: 0 or less where there are no other marks.
    Both None where the paper is not white (luminance under .85) or under 1 % of the content empty.
  """
  light, deviation = _windows(content, _WIDE_PX)
  empty = (deviation < _EMPTY_DEVIATION) & (light > _EMPTY_LIGHT)
  style_light, style_deviation = _windows(style, _NEAR_PX)
  paper = style_light >= np.quantile(style_light, 1 - _PAPER_SHARE)
  white = float(style_light[paper].mean())
  if white < _WHITE_PAPER or empty.mean() < _LEAST_EMPTY:
    return None, None
  light, deviation = _windows(result, _NEAR_PX)
  return (float(light[empty].mean()) / white,
          float(deviation[empty].mean() - style_deviation[paper].mean()))


def _compiled(extractor: Extractor) -> Any:
  return tf.function(extractor, autograph=False,
                     input_signature=[tf.TensorSpec((1, None, None, 3))])


def _distances(found: Descriptions, wanted: Descriptions) -> dict[str, float]:
  return {kind: float(np.mean([_sliced(a, b) for a, b in zip(found[kind], rows, strict=True)]))
          for kind, rows in wanted.items()}


def _closed(left: dict[str, float], at_first: dict[str, float]) -> dict[str, float]:
  return {kind: 1 - (left[kind] / max(at_first[kind], 1e-9)) ** 2 for kind in left}


def _cosine(features: np.ndarray, wanted: np.ndarray) -> float:
  """Mean cosine of centered features at the same place, [h, w, C] each."""
  a, b = (f.reshape(-1, f.shape[-1]) - f.mean((0, 1)) for f in (features, wanted))
  cosines = np.sum(a * b, 1) / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1) + 1e-9)
  return float(np.mean(cosines))


def _relative_distances(features: np.ndarray) -> np.ndarray:
  """Cosine distances of all pairs of at most 1024 positions, each row summing to 1: [n, n]."""
  step = 1
  while -(-features.shape[0] // step) * -(-features.shape[1] // step) > _MOST_POSITIONS:
    step += 1
  rows = features[::step, ::step].reshape(-1, features.shape[-1])
  rows = rows / (np.linalg.norm(rows, axis=1, keepdims=True) + 1e-9)
  distances = np.maximum(1 - rows @ rows.T, 0)
  return distances / (distances.sum(1, keepdims=True) + 1e-9)


def _luminance(picture: np.ndarray) -> np.ndarray:
  """[1, H, W, 3] -> [H, W] in [0, 1] (ITU-R BT.601)."""
  return picture[0].astype(np.float64) @ (0.299, 0.587, 0.114)


def _edges(picture: np.ndarray) -> np.ndarray:
  sigma = max(picture.shape[1:3]) / 384
  reach = max(1, int(np.ceil(3 * sigma)))
  kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
  smooth = _luminance(picture)
  for axis in (0, 1):
    padded = np.pad(smooth, [(reach, reach) if each == axis else (0, 0) for each in (0, 1)], "edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, len(kernel), axis)
    smooth = windows @ (kernel / kernel.sum())
  return np.hypot(*np.gradient(smooth))


def _windows(picture: np.ndarray, side: int) -> tuple[np.ndarray, np.ndarray]:
  """Returns mean and deviation of the luminance in the window around each position, [H, W] each."""
  half = max(1, round(side * max(picture.shape[1:3]) / 384) // 2)
  light = np.pad(_luminance(picture), half, "symmetric")
  sums = []
  for values in (light, light ** 2):
    total = np.pad(values, ((1, 0), (1, 0))).cumsum(0).cumsum(1)
    side = 2 * half + 1
    sums.append((total[side:, side:] - total[:-side, side:] - total[side:, :-side]
                 + total[:-side, :-side]) / side ** 2)
  return sums[0], np.sqrt(np.maximum(sums[1] - sums[0] ** 2, 0))


def _random(weights: Weights) -> Weights:
  """Returns weights of the same network drawn from normal distributions (He et al. 2015)."""
  normal = np.random.default_rng(5).normal
  draw = lambda shape: np.float32(normal(size=shape) * np.sqrt(2 / (9 * shape[2])))
  return weights._replace(kernels={name: (draw(kernel.shape), np.zeros_like(bias))
                                   for name, (kernel, bias) in weights.kernels.items()})


def _patches(picture: np.ndarray, side: int = 7) -> np.ndarray:
  windows = np.lib.stride_tricks.sliding_window_view(picture[0], (side, side), (0, 1))
  return windows.reshape(*windows.shape[:2], side * side * 3)


def _rows(values: np.ndarray, where: np.ndarray | None) -> np.ndarray:
  """Returns [h, w, C] as rows [n, C], of the places that count alone."""
  if where is None:
    return values.reshape(-1, values.shape[-1])
  down, right = ((np.arange(side) + 0.5) / side for side in values.shape[:2])
  places = np.ix_((down * where.shape[0]).astype(int), (right * where.shape[1]).astype(int))
  rows: np.ndarray = values[where[places]]
  return rows


def _projected(rows: np.ndarray) -> np.ndarray:
  """Projects a sample of rows [n, C] on random directions, each sorted: [256, 4096]."""
  sample = rows[np.random.default_rng(0).integers(len(rows), size=_SAMPLES)]
  directions = np.random.default_rng(1).normal(size=(rows.shape[1], _DIRECTIONS))
  return np.sort(np.ascontiguousarray(np.float32(directions).T) @ sample.T, axis=1)


def _sliced(found: np.ndarray, wanted: np.ndarray) -> float:
  """Mean over directions of sorted projections' distance, in the deviation of those wanted."""
  distances = np.sqrt(np.mean((found - wanted) ** 2, 1))
  return float(np.mean(distances / (wanted.std(1) + 1e-9)))
