"""Features and objective -> `value_and_gradient`, all that an optimizer sees of them."""

import tensorflow as tf

from tf_style.features import Extractor
from tf_style.objective import Objective
from tf_style.records import LossTerms


class WholePicture(tf.Module):
  """Loss and gradient with the whole picture's features in memory."""

  in_graph = True

  def __init__(self, extractor: Extractor, objective: Objective):
    super().__init__(name="whole_picture")
    self._extractor, self._objective = extractor, objective

  @tf.autograph.experimental.do_not_convert
  def value(self, picture: tf.Tensor) -> LossTerms:
    """Returns the loss terms of a picture [1, H, W, 3] in [0, 1]."""
    return self._objective.terms(self._objective.sums(picture, self._extractor(picture)))

  @tf.autograph.experimental.do_not_convert
  def value_and_gradient(self, picture: tf.Tensor) -> tuple[LossTerms, tf.Tensor]:
    """Returns the loss terms and the gradient of the total by the picture, [1, H, W, 3]."""
    with tf.GradientTape() as tape:
      tape.watch(picture)
      terms = self.value(picture)
    return terms, tape.gradient(terms.total, picture)
