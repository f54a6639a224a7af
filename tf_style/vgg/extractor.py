"""Features of pictures: Keras' VGG, frozen, cut at the deepest layer in use.

It computes what `keras.applications` does of the same weights, without the import of Keras, which
would delay the first step by up to a second. No other module knows the network's own units: BGR,
0-255, ImageNet means subtracted.
"""

import functools
from collections.abc import Callable, Sequence

import tensorflow as tf

from tf_style.system import machine
from tf_style.vgg.layers import Convolution, average_pool, max_pool, replicate, wrap
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
    operations: the network's, each a function of features, by their Keras names.
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
    self._pad = {"replicate": replicate, "wrap": wrap}.get(padding)
    make = functools.partial(Convolution, precision=precision, portable=portable,
                             border=0 if self._pad else 1)
    self.operations: dict[str, Callable[[tf.Tensor], tf.Tensor]] = {
        layer.name: _pool(layer.name, pooling) if layer.name.endswith("pool") else make(
            *weights.kernels[layer.name])
        for layer in weights.network.up_to(weights.network.deepest(layers).name)}

  def __call__(self, picture: tf.Tensor) -> dict[str, tf.Tensor]:
    """Returns the features of each layer.

    Args:
      picture: [B, H, W, 3] RGB in [0, 1].
    Returns:
      A dict of [B, H / stride, W / stride, C] activations in the extractor's precision, on the
      scale that a 0-255 input gives.
    """
    found: dict[str, tf.Tensor] = {}
    self.walk(picture, lambda name, features: found.setdefault(name, features))
    return found

  def walk(self, picture: tf.Tensor, look: Callable[[str, tf.Tensor], tf.Tensor]) -> None:
    """Computes the features of a picture layer by layer.

    Args:
      picture: as for a call.
      look: takes name and features of each of `layers`, in the network's order; returns the
        features that the next layer gets.
    """
    features = picture[..., ::-1] * 255.0 - tf.constant(MEANS, picture.dtype)
    for name, operation in self.operations.items():
      with tf.name_scope(name):
        if self._pad and isinstance(operation, Convolution):
          features = self._pad(features)
        features = operation(features)
      if name in self.layers:
        features = look(name, features)


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


def _pool(name: str, pooling: str) -> Callable[[tf.Tensor], tf.Tensor]:
  if pooling == "max":
    return max_pool
  return functools.partial(average_pool, factor=AVERAGE_FACTORS[name]) if (
      pooling == "average") else average_pool
