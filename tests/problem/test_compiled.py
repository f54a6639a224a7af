"""Graphs that serve all sizes, and what they leave in TensorFlow's registry."""

import gc
import threading

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.framework import ops

from tf_style.problem.compiled import Compiled, Traces, open_spec


def registered() -> set[str]:
  return {name for name in ops.gradient_registry.list() if name.startswith("CustomGradient")}


@tf.custom_gradient
def squared(x: tf.Tensor):
  return x * x, lambda upstream: 2 * x * upstream


def slope(x: tf.Tensor) -> tf.Tensor:
  with tf.GradientTape() as tape:
    tape.watch(x)
    y = squared(x)
  return tape.gradient(y, x)


@pytest.mark.parametrize("shape, kept", [
    ((), []), ((4,), [4]), ((4, 5), [4, None]), ((4, 5, 6), [4, None, None]),
    ((4, 5, 6, 7), [4, None, None, 7])])
def test_what_a_tensor_has_in_common_at_all_sizes(shape, kept):
  spec = open_spec(tf.zeros(shape, tf.bfloat16))
  assert spec.shape.as_list() == kept and spec.dtype == tf.bfloat16


def test_one_trace_serves_all_sizes_and_another_batch_or_type_has_its_own():
  double = Compiled(lambda nest: {"twice": 2 * nest["x"]}, Traces())
  for shape in ((1, 4, 5, 3), (1, 7, 2, 3)):
    np.testing.assert_array_equal(double({"x": tf.ones(shape)})["twice"], np.full(shape, 2))
  assert double.traces == 1
  double({"x": tf.ones((2, 4, 5, 3))})
  double({"x": tf.ones((1, 4, 5, 3), tf.float64)})
  assert double.traces == 3


def test_shapes_that_are_alike_at_all_sizes_are_known_to_the_graph():
  shapes = []
  look = lambda exact, opened: shapes.append((exact.shape, opened.shape)) or exact
  Compiled(look, Traces(), exact=(0,))(tf.ones([2, 3]), tf.ones([2, 3]))
  assert [shape.as_list() for shape in shapes[0]] == [[2, 3], [2, None]]


def test_what_tracing_leaves_is_released():
  before, traces = registered(), Traces()
  graph = Compiled(slope, traces)
  assert float(graph(tf.constant(3.0))) == 6 and registered() > before
  traces.release()
  assert registered() == before
  assert float(graph(tf.constant(4.0))) == 8  # what is traced needs the registry no more


def test_the_registry_is_released_with_the_traces():
  gc.collect()  # what other tests have left
  before, traces = registered(), Traces()
  Compiled(slope, traces)(tf.constant(3.0))
  del traces
  gc.collect()
  assert registered() == before


def test_what_others_trace_meanwhile_is_theirs():
  before, traces, inside = registered(), Traces(), threading.Event()

  def slow(x: tf.Tensor) -> tf.Tensor:
    inside.set()
    return slope(x)

  other = Traces()
  thread = threading.Thread(target=lambda: Compiled(slow, other)(tf.constant(3.0)))
  with traces:
    thread.start()
    assert not inside.wait(0.2)  # one at a time
  thread.join()
  kept = registered() - before
  traces.release()
  assert kept and registered() - before == kept
  other.release()
  assert registered() == before
