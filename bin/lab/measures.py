"""How much style a picture reached and how much content it kept, by features that no loss uses."""

import numpy as np
import tensorflow as tf

from tf_style.vgg.extractor import Extractor
from tf_style.vgg.weights import Weights

KINDS = ("patches", "random", "vgg")
_STYLE_LAYERS = ("block2_conv2", "block3_conv3", "block4_conv3")
_CONTENT_LAYER = "block5_conv3"
_DIRECTIONS = 256
_SAMPLES = 4096


class Measures:
  """Judges results against their content and style; independent of the objective that made them."""

  def __init__(self, weights: Weights):
    pretrained = Extractor(weights, (*_STYLE_LAYERS, _CONTENT_LAYER))
    self._extract = tf.function(pretrained, autograph=False)
    self._extract_random = tf.function(Extractor(_random(weights), _STYLE_LAYERS), autograph=False)

  def style_distances(self, picture: np.ndarray, style: np.ndarray) -> dict[str, float]:
    """Sliced Wasserstein distances (Heitz et al. 2021), 0 where picture and style agree, by kind.

    `patches`: 7x7 pixels, at two scales; `random`: three layers of the network with random kernels;
    `vgg`: the same layers, pretrained, which see objects too: there a picture that keeps more of
    its content is farther from the style. Each is in units of the style's own deviations: 1 is a
    whole deviation off. Pictures are [1, H, W, 3] in [0, 1].
    """
    described = lambda kind: zip(
        self._described(kind, picture), self._described(kind, style), strict=True)
    return {kind: float(np.mean([_sliced(a, b) for a, b in described(kind)])) for kind in KINDS}

  def style_distance(self, picture: np.ndarray, style: np.ndarray) -> float:
    """Returns the mean over the three kinds."""
    return float(np.mean([*self.style_distances(picture, style).values()]))

  def content_similarity(self, picture: np.ndarray, content: np.ndarray) -> float:
    """Mean cosine of centered deep features at the same place, 1 where they agree."""
    a, b = (self._extract(tf.constant(p))[_CONTENT_LAYER].numpy() for p in (picture, content))
    a, b = (f.reshape(-1, f.shape[-1]) - f.mean((0, 1, 2)) for f in (a, b))
    cosines = np.sum(a * b, 1) / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1) + 1e-9)
    return float(np.mean(cosines))

  def _described(self, kind: str, picture: np.ndarray) -> list[np.ndarray]:
    if kind == "patches":
      half = picture[:, :picture.shape[1] // 2 * 2, :picture.shape[2] // 2 * 2]
      half = half.reshape(1, half.shape[1] // 2, 2, half.shape[2] // 2, 2, 3).mean((2, 4))
      return [_sampled(_patches(each)) for each in (picture, half)]
    features = (self._extract_random if kind == "random" else self._extract)(tf.constant(picture))
    return [_sampled(features[name].numpy().reshape(-1, features[name].shape[-1]))
            for name in _STYLE_LAYERS]


def _random(weights: Weights) -> Weights:
  """Returns weights of the same network drawn from normal distributions (He et al. 2015)."""
  normal = np.random.default_rng(5).normal
  draw = lambda shape: np.float32(normal(size=shape) * np.sqrt(2 / (9 * shape[2])))
  return weights._replace(kernels={name: (draw(kernel.shape), np.zeros_like(bias))
                                   for name, (kernel, bias) in weights.kernels.items()})


def _patches(picture: np.ndarray, side: int = 7) -> np.ndarray:
  windows = np.lib.stride_tricks.sliding_window_view(picture[0], (side, side), (0, 1))
  return windows.reshape(-1, side * side * 3)


def _sampled(rows: np.ndarray) -> np.ndarray:
  return rows[np.random.default_rng(0).integers(len(rows), size=_SAMPLES)]


def _sliced(rows: np.ndarray, wanted: np.ndarray) -> float:
  directions = np.random.default_rng(1).normal(size=(rows.shape[1], _DIRECTIONS))
  a, b = (np.sort(r @ directions, axis=0) for r in (rows, wanted))
  return float(np.mean(np.sqrt(np.mean((a - b) ** 2, 0)) / (b.std(0) + 1e-9)))
