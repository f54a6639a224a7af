"""Coarse to fine against one size, in the same seconds: what each reaches, and the pictures side by side.

    python bin/lab/levels.py [--data=FOLDER] [--pairs=A+B,C+D] [--size=512] [--pictures=FOLDER]

Both run the default objective with L-BFGS; the one at one size gets 1000 steps and is stopped when it has
taken the seconds that the other took, set-up included. Content is judged by features of block5_conv3, which
no loss uses; style by patches and features at the full size, and of both pictures at a quarter of it, where
strokes are large.
"""

import argparse
import time
from pathlib import Path

import numpy as np
from bench_convergence import PAIRS, source
from bench_tools import show_rows, show_table
from measures import Measures

import tf_style
from tf_style import images
from tf_style.config import Config
from tf_style.weights import load_weights

WAYS: dict[str, dict] = {"coarse to fine": {}, "one": {"levels": 1, "steps": 1000, "image_every": 1}}


def main() -> None:
  parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
  parser.add_argument("--data", type=Path, help="a folder of pictures")
  parser.add_argument("--pairs", default=",".join(PAIRS[:3]), help="named as in bench")
  parser.add_argument("--size", type=int, default=512)
  parser.add_argument("--pictures", type=Path, help="a folder to keep the pictures in")
  given = parser.parse_args()
  weights = load_weights("vgg19")
  measures = Measures(weights)
  show_table(f"{given.size} px, {weights.network} {weights.checksum[:12]}",
             ["pair", "sizes", "steps", "seconds", "content similarity", "style distance", "of quarters"], ())
  for pair in given.pairs.split(","):
    content, style = (images.load_picture(source(name, given.data), given.size).rgb
                      for name in pair.split("+"))
    pictures, most_seconds = [content], np.inf
    for sizes, options in WAYS.items():
      config = Config.of(image_size=given.size, optimizer="lbfgs", network=weights.network, **options)
      picture, steps, most_seconds = one_run(content, style, config, most_seconds)
      pictures.append(picture)
      show_rows([[pair, sizes, steps, f"{most_seconds:.0f}", measures.content_similarity(picture, content),
                  measures.style_distance(picture, style),
                  measures.style_distance(quarter(picture), quarter(style))]])
    if given.pictures:
      given.pictures.mkdir(parents=True, exist_ok=True)
      tf_style.save_picture(given.pictures / f"{pair}.png", np.concatenate(pictures, 2))


def one_run(content: np.ndarray, style: np.ndarray, config: Config,
            most_seconds: float) -> tuple[np.ndarray, int, float]:
  """Runs until the end or so long; returns the picture, the steps taken, and the seconds."""
  start = time.perf_counter()
  result = tf_style.stylize(content, style, config,
                            on_step=lambda step: time.perf_counter() - start > most_seconds)
  return result.picture, len(result.history["total"]), time.perf_counter() - start


def quarter(picture: np.ndarray) -> np.ndarray:
  height, width = picture.shape[1:3]
  return images.resize(picture, height // 4, width // 4)


if __name__ == "__main__":
  main()
