"""The extractor against Keras' own networks, with real weights."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from made_problems import make_problem, sample

from tf_style.errors import InputError
from tf_style.vgg.extractor import AVERAGE_FACTORS, Extractor, Extractors
from tf_style.vgg.layers import Convolution
from tf_style.vgg.network import NETWORKS

PICTURE = tf.constant(np.random.default_rng(0).uniform(size=(1, 48, 64, 3)), tf.float32)


@pytest.mark.parametrize("name", ["vgg16", "vgg19"])
def test_features_are_those_of_keras_applications(name, vgg16_weights, vgg19_weights):
  weights = {"vgg16": vgg16_weights, "vgg19": vgg19_weights}[name]
  make = {"vgg16": keras.applications.VGG16, "vgg19": keras.applications.VGG19}[name]
  model = make(weights=None, include_top=False, input_shape=(None, None, 3))
  for layer, pair in weights.kernels.items():
    model.get_layer(layer).set_weights(pair)
  chosen = list(NETWORKS[name].layers)
  theirs = keras.Model(model.input, {layer: model.get_layer(layer).output for layer in chosen})(
      PICTURE[..., ::-1] * 255 - tf.constant([103.939, 116.779, 123.68]))
  ours = Extractor(weights, chosen)(PICTURE)
  for layer in chosen:
    np.testing.assert_allclose(ours[layer], theirs[layer], rtol=1e-4, atol=1e-2)
    assert ours[layer].shape[-1] == NETWORKS[name].layers[layer].channels


@pytest.mark.parametrize("offset", [0, 1])
def test_kernels_are_kept_once_where_their_memory_is_aligned(offset, vgg16_weights):
  kernel, bias = vgg16_weights.kernels["block1_conv2"]
  memory = np.empty(kernel.nbytes + 128, np.uint8)
  start = -memory.ctypes.data % 64 + 4 * offset
  moved = memory[start:start + kernel.nbytes].view(np.float32).reshape(kernel.shape)
  moved[...] = kernel
  weights = vgg16_weights._replace(kernels=vgg16_weights.kernels | {"block1_conv2": (moved, bias)})
  layer = Extractor(weights, ["block1_conv2"]).operations["block1_conv2"]
  inside = np.asarray(memoryview(layer.kernel.read_value()))
  np.testing.assert_array_equal(inside, kernel)
  assert np.shares_memory(inside, moved) == (offset == 0)


def test_grafted_vgg19_computes_vgg16s_features(vgg16_weights, vgg19_weights):
  ours, theirs = (Extractor(w, ["block5_conv1"])(PICTURE)["block5_conv1"]
                  for w in (vgg16_weights, vgg19_weights))
  np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-2)


def test_the_network_ends_at_the_deepest_layer_in_use(vgg16_weights):
  assert list(Extractor(vgg16_weights, ["block2_conv1"]).operations)[-1] == "block2_conv1"


def test_bfloat16_is_close(vgg16_weights):
  ours, theirs = (Extractor(vgg16_weights, ["block4_conv2"], precision=p)(PICTURE)["block4_conv2"]
                  for p in ("float32", "bfloat16"))
  assert theirs.dtype == tf.bfloat16
  error = tf.norm(ours - tf.cast(theirs, tf.float32)) / tf.norm(ours)
  assert float(error) < 0.02


def test_average_pools_are_plain_ones_by_their_factors(vgg16_weights):
  scaled, plain = (Extractor(vgg16_weights, ["block1_pool"], pooling)(PICTURE)["block1_pool"]
                   for pooling in ("average", "plain_average"))
  np.testing.assert_array_equal(scaled, plain * AVERAGE_FACTORS["block1_pool"])


def default_terms(network: Extractors, pooling: str) -> np.ndarray:
  """The raw terms of the default loss, of a photograph with another and a painting as targets."""
  found, content, style = (sample(name, 192, 256) for name in ("cat", "photo", "style"))
  problem = make_problem(network, content, style, pooling=pooling, content_target="features")
  return problem.at(192, 256).value(found).raw.numpy()


def test_loss_weights_mean_the_same_with_average_pooling(vgg16):
  """Content at block4_conv2, then style at block1_conv1 to block5_conv1."""
  most, average, plain = (default_terms(vgg16, pooling)
                          for pooling in ("max", "average", "plain_average"))
  np.testing.assert_allclose(average / most, 1, atol=0.4)
  assert (plain / most)[[0, 4, 5]].max() < 0.2


def test_replicating_the_border_is_padding_by_hand(vgg16_weights):
  """Zero padding of a picture whose border is there twice gives the same first layer inside."""
  wider = tf.pad(PICTURE, [(0, 0), (1, 1), (1, 1), (0, 0)], "SYMMETRIC")
  expected = Extractor(vgg16_weights, ["block1_conv1"])(wider)["block1_conv1"][:, 1:-1, 1:-1]
  ours = Extractor(vgg16_weights, ["block1_conv1"], padding="replicate")(PICTURE)["block1_conv1"]
  np.testing.assert_allclose(ours, expected, atol=1e-3)


def test_a_flat_picture_has_no_border_where_it_is_replicated(vgg16_weights):
  picture = tf.fill([1, 64, 80, 3], 0.4)
  flat = {padding: Extractor(vgg16_weights, ["block4_conv2"], padding=padding)(picture)[
      "block4_conv2"] for padding in ("zero", "replicate")}
  spread = {padding: float(tf.reduce_max(tf.math.reduce_std(f, [1, 2])) / tf.reduce_mean(f))
            for padding, f in flat.items()}
  assert spread["replicate"] < 1e-3 < 1 < spread["zero"]


def test_reach_is_what_a_pixel_moves(vgg16_weights):
  """Changing one pixel changes features as far as the table says, and no farther."""
  layer = NETWORKS["vgg16"].layers["block3_conv1"]
  extract = Extractor(vgg16_weights, [layer.name])
  base = tf.zeros([1, 96, 96, 3]) + 0.5
  moved = tf.tensor_scatter_nd_add(base, [[0, 48, 48, 0]], [0.4])
  changed = np.any(np.abs(extract(moved)[layer.name] - extract(base)[layer.name]) > 0, axis=(0, 3))
  rows = np.flatnonzero(changed.any(1)) * layer.stride
  assert max(48 - rows.min(), rows.max() - 48) <= layer.reach + layer.stride


def test_an_unknown_layer_is_answered_with_the_names_there_are(vgg16_weights):
  with pytest.raises(InputError, match="block1_conv1.*received block9_conv1"):
    Extractor(vgg16_weights, ["block9_conv1"])


def test_operations_are_the_papers():
  """A forward pass of VGG19 to block5_conv1 takes 0.72 MFLOP a pixel."""
  assert NETWORKS["vgg19"].operations("block5_conv1") == pytest.approx(0.72e6, rel=0.01)


@pytest.mark.parametrize("portable", [False, True])
@pytest.mark.parametrize("channels", [3, 5])
@pytest.mark.parametrize("border", [1, 0])
def test_gradients_of_convolutions_are_tensorflows_own(border, channels, portable):
  """In float64, at an odd size."""
  random = np.random.default_rng(0).normal
  x = tf.constant(random(size=(2, 7, 9, channels)))
  upstream = tf.constant(random(size=(2, 5 + 2 * border, 7 + 2 * border, 4)))
  theirs = keras.layers.Conv2D(4, 3, padding="same" if border else "valid", activation="relu",
                               dtype="float64")
  theirs(x)
  kernel, bias = (np.float32(array) for array in theirs.get_weights())
  theirs.set_weights([kernel, bias])
  ours = Convolution(kernel, bias, "float64", border, portable)
  found, expected = (gradient_of(layer, x, upstream) for layer in (ours, theirs))
  np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def gradient_of(layer, x, upstream) -> tf.Tensor:
  with tf.GradientTape() as tape:
    tape.watch(x)
    y = layer(x)
  return tape.gradient(y, x, upstream)
