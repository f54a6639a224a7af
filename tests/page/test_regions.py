"""Regions: strokes of the brush become the masks that the command takes."""

from pathlib import Path

import numpy as np
import pytest

from tf_style.errors import InputError
from tf_style.page import regions
from tf_style.page.places import Places
from tf_style.pictures.masks import load_regions

HEIGHT, WIDTH = 40, 60


@pytest.fixture
def places(tmp_path) -> Places:
  return Places(str(tmp_path))


def layer(*parts: tuple[slice, tuple[int, ...]]) -> np.ndarray:
  """A layer whose columns have colors; the rest is transparent."""
  pixels = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
  for columns, color in parts:
    pixels[:, columns] = color
  return pixels


def loaded(flags: dict, styles: int):
  return load_regions(
      flags["content_mask"], flags.get("style_mask", []), [flags["mask_keep"]] if "mask_keep" in (
          flags) else [], (HEIGHT, WIDTH), [(10, 10)] * styles, 10**6)


def test_black_keeps_the_photograph(places):
  flags = regions.masks_of([layer((slice(0, 15), (0, 0, 0, 255)))], 1, places)
  assert set(flags) == {"content_mask", "mask_keep"} and flags["mask_keep"] == "000000"
  found = loaded(flags, 1)
  assert found.kept[..., 0].mean() == 0.25 and found.kept[:, :15].min() == 1


def test_each_style_has_its_color(places):
  """Half-covered borders of strokes belong to one region; what is not painted is the first's."""
  strokes = layer((slice(0, 15), (0, 255, 0, 255)), (slice(15, 16), (0, 250, 10, 90)),
                  (slice(45, 60), (4, 3, 250, 255)))
  flags = regions.masks_of([strokes], 3, places)
  assert [Path(path).name for path in flags["style_mask"]] == [
      "region-1.png", "region-2.png", "region-3.png"]
  found = loaded(flags, 3)
  shares = dict(zip(found.colors, found.content.mean((0, 1)), strict=True))
  assert shares == {"0000ff": 0.25, "00ff00": 0.25, "ff0000": 0.5}
  for index, color in enumerate(("ff0000", "00ff00", "0000ff")):
    own = found.styles[index].mean((0, 1))
    assert own.tolist() == [float(each == color) for each in found.colors]


def test_a_style_without_a_color_shares_the_first_ones(places):
  flags = regions.masks_of([layer((slice(0, 30), (0, 255, 0, 255)))], 3, places)
  assert flags["style_mask"][0].split("/")[-2] == flags["style_mask"][2].split("/")[-2]


def test_later_layers_are_above(places):
  owner = regions.painted([layer((slice(0, 60), (0, 255, 0, 255))),
                           layer((slice(0, 6), (0, 0, 0, 255)))], ("ff0000", "00ff00", "000000"))
  assert owner[0].tolist() == [2] * 6 + [1] * 54


@pytest.mark.parametrize(("parts", "styles", "message"), [
    ((), 1, "expected regions painted on the photograph, received none"),
    (((slice(0, 20), (255, 0, 0, 255)),), 1, "expected regions painted"),
    (((slice(0, 20), (0, 0, 255, 255)),), 2, "expected colors of the 2 styles, received blue"),
    (((slice(0, 60), (0, 0, 0, 255)),), 1, "expected a part that is not left as it is")])
def test_wrong_regions_are_said(places, parts, styles, message):
  with pytest.raises(InputError, match=message):
    regions.masks_of([layer(*parts)], styles, places)
  with pytest.raises(InputError, match="received none"):
    regions.masks_of([], 1, places)
