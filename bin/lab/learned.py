#!/usr/bin/env python3
"""A learned style beside repaints of 200 steps: losses, seconds, a contact sheet.

    python bin/lab/learned.py --model=models/painting --size=256 photo.jpg ... [--polish=20]
        [--output=sheet.png]

The loss is the one that the style was learned with, with the style as large as it was then, for the
network's picture, for that one polished, and for the best of a run of 200 steps from the
photograph. Photographs must not be among those that were trained on. Seconds are the processor's,
of all threads, so that other work on the machine counts little; those of the first photograph
hold the tracing, and are left out of the mean.
"""
import argparse
import dataclasses
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tf_style.system import machine

machine.start_tensorflow(keras=True)

from tf_style.learned.style import LearnedStyle  # noqa: E402
from tf_style.pictures import images, sheet  # noqa: E402
from tf_style.problem.problem import Problem  # noqa: E402
from tf_style.repaint.painter import Painter  # noqa: E402
from tf_style.vgg.extractor import Extractors  # noqa: E402
from tf_style.vgg.weights import load_weights  # noqa: E402


def timed(action: Callable[[], Any]) -> tuple[Any, float]:
  """Returns what an action returns, and its processor seconds."""
  start = time.process_time()
  return action(), time.process_time() - start


def main() -> None:
  parser = argparse.ArgumentParser(description=__doc__)
  parser.add_argument("--model", required=True)
  parser.add_argument("--size", type=int, default=256)
  parser.add_argument("--polish", type=int, default=20)
  parser.add_argument("--output", default="")
  parser.add_argument("photos", nargs="+")
  asked = parser.parse_args()
  style, rows, ratios, shares = LearnedStyle.load(asked.model), [], [], []
  learning = style.record.learning
  scale = learning.image_size * learning.style_scale[0] / asked.size
  config = dataclasses.replace(
      style.record.objective, image_size=asked.size, style_scale=(scale,), steps=200)
  polishing = dataclasses.replace(
      config, steps=asked.polish, levels=1, init="image", optimizer="lbfgs")
  pictures, graphs = list(style.pictures), None
  network = Extractors(load_weights(config.network, config.weights))
  with Painter(pictures, config, network=network) as repaint, \
      Painter(pictures, polishing, network=network) as polish:
    for path in asked.photos:
      photo = images.load_picture(path, asked.size).rgb
      painted, seconds = timed(lambda photo=photo: style(photo))
      plan = repaint.plan(photo)
      problem = Problem(network, dataclasses.replace(plan.config, precision="float32"),
                        plan.loaded, graphs=graphs)
      graphs = problem.graphs
      run, of_run = timed(lambda photo=photo: repaint(photo))
      polished, of_polish = timed(
          lambda photo=photo, painted=painted: polish(photo, init_image=painted))
      losses = [problem.value(painted)["total"], polished.losses["total"], run.losses["total"]]
      ratios.append([losses[0] / losses[2], losses[1] / losses[2]])
      shares.append(of_polish / of_run)
      print(f"{Path(path).stem}: network {losses[0]:.0f} ({seconds:.2f} s), polished "
            f"{losses[1]:.0f} ({of_polish:.1f} s), run {losses[2]:.0f} "
            f"({of_run:.1f} s); ratios {ratios[-1][0]:.2f} and {ratios[-1][1]:.2f}",
            flush=True)
      names = ("photograph", "network", f"polished, {asked.polish} steps", "run, 200 steps")
      rows.append(list(zip(names, (photo, painted, polished.picture, run.picture), strict=True)))
  print("mean ratios", *(f"{ratio:.2f}" for ratio in np.mean(ratios, axis=0)))
  if len(shares) > 1:
    print(f"seconds of polishing over those of a run: {np.mean(shares[1:]):.2f}")
  if asked.output:
    sizes = [cell.shape[1:3] for row in rows for _, cell in row]
    images.save_picture(asked.output, sheet.contact_sheet(rows, *np.max(sizes, axis=0)))


if __name__ == "__main__":
  main()
