"""Graph functions that are traced once for pictures of every size, and released when done with."""

import threading
import weakref
from collections.abc import Callable
from typing import Any

import tensorflow as tf
from tensorflow.python.framework import ops

# A tensor, or a tuple, list, dict or NamedTuple of nests.
Nest = Any

_TRACING = threading.RLock()


class Traces:
  """What tracing leaves in TensorFlow's registry of gradients, which otherwise is never freed.

  `tf.custom_gradient` registers a closure over each graph that it is traced in. No lookup follows
  once a function is traced, gradient and all, so the closures go when the functions go.
  """

  def __init__(self) -> None:
    self._names: set[str] = set()
    self.release = weakref.finalize(self, _forget, self._names)
    self.release.atexit = False  # the process ends sooner with its graphs than without

  def __enter__(self) -> None:
    _TRACING.acquire()
    self._before = set(ops.gradient_registry.list())

  def __exit__(self, *_: object) -> None:
    self._names |= set(ops.gradient_registry.list()) - self._before
    _TRACING.release()


def _forget(names: set[str]) -> None:
  with _TRACING:
    for name in names:
      ops.gradient_registry._registry.pop(name, None)


class Compiled:
  """A function of nests of tensors as a graph: one trace serves pictures of all sizes."""

  def __init__(self, function: Callable[..., Nest], traces: Traces, exact: tuple[int, ...] = ()):
    """Traces nothing yet.

    Args:
      function: of nests of tensors, to a nest of tensors.
      traces: keeps account of what tracing leaves behind.
      exact: arguments whose shapes are alike at all sizes, and known to the graph.
    """
    self._function, self._traces, self._exact = function, traces, exact
    self._graphs: dict[Any, Any] = {}

  def __call__(self, *nests: Nest) -> Nest:
    return self.traced(*nests)(*nests)

  def traced(self, *nests: Nest) -> Any:
    """Returns the `tf.function` for nests like these, traced."""
    specs = tuple(tf.nest.map_structure(tf.TensorSpec.from_tensor if index in self._exact
                                        else open_spec, nest) for index, nest in enumerate(nests))
    key = str(specs)
    if key not in self._graphs:
      graph = tf.function(self._function, input_signature=specs, autograph=False)
      with self._traces:
        graph.get_concrete_function()
      self._graphs[key] = graph
    return self._graphs[key]

  @property
  def traces(self) -> int:
    """How often it was traced."""
    return sum(graph.experimental_get_tracing_count() for graph in self._graphs.values())


def open_spec(tensor: tf.Tensor) -> tf.TensorSpec:
  """Returns what a tensor has in common at all sizes: its batch, and of maps their channels."""
  tensor = tf.convert_to_tensor(tensor)
  if not tensor.shape.rank:
    return tf.TensorSpec([], tensor.dtype)
  first, *others = tensor.shape
  kept = [None, None, others[-1]] if len(others) == 3 else [None] * len(others)
  return tf.TensorSpec([first, *kept], tensor.dtype)
