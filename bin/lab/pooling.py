"""Measures by how much average pools must be scaled for loss weights to mean as with max pooling.

A factor is absorbed by the kernels that read the pool: conv(s x) is (s conv)(x), biases apart.
"""

from pathlib import Path

import numpy as np
import tensorflow as tf
from skimage import data

import tf_style
from tf_style.losses.statistics import feature_sums, statistics
from tf_style.losses.style import STYLE_LOSSES
from tf_style.pictures import images
from tf_style.vgg.extractor import Extractor
from tf_style.vgg.weights import Weights, load_weights

SAMPLES = Path(tf_style.__file__).parent / "samples"
SIZE_PX = 256
STYLE_LAYERS = [f"block{block}_conv1" for block in range(1, 6)]
JUDGED_BY = [*STYLE_LAYERS[1:], "block5_pool"]  # what each of the five pools is judged by
CONTENT_LAYER = "block4_conv2"


def pictures() -> list[np.ndarray]:
  """Returns the package's samples and scikit-image's own, [1, H, W, 3] in [0, 1]."""
  sources = [SAMPLES / f"{name}.jpg" for name in ("photo", "style", "cat", "glass", "waves")]
  sources += [data.astronaut(), data.rocket(), data.retina(), data.immunohistochemistry()]
  return [images.load_picture(source, SIZE_PX).rgb for source in sources]


def features(weights: Weights, pooling: str, factors: list[float],
             shown: list[np.ndarray]) -> list[dict]:
  """Returns the features of each picture with a factor after each pool."""
  kernels = dict(weights.kernels)
  for block, factor in enumerate(factors[:4], start=2):
    kernel, bias = kernels[f"block{block}_conv1"]
    kernels[f"block{block}_conv1"] = np.float32(factor) * kernel, bias
  extract = Extractor(
      weights._replace(kernels=kernels), [*STYLE_LAYERS, CONTENT_LAYER, "block5_pool"], pooling)
  found = [{name: value.numpy() for name, value in extract(tf.constant(picture)).items()}
           for picture in shown]
  for each in found:
    each["block5_pool"] = each["block5_pool"] * np.float32(factors[4])
  return found


def style_term(layer: str, loss: str, a: dict, b: dict) -> float:
  first, second = (statistics(feature_sums(tf.constant(each[layer])))[0] for each in (a, b))
  return float(STYLE_LOSSES[loss].distance(second, STYLE_LOSSES[loss].prepare(first))[0])


def content_term(a: dict, b: dict) -> float:
  """Mean squared difference over the rows and columns that both have."""
  height, width = np.minimum(a[CONTENT_LAYER].shape, b[CONTENT_LAYER].shape)[1:3]
  first, second = (each[CONTENT_LAYER][:, :height, :width] for each in (a, b))
  return float(np.mean((first - second) ** 2))


def ratios(term, ours: list[dict], theirs: list[dict]) -> np.ndarray:
  """Returns a term with average pooling over that with max pooling, by picture and its neighbor."""
  pairs = [(i, (i + 1) % len(ours)) for i in range(len(ours))]
  return np.array([term(ours[i], ours[j]) / term(theirs[i], theirs[j]) for i, j in pairs])


def show(name: str, found: np.ndarray) -> None:
  mean = np.exp(np.log(found).mean())
  print(f"{name:32s} {mean:6.3f}   {found.min():.2f} to {found.max():.2f}", flush=True)


def main() -> None:
  weights, shown = load_weights("vgg16", "auto"), pictures()
  theirs = features(weights, "max", [1.0] * 5, shown)
  factors = [1.0] * 5
  for pool, layer in enumerate(JUDGED_BY):
    for _ in range(3):  # biases make it a little more than a ratio
      ours = features(weights, "plain_average", factors, shown)
      found = ratios(lambda a, b, layer=layer: style_term(layer, "wasserstein", a, b), ours, theirs)
      factors[pool] /= float(np.exp(np.log(found).mean() / 2))
    print(f"block{pool + 1}_pool: {factors[pool]:.3f}", flush=True)
  factors = [round(64 * factor) / 64 for factor in factors]
  print("to 1/64, which bfloat16 holds exactly:", factors)
  print("loss terms, average over max pooling; mean and range over pictures")
  for title, used in (("plain", [1.0] * 5), ("scaled", factors)):
    ours = features(weights, "plain_average", used, shown)
    for loss in ("wasserstein", "gram", "covariance"):
      for layer in STYLE_LAYERS[1:]:
        term = lambda a, b, layer=layer, loss=loss: style_term(layer, loss, a, b)
        show(f"{title} {loss} {layer}", ratios(term, ours, theirs))
    show(f"{title} content {CONTENT_LAYER}", ratios(content_term, ours, theirs))


if __name__ == "__main__":
  main()
