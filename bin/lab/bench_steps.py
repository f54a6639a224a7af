"""Seconds a step: against the machine's rate of convolution, by part, by size and by style loss."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf
from bench_plain import PlainLoop, tv_weight
from bench_tools import Bench, OneLevel, in_turns, medians, ratio, sample_pair, show_table

from tf_style.settings.config import Config
from tf_style.settings.presets import BLOCKS
from tf_style.vgg.network import NETWORKS
from tf_style.vgg.weights import Weights

DEEPEST = "block5_conv1"
LOSSES = ("gram", "covariance", "wasserstein", "mixed")


def config_of(weights: Weights, precision: str, **options: Any) -> Config:
  return Config.of(network=weights.network.name, precision=precision, tile_size=0, **options)


class Convolution:
  """A 3x3 convolution, 256 channels in and out, at 128x96 cells: block3 of a picture of 512x384.

  Attributes:
    work: floating-point operations of a run.
  """

  def __init__(self, precision: str, quick: bool):
    height, width = (24, 32) if quick else (96, 128)
    self._features = tf.ones([1, height, width, 256], precision)
    self._kernel = tf.ones([3, 3, 256, 256], precision)
    self._compiled = tf.function(
        lambda: tf.nn.conv2d(self._features, self._kernel, 1, "SAME"), autograph=False)
    self.work = 2 * 9 * 256**2 * height * width

  def run(self) -> None:
    self._compiled()[0, 0, 0, 0].numpy()

  def peak(self, runs: int) -> float:
    """Returns operations a second, the best of so many runs."""
    return self.work / min(in_turns({"it": self.run}, runs).seconds["it"])


def measure(bench: Bench) -> dict[str, Any]:
  """Measures and prints all of this section, and returns it for JSON."""
  height, width = (48, 64) if bench.quick else (384, 512)
  found: dict[str, Any] = {"size": [width, height]}
  found["peak"] = {each: Convolution(each, bench.quick).peak(3 if bench.quick else 30)
                   for each in ("float32", "bfloat16")}
  show_table("Convolution, the best of 30 runs", ["precision", "GFLOP/s"],
             [[each, f"{rate / 1e9:.0f}"] for each, rate in found["peak"].items()])
  found["shares"] = shares(bench, found["peak"], height, width)
  bench.keep("steps", found)
  found["parts"] = parts(bench, height, width)
  bench.keep("steps", found)
  found["sizes"] = sizes(bench)
  return found


def shares(bench: Bench, peak: dict[str, float], height: int, width: int) -> dict[str, Any]:
  """Seconds of VGG19 steps with a Gram loss, and the share of the rate that convolutions reach.

  In bfloat16 where the processor has units for it: elsewhere it is emulated, ten times slower.
  """
  weights, (content, style) = bench.vgg19, sample_pair(height, width)
  work = 2 * NETWORKS["vgg19"].operations(DEEPEST) * height * width
  actions: dict[str, Callable[[], Any]] = {}
  for each in dict.fromkeys(("float32", bench.precision)):
    config = config_of(weights, each, style_loss="gram", tv_weight=tv_weight(content))
    convolution = Convolution(each, bench.quick)
    actions[f"convolution {each}"] = lambda convolution=convolution: [
        convolution.run() for _ in range(10)]
    actions[f"tf_style {each}"] = OneLevel(weights, config, content, style).step
    actions[f"plain {each}"] = PlainLoop(weights, each, content, style).step
  turns, found = in_turns(actions, bench.rounds), {}
  seconds, processor = medians(turns.seconds), medians(turns.processor)
  for name in [name for name in actions if not name.startswith("convolution")]:
    precision = name.split()[1]
    each, as_much = f"convolution {precision}", work / (10 * convolution.work)
    found[name] = {
        "seconds": seconds[name], "processor_seconds": processor[name],
        "share_of_peak": work / seconds[name] / peak[precision],
        "share_in_turns": as_much * seconds[each] / seconds[name],
        "share_of_processor": as_much * processor[each] / processor[name]}
  show_table(f"VGG19, {width}x{height}, Gram: {work / 1e9:.0f} GFLOP of convolution a step",
             ["step", "seconds", "share of the best rate", "of the rate in turns with it",
              "of that by processor time"],
             [[name, each["seconds"], *(f"{share:.0%}" for share in list(each.values())[2:])]
              for name, each in found.items()])
  return {"work": work, **found}


def parts(bench: Bench, height: int, width: int) -> dict[str, Any]:
  """Seconds of steps that differ in one part, and the differences."""
  weights, (content, style) = bench.vgg19, sample_pair(height, width)
  config = lambda **options: config_of(
      weights, bench.precision, **{"style_layers": BLOCKS, **options})
  make = lambda **options: OneLevel(weights, config(**options), content, style)
  gram = make(style_loss="gram")
  differentiate = tf.function(gram.view.evaluator.value_and_gradient, autograph=False)
  picture = tf.constant(content)
  actions = {
      "features": make(content_layers=(DEEPEST,), style_layers=(), style_layer_weights=()).step,
      "gram": gram.step,
      **{loss: make(style_loss=loss).step for loss in LOSSES[1:]},
      "lbfgs": make(style_loss="gram", optimizer="lbfgs").step,
      "no optimizer": lambda: differentiate(picture, gram.view.wanted)[1][0, 0, 0, 0].numpy()}
  turns = in_turns(actions, bench.rounds)
  seconds, processor = medians(turns.seconds), medians(turns.processor)
  found = {"seconds": differences(seconds), "processor": differences(processor)}
  ratios = {loss: [ratio(each, loss, "gram") for each in turns] for loss in LOSSES}
  show_table(f"Where a step goes: VGG19, {width}x{height}, {bench.precision}",
             ["part", "seconds", "processor seconds"],
             [[name, *(f"{each[name]:+.3f}" for each in found.values())]
              for name in found["seconds"]])
  show_table(f"Style losses: VGG19, {width}x{height}, {bench.precision}, Adam",
             ["style loss", "seconds a step", "of a Gram step", "by processor time"],
             [[loss, seconds[loss], *(f"{each:.3f}" for each in ratios[loss])] for loss in LOSSES])
  return {"seconds": seconds, "processor": processor, "differences": found, "of_gram": ratios}


def differences(seconds: dict[str, float]) -> dict[str, float]:
  """Returns what the parts of a step take: differences between steps."""
  return {
      "features, content loss at block5_conv1 and Adam": seconds["features"],
      **{f"and {loss}": seconds[loss] - seconds["features"] for loss in LOSSES},
      "Adam": seconds["gram"] - seconds["no optimizer"],
      "L-BFGS": seconds["lbfgs"] - seconds["no optimizer"]}


def sizes(bench: Bench) -> dict[str, Any]:
  """Seconds a step of the default objective by size, on the network that there is."""
  name, found = bench.weights.network.name, {}
  for longest in (64,) if bench.quick else (256, 512, 1024):
    content, style = sample_pair(longest * 3 // 4, longest)
    step = OneLevel(bench.weights, config_of(bench.weights, bench.precision), content, style).step
    found[str(longest)] = medians(in_turns({name: step}, bench.rounds).seconds)[name]
  show_table(f"Default objective (Adam): {name}, {bench.precision}, 4:3",
             ["longest side, px", "seconds a step"], found.items())
  return {"network": name, **found}
