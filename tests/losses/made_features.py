"""Features made on the spot, and slow twins of what is computed of them."""

import numpy as np
import scipy.linalg
import tensorflow as tf

from tf_style.losses.statistics import Statistics, feature_sums
from tf_style.losses.statistics import statistics as statistics_of
from tf_style.losses.style import STYLE_LOSSES


def features(seed: int, positions: tuple[int, int] = (5, 7), channels: int = 6,
             batch: int = 1) -> np.ndarray:
  """[B, H, W, C] float32, none negative."""
  normal = np.random.default_rng(seed).normal(1, 2, (batch, *positions, channels))
  return np.maximum(normal, 0).astype(np.float32)


def statistics(array: np.ndarray) -> Statistics:
  """Statistics of one region, which is all of it."""
  (found,) = statistics_of(feature_sums(tf.constant(array)))
  return found


def distance(loss: str, stats: Statistics, target: Statistics) -> tf.Tensor:
  """[B], of any of the style losses."""
  return STYLE_LOSSES[loss].distance(stats, STYLE_LOSSES[loss].prepare(target))


def twin(array: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
  """Mean and second moment over all positions, in float64."""
  rows = array.reshape(-1, array.shape[-1]).astype(np.float64)
  return rows.mean(0), rows.T @ rows / len(rows)


def wasserstein_twin(target: np.ndarray, array: np.ndarray) -> float:
  """The distance by SciPy's matrix root, with the documented ridge on the target's range."""
  (m, a), (mu, s) = twin(target), twin(array)
  a, s = a - np.outer(m, m), s - np.outer(mu, mu)
  values, vectors = np.linalg.eigh(a)
  rank = min(len(a), target.shape[1] * target.shape[2] - 1,
             int(np.sum(values > 1e-6 * values.mean())))
  values, basis = values[-rank:], vectors[:, -rank:]
  block = basis.T @ s @ basis
  outside = np.trace(s) - np.trace(block)
  a = np.diag(values + 1e-4 * values.mean())
  block = block + 1e-4 * np.trace(block) / rank * np.eye(rank)
  root = scipy.linalg.sqrtm(a)
  cross = np.trace(scipy.linalg.sqrtm(root @ block @ root)).real
  return (np.sum((mu - m) ** 2) + outside + np.trace(block) + np.trace(a) - 2 * cross) / len(mu)
