"""How much neighboring pixels differ, and in what direction."""

import tensorflow as tf


def variation_sum(picture: tf.Tensor, norm: str = "l1", height: int | tf.Tensor | None = None,
                  width: int | tf.Tensor | None = None) -> tf.Tensor:
  """Sums differences of neighboring pixels, undivided, in 0-255 units (Rudin et al. 1992).

  Divided by H W 3 it is the total variation term.

  Args:
    picture: [B, H, W, 3] in [0, 1].
    norm: `l1` sums absolute values (anisotropic), `l2` squares.
    height, width: pixels that count, from the top left; what lies beyond is their neighbors. None:
      all.
  Returns:
    [B] sums, one a picture.
  """
  measure = tf.abs if norm == "l1" else tf.square
  down = 255.0 * (picture[:, 1:, :width] - picture[:, :-1, :width])
  right = 255.0 * (picture[:, :height, 1:] - picture[:, :height, :-1])
  return sum(tf.reduce_sum(measure(difference), [1, 2, 3]) for difference in (down, right))


def turned_energy(picture: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
  """Returns the strength and the direction of edges at each pixel (Bigun 1987).

  A gradient is taken from a square of four pixels (Roberts 1963); noise has no direction in it.

  Args:
    picture: [B, H, W, 3]; beyond it comes its last row or column again.
  Returns:
    |g|^2 of the gradient g, [B, H, W, 1], and the same times cos and sin of twice the angle along
    the edge, [B, H, W, 2]; sums over the three channels.
  """
  padded = tf.pad(picture, [[0, 0], [0, 1], [0, 1], [0, 0]], "SYMMETRIC")
  down, right = padded[:, 1:] - padded[:, :-1], padded[:, :, 1:] - padded[:, :, :-1]
  down = 0.5 * (down[:, :, 1:] + down[:, :, :-1])
  right = 0.5 * (right[:, 1:] + right[:, :-1])
  add = lambda values: tf.reduce_sum(values, -1, keepdims=True)
  downs, rights = add(tf.square(down)), add(tf.square(right))
  return downs + rights, tf.concat([downs - rights, -2 * add(down * right)], -1)
