"""Hypercolumns of features, and the style's nearest to each of the content (Kolkin et al. 2022)."""

from collections.abc import Sequence

import tensorflow as tf

from tf_style.losses.statistics import wide_type

# Pixels between two positions of a hypercolumn.
GRID = 4
_BLOCK = 512  # rows that are compared with the whole bank at once


def hypercolumns(layers: Sequence[tf.Tensor], strides: Sequence[int]) -> tf.Tensor:
  """Joins the features of several layers position by position (Hariharan et al. 2015).

  A position covers GRID x GRID pixels. It has the means of a finer layer over them, and the cell
  that they lie in of a coarser one, so that hypercolumns of disjoint tiles are those of the whole.
  Each layer is divided by the number of its channels, so that none outweighs the others.

  Args:
    layers: [B, H / stride, W / stride, C] features each, of one picture.
    strides: pixels between two cells of each.
  Returns:
    [B, H / GRID, W / GRID, sum of C] in the features' type.
  """
  finest = min(range(len(layers)), key=strides.__getitem__)
  sides = [side * strides[finest] // GRID for side in tf.unstack(tf.shape(layers[finest])[1:3])]
  return tf.concat([
      _on_grid(values, stride, sides) * tf.cast(1 / values.shape[-1], values.dtype)
      for values, stride in zip(layers, strides, strict=True)], -1)


def _on_grid(values: tf.Tensor, stride: int, sides: Sequence[tf.Tensor]) -> tf.Tensor:
  if stride < GRID:
    return tf.nn.avg_pool2d(values, GRID // stride, GRID // stride, "VALID")
  for axis, side in enumerate(sides, start=1):
    if stride > GRID:  # a side that has no whole cell at its end has the last one once more
      cells = tf.minimum(tf.range(side) // (stride // GRID), tf.shape(values)[axis] - 1)
      values = tf.gather(values, cells, axis=axis)
  return values


def cosine_distance_sum(columns: tf.Tensor, target: tf.Tensor,
                        weights: tf.Tensor | None = None) -> tf.Tensor:
  """Sums 1 - cos over positions, undivided (Kolkin et al. 2022, eq. 1).

  Args:
    columns: [B, h, w, D].
    target: likewise, of unit length.
    weights: [1, h, w] or [B, h, w], what each position counts; None counts all alike.
  Returns:
    [B] sums in float32, or in float64 of float64.
  """
  wide = wide_type(columns)
  products = tf.reduce_sum(tf.cast(columns * target, wide), -1)
  squares = tf.reduce_sum(tf.cast(columns * columns, wide), -1)
  distances = 1 - products * tf.math.rsqrt(squares + 1e-12)
  return tf.reduce_sum(distances if weights is None else distances * weights, (1, 2))


def unit(rows: tf.Tensor) -> tf.Tensor:
  """Returns rows [..., D] divided by their lengths."""
  wide = tf.cast(rows, wide_type(rows))
  return tf.cast(tf.math.l2_normalize(wide, -1, 1e-12), rows.dtype)


def nearest(query: tf.Tensor, bank: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
  """Finds for each row the row of a bank whose direction is nearest.

  Args:
    query: [N, D].
    bank: [M, D] of unit length.
  Returns:
    [N] int32 rows of the bank, and [N] float32 their cosines, rounded as the features are.
  """
  count, size = tf.shape(query)[0], query.shape[-1]
  blocks = tf.reshape(tf.pad(unit(query), [[0, -count % _BLOCK], [0, 0]]), [-1, _BLOCK, size])

  def compare(rows: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    cosines = tf.matmul(rows, bank, transpose_b=True)
    return (tf.argmax(cosines, 1, tf.int32), tf.cast(tf.reduce_max(cosines, 1), tf.float32))

  found, cosines = tf.map_fn(compare, blocks, fn_output_signature=(tf.int32, tf.float32))
  return tf.reshape(found, [-1])[:count], tf.reshape(cosines, [-1])[:count]
