"""Paints twenty pairs in some ways and judges them: style reached, content kept, paper left white.

    python bin/lab/evaluate.py --data=FOLDER [--pairs=all] [--size=384] [--ways=default]
                               [--judge=FOLDER]... [--json=FILE] [--pictures=FOLDER]

--ways=default,statistics:preset=statistics,less:content_weight=0.005:steps=100 names ways, each
with the flags that it adds to the default. A comma goes on with a list where no letter follows it.
--judge=FOLDER paints nothing: it judges pictures FOLDER/CONTENT+STYLE.png of another program, or
of an earlier run. The optimizer is L-BFGS unless a way says otherwise.

No single number decides; look at the pictures. Columns (`measures` has the formulas): vgg, pooled,
random, patches say how much of the way from the content to the style is closed, 1 is all of it;
edges and cosine are 1, self-similarity is 0 where the content is kept; strokes is 1 where strokes
go along the content's edges, 0 where they have nothing to do with them; paper is 1 where the
style's white paper stays white on empty parts of the content, marks 0 or less where no marks are on
it. Paper says little where a style with white paper has other colors for skies, as a poster does.
"""

import argparse
import json
import re
import time
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pairs as pairs_
from bench_tools import show_rows, show_table
from measures import CLOSED_KINDS, Measures
from pairs import Pair

import tf_style
from tf_style.pictures import images, sheet
from tf_style.repaint.painter import Painter
from tf_style.settings.config import Config
from tf_style.vgg.extractor import Extractors
from tf_style.vgg.weights import load_weights

COLUMNS = ("seconds", "steps", *CLOSED_KINDS, "edges", "self_similarity", "cosine", "strokes",
           "paper", "marks")
LESS_IS_BETTER = ("seconds", "steps", "self_similarity", "marks")
_CELL_PX = 240, 320

Row = dict[str, float | None]
Table = dict[str, dict[str, Row]]  # by pair, then by way


class Painted(NamedTuple):
  """A result, [1, H, W, 3]; seconds and steps where it was painted here."""

  picture: np.ndarray
  seconds: float | None = None
  steps: int | None = None


Maker = Callable[[Pair, np.ndarray, np.ndarray], Painted]


def parsed_ways(text: str) -> dict[str, dict[str, str]]:
  """Parses 'default,fast:steps=50:level_steps=30,20' into flags by the way's name."""
  ways = {}
  for part in filter(None, re.split(r",(?=[A-Za-z])", text)):
    name, *flags = part.split(":")
    if wrong := [flag for flag in flags if "=" not in flag]:
      raise SystemExit(f"--ways: expected NAME:FLAG=VALUE:..., received {wrong[0]} in {part}")
    ways[name] = dict(flag.split("=", 1) for flag in flags)
  return ways


def painting(flags: dict[str, str], size: int, network: Extractors) -> Maker:
  """Returns what paints a pair with these flags."""
  options = {"optimizer": "lbfgs", **flags}
  config = Config.of(image_size=size, network=network.weights.network.name, **options)

  def paint(pair: Pair, content: np.ndarray, style: np.ndarray) -> Painted:
    del pair
    with Painter(style, config, network=network) as painter:
      result = painter(content)
    return Painted(result.picture, result.seconds, len(result.history["total"]))

  return paint


def finding(folder: Path) -> Maker:
  """Returns what reads a pair's picture from a folder."""
  def find(pair: Pair, content: np.ndarray, style: np.ndarray) -> Painted:
    del style
    found = images.load_picture(folder / f"{pair.name}.png").rgb
    return Painted(images.resize(found, *content.shape[1:3]))

  return find


def merit(column: str, value: float) -> float:
  """Returns a number that is larger where the value is better."""
  if column == "paper":
    return -abs(value - 1)
  return -value if column in LESS_IS_BETTER else value


def values(table: Table, way: str, column: str) -> dict[str, float]:
  """Returns a column of a way by pair, without those that lack it."""
  return {pair: value for pair, rows in table.items()
          if way in rows and (value := rows[way][column]) is not None}


def summary(table: Table, way: str) -> dict[str, dict[str, float]]:
  """Returns each column's mean and worst over the pairs of a way."""
  found = {}
  for column in COLUMNS:
    if numbers := [*values(table, way, column).values()]:
      worst = min(numbers, key=lambda value: merit(column, value))
      found[column] = {"mean": float(np.mean(numbers)), "worst": worst, "pairs": len(numbers)}
  return found


def comparison(table: Table, way: str, first: str) -> dict[str, dict[str, float]]:
  """Compares a way with the first pair by pair: mean, least and most gain, how often it is better.

  Gains are positive where the way is better: those of seconds are seconds saved, of paper how much
  nearer to 1.
  """
  found = {}
  for column in COLUMNS:
    ours, theirs = values(table, way, column), values(table, first, column)
    gains = [merit(column, ours[pair]) - merit(column, theirs[pair])
             for pair in ours if pair in theirs]
    if gains:
      found[column] = {"mean": float(np.mean(gains)), "least": float(np.min(gains)),
                       "most": float(np.max(gains)), "better": int(np.sum(np.array(gains) > 0)),
                       "pairs": len(gains)}
  return found


