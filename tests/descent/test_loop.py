"""The loop on a toy loss: chunks, the best picture, faults, levels of other sizes."""

import numpy as np
import pytest
import tensorflow as tf

from tf_style.descent import loop
from tf_style.descent.adam import Adam
from tf_style.descent.lbfgs import LBFGS
from tf_style.descent.loop import Descent
from tf_style.descent.parameters import FourierSigmoid, Pixels
from tf_style.problem.terms import LossTerms


def picture(height: int, width: int, seed: int = 0) -> tf.Tensor:
  return tf.constant(np.random.default_rng(seed).uniform(size=(1, height, width, 3)), tf.float32)


class Apart:
  """The mean squared difference to what is wanted, and a row of two raw terms."""

  def __init__(self, in_graph: bool = True, spoiled: tuple[int, ...] = ()):
    """Gives no number in the evaluations `spoiled`, counted from 1."""
    self.in_graph, self._spoiled = in_graph, tf.constant(spoiled, tf.int32)
    self._count = tf.Variable(0)

  def value(self, picture: tf.Tensor, wanted: tf.Tensor) -> LossTerms:
    total = tf.reduce_mean((picture - wanted) ** 2)
    return LossTerms(total, tf.stack([total, tf.reduce_mean(picture)]))

  def value_and_gradient(self, picture: tf.Tensor,
                         wanted: tf.Tensor) -> tuple[LossTerms, tf.Tensor]:
    number = self._count.assign_add(1)
    terms = self.value(picture, wanted)
    total = terms.total + tf.where(tf.reduce_any(self._spoiled == number), np.nan, 0.0)
    size = tf.cast(tf.size(picture), tf.float32)
    return LossTerms(total, terms.raw), 2 * (picture - wanted) / size


def descent_of(optimizer: str = "adam") -> Descent:
  start = picture(4, 4)
  if optimizer == "lbfgs":
    parameters = FourierSigmoid(start)
    return Descent(parameters, LBFGS(parameters.variable, 5), 2)
  parameters = Pixels(start)
  return Descent(parameters, Adam(parameters.variable, 0.05), 2)


@pytest.fixture(params=["adam", "lbfgs"])
def descent(request) -> Descent:
  return descent_of(request.param)


@pytest.mark.parametrize("in_graph", [True, False], ids=["in a graph", "on the host"])
def test_a_level_keeps_its_best_picture(descent, in_graph):
  start, wanted, evaluator = picture(8, 12), picture(8, 12, 1), Apart(in_graph)
  descent.begin(start, 40)
  descent.evaluate_with(evaluator, wanted)
  chunks = list(descent.run(40))
  totals = np.concatenate([chunk.totals for chunk in chunks])
  assert len(totals) == 40 == int(descent.steps) and len(chunks[0].totals) == 1
  assert totals[0] == pytest.approx(float(evaluator.value(start, wanted).total), rel=1e-2)
  assert float(descent.best.loss) == totals.min() < 0.5 * totals[0]
  of_best = evaluator.value(descent.best.picture.value(), wanted)
  assert float(of_best.total) == pytest.approx(totals.min(), rel=1e-5)
  first = chunks[0]
  assert first.raw.shape == (1, 2) and first.raw[0, 0] == first.totals[0]
  gradient = np.asarray(start - wanted) * 2 / wanted.numpy().size
  assert first.norms[0] == pytest.approx(np.linalg.norm(gradient), rel=2e-2)
  assert all(chunk.seconds > 0 for chunk in chunks)


def test_graph_and_host_take_the_same_steps():
  curves = []
  for in_graph in (True, False):
    descent = descent_of()
    descent.begin(picture(8, 12), 10)
    descent.evaluate_with(Apart(in_graph), picture(8, 12, 1))
    curves.append(np.concatenate([chunk.totals for chunk in descent.run(10)]))
  np.testing.assert_allclose(*curves, rtol=1e-6)


