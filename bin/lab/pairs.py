"""Twenty pairs of content and style that span the field: ten for tuning, ten held out from it.

Eleven need nothing but packages (scikit-image, scikit-learn, matplotlib) and drawings made here,
three also tf_style's samples, and six the folder of pictures that `--data` names. No pair may
change its half once something has been tuned on it.
"""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from drawn import STYLES
from drawn_contents import CONTENTS
from PIL import Image

import tf_style
from tf_style.pictures import images
from tf_style.pictures.images import Source

SAMPLES = Path(tf_style.__file__).parent / "samples"


class Pair(NamedTuple):
  """A content and a style, by name.

  Attributes:
    content, style: names that `picture` knows.
    kinds: what they are, for tables.
    held_out: whether nothing may be tuned on it.
  """

  content: str
  style: str
  kinds: str
  held_out: bool

  @property
  def name(self) -> str:
    return f"{self.content}+{self.style}"

  @property
  def half(self) -> str:
    return "heldout" if self.held_out else "tuning"


_TUNING = {
    "china+engraving": "building, line drawing",
    "hopper+poster": "portrait, flat graphic",
    "vase+woodcut": "object on white, woodcut",
    "crowd+cubism": "crowd, cubism",
    "astronaut+fire": "portrait, fire",
    "coffee+halftone": "object, halftone print",
    "cat+style": "animal, oil painting",
    "tubingen+starry_night": "buildings, painting",
    "golden_gate+the_scream": "landscape, painting",
    "golden_gate+wash": "landscape, ink wash"}
_HELD_OUT = {
    "astronaut+vignette": "portrait, engraving",
    "crowd+newsprint": "crowd, halftone print",
    "flower+bauhaus": "plant, flat graphic",
    "coffee+collage": "object, cubism",
    "vase+watercolor": "object on white, watercolor",
    "hopper+glass": "portrait, stained glass",
    "facade+waves": "building, color woodcut",
    "tubingen+facade": "buildings, line drawing",
    "china+shipwreck": "building, painting",
    "golden_gate+fabric": "landscape, fabric"}

PAIRS = {name: Pair(*name.split("+"), kinds, held_out)
         for held_out, half in ((False, _TUNING), (True, _HELD_OUT))
         for name, kinds in half.items()}


def chosen(names: str) -> list[Pair]:
  """Returns the pairs that `all`, `tuning`, `heldout` or a list of names such as A+B,C+D means.

  Names of pairs that are not among the twenty are taken as pairs for tuning.
  """
  if names in ("all", "tuning", "heldout"):
    return [pair for pair in PAIRS.values() if names in ("all", pair.half)]
  for name in names.split(","):
    if name.count("+") != 1:
      raise SystemExit(f"--pairs: expected all, tuning, heldout or CONTENT+STYLE, received {name}")
  return [PAIRS.get(name) or Pair(*name.split("+"), "", False) for name in names.split(",")]


def picture(name: str, size: int, users: Path | None) -> np.ndarray:
  """Returns a picture by its name, [1, H, W, 3], its longest side `size`.

  Drawings come first, then tf_style's samples, the user's folder, and packages.

  Raises:
    LookupError: there is none of that name.
  """
  return images.load_picture(_source(name, users), size).rgb


@functools.cache
def _source(name: str, users: Path | None) -> Source:
  if draw := (STYLES | CONTENTS).get(name):
    return draw()
  if load := _PACKAGES.get(name):
    return load()
  for folder in filter(None, (SAMPLES, users)):
    for path in sorted(folder.glob(f"{name}.*")):
      return path
  from skimage import data
  if not hasattr(data, name):
    raise LookupError(f"no picture is called {name}: expected a drawing, a sample, a picture of "
                      f"--data ({users}) or of skimage.data")
  return getattr(data, name)()


def _hopper() -> Image.Image:
  import matplotlib
  return Image.open(Path(matplotlib.get_data_path()) / "sample_data/grace_hopper.jpg")


def _sklearn(name: str) -> Path:
  """Photographs by danielbuechele (china) and vultilion (flower), CC BY 2.0."""
  import sklearn
  return Path(sklearn.__file__).parent / "datasets/images" / f"{name}.jpg"


_PACKAGES: dict[str, Callable[[], Source]] = {
    "hopper": _hopper, "china": functools.partial(_sklearn, "china"),
    "flower": functools.partial(_sklearn, "flower")}
