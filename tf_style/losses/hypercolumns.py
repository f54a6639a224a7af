"""Hypercolumns of features, and the style's nearest to each of the content (Kolkin et al. 2022)."""

from collections.abc import Callable, Sequence

import tensorflow as tf

from tf_style.losses.names import GRID
from tf_style.losses.statistics import wide_type

_BLOCK = 512  # rows that are compared with the whole bank at once


def hypercolumns(layers: Sequence[tf.Tensor], strides: Sequence[int]) -> tf.Tensor:
  """Joins `on_grid` of several layers of one picture: [B, H / GRID, W / GRID, sum of C]."""
  finest = min(range(len(layers)), key=strides.__getitem__)
  sides = tf.shape(layers[finest])[1:3] * strides[finest] // GRID
  return tf.concat([on_grid(values, stride, sides)
                    for values, stride in zip(layers, strides, strict=True)], -1)


def on_grid(values: tf.Tensor, stride: int, sides: tf.Tensor) -> tf.Tensor:
  """Returns a layer's part of the hypercolumns (Hariharan et al. 2015; Kolkin et al. 2022).

  A position covers GRID x GRID pixels. It has the means of a finer layer over them, and the cell
  that they lie in of a coarser one, so that hypercolumns of disjoint tiles are those of the whole.
  Each layer is divided by the number of its channels, so that none outweighs the others.

  Args:
    values: [B, H / stride, W / stride, C] features.
    stride: pixels between two of them.
    sides: [2] H / GRID and W / GRID. Where that is more than whole cells the last one comes again.
  Returns:
    [B, H / GRID, W / GRID, C].
  """
  return _gathered(values, stride, sides) * tf.cast(1 / values.shape[-1], values.dtype)


def _gathered(values: tf.Tensor, stride: int, sides: tf.Tensor) -> tf.Tensor:
  if stride < GRID:
    return tf.nn.avg_pool2d(values, GRID // stride, GRID // stride, "VALID")
  if stride > GRID:
    for axis in (1, 2):
      cells = tf.range(sides[axis - 1]) // (stride // GRID)
      values = tf.gather(values, tf.minimum(cells, tf.shape(values)[axis] - 1), axis=axis)
  return values


def _scattered(slope: tf.Tensor, values: tf.Tensor, stride: int, sides: tf.Tensor) -> tf.Tensor:
  """Takes a gradient by `_gathered` to one by `values`."""
  if stride == GRID:
    return slope
  if stride < GRID:
    window = [1, GRID // stride, GRID // stride, 1]
    return tf.raw_ops.AvgPoolGrad(orig_input_shape=tf.shape(values), grad=slope, ksize=window,
                                  strides=window, padding="VALID")
  cell = stride // GRID
  beyond = (sides - tf.shape(values)[1:3] * cell)[:, None]  # whole cells: they are the last one's
  inside = tf.raw_ops.MirrorPadGrad(
      input=slope, paddings=tf.pad(beyond, [[1, 1], [1, 0]]), mode="SYMMETRIC")
  return tf.nn.avg_pool2d(inside, cell, cell, "VALID") * cell**2


def products(values: tf.Tensor, target: Callable[[], tf.Tensor], stride: int,
             sides: tf.Tensor) -> tf.Tensor:
  """Returns a layer's part of h . t and of h . h at each position, of which cosines are made.

  The parts of all layers add up. Nothing but the features is kept for the gradient: hypercolumns
  are made again.

  Args:
    values: as for `on_grid`.
    target: makes the layer's part of t, [B, H / GRID, W / GRID, C], of any float type.
    stride, sides: as for `on_grid`.
  Returns:
    [B, 2, N], one column a position, in float32, or in float64 of float64.
  """
  wide, batch = wide_type(values), values.shape[0] or tf.shape(values)[0]
  share = 1 / values.shape[-1]

  @tf.custom_gradient
  def sums(values: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
    def gradient(upstream: tf.Tensor) -> tf.Tensor:
      factors = upstream * tf.constant([[share], [2 * share**2]], wide)
      of_target, of_self = tf.unstack(tf.reshape(
          factors, tf.concat([[batch, 2], sides, [1]], 0)), axis=1)
      slope = (of_target * tf.cast(target(), wide)
               + of_self * tf.cast(_gathered(values, stride, sides), wide))
      return _scattered(tf.cast(slope, values.dtype), values, stride, sides)

    part = _gathered(values, stride, sides)
    both = [tf.reduce_sum(tf.cast(part * other, wide), -1)
            for other in (tf.cast(target(), part.dtype), part)]
    return tf.reshape(tf.stack(both, 1), [batch, 2, -1]) * tf.constant(
        [[share], [share**2]], wide), gradient

  found: tf.Tensor = sums(values)
  return found


@tf.custom_gradient
def cosine_distance(sums: tf.Tensor, counts: tf.Tensor
                    ) -> tuple[tf.Tensor, Callable[[tf.Tensor], tuple[tf.Tensor, None]]]:
  """Returns the mean of 1 - cos over positions, [B] (Kolkin et al. 2022, eq. 1).

  Args:
    sums: [B, 2, N] `products`, those of all layers added up.
    counts: [B, N], what each position counts; no gradient is taken by them.
  """
  of_target, of_self = tf.unstack(sums, axis=1)
  inverse = tf.math.rsqrt(of_self + 1e-12)
  cosines = of_target * inverse
  weights = counts * (1 / tf.maximum(tf.reduce_sum(counts, 1, keepdims=True), 1e-6))

  def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, None]:
    factor = weights * inverse * upstream[:, None]
    return tf.stack([-factor, 0.5 * factor * cosines * inverse], 1), None

  return tf.reduce_sum((1 - cosines) * weights, 1), gradient


def unit(rows: tf.Tensor) -> tf.Tensor:
  """Returns rows [..., D] divided by their lengths."""
  wide = tf.cast(rows, wide_type(rows))
  return tf.cast(tf.math.l2_normalize(wide, -1, 1e-12), rows.dtype)


def nearest(query: tf.Tensor, bank: tf.Tensor,
            beside: Sequence[tf.Tensor] = ()) -> tuple[tf.Tensor, tf.Tensor]:
  """Finds for each row the row of a bank whose direction is nearest.

  Args:
    query: [N, D].
    bank: [M, D] of unit length.
    beside: [N, E] and [M, E], whose products are added to the cosines; or none.
  Returns:
    [N] int32 rows of the bank, and [N] float32 their cosines, rounded as the features are.
  """
  count, rows = tf.shape(query)[0], unit(query)
  if beside:
    rows, bank = (tf.concat([each, tf.cast(more, each.dtype)], 1)
                  for each, more in zip((rows, bank), beside, strict=True))
  size = rows.shape[-1] or tf.shape(rows)[1]
  blocks = tf.reshape(tf.pad(rows, [[0, -count % _BLOCK], [0, 0]]), [-1, _BLOCK, size])

  def compare(rows: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    cosines = tf.matmul(rows, bank, transpose_b=True)
    return (tf.argmax(cosines, 1, tf.int32), tf.cast(tf.reduce_max(cosines, 1), tf.float32))

  found, cosines = tf.map_fn(compare, blocks, fn_output_signature=(tf.int32, tf.float32))
  return tf.reshape(found, [-1])[:count], tf.reshape(cosines, [-1])[:count]
