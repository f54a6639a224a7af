#!/usr/bin/env python3
"""Seconds of a step of learning, of its parts, and of a repaint's step of the same pixels.

    python bin/lab/learned_steps.py STYLE PHOTOS [--width=24]

The two take turns. Seconds are the processor's, of all threads, so that other work on the machine
counts little.
"""
import argparse
import dataclasses
import time
from collections.abc import Callable

import numpy as np

from tf_style.system import machine

tf = machine.start_tensorflow(keras=True)

from tf_style.learned.learning import make_batches  # noqa: E402
from tf_style.learned.network import Network, Shape  # noqa: E402
from tf_style.learned.plan import make_lesson  # noqa: E402
from tf_style.learned.settings import LearnConfig  # noqa: E402
from tf_style.learned.training import Trainer  # noqa: E402
from tf_style.repaint.painter import Painter  # noqa: E402


def seconds(function: Callable, *arguments: tf.Tensor, times: int = 8) -> float:
  """Returns the median processor time of a compiled function, after two calls that do not count."""
  graph, taken = tf.function(function, autograph=False), []
  for _ in range(times + 2):
    start = time.process_time()
    [each.numpy() for each in tf.nest.flatten(graph(*arguments))]
    taken.append(time.process_time() - start)
  return float(np.median(taken[2:]))


def repaint_steps(repaint: Painter, picture: np.ndarray) -> list[float]:
  """Returns the processor time of each step of a repaint but its first two."""
  looks: list[tuple[float, int]] = []
  repaint(picture, on_step=lambda step: looks.append((time.process_time(), step.number)))
  seconds_and_steps = np.diff(looks, axis=0)[1:]
  return list(seconds_and_steps[:, 0] / seconds_and_steps[:, 1])


def main() -> None:
  parser = argparse.ArgumentParser(description=__doc__)
  parser.add_argument("style")
  parser.add_argument("photos")
  parser.add_argument("--width", type=int, default=LearnConfig.width)
  parser.add_argument("--rounds", type=int, default=3)
  asked = parser.parse_args()
  config = LearnConfig.of(network="vgg16", width=asked.width)
  lesson = make_lesson(asked.style, asked.photos, config)
  batches, size, config = make_batches(lesson), config.train_size, lesson.config
  network = Network(Shape(config.width, config.blocks, 1), config.precision)
  trainer = Trainer(network, batches, lesson.crops, config)
  crops = tf.constant(lesson.crops.at(0))
  contents = tf.cast(crops, tf.float32) / 255
  wanted, weights = batches.wanted(contents, 0), [each.value for each in network.variables]

  def trained(pictures: tf.Tensor) -> list[tf.Tensor]:
    with tf.GradientTape() as tape:
      painted = trainer._painted(pictures, 0)
    return tape.gradient(painted, weights, output_gradients=painted)

  step = lambda batch: trainer._step(batch, tf.constant(0))
  repaint = Painter(asked.style, dataclasses.replace(
      lesson.objective, steps=8, levels=1, image_size=config.batch * size))
  picture = np.concatenate(list(crops.numpy()), axis=1)
  turns = [(seconds(step, crops, times=6), np.median(repaint_steps(repaint, picture)))
           for _ in range(asked.rounds)]
  whole, of_repaint = np.median(turns, axis=0)
  print(f"a step of learning, {config.batch} x {size}x{size}, width {config.width}: {whole:.3f} s")
  print(f"  loss and gradient by the pictures: "
        f"{seconds(batches._graphs.whole.value_and_gradient, contents, wanted):.3f} s")
  print(f"  content features: {seconds(lambda x: batches.wanted(x, 0).targets, contents):.3f} s")
  print(f"  network, forward and back: {seconds(trained, contents):.3f} s")
  start = time.process_time()
  for number in range(32):
    lesson.crops.at(number)
  made = (time.process_time() - start) / 32
  print(f"  crops, in other threads: {made:.3f} s, {100 * made / whole:.1f} %")
  ratios = [whole / other for whole, other in turns]
  print(f"a repaint's step of as many pixels: {of_repaint:.3f} s, ratio {np.median(ratios):.2f} "
        f"({min(ratios):.2f} to {max(ratios):.2f})")
  photo = tf.random.uniform([1, 384, 512, 3])
  one = tf.ones([1, 1])
  print(f"512x384 applied: {seconds(lambda x: network.whole([x, one])[0], photo):.3f} s")


if __name__ == "__main__":
  main()
