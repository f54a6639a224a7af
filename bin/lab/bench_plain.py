"""The baseline: style transfer as TensorFlow's own tutorial writes it, compiled, on plain layers.

Only the loss is neural-style's: 5 x content + 100 x the sum of the layers' (G / (C H W)) errors
+ 1e-3 x the sum of all differences of neighboring pixels, everything in 0-255 units.
"""

from collections.abc import Mapping

import keras
import numpy as np
import tensorflow as tf

from tf_style.vgg.weights import Weights

CONTENT_LAYER = "block4_conv2"
STYLE_LAYERS = tuple(f"block{block}_conv1" for block in range(1, 6))
CONTENT_WEIGHT, STYLE_WEIGHT, TV_WEIGHT = 5.0, 100.0, 1e-3


def tv_weight(picture: np.ndarray) -> float:
  """Returns the package's weight that means the same: its total variation is a mean over H W 3."""
  return TV_WEIGHT * picture.size


def plain_network(weights: Weights, precision: str) -> keras.Model:
  """Returns Keras' VGG up to the deepest style layer, with its own max pooling."""
  dtype = "mixed_bfloat16" if precision == "bfloat16" else precision
  picture = x = keras.Input((None, None, 3))
  outputs = {}
  for name, layer in weights.network.layers.items():
    made = keras.layers.MaxPooling2D(2, name=name, dtype=dtype) if name.endswith("pool") else (
        keras.layers.Conv2D(layer.channels, 3, padding="same", activation="relu", name=name,
                            dtype=dtype))
    x = made(x)
    if name in (CONTENT_LAYER, *STYLE_LAYERS):
      outputs[name] = x
    if name == STYLE_LAYERS[-1]:
      break
  model = keras.Model(picture, outputs)
  for layer in model.layers:
    if layer.name in weights.kernels:
      layer.set_weights(weights.kernels[layer.name])
  model.trainable = False
  return model


def gram(features: tf.Tensor) -> tf.Tensor:
  """F^T F / (C H W) of [1, H, W, C]."""
  features = tf.cast(features, tf.float32)
  size = tf.cast(tf.size(features), tf.float32)
  return tf.linalg.einsum("bijc,bijd->bcd", features, features) / size


class PlainLoop:
  """Adam at one size, clipped after each step; the last picture is the result.

  Attributes:
    image: [1, H, W, 3] in [0, 1].
  """

  def __init__(self, weights: Weights, precision: str, content: np.ndarray, style: np.ndarray):
    self._model = plain_network(weights, precision)
    self._optimizer = keras.optimizers.Adam(10 / 255, beta_2=0.99)
    self._content = self._features(tf.constant(content))[CONTENT_LAYER]
    found = self._features(tf.constant(style))
    self._grams = {name: gram(found[name]) for name in STYLE_LAYERS}
    self.image = tf.Variable(content)
    self._optimizer.build([self.image])
    self._compiled = tf.function(self._step)

  def step(self) -> float:
    """Takes one step and returns the loss before it."""
    return float(self._compiled())

  def _features(self, picture: tf.Tensor) -> Mapping[str, tf.Tensor]:
    return self._model(keras.applications.vgg19.preprocess_input(picture * 255.0), training=False)

  def loss(self, picture: tf.Tensor) -> tf.Tensor:
    features = self._features(picture)
    error = tf.cast(features[CONTENT_LAYER], tf.float32) - tf.cast(self._content, tf.float32)
    style = tf.add_n([tf.reduce_mean((gram(features[name]) - self._grams[name]) ** 2)
                      for name in STYLE_LAYERS])
    variation = tf.reduce_sum(tf.image.total_variation(picture * 255.0))
    return CONTENT_WEIGHT * tf.reduce_mean(error**2) + STYLE_WEIGHT * style + TV_WEIGHT * variation

  def _step(self) -> tf.Tensor:
    with tf.GradientTape() as tape:
      loss = self.loss(self.image)
    gradient = tape.gradient(loss, self.image)
    self._optimizer.apply_gradients([(gradient, self.image)])
    self.image.assign(tf.clip_by_value(self.image, 0.0, 1.0))
    return loss
