"""Seconds a step with each control, as a ratio to a step without, on samples and a portrait.

    python bin/lab/control_steps.py [--size=256] [--rounds=15] [--controls=faces=2,tileable]

A step is an evaluation of loss and gradient. Steps with and without a control take turns, so that
what else the machine does slows both; the ratio is that of their medians.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pairs
import tensorflow as tf

import tf_style
from tf_style.problem.inputs import Inputs
from tf_style.problem.problem import Problem
from tf_style.repaint.plan import make_plan
from tf_style.settings.config import Config
from tf_style.vgg.extractor import Extractors
from tf_style.vgg.weights import load_weights

SAMPLES = Path(tf_style.__file__).parent / "samples"
RAMP = np.tile(np.linspace(0, 1, 96, dtype=np.float32), (64, 1))
CONTROLS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "content_map": ({}, {"content_map": RAMP}),
    "faces=2": ({"faces": 2}, {"content": pairs.picture("hopper", 512, None)}),
    "guide=auto": ({"guide": "auto"}, {}),
    "stroke_direction=content": ({"stroke_direction": "content"}, {}),
    "style_scale_map": ({}, {"style_scale_map": RAMP}),
    "tileable": ({"tileable": True}, {}),
    "fit=extend": ({"fit": "extend"}, {})}


def step_of(network: Extractors, size: int, options: dict[str, Any],
            given: dict[str, Any]) -> Callable[[], object]:
  """Returns a step of a run with such options and maps."""
  height = size // 3 * 2 // 16 * 16
  inputs = Inputs.of(**{"content": SAMPLES / "photo.jpg", "style": SAMPLES / "style.jpg"} | given)
  plan = make_plan(inputs, Config.of(output_size=f"{size}x{height}", network="vgg16", tile_size=0,
                                     **options), network.weights)
  problem = Problem(network, plan.config, plan.loaded)
  evaluator, wanted = problem.at(*plan.loaded.size)
  step = tf.function(lambda picture: evaluator.value_and_gradient(picture, wanted)[1])
  picture = tf.constant(plan.loaded.content.rgb)
  return lambda: step(picture).numpy()


def main() -> None:
  parser = argparse.ArgumentParser(description=__doc__)
  parser.add_argument("--size", type=int, default=256)
  parser.add_argument("--rounds", type=int, default=15)
  parser.add_argument("--controls", default=",".join(CONTROLS))
  args = parser.parse_args()
  network = Extractors(load_weights("vgg16"))
  plain = step_of(network, args.size, {}, {})
  for name in args.controls.split(","):
    options, given = CONTROLS[name]
    steps = plain, step_of(network, args.size, options, given)
    seconds: list[list[float]] = [[], []]
    for turn in range(args.rounds + 2):
      for step, taken in zip(steps, seconds, strict=True):
        start = time.perf_counter()
        step()
        if turn > 1:  # the first ones are traced
          taken.append(time.perf_counter() - start)
    without, having = map(float, map(np.median, seconds))
    print(f"{name}: {having:.3f} s, {having / without:.2f} times {without:.3f} s", flush=True)


if __name__ == "__main__":
  main()
