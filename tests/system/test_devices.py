"""Names of devices, as people and TensorFlow write them."""

import pytest
import tensorflow as tf

from tf_style.errors import InputError
from tf_style.system import devices


@pytest.fixture
def two_gpus(monkeypatch):
  monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: ["a", "b"])


@pytest.mark.parametrize("name, device", [
    ("auto", "/GPU:0"), ("AUTO", "/GPU:0"), ("gpu", "/GPU:0"), ("GPU:1", "/GPU:1"),
    ("/gpu:1", "/GPU:1"), ("/device:GPU:1", "/GPU:1"), ("/physical_device:GPU:0", "/GPU:0"),
    ("/job:localhost/replica:0/task:0/device:GPU:1", "/GPU:1"), (" gpu:01 ", "/GPU:1"),
    ("cpu", "/CPU:0"), ("CPU", "/CPU:0"), ("/Cpu:0", "/CPU:0"), ("/device:CPU:0", "/CPU:0"),
    ("/job:localhost/replica:0/task:0/device:CPU:0", "/CPU:0")])
def test_spellings(name, device, two_gpus):
  assert devices.choose_device(name) == device


@pytest.mark.parametrize("name", [
    "", "cuda", "cuda:0", "gpu:", "gpu:x", "gpu:-1", "gpu 0", "gpu:" + 5000 * "9", "cpu:1",
    "auto:0", "tpu", "TPU:0", "0", "gpu:0,1", "\0"])
def test_names_of_nothing(name, two_gpus):
  with pytest.raises(InputError, match="^--device: expected auto, cpu or gpu:N, received "):
    devices.choose_device(name)


def test_a_gpu_that_is_not_there(two_gpus):
  with pytest.raises(InputError, match="^--device: expected one of the 2 GPUs .*, received GPU:2"):
    devices.choose_device("GPU:2")


def test_the_cpu_where_there_is_no_gpu(monkeypatch):
  monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [])
  assert devices.choose_device("auto") == "/CPU:0"
  with pytest.raises(InputError, match="one of the 0 GPUs"):
    devices.choose_device("/GPU:0")
