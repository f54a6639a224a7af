"""How near palettes come, and what becomes of edges: ways to give a photograph a style's colors.

    python bin/lab/recoloring.py [--data=FOLDER] [--pairs=A+B,C+D] [--size=384]

`transport` is what --texture=0 does, `unsmoothed` the same without smoothing what colors move by,
`moments` gives the style's mean and covariance (--init=recolored). `palette` is the mean distance
of sorted projections in Oklab on 64 directions, 0 where the palettes agree; `edges` is 1 where the
photograph's edges are kept.
"""

import argparse
from pathlib import Path

import numpy as np
import pairs
from bench_tools import show_table
from measures import edges_correlation

from tf_style.pictures import color, images, palette

PAIRS = "cat+waves,cat+style,coffee+glass,hopper+poster,astronaut+fire,flower+bauhaus"
DIRECTIONS, SIDE = 64, 192


def colors(picture: np.ndarray) -> np.ndarray:
  """Returns a sample [N, 3] of a picture's colors."""
  return images.resize(picture, SIDE, SIDE).reshape(-1, 3)


def palette_distance(picture: np.ndarray, style: np.ndarray) -> float:
  """Returns the sliced Wasserstein distance of colors in Oklab."""
  directions = np.random.default_rng(1).normal(size=(3, DIRECTIONS))
  directions /= np.linalg.norm(directions, axis=0)
  one, other = (np.sort(color.to_oklab(colors(each).astype(np.float64)) @ directions, 0)
                for each in (picture, style))
  return float(np.abs(one - other).mean())


def unsmoothed(content: np.ndarray, style: np.ndarray) -> np.ndarray:
  """Moves each color by itself."""
  lab = color.to_oklab(content.reshape(-1, 3).astype(np.float64))
  maps = palette.learned_maps(*(color.to_oklab(colors(each).astype(np.float64))
                                for each in (content, style)))
  moved = np.clip(color.from_oklab(palette.moved(lab, maps)), 0, 1)
  return moved.reshape(content.shape).astype(np.float32)


WAYS = {"photograph": lambda content, style: content,
        "transport": lambda content, style: palette.recolored(
            content, colors(content), colors(style)),
        "unsmoothed": unsmoothed, "moments": color.match_colors}


def main() -> None:
  parser = argparse.ArgumentParser(
      description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
  parser.add_argument("--data", type=Path, help="a folder of pictures")
  parser.add_argument("--pairs", default=PAIRS)
  parser.add_argument("--size", type=int, default=384)
  given = parser.parse_args()
  rows = []
  for pair in pairs.chosen(given.pairs):
    content, style = (pairs.picture(name, given.size, given.data)
                      for name in (pair.content, pair.style))
    made = {way: make(content, style) for way, make in WAYS.items()}
    rows += [[pair.name, way, palette_distance(each, style), edges_correlation(each, content)]
             for way, each in made.items()]
  means = [["mean", way, *np.mean([row[2:] for row in rows if row[1] == way], 0)] for way in WAYS]
  show_table(f"{given.size} px", ["pair", "way", "palette", "edges"], [*rows, *means])


if __name__ == "__main__":
  main()
