"""Measures what padding does near a picture's border: to features, to a result, and to the time.

A crop is compared with the same cells inside the larger picture, where no border is near.
"""

import time
from pathlib import Path

import numpy as np
import tensorflow as tf

import tf_style
from tf_style.pictures import images
from tf_style.settings.config import Config
from tf_style.vgg.extractor import Extractor
from tf_style.vgg.network import NETWORKS
from tf_style.vgg.weights import Weights, load_weights

SAMPLES = Path(tf_style.__file__).parent / "samples"
PADDINGS = ("zero", "replicate")
LAYERS = {name: NETWORKS["vgg19"].layers[name].stride for name in (
    "block1_conv1", "block2_conv1", "block3_conv1", "block4_conv1", "block4_conv2", "block5_conv1")}
SIDE, MARGIN = 256, 64  # of the crop, and of what the larger picture has around it
# Pixels from the border.
BANDS = ((0, 1), (1, 2), (2, 4), (4, 8), (8, 16), (16, 32), (32, 64), (64, 128))


def distances(height: int, width: int) -> np.ndarray:
  """[H, W] cells between a cell and the nearest border."""
  rows, columns = (np.minimum(np.arange(n), np.arange(n)[::-1]) for n in (height, width))
  return np.minimum(rows[:, None], columns[None])


def inner(values: np.ndarray, stride: int = 1) -> np.ndarray:
  """Cuts what the crop shows out of a layer of the larger picture."""
  margin, side = MARGIN // stride, SIDE // stride
  return values[:, margin:margin + side, margin:margin + side]


def large_picture(name: str) -> np.ndarray:
  """[1, L, L, 3]: the middle of a sample."""
  rgb, side = images.load_picture(SAMPLES / f"{name}.jpg", 600).rgb, SIDE + 2 * MARGIN
  top, left = ((length - side) // 2 for length in rgb.shape[1:3])
  return rgb[:, top:top + side, left:left + side]


def feature_errors(weights: Weights) -> None:
  """Prints mean |F_crop - F_inside| / mean |F_inside| by the layer's cells from the border."""
  print("\nfeatures: relative mean error at 0, 1, 2, 3, 4 cells from the border\n"
        "| layer | padding | 0 | 1 | 2 | 3 | 4 |\n|---|---|---|---|---|---|---|")
  pictures = [large_picture(name) for name in ("photo", "cat", "waves")]
  for padding in PADDINGS:
    extract = Extractor(weights, tuple(LAYERS), padding=padding)
    pairs = [(extract(tf.constant(inner(p))), extract(tf.constant(p))) for p in pictures]
    for layer, stride in LAYERS.items():
      errors = np.zeros(5)
      for crop, large in pairs:
        true = inner(large[layer].numpy(), stride)
        error = np.abs(crop[layer].numpy() - true).mean((0, 3)) / np.abs(true).mean()
        cells = distances(*error.shape)
        errors += [error[cells == distance].mean() / len(pairs) for distance in range(5)]
      print(f"| {layer} | {padding} | " + " | ".join(f"{e:.3f}" for e in errors) + " |", flush=True)


def changes(result: np.ndarray, content: np.ndarray) -> str:
  """Row of mean |result - content| by bands of distance to the border, in gray levels."""
  change, far = np.abs(result - content).mean((0, 3)) * 255, distances(*content.shape[1:3])
  return " | ".join(f"{change[(far >= low) & (far < high)].mean():.1f}" for low, high in BANDS)


def result_errors(content: str, style: str) -> None:
  """Prints how much a result differs from its content by distance to the border."""
  print(f"\n{content} + {style}, {SIDE} px: mean |result - content|, gray levels, by pixels from "
        "the border\n| padding | " + " | ".join(f"{low}-{high - 1}" for low, high in BANDS)
        + " | seconds |\n"
        + "|---" * (len(BANDS) + 2) + "|")
  photo, painting = large_picture(content), large_picture(style)
  for padding in ("none near", *PADDINGS):
    whole = padding == "none near"
    config = Config.of(optimizer="lbfgs", steps=60, image_size=SIDE + 2 * MARGIN if whole else SIDE,
                       padding="zero" if whole else padding)
    pair = (photo, painting) if whole else (inner(photo), inner(painting))
    result = tf_style.stylize(*pair, config)
    picture = inner(result.picture) if whole else result.picture
    print(f"| {padding} | {changes(picture, inner(photo))} | {result.seconds:.1f} |", flush=True)
    tf_style.save_picture(f"borders-{content}-{style}-{padding.replace(' ', '_')}.png", picture)


def cost(weights: Weights) -> None:
  """Prints seconds of a value and gradient, in float32, least of five."""
  for padding in PADDINGS:
    extract = Extractor(weights, tuple(LAYERS), padding=padding)

    @tf.function
    def step(picture, extract=extract):
      with tf.GradientTape() as tape:
        tape.watch(picture)
        loss = tf.add_n([tf.reduce_mean(f) for f in extract(picture).values()])
      return tape.gradient(loss, picture)

    picture, seconds = tf.constant(large_picture("photo")), []
    for _ in range(6):
      start = time.perf_counter()
      step(picture).numpy()
      seconds.append(time.perf_counter() - start)
    print(f"{padding}: {min(seconds[1:]):.3f} s")


def main() -> None:
  weights = load_weights("vgg19")
  feature_errors(weights)
  cost(weights)
  result_errors("photo", "style")
  result_errors("cat", "waves")


if __name__ == "__main__":
  main()
