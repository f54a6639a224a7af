"""The default objective against the preset gatys, both with L-BFGS: what each reaches, side by side.

    python bin/lab/looks.py [--data=FOLDER] [--pairs=A+B,C+D] [--size=512] [--pictures=FOLDER] [FLAG=VALUE]...

Flags such as content_weight=0.01 change the default. Content is judged by features of block5_conv3, which no
loss uses; style by patches, by a network with random kernels and by layers of VGG that no loss uses
(`measures`), and by all of these of both pictures at a quarter of their size, where strokes are large.
"""

import argparse
from pathlib import Path

import numpy as np
from bench_convergence import PAIRS, source
from bench_tools import show_rows, show_table
from levels import quarter
from measures import Measures

import tf_style
from tf_style import images
from tf_style.config import Config
from tf_style.features import Extractors
from tf_style.weights import load_weights


def main() -> None:
  parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
  parser.add_argument("flags", nargs="*", type=lambda text: text.split("=", 1), metavar="FLAG=VALUE")
  parser.add_argument("--data", type=Path, help="a folder of pictures")
  parser.add_argument("--pairs", default=",".join(PAIRS), help="named as in bench")
  parser.add_argument("--size", type=int, default=512)
  parser.add_argument("--pictures", type=Path, help="a folder to keep the pictures in")
  given = parser.parse_args()
  weights = load_weights("vgg19")
  measures, extractors = Measures(weights), Extractors(weights)
  show_table(f"{given.size} px, {weights.network} {weights.checksum[:12]}; distances to the style by kind",
             ["pair", "objective", "seconds", "content similarity", "patches", "random network", "VGG",
              "patches of quarters", "random network", "VGG"], ())
  for pair in given.pairs.split(","):
    content, style = (images.load_picture(source(name, given.data), given.size).rgb
                      for name in pair.split("+"))
    pictures = [content]
    for preset, flags in (("default", dict(given.flags)), ("gatys", {})):
      config = Config.of(preset=preset, image_size=given.size, optimizer="lbfgs", network=weights.network,
                         **flags)
      result = tf_style.stylize(content, style, config, extractors=extractors)
      pictures.append(result.picture)
      show_rows([[pair, preset, f"{result.seconds:.0f}", measures.content_similarity(result.picture, content),
                  *measures.style_distances(result.picture, style).values(),
                  *measures.style_distances(quarter(result.picture), quarter(style)).values()]])
    if given.pictures:
      given.pictures.mkdir(parents=True, exist_ok=True)
      tf_style.save_picture(given.pictures / f"{pair}.png", np.concatenate(pictures, 2))


if __name__ == "__main__":
  main()
