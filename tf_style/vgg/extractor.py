"""Features of pictures: Keras' VGG, frozen, cut at the deepest layer in use.

The only room that knows the network's own units: BGR, 0-255, ImageNet means subtracted.
"""

from collections.abc import Callable, Sequence

import keras
import numpy as np
import tensorflow as tf

from tf_style.vgg import network as networks
from tf_style.vgg.layers import Convolution, MaxPooling
from tf_style.vgg.weights import Weights

# Channel means of ImageNet in BGR and 0-255, as the Caffe networks of Simonyan & Zisserman subtract them.
MEANS = (103.939, 116.779, 123.68)

# What `average` multiplies each average pool by. Multiples of 1/64, which bfloat16 holds exactly.
AVERAGE_FACTORS = {"block1_pool": 81 / 64, "block2_pool": 90 / 64, "block3_pool": 104 / 64,
                   "block4_pool": 118 / 64, "block5_pool": 115 / 64}


class Extractor(tf.Module):
  """Named features of a picture.

  Average pools are multiplied by `AVERAGE_FACTORS`, so that the loss terms behind them are those of max pools
  and loss weights keep their meaning. Plain averages leave .63, .32, .12 and .035 of the default's style
  terms at block2_conv1 to block5_conv1 and .11 of its content at block4_conv2; with the factors that is 1.01,
  1.01, 1.00, 1.00 and .90, between .6 and 1.4 in single pairs of pictures. Measured by bin/lab/pooling.py on
  ImageNet's VGG16 and nine pictures at 256 pixels.

  Attributes:
    layers: names of the layers that a call returns.
    model: the Keras model behind it.
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
        `replicate`, the cells at the border once more.
      portable: whether it holds nothing but the weights, as a SavedModel shall: gradients take longer.
    Raises:
      InputError: a layer is not of this network.
    """
    super().__init__(name="extractor")
    self.layers = tuple(dict.fromkeys(layers))
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
      A dict of [B, H / stride, W / stride, C] activations in the extractor's precision, on the scale
      that a 0-255 input gives.
    """
    return self.model(self._prepared(picture), training=False)

  def walk(self, picture: tf.Tensor, look: Callable[[str, tf.Tensor], tf.Tensor]) -> None:
    """Computes the features of a picture layer by layer.

    Args:
      picture: as for a call.
      look: takes the name and the features of each of `layers` in the network's order; returns what the next
        layer gets, features like them.
    """
    features = self._prepared(picture)
    for operation in self.model.operations[1:]:
      features = operation(features)
      if operation.name in self.layers:
        features = look(operation.name, features)

  def _prepared(self, picture: tf.Tensor) -> tf.Tensor:
    return picture[..., ::-1] * 255.0 - tf.cast(self._means, picture.dtype)


class Extractors:
  """Extractors of one network, each built once, for several runs: what Keras builds, it never quite frees.

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
  table = networks.layers(weights.network)
  last = networks.deepest(weights.network, layers).name
  picture = x = keras.Input(
      (None, None, 3), name="picture", dtype="float64" if precision == "float64" else None)
  outputs = {}
  for name, layer in table.items():
    if name.endswith("pool"):
      if pooling == "max":
        x = MaxPooling(name=name, dtype=precision)(x)
      elif pooling == "average":
        x = keras.layers.AveragePooling2D(2, name=f"{name}_unscaled", dtype=precision)(x)
        x = keras.layers.Rescaling(AVERAGE_FACTORS[name], name=name, dtype=precision)(x)
      else:
        x = keras.layers.AveragePooling2D(2, name=name, dtype=precision)(x)
    else:
      if padding == "replicate":
        x = keras.ops.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), "symmetric")  # by one cell: replicates it
      # Back to three channels TensorFlow's own gradient is the faster one.
      convolution = keras.layers.Conv2D if x.shape[-1] == 3 else Convolution
      made = convolution(layer.channels, 3, padding="same" if padding == "zero" else "valid",
                         activation="relu", name=name, dtype=precision, kernel_initializer="zeros")
      x = made(x)
      for variable, array in zip(made.weights, weights.kernels[name], strict=True):
        variable.assign(_over(array))
    if name in layers:
      outputs[name] = x
    if name == last:
      break
  model = keras.Model(picture, outputs, name=weights.network)
  model.trainable = False
  return model


def _over(array: np.ndarray) -> tf.Tensor:
  """Returns a tensor over the array's own memory where TensorFlow can use that, else over a copy."""
  if array.ctypes.data % 64 or not array.flags.c_contiguous:
    return tf.constant(array)
  return tf.experimental.dlpack.from_dlpack(array.__dlpack__())