def show_summaries(table: Table, ways: list[str]) -> None:
  """Prints means and worst values of each way, and each way beside the first."""
  all_found = {way: summary(table, way) for way in ways}
  show_table("Means, and the worst of all pairs", ["way", *COLUMNS], (
      [way, *(f"{each['mean']:.3g}, {each['worst']:.3g}" if (each := found.get(column)) else ""
              for column in COLUMNS)] for way, found in all_found.items()))
  for way in ways[1:]:
    show_table(f"Gains of {way} over {ways[0]}, positive where it is better",
               ["column", "mean", "least", "most", "better"], (
                   [column, each["mean"], each["least"], each["most"],
                    f"{each['better']} of {each['pairs']}"]
                   for column, each in comparison(table, way, ways[0]).items()))


def rounded(value: float | None) -> str:
  if value is None:
    return ""
  return f"{value:.0f}" if abs(value) >= 10 else f"{value:.3f}"


class Album:
  """Pictures in a folder: each as a PNG, and contact sheets of each half, kept up to date."""

  def __init__(self, folder: Path, ways: list[str]):
    self._folder, self._ways = folder, ways
    self._sources: dict[Pair, tuple[np.ndarray, np.ndarray]] = {}
    self._results: dict[tuple[Pair, str], np.ndarray] = {}

  def add(self, pair: Pair, way: str, sources: tuple[np.ndarray, np.ndarray],
          result: np.ndarray) -> None:
    """Writes a result as FOLDER/WAY/PAIR.png."""
    path = self._folder / way / f"{pair.name}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    tf_style.save_picture(path, result)
    self._sources[pair], self._results[pair, way] = sources, result

  def write_sheets(self, half: str) -> None:
    """Writes a sheet of each way, and one with all ways side by side where there are several."""
    columns = {way: [way] for way in self._ways}
    if len(self._ways) > 1:
      columns["all ways"] = self._ways
    for name, ways in columns.items():
      rows = [self._row(pair, ways) for pair in self._sources if pair.half == half]
      if rows:
        tf_style.save_picture(self._folder / f"{name}, {half}.png",
                              sheet.contact_sheet(rows, *_CELL_PX))

  def _row(self, pair: Pair, ways: Iterable[str]) -> list[sheet.Cell]:
    content, style = self._sources[pair]
    return [(pair.content, content), (pair.style, style),
            *((way, self._results.get((pair, way))) for way in ways)]


def evaluate(chosen: list[Pair], makers: dict[str, Maker], measures: Measures, given: Any,
             keep: Callable[[Table], None]) -> tuple[Table, int]:
  """Paints and judges pair by pair; returns the table and how many results failed."""
  table: Table = {pair.name: {} for pair in chosen}
  album = Album(given.pictures, [*makers]) if given.pictures else None
  failures = 0
  for pair in chosen:
    judge = None
    for way, make in makers.items():
      start = time.perf_counter()
      try:
        if judge is None:
          sources = (pairs_.picture(pair.content, given.size, given.data),
                     pairs_.picture(pair.style, given.size, given.data))
          judge = measures.pair(*sources)
          start = time.perf_counter()
        made = make(pair, *sources)
        wall_s = time.perf_counter() - start
        row: Row = {"seconds": made.seconds, "steps": made.steps, **judge(made.picture)}
        table[pair.name][way] = {**row, "wall_seconds": wall_s}
        if album:
          album.add(pair, way, sources, made.picture)
        show_rows([[pair.name, pair.half, way, *(rounded(row[column]) for column in COLUMNS)]])
      except Exception as error:  # whatever it is, the other pairs go on
        failures += 1
        traceback.print_exc()
        reason = str(error).partition("\n")[0][:120].replace("|", "/")
        show_rows([[pair.name, pair.half, way, f"failed: {type(error).__name__}: {reason}"]])
      keep(table)
    if album:
      album.write_sheets(pair.half)
  return table, failures


def main() -> int:
  parser = argparse.ArgumentParser(
      description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
  parser.add_argument("--data", type=Path, help="a folder of pictures, for six of the pairs")
  parser.add_argument("--pairs", default="all", help="all, tuning, heldout, or A+B,C+D")
  parser.add_argument("--size", type=int, default=384, help="longest side in pixels")
  parser.add_argument("--ways", help="default where --judge is not given")
  parser.add_argument("--judge", type=Path, action="append", default=[],
                      help="a folder of pictures that are there already")
  parser.add_argument("--json", type=Path, help="a file for all numbers")
  parser.add_argument("--pictures", type=Path, help="a folder for pictures and contact sheets")
  given = parser.parse_args()
  chosen = pairs_.chosen(given.pairs)
  ways = parsed_ways(given.ways or ("" if given.judge else "default"))
  weights = load_weights("vgg19")
  network = Extractors(weights)
  makers = {**{way: painting(flags, given.size, network) for way, flags in ways.items()},
            **{folder.name: finding(folder) for folder in given.judge}}
  found = {"size": given.size, "network": weights.network.name, "checksum": weights.checksum,
           "ways": {name: ways.get(name) for name in makers}}

  def keep(table: Table) -> None:
    if given.json:
      summaries = {way: summary(table, way) for way in makers}
      first, *others = makers
      compared = {way: comparison(table, way, first) for way in others}
      given.json.write_text(json.dumps({**found, "pairs": table, "summary": summaries,
                                        "comparison": compared}, indent=1))

  show_table(f"{given.size} px, {weights.network.name} {weights.checksum[:12]}",
             ["pair", "half", "way", *COLUMNS], ())
  table, failures = evaluate(chosen, makers, Measures(weights), given, keep)
  show_summaries(table, [*makers])
  return 1 if failures else 0


if __name__ == "__main__":
  raise SystemExit(main())
