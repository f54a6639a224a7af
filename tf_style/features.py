"""Features of pictures: Keras' VGG, frozen, cut at the deepest layer in use.

The only room that knows the network's own units: BGR, 0-255, ImageNet means subtracted.
"""

from collections.abc import Sequence

import keras
import tensorflow as tf

from tf_style import network as networks
from tf_style.weights import Weights

# Channel means of ImageNet in BGR and 0-255, as the Caffe networks of Simonyan & Zisserman subtract them.
MEANS = (103.939, 116.779, 123.68)


class Extractor(tf.Module):
  """Named features of a picture.

  Attributes:
    layers: names of the layers that a call returns.
    model: the Keras model behind it.
  """

  def __init__(self, weights: Weights, layers: Sequence[str], pooling: str = "max",
               precision: str = "float32", padding: str = "zero"):
    """Builds the network up to the deepest of `layers` and fills in the weights.

    Args:
      weights: pretrained weights; they name the network.
      layers: Keras layer names; each is checked.
      pooling: `max`, or `average` and `plain_average`, which do not differ yet.
      precision: `float32`, `bfloat16` or (for checks) `float64`: type of the features.
      padding: what a convolution sees beyond the border of its layer: `zero`, as in training, or
        `replicate`, the cells at the border once more.
    Raises:
      InputError: a layer is not of this network.
    """
    super().__init__(name="extractor")
    self.layers = tuple(dict.fromkeys(layers))
    self.model = _build(weights, self.layers, pooling, precision, padding)
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
    return self.model(picture[..., ::-1] * 255.0 - tf.cast(self._means, picture.dtype), training=False)


def _build(weights: Weights, layers: Sequence[str], pooling: str, precision: str,
           padding: str) -> keras.Model:
  table = networks.layers(weights.network)
  last = networks.deepest(weights.network, layers).name
  picture = x = keras.Input(
      (None, None, 3), name="picture", dtype="float64" if precision == "float64" else None)
  outputs = {}
  for name, layer in table.items():
    if name.endswith("pool"):
      pool = keras.layers.MaxPooling2D if pooling == "max" else keras.layers.AveragePooling2D
      x = pool(2, name=name, dtype=precision)(x)
    else:
      if padding == "replicate":
        x = keras.ops.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), "symmetric")  # by one cell: replicates it
      x = keras.layers.Conv2D(layer.channels, 3, padding="same" if padding == "zero" else "valid",
                              activation="relu", name=name, dtype=precision)(x)
    if name in layers:
      outputs[name] = x
    if name == last:
      break
  model = keras.Model(picture, outputs, name=weights.network)
  for layer in model.layers:
    if layer.name in weights.kernels:
      layer.set_weights(weights.kernels[layer.name])
  model.trainable = False
  return model
