"""Regions that content and styles have in common: clusters of their deep features together."""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from tf_style.pictures import color, images, masks
from tf_style.vgg.extractor import Extractor
from tf_style.vgg.network import Network

COUNT = 3  # each takes about a tenth of a step more
_LONGEST = 384  # pixels of the side at which pictures are looked at
_DIRECTIONS = 24  # principal ones, in which features are compared
_HEIGHT = 0.5  # how much the height in the picture counts: sky is above
_LIGHT = 0.8  # how much lightness counts: what is bright takes from what is bright
_LEAST_DEVIATION = 0.02  # of lightness in a picture; less is stretched no further
_LEAST = 0.08  # of each side; what is smaller joins others, for it has too few positions
_ROUNDS, _STARTS = 30, 4


def regions_of(content: np.ndarray, styles: Sequence[np.ndarray], extractor: Extractor,
               count: int = COUNT) -> list[np.ndarray]:
  """Finds regions of pictures that correspond.

  Features of each picture get mean 0 and deviation 1 by channel first, so that a photograph and a
  painting are compared by what differs within each.

  Args:
    content: [1, H, W, 3] in [0, 1].
    styles: likewise, of any sizes.
    extractor: of one layer.
    count: how many at most.
  Returns:
    [H, W] labels from 0 for the content and for each style, at their sizes; a label that the
    content has is somewhere in the styles, and the other way round.
  """
  pictures = [content, *styles]
  maps = [_normal(_features(each, extractor)) for each in pictures]
  rows = [each.reshape(-1, each.shape[-1]) for each in maps]
  basis = _directions(np.concatenate(rows))
  reduced = [_with_place_and_light(each @ basis, picture)
             for each, picture in zip(maps, pictures, strict=True)]
  flat = [each.reshape(-1, each.shape[-1]) for each in reduced]
  centers = _centers(flat[0], np.concatenate(flat[1:]), count)
  return [_labels(_distances(each, centers), picture.shape[1:3])
          for each, picture in zip(reduced, pictures, strict=True)]


def layer_of(layers: Sequence[str], network: Network) -> str:
  """Returns the layer whose features are compared: the deepest in use of the fourth block."""
  fourth = [name for name in layers if name.startswith("block4")]
  return network.deepest(fourth or layers).name


def _features(picture: np.ndarray, extractor: Extractor) -> np.ndarray:
  size = picture.shape[1:3]
  height, width = images.fitted_size(size[0], size[1], min(max(size), _LONGEST))
  found, = extractor(tf.constant(images.resize(picture, height, width))).values()
  features: np.ndarray = np.asarray(found[0], np.float32)
  return _smoothed(features)


def _smoothed(values: np.ndarray) -> np.ndarray:
  """Returns means over 3x3 positions of [h, w, C]."""
  for axis in (0, 1):
    ends = [(0, 0)] * 3
    ends[axis] = 1, 1
    padded = np.pad(values, ends, "edge")
    values = sum(np.take(padded, np.arange(values.shape[axis]) + step, axis)
                 for step in range(3)) / np.float32(3)
  return values


def _normal(features: np.ndarray) -> np.ndarray:
  centred = features - features.mean((0, 1))
  normal: np.ndarray = centred / (centred.std((0, 1)) + 0.1 * centred.std())
  return normal


def _directions(rows: np.ndarray) -> np.ndarray:
  """Returns the principal directions [C, D] of rows [N, C], divided by the first's deviation."""
  values, vectors = np.linalg.eigh(rows.T @ rows / len(rows))
  basis: np.ndarray = vectors[:, ::-1][:, :_DIRECTIONS] / np.sqrt(values[-1])
  return basis


def _with_place_and_light(values: np.ndarray, picture: np.ndarray) -> np.ndarray:
  """Adds height and lightness to [h, w, D] of a picture [1, H, W, 3]."""
  height, width, _ = values.shape
  rows = np.linspace(-_HEIGHT, _HEIGHT, height, dtype=np.float32)
  light = masks.area_means(color.luminance(picture[0])[..., None], height, width)
  light = _LIGHT * (light - light.mean()) / (light.std() + _LEAST_DEVIATION)
  return np.concatenate([values, np.tile(rows[:, None, None], (1, width, 1)), light], -1)


def _centers(content: np.ndarray, styles: np.ndarray, count: int) -> np.ndarray:
  """Returns the centers [K, D] of clusters that both have; both count alike.

  K-means from the best of several starts (Arthur & Vassilvitskii 2007); then, while one side has
  less than a share of a cluster, the one it has least of is left out.
  """
  rng = np.random.default_rng(0)
  rows = np.concatenate([content, styles])
  weights = np.repeat([1 / len(content), 1 / len(styles)], [len(content), len(styles)])
  runs = [_clustered(rows, weights, count, rng) for _ in range(_STARTS)]
  centers = min(runs, key=lambda each: float(weights @ _distances(rows, each).min(-1)))
  while len(centers) > 1:
    shares = [np.bincount(np.argmin(_distances(side, centers), -1), minlength=len(centers))
              / len(side) for side in (content, styles)]
    least = np.minimum(*shares)
    if least.min() >= _LEAST:
      break
    centers = np.delete(centers, np.argmin(least), 0)
  return centers


def _clustered(rows: np.ndarray, weights: np.ndarray, count: int,
               rng: np.random.Generator) -> np.ndarray:
  centers = rows[rng.integers(len(rows))][None]
  while len(centers) < count:
    gaps = weights * _distances(rows, centers).min(-1)
    if not gaps.sum():
      break
    centers = np.append(centers, rows[rng.choice(len(rows), p=gaps / gaps.sum())][None], 0)
  for _ in range(_ROUNDS):
    owner = np.argmin(_distances(rows, centers), -1)
    shares = np.eye(len(centers))[owner] * weights[:, None]
    centers = (shares.T @ rows) / np.maximum(shares.sum(0), 1e-12)[:, None]
  found: np.ndarray = centers
  return found


def _distances(values: np.ndarray, centers: np.ndarray) -> np.ndarray:
  """Returns squared distances [..., K] of [..., D] to centers [K, D]."""
  squares: np.ndarray = (np.square(values).sum(-1)[..., None] - 2 * values @ centers.T
                         + np.square(centers).sum(-1))
  np.maximum(squares, 0, out=squares)
  return squares


def _labels(distances: np.ndarray, size: tuple[int, int]) -> np.ndarray:
  """Returns the nearest cluster at each pixel of a size, of distances [h, w, K]."""
  planes = tf.image.resize(distances, size, "bicubic").numpy()
  labels: np.ndarray = np.argmin(planes, -1)
  return labels
