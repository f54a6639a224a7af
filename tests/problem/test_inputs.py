"""Several styles: folders, shares, scales, and what goes together, before anything is read."""

import numpy as np
import pytest
from made_inputs import waves, write_picture

from tf_style.errors import InputError
from tf_style.pictures import images
from tf_style.problem.inputs import Inputs, StyleSource, load_style, size_at, style_sources
from tf_style.settings.config import Config


@pytest.fixture
def folder(tmp_path):
  for name in ("b.png", "a.jpg"):
    write_picture(tmp_path / name)
  (tmp_path / "notes.txt").write_text("no picture")
  (tmp_path / ".hidden.png").touch()
  return tmp_path


def test_a_folder_is_its_pictures_and_they_share_its_share(folder):
  inputs = Inputs.of(None, ["x.jpg", folder])
  found = style_sources(inputs, Config.of(style_blend="1,3", style_scale="2,0.5"))
  assert [(source.source, source.share, source.scale) for source in found] == [
      ("x.jpg", 0.25, 2), (folder / "a.jpg", 0.375, 0.5), (folder / "b.png", 0.375, 0.5)]


def test_shares_are_equal_unless_given():
  found = style_sources(Inputs.of(None, ["a", "b", "c", "d"]), Config.of())
  assert [source.share for source in found] == [0.25] * 4


def test_the_mask_of_a_folder_is_one_for_all_or_a_folder_of_as_many(folder):
  of = lambda mask: [source.mask for source in style_sources(
      Inputs.of(None, folder, style_mask=mask), Config.of())]
  assert of("m.png") == ["m.png"] * 2
  assert of(folder) == [folder / "a.jpg", folder / "b.png"]


@pytest.mark.parametrize("scale, size", [(1.0, (48, 64)), (0.5, (24, 32)), (2.0, (96, 128))])
def test_a_style_is_loaded_at_its_scale_of_the_result(scale, size):
  source = StyleSource(waves(72, 96, 1), 1.0, scale, None)
  assert load_style(source, 64, Config.of()).rgb.shape[1:3] == size


def test_what_is_enlarged_much_is_said(folder):
  source = StyleSource(folder / "a.jpg", 1.0, 4.0, None)
  assert "enlarged 2.7 times" in load_style(source, 64, Config.of()).notes[0]
  with pytest.raises(InputError, match="--style_scale: expected a style of at most 10000 pixels"):
    load_style(source, 64, Config.of(max_pixels=10_000))


def test_coarse_levels_see_enough_of_a_style():
  assert size_at((384, 512), 0.25, 32) == (96, 128)
  assert size_at((96, 128), 0.25, 32) == (32, 43)
  assert size_at((20, 90), 0.25, 32) == (20, 90)


@pytest.mark.parametrize("given, options, message", [
    ({}, {"style_blend": "1,2"},
     "--style_blend: expected one number a style, 1 in all, received 2"),
    ({"styles": ("a", "b")}, {"style_scale": "1,2,3"},
     "--style_scale: expected one number a style"),
    ({"style_masks": ("m", "n")}, {},
     "--style_mask: expected one mask a style, 1 in all, received 2"),
    ({"style_masks": ("m",)}, {},
     "--content_mask: expected a mask that --style_mask pairs up with"),
    ({}, {"mask_keep": "000000"},
     "--content_mask: expected a mask with the colors of --mask_keep"),
    ({"content": None}, {},
     "--content: expected the path of a picture .* or a texture's --output_size"),
    ({"content": None, "styles": ()}, {"output_size": "64x64"}, "--content: expected"),
    ({"content": None}, {"output_size": "64x64", "max_pixels": 99},
     "--output_size: expected at most 99"),
    ({"content": None}, {"output_size": "64x64", "init": "content"},
     "--init: expected noise, image or auto"),
    ({"styles": ()}, {"init": "content"},
     "--init: expected noise, image or auto without --style"),
    ({"styles": ()}, {"init": "recolored"},
     "--init: expected noise, image or auto without --style"),
    ({"styles": (), "content_mask": "m"}, {},
     "--content_mask: expected a style for its regions"),
    ({"content": None, "content_mask": "m"}, {"output_size": "64x64", "mask_keep": "000000"},
     "--mask_keep: expected --content"),
])
def test_what_does_not_go_together(given, options, message):
  with pytest.raises(InputError, match=f"^{message}"):
    Inputs(**{"content": "c", "styles": ("s",), **given}).check(Config.of(**options))


def test_an_empty_folder(tmp_path):
  with pytest.raises(InputError, match="--style: expected a picture or a folder of pictures"):
    images.pictures_of(tmp_path, "--style")


def test_arrays_are_no_folders():
  pixels = np.zeros((2, 2, 3), np.uint8)
  assert images.pictures_of(pixels, "--style")[0] is pixels
