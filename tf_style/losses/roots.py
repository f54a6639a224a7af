"""Trace of the root of a product of covariances, by matrix products, and its gradient.

The cross term of the Wasserstein distance between Gaussians is tr((A^1/2 S A^1/2)^1/2). In the
basis of A's eigenvectors A is a diagonal D^2, and with S = L L^T the term is the nuclear norm of K
= L^T D, that is tr(U^T K) with U the orthogonal polar factor of K. Working on K and not on K^T K
keeps float32 good for singular values over six orders of magnitude; without the change of basis
twice as much is rounded off.
"""

import functools
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from tf_style.losses.statistics import diagonal, plus

# Iterations, and the share of the largest singular value below which others count in part only.
# Features of few channels spread with brightness most of all: half of their directions are below a
# thousandth.
_ACCURACY = {"few": (9, 5e-5), "many": (7, 4.5e-4)}
_FEW_CHANNELS = 128


def minimax_quintic(low: float, high: float) -> tuple[float, float, float]:
  """Returns (a, b, c) with a x + b x^3 + c x^5 nearest to 1 on [low, high] (Remez' exchange)."""
  points = np.linspace(low, high, 4)
  for _ in range(40):
    system = np.stack([points, points**3, points**5, (-1.0) ** np.arange(4)], axis=1)
    a, b, c, _ = np.linalg.solve(system, np.ones(4))
    inner = np.sqrt(np.maximum(np.roots([5 * c, 3 * b, a]).real, 0))
    points = np.array([low, *np.sort(inner), high])
  return float(a), float(b), float(c)


@functools.cache
def polar_coefficients(low: float, iterations: int) -> tuple[tuple[float, float, float], ...]:
  """Composes minimax quintics that take [low, 1] to 1 (Amsel et al. 2025, The Polar Express).

  Each polynomial is the best one on the interval that the ones before it leave. The upper end is
  kept up to 1 % wider than it needs to be, so that rounding cannot leave the interval.
  """
  found, high = [], 1.0
  for _ in range(iterations):
    a, b, c = minimax_quintic(max(low, high / 40), high * (1.01 - 0.01 * low / high))
    found.append((a, b, c))
    ends = np.linspace(low, high, 2001)
    images = a * ends + b * ends**3 + c * ends**5
    low, high = float(images.min()), float(images.max())
  return tuple(found)


def polar_factor(matrix: tf.Tensor, iterations: int, low: float) -> tf.Tensor:
  """Returns the orthogonal factors U of matrix = U P, [B, r, r] float32, by quintic iterations.

  Singular values below a share `low` of the largest count in part only. First they are divided by
  a bound: the fourth root of the norm of (X^T X)^2, which is nearer to the largest than the norm of
  X is.
  """
  scale, shifts = polar_shifts(low, iterations)
  one = tf.raw_ops.MatrixDiag(diagonal=tf.ones_like(matrix[0, 0]))
  ones = tf.unstack(one * tf.reshape(tf.constant(shifts, matrix.dtype), [-1, 1, 1]))
  x = matrix / tf.maximum(_norm(matrix), 1e-30)
  gram = tf.matmul(x, x, transpose_a=True)
  x *= scale / tf.maximum(tf.sqrt(tf.sqrt(_norm(gram @ gram))), 1e-6)
  for half, rest in zip(ones[::2], ones[1::2], strict=True):
    shifted = tf.matmul(x, x, transpose_a=True) + half
    x @= shifted @ shifted + rest
  return x


@functools.cache
def polar_shifts(low: float, iterations: int) -> tuple[float, tuple[tuple[float, float], ...]]:
  """Writes `polar_coefficients` with fewer operations, as x <- x ((X^T X + h)^2 + g).

  That is s' (a x + b x G + c x G^2) of x / s, with h = b s^2 / 2c and g = a s^4 / c - h^2, where
  s^5 = c s': each iteration takes x times a number s that makes its leading coefficient 1.

  Returns:
    What x is multiplied by before the first iteration, and (h, g) of each.
  """
  scale, shifts = 1.0, []
  for a, b, c in reversed(polar_coefficients(low, iterations)):
    scale = (c * scale) ** 0.2
    half = b * scale**2 / (2 * c)
    shifts.append((half, a * scale**4 / c - half**2))
  return scale, tuple(reversed(shifts))


def _norm(matrix: tf.Tensor) -> tf.Tensor:
  """Returns the Frobenius norms [B, 1, 1] of matrices [B, r, r]."""
  return tf.sqrt(tf.reduce_sum(tf.square(matrix), [1, 2], keepdims=True))


def cholesky_factor(matrix: tf.Tensor) -> tf.Tensor:
  """Returns L with L L^T = matrix, or, where there is none, for 1 % of its mean diagonal added.

  So much is rounded off the covariance of a picture of one color, whose mean outweighs it.
  """
  factor = tf.linalg.cholesky(matrix)
  exists = tf.reduce_all(tf.math.is_finite(factor), [1, 2], keepdims=True)

  def mended() -> tf.Tensor:
    share = 1e-2 * tf.reduce_mean(diagonal(matrix), -1, keepdims=True)
    return tf.where(exists, factor, tf.linalg.cholesky(plus(matrix, share)))

  return tf.cond(tf.reduce_all(exists), lambda: factor, mended)


def trace_of_root(covariance: tf.Tensor, deviations: tf.Tensor, channels: int
                  ) -> tuple[tf.Tensor, Callable[[], tf.Tensor]]:
  """Computes tr((D S D)^1/2) for S = `covariance` and D = diag(`deviations`).

  Args:
    covariance: [B, r, r] positive definite float32, in the basis where the target is diagonal;
      only its lower triangle is read.
    deviations: [1, r] positive float32.
    channels: of the layer, at least r; with 128 or fewer the root is exact to float32, for it
      costs little.
  Returns:
    [B] float32, and what makes its gradient by S, [B, r, r]: half the optimal transport map, D (D S
    D)^-1/2 D / 2 = L^-T U D / 2 (Kantorovich dual of the 2-Wasserstein distance, Olkin & Pukelsheim
    1982).
  """
  factor = cholesky_factor(covariance)
  product = tf.linalg.matrix_transpose(factor) * deviations[:, None]
  unitary = polar_factor(product, *_ACCURACY["few" if channels <= _FEW_CHANNELS else "many"])

  def slope() -> tf.Tensor:
    right = unitary * deviations[:, None]
    transport = tf.linalg.triangular_solve(factor, right, adjoint=True)
    return 0.25 * (transport + tf.linalg.matrix_transpose(transport))

  return tf.reduce_sum(unitary * product, [1, 2]), slope
