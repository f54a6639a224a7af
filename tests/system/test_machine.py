"""What a program may have done to TensorFlow, Keras and stderr before a run begins."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from processes import python

_PROBE = """
from tf_style.system import machine
machine._load_cusolver()
print("libcusolver" in open("/proc/self/maps").read())
"""


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="only Linux lists libraries")
@pytest.mark.parametrize("damaged", [False, True])
def test_cusolver_is_loaded_from_its_package(damaged, tmp_path):
  folder = tmp_path / "nvidia/cusolver/lib"
  folder.mkdir(parents=True)
  if damaged:
    (folder / "libcusolver.so.11").write_bytes(b"no library")
  else:
    math = next(path for line in Path("/proc/self/maps").read_text().splitlines()
                if "/libm" in (path := line.split()[-1]) and ".so" in path)
    shutil.copy(math, folder / "libcusolver.so.11")
  done = python(_PROBE, PYTHONPATH=f"{tmp_path}{os.pathsep}{Path(__file__).parents[2]}")
  assert done.stdout.strip() == str(not damaged) and not done.stderr


_SETTINGS = """
import {first}
import tensorflow as tf
from tf_style.system import machine
machine.prepare()
machine.prepare()
tf.zeros([]).numpy()
machine.prepare()
print(tf.config.experimental.tensor_float_32_execution_enabled())
"""


@pytest.mark.parametrize("first", ["tensorflow", "tf_style.system.machine"])
def test_float32_is_float32_whoever_imported_tensorflow(first):
  done = python(_SETTINGS.format(first=first))
  assert done.stdout.strip() == "False", done.stderr


def test_gpus_that_are_in_use_already(monkeypatch):
  import tensorflow as tf

  from tf_style.system import machine

  def refuse(*_):
    raise RuntimeError("Physical devices cannot be modified after being initialized")

  tried = []
  monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind=None: ["a", "b"])
  monkeypatch.setattr(tf.config.experimental, "set_memory_growth",
                      lambda gpu, grows: tried.append((gpu, grows)) or refuse())
  machine.prepare()
  assert tried == [("a", True), ("b", True)]


# --- Library use leaves the process alone ---------------------------------------------------------

_LIBRARY = """
import os, sys, logging, warnings
def state():
  umask = os.umask(0o22); os.umask(umask)
  return os.fstat(2).st_ino, umask, logging.getLogger().level, len(warnings.filters)
before = state()
dup2 = os.dup2
os.dup2 = lambda *_: sys.exit("a file descriptor is turned")
import tf_style
tf_style.stylize
from tf_style.system import machine
machine.prepare()
assert "tensorflow" in sys.modules and os.environ["TF_CPP_MIN_LOG_LEVEL"] == "2"
after = state()
print(before[:3] == after[:3])
"""


def test_a_library_leaves_stderr_and_umask_alone():
  done = python(_LIBRARY, TF_CPP_MIN_LOG_LEVEL="")
  assert done.stdout.strip() == "True", done.stderr


_QUIET = "from tf_style.system import machine; machine.start_tensorflow({}); print('started')"


def test_a_command_starts_without_noise():
  done = python(_QUIET.format(""), TF_CPP_MIN_LOG_LEVEL="")
  assert (done.stdout, done.stderr) == ("started\n", "")
  loud = python(_QUIET.format("verbose=True"), TF_CPP_MIN_LOG_LEVEL="")
  assert loud.stdout == "started\n" and loud.stderr


@pytest.mark.parametrize("keras", [False, True])
def test_a_command_imports_keras_where_it_uses_it(keras):
  """And a later import finds what is there."""
  done = python(f"import sys; from tf_style.system import machine; "
                f"tf = machine.start_tensorflow(keras={keras}); print('keras' in sys.modules); "
                "import keras; print(tf.keras.layers.Dense is keras.layers.Dense)")
  assert done.stdout == f"{keras}\nTrue\n", done.stderr


@pytest.mark.parametrize("before", [
    "os.close(2)", "sys.stderr = None", "sys.stderr.close()",
    "sys.stderr = open('/dev/full', 'w')"])
def test_tensorflow_starts_without_stderr(before):
  program = (f"import os, sys; {before}\n"
             "from tf_style.system import machine\n"
             "machine.start_tensorflow(verbose=True)\n"
             "os.fstat(2)\n"
             "print('started', flush=True)\nos._exit(0)")
  assert python(program).stdout == "started\n"


# --- Keras' settings ------------------------------------------------------------------------------

_FEATURES = """
import sys
exec(sys.argv[1])
import tf_style
tf_style.stylize
import numpy as np
from made_inputs import waves
from tf_style.vgg.extractor import Extractor
from tf_style.vgg.weights import load_weights
layers = ("block1_conv2", "block2_pool")
weights = load_weights("vgg16", sys.argv[2])
picture = np.float32(waves(32, 48, 1)[None] / 255)
for pooling, padding in (("max", "zero"), ("average", "replicate"), ("plain_average", "zero")):
  made = Extractor(weights, layers, pooling, "float32", padding)(picture)
  print([float(np.float64(made[layer]).sum()).hex() for layer in layers], made[layers[0]].dtype)
"""


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> str:
  from made_inputs import write_weights
  return str(write_weights(tmp_path_factory.mktemp("weights") / "vgg16.h5"))


def features(weights: str, before: str = "pass", **environment: str) -> subprocess.CompletedProcess:
  paths = os.pathsep.join(map(str, Path(__file__).parents[1:3]))
  return python(_FEATURES, before, weights, PYTHONPATH=paths, **environment)


@pytest.fixture(scope="module")
def plain(weights) -> str:
  done = features(weights)
  assert done.stdout.count("\n") == 3, done.stderr
  return done.stdout


@pytest.mark.parametrize("settings", [
    '{"image_data_format": "channels_first", "floatx": "float16", "backend": "theano"}',
    '{"floatx": "float64"}', "no JSON"])
def test_a_keras_json_changes_nothing(settings, plain, weights, tmp_path):
  (tmp_path / "keras.json").write_text(settings)
  done = features(weights, KERAS_HOME=str(tmp_path))
  assert done.stdout == plain, done.stderr


@pytest.mark.parametrize("before", [
    "import keras; keras.config.set_floatx('bfloat16')",
    "import keras; keras.config.set_image_data_format('channels_first')",
    "import keras; keras.mixed_precision.set_global_policy('mixed_bfloat16')",
    "import tensorflow as tf; tf.keras.mixed_precision.set_global_policy('float64')",
    "import tensorflow as tf; tf.experimental.numpy.experimental_enable_numpy_behavior()"])
def test_what_a_program_sets_changes_nothing(before, plain, weights):
  done = features(weights, before)
  assert done.stdout == plain, done.stderr


@pytest.mark.parametrize("backend", ["jax", "theano"])
def test_another_backend_in_the_environment(backend, plain, weights):
  done = features(weights, KERAS_BACKEND=backend)
  assert done.stdout == plain, done.stderr


@pytest.mark.parametrize("settings", ['{"floatx": "float33"}', "[1]"])
def test_a_keras_json_that_keras_refuses(settings, weights, tmp_path):
  (tmp_path / "keras.json").write_text(settings)
  done = features(weights, KERAS_HOME=str(tmp_path))
  *_, last = done.stderr.splitlines()
  assert f"InputError: expected settings that Keras accepts in {tmp_path}/keras.json" in last
