"""Makes the README's pictures from the samples, and the table of what each run took and reached.

    bin/figures                  all of them, 16 runs, and the three sheets
    bin/figures oil init         some, by name
    bin/figures strips article   the strips; the two programs of the article
    bin/figures pairs            the sheet of twenty pairs
    bin/figures controls         the sheet of controls, 18 small runs, which are not kept
    bin/figures placed           the sheet of controls by place, 10 small runs, which are not kept

Pictures go to tf_style/samples/results, and each run's row into the table FIGURES.md there. Results
are kept in .cache/figures too, by pair, configuration and source code, so that one that was stopped
goes on.
"""

import hashlib
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import controls
import numpy as np
import pairs as pairs_
import placed
from measures import Measures
from PIL import Image

import tf_style
from tf_style.pictures import images, sheet
from tf_style.settings.config import Config
from tf_style.vgg.weights import load_weights

SAMPLES = Path(tf_style.__file__).parent / "samples"
RESULTS = SAMPLES / "results"
TABLE = RESULTS / "FIGURES.md"
KEPT = SAMPLES.parents[1] / ".cache/figures"
HEIGHT_PX, QUALITIES, LIMIT_BYTES = 160, range(92, 40, -4), 80_000

HEAD = """\
# What the runs behind the README's pictures took and reached

Written by `bin/figures`. Losses are those of the 8-bit picture, in float32: the total, then each
term unweighted. Style distance (0 where the styles agree) and content similarity (1 where the
contents do) are measured by `bin/lab/measures.py` on layers that no loss here uses.

| pair | flags | losses | style distance | content similarity | network, SHA-256 of the weights |
|---|---|---|---|---|---|
"""

SMALL = {"optimizer": "lbfgs", "image_size": 224, "steps": 80}


class Run(NamedTuple):
  """A pair of samples and the options it is run with."""

  pair: str
  options: Mapping[str, Any]

  @property
  def flags(self) -> str:
    return " ".join(f"--{name}={value}" for name, value in self.options.items())


def small(pair: str, **options: Any) -> Run:
  return Run(pair, SMALL | options)


def preset(name: str, **options: Any) -> Run:
  return Run("photo+style", {"preset": name, "image_size": 224, **options})


LARGE = {"oil": Run("photo+style", {"optimizer": "lbfgs"})}
ARTICLE = {
    "article-tensorflow": preset("article-tensorflow"),
    # Its 2000 evaluations are too many for a processor.
    "article-pytorch": preset("article-pytorch", steps=300)}
STRIPS = {
    "content_weight": {str(weight): small("photo+style", content_weight=weight)
                       for weight in (0.004, 0.016, 0.064)},
    "init": {init: small("photo+glass", init=init) for init in ("content", "recolored", "noise")},
    "layers": {layers: small("photo+style", style_layers=layers)
               for layers in ("shallow", "default", "deep")},
    "style_loss": {loss: small("photo+style", style_loss=loss)
                   for loss in ("gram", "covariance", "wasserstein", "mixed")},
    "presets": {"default": small("photo+style"),
                "statistics": small("photo+style", preset="statistics"),
                "gatys": preset("gatys", optimizer="lbfgs", steps=80), **ARTICLE}}
# Chosen before they were painted, of pictures that may be shown: drawings of this folder, samples,
# and photographs of packages that are in the public domain.
PAIRS = ("hopper+poster", "vase+woodcut", "crowd+cubism", "astronaut+fire", "coffee+halftone",
         "cat+style", "astronaut+vignette", "crowd+newsprint", "coffee+collage", "vase+watercolor",
         "hopper+glass", "facade+waves", "cat+engraving", "coffee+wash", "astronaut+bauhaus",
         "hopper+fabric", "facade+halftone", "vase+vignette", "crowd+fire", "cat+collage")
PAIR_PX, PAIR_CELL_PX = 320, (150, 200)
GROUPS = {"strips": tuple(STRIPS), "article": tuple(ARTICLE)}


def source_digest() -> str:
  """Returns a digest of all that decides how a run turns out, but its configuration."""
  digest = hashlib.sha256()
  for path in sorted([*SAMPLES.parent.rglob("*.py"), *SAMPLES.glob("*.jpg")]):
    digest.update(path.read_bytes())
  return digest.hexdigest()


