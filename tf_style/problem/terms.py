"""A loss and the terms it is made of."""

from typing import NamedTuple

import tensorflow as tf


class LossTerms(NamedTuple):
  """A loss and what it is made of.

  Attributes:
    total: scalar; the weighted sum that is minimized.
    raw: [N] unweighted terms, named by the objective's `names`.
  """

  total: tf.Tensor
  raw: tf.Tensor
