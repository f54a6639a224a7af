"""Banks of the styles' hypercolumns, and whose share of the positions is whose."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tf_style.losses.hypercolumns import unit

_PRICE_ROUNDS = 20


class Rows(NamedTuple):
  """Positions of a style.

  Attributes:
    columns: [N, D] their hypercolumns.
    paper: [N] whether they are white paper.
    ways: [N, 2] their directions of strokes; [N, 0] where these count nothing.
  """

  columns: np.ndarray
  paper: np.ndarray
  ways: np.ndarray

  @classmethod
  def of(cls, parts: "Iterable[Rows]") -> "Rows":
    """Joins several."""
    return cls(*map(np.concatenate, zip(*parts, strict=True)))


class Bank(NamedTuple):
  """The hypercolumns of a region of all styles.

  Attributes:
    rows: [M, D] of all styles, one after the other.
    paper, owners: [M] whether they are of white paper, and of which style.
    starts: [S] the first row of each style.
    directions: [m, D] of unit length, centred, of each style that has the region.
    ways: [m, 2] of each of them, its directions of strokes; [m, 0] where these count nothing.
  """

  rows: np.ndarray
  paper: np.ndarray
  owners: np.ndarray
  starts: np.ndarray
  directions: dict[int, tf.Tensor]
  ways: dict[int, tf.Tensor]

  @classmethod
  def of(cls, parts: Sequence[Rows | None]) -> "Bank":
    there = {style: part for style, part in enumerate(parts) if part is not None}
    rows, white, _ = Rows.of(there.values())
    center = np.mean(rows, 0, np.float32).astype(rows.dtype)
    counts = [0 if part is None else len(part.columns) for part in parts]
    return cls(
        rows, white, np.repeat(np.arange(len(counts)), counts), np.cumsum([0, *counts[:-1]]),
        {style: unit(tf.constant(part.columns - center)) for style, part in there.items()},
        {style: tf.constant(part.ways) for style, part in there.items()})


def parts_of(of_styles: Sequence[dict[int, Rows]], region: int) -> list[Rows | None]:
  """Returns the rows of a region of each style; all rows, where no style has a position of it."""
  if any(region in rows for rows in of_styles):
    return [rows.get(region) for rows in of_styles]
  return [Rows.of(rows.values()) if rows else None for rows in of_styles]


def by_shares(cosines: np.ndarray, shares: np.ndarray) -> np.ndarray:
  """Gives each position to a style, so that each gets its share: those that it suits best.

  The prices of the styles, added to their cosines, are those of the dual of the assignment; each in
  turn is set so that its style's share of the positions choose it.

  Args:
    cosines: [S, N] of the nearest row of each style; -inf where there is none.
    shares: [S], which sum to 1.
  Returns:
    [N] the style of each position.
  """
  there = np.flatnonzero((shares > 0) & np.isfinite(cosines).all(1))
  if len(there) < 2:
    return np.full(cosines.shape[1], there[0] if len(there) else np.argmax(shares))
  bids, wanted = cosines[there].astype(np.float64), shares[there] / shares[there].sum()
  for _ in range(_PRICE_ROUNDS):
    for index, share in enumerate(wanted):
      others = np.delete(bids, index, 0).max(0)
      bids[index] += np.quantile(others - bids[index], share)
  chosen: np.ndarray = there[np.argmax(bids, 0)]
  return chosen
