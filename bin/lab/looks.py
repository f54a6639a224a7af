"""The default beside one size and beside the preset gatys, all with L-BFGS, side by side.

    python bin/lab/looks.py [--data=FOLDER] [--pairs=A+B,C+D] [--size=512] [--ways=default,gatys]
                            [--pictures=FOLDER] [FLAG=VALUE]...

Flags such as content_weight=0.02 change the default. The ways `one size` and `gatys as long` are
stopped when they have taken the seconds that the default before them took. Content is measured by
features of block5_conv3, which no loss uses; style by patches, by a network with random kernels and
by layers of VGG that no loss uses (`measures`), and by all of these of both pictures at a quarter
of their size, where strokes are large.
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from bench_convergence import PAIRS, source
from bench_tools import show_rows, show_table
from measures import KINDS, Measures

import tf_style
from tf_style.pictures import images
from tf_style.repaint.painter import Painter
from tf_style.settings.config import Config
from tf_style.vgg.extractor import Extractors
from tf_style.vgg.weights import load_weights

WAYS: dict[str, dict[str, Any]] = {
    "default": {}, "one size": {"levels": 1, "steps": 2000},
    "gatys": {"preset": "gatys"}, "gatys as long": {"preset": "gatys", "steps": 2000}}
LIMITED = ("one size", "gatys as long")
HEAD = ["pair", "way", "steps", "seconds", "content similarity", "style distance", *KINDS,
        "of quarters"]


def main() -> None:
  parser = argparse.ArgumentParser(
      description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
  parser.add_argument("flags", nargs="*", type=lambda text: text.split("=", 1),
                      metavar="FLAG=VALUE")
  parser.add_argument("--data", type=Path, help="a folder of pictures")
  parser.add_argument("--pairs", default=",".join(PAIRS), help="named as in bench")
  parser.add_argument("--size", type=int, default=512)
  parser.add_argument("--ways", default=",".join(WAYS), help=", ".join(WAYS))
  parser.add_argument("--pictures", type=Path, help="a folder to keep the pictures in")
  given = parser.parse_args()
  weights = load_weights("vgg19")
  measures, network = Measures(weights), Extractors(weights)
  show_table(f"{given.size} px, {weights.network.name} {weights.checksum[:12]}", HEAD, ())
  for pair in given.pairs.split(","):
    content, style = (images.load_picture(source(name, given.data), given.size).rgb
                      for name in pair.split("+"))
    pictures, seconds = [content], np.inf
    for way in given.ways.split(","):
      flags = {**WAYS[way], **(dict(given.flags) if "preset" not in WAYS[way] else {})}
      config = Config.of(image_size=given.size, optimizer="lbfgs",
                         network=weights.network.name, **flags)
      most_seconds = seconds if way in LIMITED else np.inf
      with Painter(style, config, network=network) as paint:
        result = paint(content, on_step=lambda step, most=most_seconds: step.seconds > most)
      seconds = result.seconds if way == "default" else seconds
      pictures.append(result.picture)
      kinds = measures.style_distances(result.picture, style)
      show_rows([[pair, way, len(result.history["total"]), f"{result.seconds:.0f}",
                  measures.content_similarity(result.picture, content),
                  float(np.mean([*kinds.values()])), *kinds.values(),
                  measures.style_distance(quarter(result.picture), quarter(style))]])
    if given.pictures:
      given.pictures.mkdir(parents=True, exist_ok=True)
      tf_style.save_picture(given.pictures / f"{pair}.png", np.concatenate(pictures, 2))


def quarter(picture: np.ndarray) -> np.ndarray:
  height, width = picture.shape[1:3]
  return images.resize(picture, height // 4, width // 4)


if __name__ == "__main__":
  main()
