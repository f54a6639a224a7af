"""Loss and gradient of pictures: all that an optimizer or a trainer sees of the problem."""

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
import tensorflow as tf

from tf_style.problem import tiles
from tf_style.problem.collecting import collect
from tf_style.problem.compiled import Compiled, Nest, Traces
from tf_style.problem.objective import Objective
from tf_style.problem.terms import LossTerms, Wanted
from tf_style.problem.tiles import Window
from tf_style.vgg.extractor import Extractor

OnTile = Callable[[int, int], None]


class Evaluator(Protocol):
  """Gives loss and gradient; whole or by tiles, the caller cannot tell.

  Attributes:
    in_graph: whether a loop of it can be compiled.
  """

  in_graph: bool

  def value(self, picture: tf.Tensor, wanted: Wanted) -> LossTerms:
    """Returns the loss of pictures [B, H, W, 3] in [0, 1]."""

  def value_and_gradient(self, picture: tf.Tensor, wanted: Wanted) -> tuple[LossTerms, tf.Tensor]:
    """Returns the loss and the gradient of its total by the pictures, [B, H, W, 3]."""


class WholePicture:
  """Loss and gradient with the features of whole pictures in memory."""

  in_graph = True

  def __init__(self, extractor: Extractor, objective: Objective, traces: Traces | None = None):
    """Traces nothing yet.

    Args:
      extractor: of the features.
      objective: the loss.
      traces: keeps account of what tracing leaves behind.
    """
    self._extractor, self._objective = extractor, objective
    self._value = Compiled(self._terms, traces or Traces())

  def _terms(self, picture: tf.Tensor, wanted: Wanted) -> LossTerms:
    return self._objective.loss(collect(self._extractor, self._objective, picture, wanted), wanted)

  def value(self, picture: tf.Tensor, wanted: Wanted) -> LossTerms:
    terms: LossTerms = self._value(picture, wanted)
    return terms

  def value_and_gradient(self, picture: tf.Tensor, wanted: Wanted) -> tuple[LossTerms, tf.Tensor]:
    with tf.GradientTape() as tape:
      tape.watch(picture)
      terms = self._terms(picture, wanted)
    return terms, tape.gradient(terms.total, picture)


class TilePasses:
  """The graphs of a tiled picture; they serve windows of every size."""

  def __init__(self, extractor: Extractor, objective: Objective, traces: Traces | None = None):
    """Traces nothing yet; arguments as for `WholePicture`."""
    self.objective, self._extractor, self.wraps = objective, extractor, extractor.wraps
    traces = traces or Traces()
    self.measure = Compiled(self._collected, traces)
    self.differentiate = Compiled(self._terms_and_adjoint, traces, exact=(0,))
    self.pull = Compiled(self._window_gradient, traces, exact=(3,))

  @property
  def traces(self) -> int:
    """How often the two passes were traced."""
    return self.measure.traces + self.pull.traces

  def _collected(self, picture: tf.Tensor, wanted: Wanted, vector: tf.Tensor) -> dict[str, Nest]:
    window = Window(*tf.unstack(vector))
    part = self._shown(picture, window)
    return collect(self._extractor, self.objective, part, wanted, window)

  def _terms_and_adjoint(self, collected: dict[str, Nest],
                         wanted: Wanted) -> tuple[LossTerms, dict[str, Nest]]:
    with tf.GradientTape() as tape:
      tape.watch(collected)
      terms = self.objective.loss(collected, wanted)
    return terms, tape.gradient(terms.total, collected, unconnected_gradients="zero")

  def _window_gradient(self, picture: tf.Tensor, wanted: Wanted, vector: tf.Tensor,
                       adjoint: dict[str, Nest]) -> tf.Tensor:
    """Pulls the adjoint of what a window's own cells gave back to all pixels that it shows."""
    window = Window(*tf.unstack(vector))
    part = self._shown(picture, window)
    with tf.GradientTape() as tape:
      tape.watch(part)
      collected = collect(self._extractor, self.objective, part, wanted, window)
    return tape.gradient(tf.nest.flatten(collected), part,
                         output_gradients=tf.nest.flatten(adjoint))

  def _shown(self, picture: tf.Tensor, window: Window) -> tf.Tensor:
    if self.wraps:
      for axis, begin, size in ((1, window.top, window.height), (2, window.left, window.width)):
        places = tf.range(begin, begin + size) % tf.shape(picture)[axis]
        picture = tf.gather(picture, places, axis=axis)
      return picture
    rows = slice(window.top, window.top + window.height)
    return picture[:, rows, window.left:window.left + window.width]


