"""Features and objective -> `value_and_gradient`, all that an optimizer sees of them."""

from collections.abc import Callable, Sequence

import tensorflow as tf

from tf_style.features import Extractor
from tf_style.objective import Objective, Sums
from tf_style.records import LossTerms, Window


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
      on_tile: is told how many of the passes' windows are done, and of how many.
    """
    super().__init__(name="tiled_picture")
    self._extractor, self._objective = extractor, objective
    self._windows = [tf.constant(window, tf.int32) for window in windows]
    self._shape = windows[0].height, windows[0].width
    self._on_tile = on_tile or (lambda done, total: None)
    size = windows[-1].top + windows[-1].height, windows[-1].left + windows[-1].width
    self._gradient: tf.Variable = tf.Variable(
        tf.zeros([1, *size, 3], extractor.model.input.dtype), trainable=False, name="gradient")
    self._measure = tf.function(self._window_sums, autograph=False)
    self._differentiate = tf.function(self._terms_and_adjoint, autograph=False)
    self._clear = tf.function(self._clear_own, autograph=False)
    self._pull = tf.function(self._add_gradient, autograph=False)

  @property
  def traces(self) -> int:
    """How often the two passes were traced."""
    return self._measure.experimental_get_tracing_count() + self._pull.experimental_get_tracing_count()

  def value(self, picture: tf.Tensor) -> LossTerms:
    """Returns the loss terms of a picture [1, H, W, 3] in [0, 1]."""
    return self._differentiate(self._sums(picture, len(self._windows)))[0]

  def value_and_gradient(self, picture: tf.Tensor) -> tuple[LossTerms, tf.Tensor]:
    """Returns the loss terms and the gradient of the total by the picture, [1, H, W, 3].

    The gradient's memory is written anew at the next call, unless the caller still holds it.
    """
    count = len(self._windows)
    terms, adjoint = self._differentiate(self._sums(picture, 2 * count))
    for window in self._windows:
      self._clear(window)
    for index, window in enumerate(self._windows):
      self._pull(picture, window, adjoint)
      self._on_tile(count + index + 1, 2 * count)
    return terms, self._gradient.value()

  def _sums(self, picture: tf.Tensor, total: int) -> Sums:
    sums: Sums | None = None
    for index, window in enumerate(self._windows):
      part = self._measure(picture, window)
      sums = part if sums is None else tf.nest.map_structure(tf.add, sums, part)
      self._on_tile(index + 1, total)
    assert sums is not None, "a picture has at least one window"
    return sums

  def _show(self, picture: tf.Tensor, window: Window) -> tf.Tensor:
    return tf.slice(picture, [0, window.top, window.left, 0], [1, *self._shape, 3])

  def _window_sums(self, picture: tf.Tensor, vector: tf.Tensor) -> Sums:
    window = Window(*tf.unstack(vector))
    part = self._show(picture, window)
    return self._objective.sums(part, self._extractor(part), window)

  def _terms_and_adjoint(self, sums: Sums) -> tuple[LossTerms, Sums]:
    with tf.GradientTape() as tape:
      tape.watch(sums)
      terms = self._objective.terms(sums)
    return terms, tape.gradient(terms.total, sums, unconnected_gradients="zero")

  def _clear_own(self, vector: tf.Tensor) -> None:
    window = Window(*tf.unstack(vector))
    self._write(window.own_top, window.own_left, window.own_height, window.own_width,
                tf.zeros([1, window.own_height, window.own_width, 3], self._gradient.dtype))

  def _add_gradient(self, picture: tf.Tensor, vector: tf.Tensor, adjoint: Sums) -> None:
    window = Window(*tf.unstack(vector))
    part = self._show(picture, window)
    with tf.GradientTape() as tape:
      tape.watch(part)
      sums = self._objective.sums(part, self._extractor(part), window)
    gradient = tape.gradient(tf.nest.flatten(sums), part, output_gradients=tf.nest.flatten(adjoint))
    self._write(window.top, window.left, *self._shape, self._show(self._gradient.value(), window) + gradient)

  def _write(self, top, left, height, width, values) -> None:
    """Writes into the gradient in place."""
    tf.raw_ops.ResourceStridedSliceAssign(
        ref=self._gradient.handle, begin=[0, top, left, 0], end=[1, top + height, left + width, 3],
        strides=[1, 1, 1, 1], value=values)
