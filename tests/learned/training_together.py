"""Trains for twenty steps, and prints the losses: `training_together.py STRATEGY FOLDER`."""

import json
import sys
from pathlib import Path

import tensorflow as tf
from made_inputs import waves
from made_styles import tiny, write_photographs

from tf_style.learned.learning import learn_style


def main(strategy: str, folder: str) -> None:
  if strategy == "mirrored":
    cpu, = tf.config.list_physical_devices("CPU")
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
  # At the usual rate differences by rounding grow to 3e-4 in twenty steps.
  config = tiny(steps=20, strategy=strategy, learning_rate=3e-5, image_every=10)
  totals: list[float] = []
  style = learn_style(waves(72, 64, 9), write_photographs(Path(folder)), config,
                      on_step=lambda step: totals.extend(map(float, step.totals)))
  print(json.dumps({"totals": totals, "looks": [loss for _, loss in style.record.losses]}))


if __name__ == "__main__":
  main(*sys.argv[1:])