class TiledPicture:
  """The same loss and gradient, exactly, with the features of one window in memory at a time.

  The objective is a function of what its terms collect over positions. A first pass merges that
  window by window; the total is differentiated by it once; a second pass computes each window's
  features again and pulls that adjoint back to its pixels, its halo's too. That is three forward
  passes where the whole picture costs two. The loop over the windows runs on the host.
  """

  in_graph = False

  def __init__(self, passes: TilePasses, windows: Sequence[Window], on_tile: OnTile | None = None):
    """Plans the passes; nothing is computed yet.

    Args:
      passes: the graphs.
      windows: of one shape, their own parts disjoint, as `tiles.plan_windows` makes them.
      on_tile: is told how many windows of the passes are done, and of how many.
    """
    self._passes, self._on_tile = passes, on_tile
    self._windows = [(window, tf.constant(window, tf.int32)) for window in windows]

  def value(self, picture: tf.Tensor, wanted: Wanted) -> LossTerms:
    collected, _ = self._collect(picture, wanted, passes=1)
    terms: LossTerms = self._passes.differentiate(collected, wanted)[0]
    return terms

  def value_and_gradient(self, picture: tf.Tensor, wanted: Wanted) -> tuple[LossTerms, tf.Tensor]:
    collected, shapes = self._collect(picture, wanted, passes=2)
    terms, adjoint = self._passes.differentiate(collected, wanted)
    gradient = self._wrapped_gradient if self._passes.wraps else self._gradient
    return terms, gradient(picture, wanted, adjoint, shapes)

  def _collect(self, picture: tf.Tensor, wanted: Wanted, passes: int
               ) -> tuple[dict[str, Nest], list[dict[str, Nest]]]:
    """Returns what the terms collect of all windows, merged, and the shapes of each window's."""
    total: dict[str, Nest] = {}
    shapes = []
    for index, (_, vector) in enumerate(self._windows):
      part = self._passes.measure(picture, wanted, vector)
      shapes.append(tf.nest.map_structure(lambda tensor: tensor.shape, part))
      total = part if not total else {term.name: term.merge(total[term.name], part[term.name])
                                      for term in self._passes.objective.terms}
      self._tell(index + 1, passes)
    return total, shapes

  def _gradient(self, picture: tf.Tensor, wanted: Wanted, adjoint: dict[str, Nest],
                shapes: list[dict[str, Nest]]) -> tf.Tensor:
    """Adds the windows' gradients up, band by band; rows that no later band shows are done."""
    first, done = self._windows[0][0], len(self._windows)
    tops = sorted({window.top for window, _ in self._windows})
    batch, rows, columns, channels = picture.shape
    finished = []
    rest = np.zeros([batch, 0, columns, channels], picture.dtype.as_numpy_dtype)
    for top, end in zip(tops, [*tops[1:], rows], strict=True):
      band = np.pad(rest, [(0, 0), (0, first.height - rest.shape[1]), (0, 0), (0, 0)])
      for index, (window, _) in enumerate(self._windows):
        if window.top == top:
          pulled = self._pulled(index, picture, wanted, adjoint, shapes)
          band[:, :, window.left:window.left + first.width] += pulled
          self._tell(done := done + 1, passes=2)
      finished.append(tf.constant(band[:, :end - top]))
      rest = band[:, end - top:]
    return tf.concat(finished, 1)

  def _wrapped_gradient(self, picture: tf.Tensor, wanted: Wanted, adjoint: dict[str, Nest],
                        shapes: list[dict[str, Nest]]) -> tf.Tensor:
    """Adds the windows' gradients up, halos beyond a border to the other side."""
    windows = [window for window, _ in self._windows]
    batch, *size, channels = picture.shape
    above, left = -min(window.top for window in windows), -min(each.left for each in windows)
    total = np.zeros([batch, max(each.top + each.height for each in windows) + above,
                      max(each.left + each.width for each in windows) + left, channels],
                     picture.dtype.as_numpy_dtype)
    for index, window in enumerate(windows):
      rows = slice(window.top + above, window.top + above + window.height)
      total[:, rows, window.left + left:window.left + left + window.width] += self._pulled(
          index, picture, wanted, adjoint, shapes)
      self._tell(len(windows) + index + 1, passes=2)
    return tf.constant(tiles.folded(total, (size[0], size[1]), (above, left)))

  def _pulled(self, index: int, picture: tf.Tensor, wanted: Wanted, adjoint: dict[str, Nest],
              shapes: list[dict[str, Nest]]) -> np.ndarray:
    """Returns the gradient by what a window shows."""
    own = {term.name: term.part(adjoint[term.name], [shape[term.name] for shape in shapes], index)
           for term in self._passes.objective.terms}
    pulled: np.ndarray = self._passes.pull(picture, wanted, self._windows[index][1], own).numpy()
    return pulled

  def _tell(self, done: int, passes: int) -> None:
    if self._on_tile:
      self._on_tile(done, passes * len(self._windows))
