"""Features of pictures: Keras' VGG, frozen, cut at the deepest layer in use.

No other module knows the network's own units: BGR, 0-255, ImageNet means subtracted.
"""

import functools
from collections.abc import Callable, Sequence

import keras
import numpy as np
import tensorflow as tf

from tf_style.system import machine
from tf_style.vgg.layers import Convolution, MaxPooling, WrapPadding
from tf_style.vgg.network import Layer
from tf_style.vgg.weights import Weights

# Channel means of ImageNet in BGR and 0-255, which the Caffe networks of Simonyan & Zisserman
# subtract.
MEANS = (103.939, 116.779, 123.68)

# What `average` multiplies each average pool by. Multiples of 1/64, which bfloat16 holds exactly.
AVERAGE_FACTORS = {"block1_pool": 81 / 64, "block2_pool": 90 / 64, "block3_pool": 104 / 64,
                   "block4_pool": 118 / 64, "block5_pool": 115 / 64}


class Extractor(tf.Module):
  """Named features of a picture.

  Average pools are multiplied by `AVERAGE_FACTORS`, so that the loss terms behind them are as large
  as with max pools, and loss weights keep their meaning. Plain averages leave .63, .32, .12 and
  .035 of the default's style terms at block2_conv1 to block5_conv1, and .11 of its content term at
  block4_conv2. With the factors these are 1.01, 1.01, 1.00, 1.00 and .90, and between .6 and 1.4
  in single pairs of pictures. bin/lab/pooling.py measured that on ImageNet's VGG16 and nine
  pictures at 256 pixels.

  Attributes:
    layers: names of the layers that a call returns.
    model: the Keras model.
    wraps: whether pictures go on at their borders with themselves.
  """

  def __init__(self, weights: Weights, layers: Sequence[str], pooling: str = "max",
               precision: str = "float32", padding: str = "zero", portable: bool = False):
    """Builds the network up to the deepest of `layers` and fills in the weights.

    Args:
      weights: pretrained weights; they name the network.
      layers: Keras layer names; each is checked.
      pooling: `max`; `average`, scaled; or `plain_average`, unscaled.
      precision: `float32`, `bfloat16` or (for checks) `float64`: type of the features.
      padding: what a convolution sees beyond the border of its layer: `zero`, as in training, or
        `replicate`, the cells at the border once more, or `wrap`, those of the opposite border.
      portable: whether it holds nothing but the weights, as a SavedModel must; gradients then take
        longer.
    Raises:
      InputError: a layer is not of this network, or TensorFlow cannot run as the program has set
        it up.
    """
    super().__init__(name="extractor")
    machine.prepare()
    self.layers, self.wraps = tuple(dict.fromkeys(layers)), padding == "wrap"
    self.model = _build(weights, self.layers, pooling, precision, padding)
    for layer in self.model.layers:
      if isinstance(layer, Convolution):
        layer.portable = portable
    self._means = tf.constant(MEANS)

  @tf.autograph.experimental.do_not_convert
  def __call__(self, picture: tf.Tensor) -> dict[str, tf.Tensor]:
    """Returns the features of each layer.

    Args:
      picture: [B, H, W, 3] RGB in [0, 1].
    Returns:
      A dict of [B, H / stride, W / stride, C] activations in the extractor's precision, on the
      scale that a 0-255 input gives.
    """
    return self.model(self._prepared(picture), training=False)

  def walk(self, picture: tf.Tensor, look: Callable[[str, tf.Tensor], tf.Tensor]) -> None:
    """Computes the features of a picture layer by layer.

    Args:
      picture: as for a call.
      look: takes name and features of each of `layers`, in the network's order; returns the
        features that the next layer gets.
    """
    features = self._prepared(picture)
    for operation in self.model.operations[1:]:
      features = operation(features)
      if operation.name in self.layers:
        features = look(operation.name, features)

  def _prepared(self, picture: tf.Tensor) -> tf.Tensor:
    return picture[..., ::-1] * 255.0 - tf.cast(self._means, picture.dtype)


class Extractors:
  """Extractors of one network for several runs, each built once: Keras never quite frees a model.

  Attributes:
    weights: of the network.
  """

  def __init__(self, weights: Weights):
    """Builds nothing yet."""
    self.weights = weights
    self._built: dict[tuple, Extractor] = {}

  def get(self, layers: Sequence[str], pooling: str, precision: str, padding: str) -> Extractor:
    """Returns an extractor; arguments are those of `Extractor`."""
    key = tuple(layers), pooling, precision, padding
    if key not in self._built:
      self._built[key] = Extractor(self.weights, *key)
    return self._built[key]


def _build(weights: Weights, layers: Sequence[str], pooling: str, precision: str,
           padding: str) -> keras.Model:
  """Builds the model. Each default that keras.json could change is said outright."""
  network = weights.network
  picture = x = keras.Input((None, None, 3), name="picture",
                            dtype="float64" if precision == "float64" else "float32")
  outputs = {}
  for layer in network.up_to(network.deepest(layers).name):
    if layer.name.endswith("pool"):
      x = _pool(x, layer.name, pooling, precision)
    else:
      x = _convolve(x, layer, precision, padding, weights.kernels[layer.name])
    if layer.name in layers:
      outputs[layer.name] = x
  model = keras.Model(picture, outputs, name=network.name)
  model.trainable = False
  return model


def _pool(x: keras.KerasTensor, name: str, pooling: str, precision: str) -> keras.KerasTensor:
  if pooling == "max":
    return MaxPooling(name=name, dtype=precision)(x)
  average = functools.partial(
      keras.layers.AveragePooling2D, 2, data_format="channels_last", dtype=precision)
  if pooling == "plain_average":
    return average(name=name)(x)
  scale = keras.layers.Rescaling(AVERAGE_FACTORS[name], name=name, dtype=precision)
  return scale(average(name=f"{name}_unscaled")(x))


def _convolve(x: keras.KerasTensor, layer: Layer, precision: str, padding: str,
              pair: tuple[np.ndarray, np.ndarray]) -> keras.KerasTensor:
  if padding == "replicate":  # by one cell, which "symmetric" replicates
    x = keras.ops.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), "symmetric")
  elif padding == "wrap":
    x = WrapPadding(dtype=precision)(x)
  # Back to three channels TensorFlow's own gradient is the faster one.
  make = keras.layers.Conv2D if x.shape[-1] == 3 else Convolution
  convolution = make(
      layer.channels, 3, padding="same" if padding == "zero" else "valid", activation="relu",
      name=layer.name, data_format="channels_last", dtype=precision, kernel_initializer="zeros")
  y = convolution(x)
  for variable, array in zip(convolution.weights, pair, strict=True):
    variable.assign(_over(array))
  return y


def _over(array: np.ndarray) -> tf.Tensor:
  """Returns a tensor on the array's own memory if TensorFlow can use that, else on a copy."""
  if array.ctypes.data % 64 or not array.flags.c_contiguous:
    return tf.constant(array)
  return tf.experimental.dlpack.from_dlpack(array.__dlpack__())
