"""What the terms of the loss collect of a picture, for a gradient in little memory."""

from collections.abc import Callable

import tensorflow as tf

from tf_style.problem.compiled import Nest
from tf_style.problem.objective import Objective
from tf_style.problem.terms import PICTURE, Wanted
from tf_style.problem.tiles import Window
from tf_style.vgg.extractor import Extractor


def collect(extractor: Extractor, objective: Objective, picture: tf.Tensor, wanted: Wanted,
            window: Window | None = None) -> dict[str, Nest]:
  """Returns what each term collects, by its name.

  Where a term looks at the features of a layer alone the gradient forks. Left to themselves, the
  gradients of all such terms are computed when their adjoint is there, and wait for those of the
  layers behind: 600 MB at 1184x1184 pixels. Here each is computed when the one from behind has
  come, to be added to it. Terms that want several layers at once collect at the end.

  Args:
    extractor: of the features.
    objective: whose terms collect.
    picture: [B, H, W, 3], or the part of it that `window` shows.
    wanted: of the whole picture.
    window: whose own cells count, ints or scalar tensors; None counts the whole picture.
  """
  collected = {term.name: term.collect({PICTURE: picture}, wanted, window)
               for term in objective.terms if term.layers == (PICTURE,)}
  groups = [term for term in objective.terms if not term.adds_layers]
  kept: dict[str, tf.Tensor] = {}

  def look(name: str, features: tf.Tensor) -> tf.Tensor:
    alone = [term for term in objective.terms if term.adds_layers and name in term.layers]

    @tf.custom_gradient
    def fork(features: tf.Tensor) -> tuple[tuple[tf.Tensor, Nest], Callable[..., tf.Tensor]]:
      with tf.GradientTape() as tape:
        tape.watch(features)
        nests = {term.name: term.collect({name: features}, wanted, window) for term in alone}

      def gradient(behind: tf.Tensor, *adjoint: tf.Tensor) -> tf.Tensor:
        with tf.control_dependencies([behind]):
          return behind + tape.gradient(tf.nest.flatten(nests), features, list(adjoint))

      return (features, nests), gradient

    if alone:
      features, nests = fork(features)
      for term, nest in nests.items():
        collected[term] = nest if term not in collected else tf.nest.map_structure(
            tf.add, collected[term], nest)
    if any(name in term.layers for term in groups):
      kept[name] = features
    return features

  extractor.walk(picture, look)
  return collected | {term.name: term.collect(kept, wanted, window) for term in groups}
