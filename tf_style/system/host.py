"""What a program may have set up before a run, or around it, that a run cannot work with."""

import os
import sys

from tf_style.errors import InputError, expected


def check_program() -> None:
  """Checks how the program uses TensorFlow and Keras.

  Raises:
    InputError: eager mode is off, Keras has another backend, or TensorFlow did not survive a fork.
  """
  import tensorflow as tf
  if not tf.executing_eagerly():
    raise InputError(expected(
        "a call in TensorFlow's eager mode", "one inside a tf.function or a tf.Graph, or in a "
        "program that called tf.compat.v1.disable_eager_execution()"))
  keras = sys.modules.get("keras")
  if keras and keras.config.backend() != "tensorflow":
    raise InputError(expected("Keras on TensorFlow", f"Keras on {keras.config.backend()}") + (
        "; set KERAS_BACKEND=tensorflow before keras is imported"))
  if _is_forked_copy():
    raise InputError(
        expected("a process of its own", "a copy made by fork after TensorFlow had started") + (
            "; start it by multiprocessing.get_context('spawn')"))


def check_scopes() -> None:
  """Checks that nothing outside a run records or places what the run computes.

  Raises:
    InputError: the call is inside a GradientTape, or in the scope of a tf.distribute strategy.
  """
  import tensorflow as tf
  from tensorflow.python.eager import record
  if record.could_possibly_record():
    raise InputError(expected("a call outside tf.GradientTape", "one inside a tape"))
  if tf.distribute.has_strategy():
    raise InputError(expected("a call outside the scope of a tf.distribute strategy",
                              "one inside such a scope"))


def _is_forked_copy() -> bool:
  """Whether TensorFlow was started by the process that this one was forked from.

  TensorFlow's threads do not survive a fork, and a run would wait for them forever. Only Linux
  lists threads; other systems do not fork by default.
  """
  from tensorflow.python.eager import context
  try:
    threads = os.listdir("/proc/self/task")
  except OSError:
    return False
  started = getattr(context.context(), "_initialized", False)
  return bool(started) and len(threads) == 1
