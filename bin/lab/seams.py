"""How much the seam shows of pictures that tile, beside their neighboring rows and columns.

    python bin/lab/seams.py [--data=FOLDER] [--pairs=A+B,C+D] [--size=192] [--pictures=FOLDER]

Painted with --tileable. `seam` is the mean difference of the two sides that meet, as a share of the
mean difference of neighboring rows or columns; `rank` is the share of these that differ less. The
pictures are four tiles each.
"""

import argparse
from pathlib import Path

import evaluate
import numpy as np
import pairs
from bench_tools import show_rows, show_table

import tf_style
from tf_style.vgg.extractor import Extractors
from tf_style.vgg.weights import load_weights

AXES = {"top and bottom": 1, "left and right": 2}


def seam(picture: np.ndarray, axis: int) -> tuple[float, float]:
  """Returns how the seam of a picture [1, H, W, 3] differs: over the mean, and its rank."""
  inside = np.abs(np.diff(picture, axis=axis)).mean((0, 3 - axis, 3))
  found = np.abs(np.take(picture, 0, axis) - np.take(picture, -1, axis)).mean()
  return float(found / inside.mean()), float((inside < found).mean())


def main() -> None:
  parser = argparse.ArgumentParser(
      description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
  parser.add_argument("--data", type=Path, help="a folder of pictures")
  parser.add_argument("--pairs", default="cat+waves,photo+style")
  parser.add_argument("--size", type=int, default=192)
  parser.add_argument("--pictures", type=Path)
  given = parser.parse_args()
  network = Extractors(load_weights("vgg19"))
  paint = evaluate.painting({"tileable": "true"}, given.size, network)
  show_table(f"{given.size} px, {network.weights.network.name}",
             ["pair", "sides", "seam", "rank"], ())
  for pair in pairs.chosen(given.pairs):
    picture = paint(pair, *(pairs.picture(name, given.size, given.data)
                            for name in (pair.content, pair.style))).picture
    show_rows([pair.name, sides, *seam(picture, axis)] for sides, axis in AXES.items())
    if given.pictures:
      given.pictures.mkdir(parents=True, exist_ok=True)
      tf_style.save_picture(given.pictures / f"{pair.name}.png", np.tile(picture, (1, 2, 2, 1)))


if __name__ == "__main__":
  main()
