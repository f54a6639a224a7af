"""Features and objective -> `value_and_gradient`, all that an optimizer sees of them."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tf_style.losses import statistics as losses
from tf_style.problem.objective import Objective, Sums, Wanted
from tf_style.problem.terms import LossTerms
from tf_style.problem.tiles import Window
from tf_style.vgg.extractor import Extractor


class WholePicture(tf.Module):
  """Loss and gradient with the whole picture's features in memory."""

  in_graph = True

  def __init__(self, extractor: Extractor, objective: Objective):
    super().__init__(name="whole_picture")
    self._extractor, self._objective = extractor, objective

  def value(self, picture: tf.Tensor, wanted: Wanted) -> LossTerms:
    """Returns the loss terms of a picture [1, H, W, 3] in [0, 1]."""
    return self._objective.terms(
        _sums_by_layers(self._extractor, self._objective, picture, wanted), wanted)

  def value_and_gradient(self, picture: tf.Tensor, wanted: Wanted) -> tuple[LossTerms, tf.Tensor]:
    """Returns the loss terms and the gradient of the total by the picture, [1, H, W, 3]."""
    with tf.GradientTape() as tape:
      tape.watch(picture)
      terms = self._objective.terms(
          _sums_by_layers(self._extractor, self._objective, picture, wanted), wanted)
    return terms, tape.gradient(terms.total, picture)


class TiledPicture(tf.Module):
  """The same loss and gradient, exactly, with the features of one window in memory at a time.

  The objective is a function of sums over positions. A first pass adds the sums up window by window; the
  total is differentiated by them once; a second pass computes each window's features again and pulls that
  adjoint back to its pixels, its halo's too. That is three forward passes where the whole picture costs two.

  Windows are of one shape, so that each pass is traced once. The loop over them runs on the host.
  """

  in_graph = False

  def __init__(self, extractor: Extractor, objective: Objective, windows: Sequence[Window],
               on_tile: Callable[[int, int], None] | None = None):
    """Plans the passes; nothing is computed yet.

    Args:
      extractor: of the features.
      objective: of pictures of the size that the windows cover.
      windows: of one shape, their own parts disjoint, as `tiles.plan_windows` makes them.
      on_tile: is told how many windows of the passes are done, and of how many.
    """
    super().__init__(name="tiled_picture")
    self._extractor, self._objective, self._on_tile = extractor, objective, on_tile
    self._windows = [(window, tf.constant(window, tf.int32)) for window in windows]
    self._shape = windows[0].height, windows[0].width
    self._measure, self._differentiate, self._pull = (tf.function(piece, autograph=False) for piece in (
        self._window_sums, self._terms_and_adjoint, self._window_gradient))

  @property
  def traces(self) -> int:
    """How often the two passes were traced."""
    return self._measure.experimental_get_tracing_count() + self._pull.experimental_get_tracing_count()

  def value(self, picture: tf.Tensor, wanted: Wanted) -> LossTerms:
    """Returns the loss terms of a picture [1, H, W, 3] in [0, 1]."""
    return self._differentiate(self._sums(picture, wanted, passes=1), wanted)[0]

  def value_and_gradient(self, picture: tf.Tensor, wanted: Wanted) -> tuple[LossTerms, tf.Tensor]:
    """Returns the loss terms and the gradient of the total by the picture, [1, H, W, 3]."""
    terms, adjoint = self._differentiate(self._sums(picture, wanted, passes=2), wanted)
    return terms, self._gradient(picture, wanted, adjoint)

  def _sums(self, picture: tf.Tensor, wanted: Wanted, passes: int) -> Sums:
    total: Any = None
    for index, (_, vector) in enumerate(self._windows):
      part = self._measure(picture, wanted, vector)
      total = part if total is None else tf.nest.map_structure(tf.add, total, part)
      self._tell(index + 1, passes)
    return total

  def _gradient(self, picture: tf.Tensor, wanted: Wanted, adjoint: Sums) -> tf.Tensor:
    """Adds the windows' gradients up, a band of them at a time; rows that no later band shows are done."""
    (height, width), done = self._shape, len(self._windows)
    tops = sorted({window.top for window, _ in self._windows})
    finished, rest = [], np.zeros([1, 0, picture.shape[2], 3], picture.dtype.as_numpy_dtype)
    for top, end in zip(tops, [*tops[1:], picture.shape[1]], strict=True):
      band = np.pad(rest, [(0, 0), (0, height - rest.shape[1]), (0, 0), (0, 0)])
      for window, vector in self._windows:
        if window.top == top:
          band[:, :, window.left:window.left + width] += self._pull(picture, wanted, vector, adjoint).numpy()
          self._tell(done := done + 1, passes=2)
      finished.append(tf.constant(band[:, :end - top]))
      rest = band[:, end - top:]
    return tf.concat(finished, 1)

  def _tell(self, done: int, passes: int) -> None:
    if self._on_tile:
      self._on_tile(done, passes * len(self._windows))

  def _window_sums(self, picture: tf.Tensor, wanted: Wanted, vector: tf.Tensor) -> Sums:
    window = Window(*tf.unstack(vector))
    part = self._shown(picture, window)
    return self._objective.sums(part, self._extractor(part), wanted, window)

  def _terms_and_adjoint(self, sums: Sums, wanted: Wanted) -> tuple[LossTerms, Sums]:
    with tf.GradientTape() as tape:
      tape.watch(sums)
      terms = self._objective.terms(sums, wanted)
    return terms, tape.gradient(terms.total, sums, unconnected_gradients="zero")

  def _window_gradient(self, picture: tf.Tensor, wanted: Wanted, vector: tf.Tensor,
                       adjoint: Sums) -> tf.Tensor:
    """Pulls the adjoint of the sums over a window's own cells back to all pixels that it shows."""
    window = Window(*tf.unstack(vector))
    part = self._shown(picture, window)
    with tf.GradientTape() as tape:
      tape.watch(part)
      sums = _sums_by_layers(self._extractor, self._objective, part, wanted, window)
    return tape.gradient(tf.nest.flatten(sums), part, output_gradients=tf.nest.flatten(adjoint))

  def _shown(self, picture: tf.Tensor, window: Window) -> tf.Tensor:
    return tf.slice(picture, [0, window.top, window.left, 0], [1, *self._shape, 3])


def _sums_by_layers(extractor: Extractor, objective: Objective, picture: tf.Tensor, wanted: Wanted,
                    window: Window | None = None) -> Sums:
  """Sums a picture and its features as `Objective.sums` does, for a gradient in less memory.

  Where a layer is summed the gradient forks. Left to themselves, the gradients of all sums are computed when
  the adjoint is there, and wait for those of the layers behind: 600 MB at 1184x1184 pixels. Here each is
  computed when the one from behind has come, to be added to it.
  """
  style: dict[str, losses.FeatureSums] = {}
  content: dict[str, tf.Tensor] = {}

  def look(name: str, features: tf.Tensor) -> tf.Tensor:
    @tf.custom_gradient
    def fork(features: tf.Tensor):
      with tf.GradientTape() as tape:
        tape.watch(features)
        sums = objective.layer_sums({name: features}, wanted, window)

      def gradient(behind: tf.Tensor, *adjoint: tf.Tensor) -> tf.Tensor:
        with tf.control_dependencies([behind]):
          return behind + tape.gradient(tf.nest.flatten(sums), features, list(adjoint))

      return (features, sums), gradient

    features, (of_style, of_content) = fork(features)
    style.update(of_style)
    content.update(of_content)
    return features

  extractor.walk(picture, look)
  return Sums(style, content, objective.variation(picture, window))
