"""Total variation: how much neighboring pixels differ."""

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