class Studio:
  """Makes each run once, and records what it took."""

  def __init__(self) -> None:
    self._digest = source_digest()
    self._measures: Measures | None = None

  def picture(self, run: Run) -> np.ndarray:
    """Returns the result of a run, [1, H, W, 3]."""
    key = f"{self._digest} {run.pair} {Config.of(**run.options)}"
    kept = KEPT / f"{hashlib.sha256(key.encode()).hexdigest()[:16]}.png"
    if not kept.exists():
      tf_style.save_picture(kept, self._made(run))
    return images.load_picture(kept).rgb

  def _made(self, run: Run) -> np.ndarray:
    result = tf_style.stylize(*map(source, run.pair.split("+")), Config.of(**run.options))
    plan = result.plan
    self._measures = self._measures or Measures(load_weights(plan.config.network))
    record(f"{run.pair} | `{run.flags}`", [
        ", ".join(f"{name} {loss:.4g}" for name, loss in result.losses.items()),
        f"{self._measures.style_distance(result.picture, plan.styles[0].rgb):.3f}",
        f"{self._measures.content_similarity(result.picture, plan.content.rgb):.3f}",
        f"{plan.weights.network.name} {plan.weights.checksum[:12]}"])
    return result.picture


def source(name: str) -> images.Source:
  """Returns a sample's file, or a drawing or photograph of `pairs`."""
  path = SAMPLES / f"{name}.jpg"
  return path if path.exists() else pairs_.picture(name, 2 * PAIR_PX, None)


def record(job: str, cells: list[str]) -> None:
  """Prints a row, and puts it into the table in place of the one of the same job."""
  row = f"| {job} | {' | '.join(cells)} |"
  print(row, flush=True)
  rows = TABLE.read_text("utf-8").partition(HEAD)[2].splitlines() if TABLE.exists() else []
  rows = [line for line in rows if not line.startswith(f"| {job} |")] + [row]
  TABLE.write_text(HEAD + "\n".join(sorted(rows)) + "\n", "utf-8")


def strip(pictures: Mapping[str, np.ndarray]) -> Image.Image:
  """Returns pictures [1, H, W, 3] of one size side by side, each with its label below."""
  height, width = next(iter(pictures.values())).shape[1:3]
  row = sheet.contact_sheet([[*pictures.items()]], HEIGHT_PX, round(width * HEIGHT_PX / height))
  return Image.fromarray(images.to_uint8(row))


def save(name: str, image: Image.Image, limit: int = LIMIT_BYTES) -> None:
  """Writes a JPEG in the best quality that keeps it under the limit of bytes."""
  path = RESULTS / f"{name}.jpg"
  for quality in QUALITIES:
    image.save(path, quality=quality, optimize=True)
    if path.stat().st_size < limit:
      break
  print(f"{path.name}: {image.width}x{image.height}, {path.stat().st_size} bytes", flush=True)


def sheet_of_pairs(studio: Studio) -> Image.Image:
  """Returns content, style and result of each of the pairs, two pairs a row."""
  cells: list[sheet.Cell] = []
  for pair in PAIRS:
    names = pair.split("+")
    result = studio.picture(Run(pair, {"optimizer": "lbfgs", "image_size": PAIR_PX}))
    cells += [(name, images.load_picture(source(name)).rgb) for name in names]
    cells.append((" + ".join(names), result))
  rows = [cells[start:start + 6] for start in range(0, len(cells), 6)]
  return Image.fromarray(images.to_uint8(sheet.contact_sheet(rows, *PAIR_CELL_PX)))


def with_sources(run: Run, picture: np.ndarray, gap: int = 6) -> Image.Image:
  """Returns a result with its photograph and its style, small, at its left."""
  height, width = picture.shape[1:3]
  half = (height - gap) // 2
  sources = [images.load_picture(SAMPLES / f"{name}.jpg").rgb for name in run.pair.split("+")]
  column = max(round(half * source.shape[2] / source.shape[1]) for source in sources)
  canvas = Image.new("RGB", (column + gap + width, height), "white")
  for source, top in zip(sources, (0, height - half), strict=True):
    across = round(half * source.shape[2] / source.shape[1])
    part = Image.fromarray(images.to_uint8(images.resize(source, half, across)))
    canvas.paste(part, ((column - across) // 2, top))
  canvas.paste(Image.fromarray(images.to_uint8(picture)), (column + gap, 0))
  return canvas


def main(names: list[str]) -> int:
  if "--help" in names:
    print(__doc__)
    return 0
  known = [*LARGE, *STRIPS, *ARTICLE, "controls", "placed", "pairs"]
  wanted = [each for name in names for each in GROUPS.get(name, (name,))] or known
  if unknown := [name for name in wanted if name not in known]:
    print(f"expected some of {', '.join([*known, *GROUPS])}, received {', '.join(unknown)}",
          file=sys.stderr)
    return 2
  studio = Studio()
  for name in wanted:
    if name in STRIPS:
      save(name, strip({label: studio.picture(run) for label, run in STRIPS[name].items()}))
    elif name == "controls":
      save(name, controls.draw(), 300_000)
    elif name == "placed":
      save(name, placed.draw(), 300_000)
    elif name == "pairs":
      save(name, sheet_of_pairs(studio), 700_000)
    else:
      run = (LARGE | ARTICLE)[name]
      save(name, with_sources(run, studio.picture(run)), 200_000)
  return 0


if __name__ == "__main__":
  sys.exit(main(sys.argv[1:]))
