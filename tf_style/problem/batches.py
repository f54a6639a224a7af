"""The problem of a repaint for batches of contents that change from step to step: a trainer's."""

from collections.abc import Sequence

import tensorflow as tf

from tf_style.problem.problem import Problem
from tf_style.problem.targets import StyleStatistics
from tf_style.problem.terms import LossTerms, Wanted, content_target


class Batches:
  """Loss and gradient of batches of pictures of one size, each with a content of its own.

  The style is seen at its own size, whatever the size of the pictures: these are parts of larger
  ones. All else is a repaint's: graphs, objective, targets, statistics of each picture by itself.

  Attributes:
    names: [N] of the raw terms.
    weights: [N] what each raw term is multiplied by in the total.
  """

  def __init__(self, problems: Sequence[Problem], height: int, width: int):
    """Computes what is wanted of each style; the graphs of the pictures are not traced yet.

    Args:
      problems: one a style, each without content, regions and transparent pixels, that share their
        graphs.
      height, width: of the pictures, in pixels.
    """
    self._graphs = problems[0].graphs
    objective, layers = self._graphs.objective, problems[0].config.content_layers
    self.names, self.weights = objective.names, objective.weights()
    nothing = {f"content/{name}": content_target(tf.zeros([1, 1, 1, 1])) for name in layers}
    self._styles = []
    for style in map(_style_statistics, problems):
      wanted = objective.wanted((height, width), nothing, style)
      self._styles.append(({name: style[name] for name in layers if name in style}, wanted))

  def wanted(self, contents: tf.Tensor, style: tf.Tensor | int) -> Wanted:
    """Returns what pictures are compared with.

    Args:
      contents: [B, H, W, 3] float32 in [0, 1].
      style: which of the problems; an int, or in a graph a scalar int32.
    """
    if len(self._styles) == 1 or isinstance(style, int):
      statistics, wanted = self._styles[int(style) if isinstance(style, int) else 0]
    else:
      statistics, wanted = tf.switch_case(
          style, [lambda own=own: own for own in self._styles])
    features = self._graphs.targets.content_of_batch(contents, statistics)
    own = {f"content/{name}": content_target(values) for name, values in features.items()}
    return wanted._replace(targets={**wanted.targets, **own})

  def value_and_gradient(self, pictures: tf.Tensor, contents: tf.Tensor,
                         style: tf.Tensor | int) -> tuple[LossTerms, tf.Tensor]:
    """Returns the mean loss of a batch, and the gradient of its total by the pictures.

    Args:
      pictures: [B, H, W, 3] float32 in [0, 1].
      contents, style: as for `wanted`.
    """
    return self._graphs.whole.value_and_gradient(pictures, self.wanted(contents, style))

  def value(self, pictures: tf.Tensor, contents: tf.Tensor, style: int) -> LossTerms:
    """Returns the mean loss of a batch; arguments as above."""
    return self._graphs.whole.value(pictures, self.wanted(contents, style))


def _style_statistics(problem: Problem) -> StyleStatistics:
  pictures = [style.rgb for style in problem.loaded.styles]
  sizes = [picture.shape[1:3] for picture in pictures]
  return problem.graphs.style_statistics(
      pictures, problem.loaded.shares, sizes, int(problem.config.tile_size))
