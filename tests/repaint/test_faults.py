"""NaN and infinity in loss or gradient: back to the best picture, or an orderly end."""

import json
import random

import numpy as np
import pytest
import tensorflow as tf
from made_inputs import waves, write_picture, write_weights
from PIL import Image

from tf_style import run
from tf_style.cli import console
from tf_style.descent import loop as descent
from tf_style.descent.lbfgs import LBFGS
from tf_style.problem.evaluators import WholePicture
from tf_style.problem.terms import LossTerms
from tf_style.repaint import painter
from tf_style.repaint.result import Result
from tf_style.settings.config import Config

CONTENT, STYLE = waves(72, 96, 1), waves(80, 80, 2)
SMALL = {"network": "vgg16", "image_size": 64, "levels": 1, "steps": 16, "precision": "float32",
         "style_layers": ("block1_conv1", "block2_conv1"), "content_layers": ("block2_conv1",)}

DEEP = tuple(f"block{block}_conv1" for block in range(1, 6))


def stylize(on_step=None, **options) -> Result:
  return painter.stylize(CONTENT, STYLE, Config.of(**SMALL | options), on_step=on_step)


def inject(monkeypatch, kind, first, last, precisions=("float32", "bfloat16")):
  """Spoils the evaluations `first` to `last` of a run, counted from 1, in some precisions."""
  original, count = WholePicture.value_and_gradient, tf.Variable(0)

  def spoiled(self, picture, wanted):
    concerned = self._extractor.operations["block1_conv1"].kernel.dtype.name in precisions
    due = (count.assign_add(1) >= first) & (count <= last) & concerned
    poison = tf.where(due, np.float32(np.inf if kind == "infinite gradient" else np.nan), 0.0)
    terms, gradient = original(self, picture, wanted)
    if kind == "infinite gradient":
      gradient += poison
    elif kind == "NaN in the loss":
      terms = LossTerms(terms.total + poison, terms.raw)
    else:  # a failing factorization: some versions of TensorFlow raise where others return NaN
      check = tf.debugging.Assert(~due, ["Cholesky decomposition was not ..."])
      with tf.control_dependencies([check]):
        terms = LossTerms(tf.identity(terms.total), terms.raw)
    return terms, gradient

  monkeypatch.setattr(WholePicture, "value_and_gradient", spoiled)


@pytest.mark.parametrize("kind", ["NaN in the loss", "infinite gradient", "failing factorization"])
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_one_fault_is_survived(optimizer, precision, kind, monkeypatch, caplog):
  step = random.Random(optimizer + precision + kind).randint(1, 15)
  start = stylize(optimizer=optimizer, precision=precision, steps=1).losses["total"]
  inject(monkeypatch, kind, step, step)
  result = stylize(optimizer=optimizer, precision=precision)
  assert result.faults == 1 and not result.failed and len(result.history["total"]) == 16
  assert np.isfinite(result.picture).all()
  assert result.losses["total"] < 0.8 * start
  assert "1 in all; back to the best picture" in caplog.text


def test_a_direction_that_is_no_number_is_given_up(monkeypatch):
  """Sigmoid and ReLU make numbers of NaN: the loss is finite, the point is not."""
  original, count = LBFGS._newton, tf.Variable(0)
  monkeypatch.setattr(LBFGS, "_newton", lambda self, gradient: tf.where(
      count.assign_add(1) == 4, np.float32(np.nan), original(self, gradient)))
  result = stylize(optimizer="lbfgs")
  assert result.faults == 2 and not result.failed
  assert result.losses["total"] < 0.5 * result.history["total"][0]


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_a_low_precision_that_does_not_do_is_left(optimizer, monkeypatch, caplog):
  seen = []
  inject(monkeypatch, "NaN in the loss", 6, 99, ["bfloat16"])
  result = stylize(lambda step: seen.append(step.precision), optimizer=optimizer,
                   precision="bfloat16")
  assert result.faults == 2 and not result.failed and len(result.history["total"]) == 16
  assert seen[0] == "bfloat16" and seen[-1] == "float32"
  assert result.losses["total"] < 0.8 * result.history["total"][0]
  assert "again and again in bfloat16: on in float32" in caplog.text


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_what_does_not_heal_ends_the_run_with_its_best_picture(optimizer, monkeypatch):
  whole = stylize(optimizer=optimizer, steps=5)
  inject(monkeypatch, "infinite gradient", 6, 99)
  result = stylize(optimizer=optimizer, steps=90, levels=1, learning_rate_decay=1)
  assert result.failed and result.faults == 8 and len(result.history["total"]) == 13
  if optimizer == "lbfgs":
    np.testing.assert_array_equal(result.picture, whole.picture)
  assert result.losses["total"] < 0.9 * result.history["total"][0]


def test_the_command_says_so(monkeypatch, tmp_path, capfd):
  inject(monkeypatch, "NaN in the loss", 4, 99)
  write_picture(tmp_path / "content.png")
  style = write_picture(tmp_path / "style.png", seed=2)
  argv = [f"--content={tmp_path}/content.png", f"--style={style}",
          f"--weights={write_weights(tmp_path / 'vgg16.h5')}", "--network=vgg16", "--image_size=64",
          "--precision=float32", "--levels=2", f"--logdir={tmp_path}/logs",
          f"--output={tmp_path}/a.png"]
  assert run.main(argv) == console.FAILED
  assert Image.open(tmp_path / "a.png").size == (64, 48)
  (path,) = tmp_path.glob("logs/*/summary.json")
  summary = json.loads(path.read_text())
  assert summary["failed"] and summary["faults"] == 8
  assert "the loss was not finite again and again" in capfd.readouterr().err


@pytest.mark.parametrize("chunk, size", [(1, None), (3, (64, 48)), (9, (64, 48))])
def test_an_error_on_the_way_leaves_the_best_picture(chunk, size, monkeypatch, tmp_path, capfd):
  """Before the first step is done, at the first level, at the second."""
  original, calls = descent.Descent._advance, []

  def advance(self, begin, end):
    calls.append(begin)
    if len(calls) == chunk:
      raise tf.errors.ResourceExhaustedError(None, None, "OOM when allocating\ntensor")
    original(self, begin, begin + 1)

  monkeypatch.setattr(descent.Descent, "_advance", advance)
  write_picture(tmp_path / "content.png")
  style = write_picture(tmp_path / "style.png", seed=2)
  argv = [f"--content={tmp_path}/content.png", f"--style={style}",
          f"--weights={write_weights(tmp_path / 'vgg16.h5')}", "--network=vgg16", "--image_size=64",
          "--level_steps=6,6", f"--logdir={tmp_path}/logs", f"--output={tmp_path}/a.png",
          "--verbosity=-1"]
  assert run.main(argv) == console.FAILED
  *_, said = capfd.readouterr().err.splitlines()
  assert said.startswith("tf_style: error: there is not enough memory")
  assert (tmp_path / "a.png").exists() == (size is not None)
  if size:
    assert Image.open(tmp_path / "a.png").size == size


@pytest.mark.parametrize("value", [0, 128, 255])
def test_a_picture_of_one_color_is_no_fault(value):
  """Its covariances are rounding errors but for the network's zero padding."""
  flat = np.full((64, 64, 3), value, np.uint8)
  for content, style in ((flat, STYLE), (CONTENT, flat), (flat, flat)):
    config = Config.of(**SMALL | {"steps": 3, "style_layers": DEEP})
    result = painter.stylize(content, style, config)
    assert result.faults == 0 and np.isfinite(result.losses["total"])
