"""Programs that a run cannot work in are told so, in one line."""

import sys

import keras
import pytest
import tensorflow as tf
from processes import python

from tf_style.errors import InputError
from tf_style.system import host, machine


def test_keras_on_another_backend_already(monkeypatch):
  monkeypatch.setattr(keras.config, "backend", lambda: "jax")
  with pytest.raises(InputError, match="received Keras on jax; set KERAS_BACKEND=tensorflow"):
    machine.prepare()


def test_calls_that_are_recorded_or_traced():
  host.check_scopes()
  with tf.GradientTape(), pytest.raises(InputError, match="outside tf.GradientTape"):
    host.check_scopes()
  with (tf.distribute.OneDeviceStrategy("/CPU:0").scope(),
        pytest.raises(InputError, match="scope of a tf.distribute strategy")):
    host.check_scopes()
  for inside in (tf.function(machine.prepare, autograph=False), _in_a_graph):
    with pytest.raises(InputError, match="expected a call in TensorFlow's eager mode"):
      inside()


def _in_a_graph() -> None:
  with tf.Graph().as_default():
    machine.prepare()


_NO_EAGER = """
import tensorflow as tf
tf.compat.v1.{}()
from tf_style.system import machine
try:
  machine.prepare()
except machine.InputError as error:
  print(error)
"""


@pytest.mark.parametrize("switch", ["disable_eager_execution", "disable_v2_behavior"])
def test_a_program_that_has_disabled_eager_mode(switch):
  done = python(_NO_EAGER.format(switch))
  assert done.stdout.startswith("expected a call in TensorFlow's eager mode"), done.stderr


_FORK = """
import multiprocessing, sys
import tensorflow as tf
if sys.argv[1] == "used":
  tf.zeros([8, 8]) @ tf.zeros([8, 8])
from tf_style.system import machine

def run():
  try:
    machine.prepare()
    print(float(tf.reduce_sum(tf.ones([64, 64]) @ tf.ones([64, 64]))), flush=True)
  except machine.InputError as error:
    print(error, flush=True)

child = multiprocessing.get_context("fork").Process(target=run)
child.start()
child.join(30)
print(child.exitcode)
child.kill()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lists threads")
@pytest.mark.parametrize("use, answer", [
    ("used", "expected a process of its own, received a copy made by fork after TensorFlow had "
             "started; start it by multiprocessing.get_context('spawn')"),
    ("unused", "262144.0")])
def test_a_fork_after_tensorflow_has_started(use, answer):
  assert python(_FORK, use).stdout.splitlines() == [answer, "0"]
