"""Color transfer between pictures by one transport: mean and covariance of one given to another."""

import numpy as np


def transport_map(source: np.ndarray, target: np.ndarray, ridge: float = 1e-5) -> np.ndarray:
  """Returns the symmetric M with M S M = A, the optimal map between two covariances.

  M = S^-1/2 (S^1/2 A S^1/2)^1/2 S^-1/2 (Olkin & Pukelsheim 1982; Pitie & Kokaram 2007).

  Args:
    source, target: [C, C] covariances S and A.
    ridge: is added to the diagonal of S.
  """
  root = _power(source + ridge * np.eye(len(source)), 0.5)
  inverse = _power(source + ridge * np.eye(len(source)), -0.5)
  return inverse @ _power(root @ target @ root, 0.5) @ inverse


def _power(matrix: np.ndarray, exponent: float) -> np.ndarray:
  values, vectors = np.linalg.eigh(matrix)
  return (vectors * np.maximum(values, 1e-12) ** exponent) @ vectors.T


def match_colors(picture: np.ndarray, reference: np.ndarray) -> np.ndarray:
  """Gives a picture the mean and covariance of the reference's colors, clipped to [0, 1].

  Args:
    picture, reference: [1, H, W, 3] float32 in [0, 1]; sizes may differ.
  """
  pixels, wanted = (p.reshape(-1, 3).astype(np.float64) for p in (picture, reference))
  matrix = transport_map(np.cov(pixels.T, bias=True), np.cov(wanted.T, bias=True))
  moved = (pixels - pixels.mean(0)) @ matrix + wanted.mean(0)
  return np.clip(moved, 0, 1).reshape(picture.shape).astype(np.float32)
