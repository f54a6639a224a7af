"""Seconds a step: against the machine's rate of convolution, by part, by size and by style loss."""

import time
from typing import Any

import tensorflow as tf
from bench_plain import PlainLoop, tv_weight
from bench_tools import Bench, OneLevel, in_turns, medians, ratio, sample_pair, show_table

from tf_style import network
from tf_style.config import Config
from tf_style.weights import Weights

DEEPEST = "block5_conv1"
LOSSES = ("gram", "covariance", "wasserstein")


def config_of(weights: Weights, precision: str, **options: Any) -> Config:
  return Config.of(network=weights.network, precision=precision, tile_size=0, **options)


def convolution_peak(precision: str, quick: bool) -> float:
  """Returns operations a second of a 3x3 convolution, 256 channels in and out, 128x96 cells: best of 20."""
  height, width = (24, 32) if quick else (96, 128)
  features, kernel = tf.ones([1, height, width, 256], precision), tf.ones([3, 3, 256, 256], precision)
  convolve = tf.function(lambda: tf.nn.conv2d(features, kernel, 1, "SAME"), autograph=False)
  convolve()
  best = float("inf")
  for _ in range(3 if quick else 20):
    start = time.perf_counter()
    convolve()[0, 0, 0, 0].numpy()
    best = min(best, time.perf_counter() - start)
  return 2 * 9 * 256**2 * height * width / best


def measure(bench: Bench) -> dict[str, Any]:
  """Measures and prints all of this section, and returns it for JSON."""
  height, width = (48, 64) if bench.quick else (384, 512)
  found: dict[str, Any] = {"size": [width, height]}
  found["peak"] = peak = {each: convolution_peak(each, bench.quick) for each in ("float32", "bfloat16")}
  show_table("Convolution peak", ["precision", "GFLOP/s"],
             [[each, f"{rate / 1e9:.0f}"] for each, rate in peak.items()])
  found["shares"] = shares(bench, peak, height, width)
  found["parts"] = parts(bench, height, width)
  found["sizes"] = sizes(bench)
  return found


def shares(bench: Bench, peak: dict[str, float], height: int, width: int) -> dict[str, Any]:
  """Seconds of VGG19 steps with a Gram objective, and the share of the peak that their convolutions reach.

  In bfloat16 where the processor has units for it: elsewhere it is emulated, at a tenth of the speed.
  """
  weights, (content, style) = bench.vgg19, sample_pair(height, width)
  work = 2 * network.operations("vgg19", DEEPEST) * height * width
  actions = {}
  for each in dict.fromkeys(("float32", bench.precision)):
    actions[f"tf_style {each}"] = OneLevel(
        weights, config_of(weights, each, style_loss="gram", tv_weight=tv_weight(content)), content,
        style).step
    actions[f"plain {each}"] = PlainLoop(weights, each, content, style).step
  seconds = medians(in_turns(actions, 1 if bench.quick else 4))
  found = {name: {"seconds": value, "share": work / value / peak[name.split()[1]]}
           for name, value in seconds.items()}
  show_table(f"VGG19, {width}x{height}, Gram: {work / 1e9:.0f} GFLOP of convolution a step",
             ["step", "seconds", "share of the peak"],
             [[name, each["seconds"], f"{each['share']:.0%}"] for name, each in found.items()])
  return {"work": work, **found}


def parts(bench: Bench, height: int, width: int) -> dict[str, Any]:
  """Seconds of steps that differ in one part, and the differences."""
  weights, (content, style) = bench.vgg19, sample_pair(height, width)
  make = lambda **options: OneLevel(weights, config_of(weights, bench.precision, **options), content, style)
  gram = make(style_loss="gram")
  differentiate = tf.function(gram.evaluator.value_and_gradient, autograph=False)
  picture = tf.constant(content)
  actions = {
      "features": make(content_layers=(DEEPEST,), style_layers=(), style_layer_weights=()).step,
      "gram": gram.step,
      **{loss: make(style_loss=loss).step for loss in LOSSES[1:]},
      "lbfgs": make(style_loss="gram", optimizer="lbfgs").step,
      "no optimizer": lambda: differentiate(picture, gram.wanted)[1][0, 0, 0, 0].numpy()}
  timed = in_turns(actions, 1 if bench.quick else 4)
  seconds = medians(timed)
  found = {
      "features, content loss at block5_conv1 and Adam": seconds["features"],
      **{f"and {loss} instead": seconds[loss] - seconds["features"] for loss in LOSSES},
      "of it Adam": seconds["gram"] - seconds["no optimizer"],
      "L-BFGS instead of Adam": seconds["lbfgs"] - seconds["gram"]}
  ratios = {loss: ratio(timed, loss, "gram") for loss in LOSSES}
  show_table(f"Where a step goes: VGG19, {width}x{height}, {bench.precision}", ["part", "seconds"],
             [[name, f"{value:+.3f}"] for name, value in found.items()])
  show_table(f"Style losses: VGG19, {width}x{height}, {bench.precision}, Adam",
             ["style loss", "seconds a step", "of a Gram step"],
             [[loss, seconds[loss], f"{ratios[loss]:.3f}"] for loss in LOSSES])
  return {"seconds": seconds, "differences": found, "of_gram": ratios}


def sizes(bench: Bench) -> dict[str, Any]:
  """Seconds a step of the default objective by size, on the network that there is."""
  name, found = bench.weights.network, {}
  for longest in (64,) if bench.quick else (256, 512, 1024):
    content, style = sample_pair(longest * 3 // 4, longest)
    step = OneLevel(bench.weights, config_of(bench.weights, bench.precision), content, style).step
    found[str(longest)] = medians(in_turns({name: step}, 1 if bench.quick else 3))[name]
  show_table(f"Default objective (Wasserstein, Adam): {name}, {bench.precision}, 4:3",
             ["longest side, px", "seconds a step"], found.items())
  return {"network": name, **found}