def test_chunks_end_where_the_host_wants_to_look(descent):
  descent.begin(picture(8, 12), 20)
  descent.evaluate_with(Apart(), picture(8, 12, 1))
  ends = [int(descent.steps) for _ in descent.run(20, lambda done: 7 - done % 7)]
  assert ends[0] == 1 and {7, 14, 20} <= set(ends)


def test_chunks_last_as_long_as_is_asked_for(descent):
  descent.begin(picture(8, 12), 9)
  descent.evaluate_with(Apart(), picture(8, 12, 1))
  assert [len(chunk.totals) for chunk in descent.run(9, chunk_s=0)] == [1] * 9
  assert len(list(descent.run(9, chunk_s=0))) == 0


def test_pictures_of_other_sizes_are_taken_as_the_first_was(descent):
  """In one trace; nothing of the ones before is left, nor the memory that they took."""
  def run(descent, height, width):
    descent.begin(picture(height, width), 6, anew=True)
    descent.evaluate_with(evaluator, picture(height, width, 1))
    found = np.concatenate([chunk.totals for chunk in descent.run(6)])
    best = descent.best.picture.numpy()
    descent.let_go()
    assert descent.parameters.variable.numpy().size == 0 == descent.best.picture.numpy().size
    return found, best

  evaluator = Apart()
  kind = "lbfgs" if isinstance(descent.parameters, FourierSigmoid) else "adam"
  for height, width in ((8, 12), (5, 7), (16, 6), (8, 12)):
    for ours, fresh in zip(run(descent, height, width), run(descent_of(kind), height, width),
                           strict=True):
      np.testing.assert_array_equal(ours, fresh)
  assert descent.traces == 1


def test_faults_are_counted_and_lead_back(descent):
  descent.begin(picture(8, 12), 20)
  descent.evaluate_with(Apart(spoiled=(4, 9, 10)), picture(8, 12, 1))
  totals = np.concatenate([chunk.totals for chunk in descent.run(20)])
  assert list(np.flatnonzero(np.isnan(totals)) + 1) == [4, 9, 10]
  assert int(descent.faults.count) == 3 and not descent.failed
  assert np.nanmin(totals[10:]) < np.nanmin(totals[:10])


@pytest.mark.parametrize("in_graph", [True, False], ids=["in a graph", "on the host"])
def test_patience_ends(descent, in_graph):
  descent.begin(picture(8, 12), 50)
  descent.evaluate_with(Apart(in_graph, spoiled=tuple(range(6, 99))), picture(8, 12, 1), 3)
  totals = np.concatenate([chunk.totals for chunk in descent.run(50)])
  assert len(totals) == 8 and descent.failed
  assert float(descent.best.loss) == np.nanmin(totals)


def test_what_a_checkpoint_has_is_all_that_there_is(descent, tmp_path):
  def begin(descent):
    descent.begin(picture(8, 12), 12, anew=True)
    descent.evaluate_with(Apart(), picture(8, 12, 1))

  begin(descent)
  whole = np.concatenate([chunk.totals for chunk in descent.run(12)])
  begin(descent)
  before = next(chunk for chunk in descent.run(12, lambda done: 1) if int(descent.steps) == 5)
  path = descent.checkpoint().write(str(tmp_path / "state"))
  kind = "lbfgs" if isinstance(descent.parameters, FourierSigmoid) else "adam"
  other = descent_of(kind)
  begin(other)
  other.checkpoint().read(path).assert_consumed()
  rest = np.concatenate([chunk.totals for chunk in other.run(12)])
  assert before.totals[-1] == whole[4]
  np.testing.assert_array_equal(rest, whole[5:])


def test_a_chunk_is_no_longer_than_its_rows(descent, monkeypatch):
  monkeypatch.setattr(loop, "_CHUNK_S", 1e9)
  descent.begin(picture(2, 2), 3000)
  descent.evaluate_with(Apart(), picture(2, 2, 1))
  sizes = [len(chunk.totals) for chunk in descent.run(3000)]
  assert max(sizes) == loop._LONGEST_CHUNK and sum(sizes) == 3000
