"""What a style loss is: a distance between the statistics of one region of one layer."""

from collections.abc import Callable
from typing import Any, NamedTuple

import tensorflow as tf

from tf_style.losses.statistics import Statistics


class StyleLoss(NamedTuple):
  """A distance between statistics, zero where they agree.

  Attributes:
    distance: (statistics of B pictures, prepared target) -> [B] float32.
    prepare: statistics of the style, one row -> what `distance` needs of them.
    scatters: whether the distance falls with the number of positions, as `StyleTerm` says.
  """

  distance: Callable[[Statistics, Any], tf.Tensor]
  prepare: Callable[[Statistics], Any] = lambda target: target
  scatters: bool = False
