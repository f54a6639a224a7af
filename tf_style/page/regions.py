"""Regions painted with a brush -> masks as `tf-style` takes them."""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tf_style.errors import InputError, expected
from tf_style.page.places import Places

# One color a style, in their order, and one that leaves the photograph as it is.
STYLE_COLORS = {"red": "ff0000", "green": "00ff00", "blue": "0000ff", "yellow": "ffff00"}
KEEP = "000000"
LEGEND = ("Red is the first style and all that is not painted, green the second, blue the third, "
          "yellow the fourth; black leaves the photograph as it is.")
_LEAST_SHARE = 0.005  # of the picture; less is no region
_SIDE = 8  # of a mask of one color


def masks_of(layers: Sequence[np.ndarray], num_styles: int, places: Places) -> dict[str, Any]:
  """Returns the flags of regions, whose files are kept among the uploads.

  A style whose color is not painted shares what the first one has.

  Args:
    layers: [H, W, 4] uint8 each, transparent where nothing is painted; later ones are above.
    num_styles: of the picture.
    places: where files are kept.
  Raises:
    InputError: nothing is painted, or a color has no style.
  """
  names = tuple(STYLE_COLORS.values())
  owner = painted(layers, (*names, KEEP))
  shares = [float(np.mean(owner == index)) for index in range(len(names) + 1)]
  used = [index for index, share in enumerate(shares) if share >= _LEAST_SHARE]
  if not used or (used == [0] and num_styles == 1):
    raise InputError(expected("regions painted on the photograph", "none"))
  if beyond := [list(STYLE_COLORS)[i] for i in used if num_styles <= i < len(names)]:
    raise InputError(expected(f"colors of the {num_styles} styles", ", ".join(beyond)))
  if used == [len(names)]:
    raise InputError(expected("a part that is not left as it is", "black everywhere"))
  palette = np.array([list(bytes.fromhex(color)) for color in (*names, KEEP)], np.uint8)
  flags: dict[str, Any] = {"content_mask": _kept(palette[owner], "mask.png", places)}
  if len(names) in used:
    flags["mask_keep"] = KEEP
  if num_styles > 1:
    colors = [names[i] if i in used and i < len(names) else names[0] for i in range(num_styles)]
    if 0 not in used and names[0] in colors:
      raise InputError(expected("every style's color on the photograph", "some alone"))
    flags["style_mask"] = [
        _kept(np.full((_SIDE, _SIDE, 3), list(bytes.fromhex(color)), np.uint8),
              f"region-{number}.png", places) for number, color in enumerate(colors, start=1)]
  return flags


def painted(layers: Sequence[np.ndarray], colors: Sequence[str]) -> np.ndarray:
  """Returns [H, W] the index of each pixel's color, 0 where nothing is painted."""
  if not layers:
    raise InputError(expected("regions painted on the photograph", "none"))
  palette = np.array([list(bytes.fromhex(color)) for color in colors], int)
  owner = np.zeros(layers[0].shape[:2], int)
  for layer in layers:
    opaque = layer[..., 3] > 127
    distance = np.square(layer[opaque][:, None, :3].astype(int) - palette).sum(-1)
    owner[opaque] = np.argmin(distance, -1)
  return owner


def _kept(pixels: np.ndarray, name: str, places: Places) -> str:

  with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / name
    Image.fromarray(pixels).save(path)
    return os.fspath(places.keep(path))
