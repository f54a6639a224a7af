#!/usr/bin/env python3
"""Our recipe of learning beside the classic one (Johnson et al. 2016), in as many steps.

    python bin/lab/learned_classic.py STYLE PHOTOS [FLAG=VALUE]... --held_out photo.jpg ...
        [--size=256] [--output=sheet.png]

Flags such as steps=300 are those of learning; without them both are drafts.

The classic recipe has Gram matrices and the content's own features, with the weights of the preset
gatys, on the same network, photographs and steps. The loss is ours, with the style as large as both
saw it; the other measures are of features that no loss uses (`measures`).
"""
import argparse
import time
from pathlib import Path

import numpy as np
from bench_tools import show_rows, show_table
from measures import Measures

from tf_style.system import machine

machine.start_tensorflow(keras=True)

import tensorflow as tf  # noqa: E402

from tf_style.learned.learning import learn_style, make_batches  # noqa: E402
from tf_style.learned.plan import make_lesson  # noqa: E402
from tf_style.learned.settings import LearnConfig  # noqa: E402
from tf_style.pictures import images, sheet  # noqa: E402
from tf_style.settings.config import Config  # noqa: E402
from tf_style.vgg.weights import load_weights  # noqa: E402

MEASURES = ("vgg", "pooled", "random", "patches", "edges", "self_similarity", "cosine")


class Classic(LearnConfig):
  """How a style is learned with the loss of the preset gatys."""

  def objective(self) -> Config:
    ours = super().objective()
    return Config.of(preset="gatys", tile_size=0, **{name: getattr(ours, name) for name in (
        "style_scale", "network", "weights", "precision", "image_size", "seed", "device")})


def main() -> None:
  parser = argparse.ArgumentParser(description=__doc__,
                                   formatter_class=argparse.RawTextHelpFormatter)
  parser.add_argument("style")
  parser.add_argument("photos")
  parser.add_argument("flags", nargs="*", type=lambda text: text.split("=", 1))
  parser.add_argument("--held_out", nargs="+", required=True)
  parser.add_argument("--size", type=int, default=256)
  parser.add_argument("--output", default="")
  asked = parser.parse_args()
  options = {"network": "vgg16", "effort": "draft", **dict(asked.flags)}
  lesson = make_lesson(asked.style, asked.photos, LearnConfig.of(**options))
  batches, style = make_batches(lesson), lesson.styles[0].rgb
  learned = {}
  for name, kind in (("ours", LearnConfig), ("classic", Classic)):
    start = time.process_time()
    learned[name] = learn_style(asked.style, asked.photos, kind.of(**options))
    print(f"{name}: {time.process_time() - start:.0f} processor seconds", flush=True)
  measures = Measures(load_weights("vgg16", "auto"))
  show_table(f"{asked.size} px", ("photograph", "recipe", "loss", *MEASURES), ())
  rows = []
  for path in asked.held_out:
    photo = images.load_picture(path, asked.size).rgb
    pair = measures.pair(photo, style)
    cells = [("photograph", photo)]
    for name, paint in learned.items():
      painted = paint(photo)
      loss = float(batches.value(tf.constant(painted), tf.constant(photo), 0).total)
      found = pair(painted)
      show_rows([[Path(path).stem, name, loss, *(found[each] for each in MEASURES)]])
      cells.append((name, painted))
    rows.append(cells)
  if asked.output:
    sizes = [cell.shape[1:3] for row in rows for _, cell in row]
    images.save_picture(asked.output, sheet.contact_sheet(rows, *np.max(sizes, axis=0)))


if __name__ == "__main__":
  main()
