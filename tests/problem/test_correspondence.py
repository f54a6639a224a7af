"""Regions that are found: what is alike in both pictures is one, and masks give them back."""

import numpy as np
import pytest
from made_problems import SAMPLES, make_problem, sample

from tf_style.errors import InputError
from tf_style.pictures import images, masks
from tf_style.problem.correspondence import regions_of
from tf_style.problem.inputs import Inputs
from tf_style.repaint.plan import make_plan
from tf_style.settings.config import Config

HEIGHT, WIDTH = 96, 128
OPTIONS = {"style_layers": ("block1_conv1", "block3_conv1"), "content_layers": ("block3_conv2",),
           "neighbor_weight": 20.0, "neighbor_layers": ("block1_conv2", "block3_conv3")}


@pytest.fixture(scope="module")
def extractor(vgg16):
  return vgg16.get(("block3_conv3",), "max", "float32", "replicate")


def halved(above: np.ndarray, below: np.ndarray, height: int) -> np.ndarray:
  return np.concatenate([above[:, :height], below[:, height:]], 1)


def test_what_is_alike_is_one_region(extractor):
  """Two materials, of different shares in the two pictures, are told apart."""
  cat, waves = sample("cat", HEIGHT, WIDTH), np.float32(np.full((1, HEIGHT, WIDTH, 3), 0.8))
  one, other = regions_of(halved(waves, cat, 40), [halved(waves, cat, 64)], extractor, 2)
  assert one.shape == other.shape == (HEIGHT, WIDTH)
  above = one[0, 0]
  assert np.mean(one[:32] == above) > 0.95 and np.mean(one[52:] == above) < 0.1
  assert np.mean(other[:56] == above) > 0.95 and np.mean(other[76:] == above) < 0.1


def test_what_is_bright_takes_from_what_is_bright(extractor):
  """Of one material, the bright half of the one is at the left, of the other at the right."""
  light = np.ones((1, 1, WIDTH, 1), np.float32)
  light[:, :, WIDTH // 2:] = 0.4
  grain, more = (np.random.default_rng(seed).uniform(0.4, 1, (1, HEIGHT, WIDTH, 3)).astype(
      np.float32) for seed in (0, 1))
  one, other = regions_of(grain * light, [more * light[:, :, ::-1]], extractor, 2)
  bright = np.bincount(one[:, :48].ravel()).argmax()
  assert np.mean(one[:, :48] == bright) > 0.8 > 0.2 > np.mean(one[:, 80:] == bright)
  assert np.mean(other[:, 80:] == bright) > 0.8 > 0.2 > np.mean(other[:, :48] == bright)


def test_a_cluster_of_a_few_places_is_none(extractor):
  """A spot of a style has too few positions for a region's statistics."""
  cat, style = sample("cat", HEIGHT, WIDTH), np.full((1, HEIGHT, WIDTH, 3), 0.8, np.float32)
  style[:, 40:64, 56:72] = 0
  content, other = regions_of(halved(style[:, :1].repeat(HEIGHT, 1), cat, 48), [style], extractor)
  for label in np.unique(content):
    assert min(np.mean(content == label), np.mean(other == label)) > 0.05


def test_regions_are_in_both_and_the_same_every_time(extractor):
  pictures = sample("photo", HEIGHT, WIDTH), [sample("glass", 80, 80), sample("waves", 64, 90)]
  content, *styles = regions_of(*pictures, extractor)
  assert set(np.unique(content)) == set(np.unique(np.concatenate([*map(np.ravel, styles)])))
  for one, other in zip([content, *styles], regions_of(*pictures, extractor), strict=True):
    np.testing.assert_array_equal(one, other)


def test_one_region_is_the_default(vgg16, extractor):
  photo, style = sample("photo", HEIGHT, WIDTH), sample("glass", 80, 80)
  labels = regions_of(photo, [style], extractor, 1)
  assert all(np.all(each == 0) for each in labels)
  plain, picture = make_problem(vgg16, photo, style, **OPTIONS), sample("cat", HEIGHT, WIDTH)
  one = make_problem(vgg16, photo, style, **OPTIONS)
  one.loaded = one.loaded._replace(regions=masks.of_labels(labels[0], labels[1:]))
  for name, value in plain.value(picture).items():
    assert one.value(picture)[name] == pytest.approx(value, rel=1e-5), name


def test_masks_that_were_found_give_the_same_regions_back(vgg16_weights, tmp_path):
  inputs = Inputs.of(SAMPLES / "photo.jpg", SAMPLES / "style.jpg")
  config = Config.of(image_size=96, network="vgg16", guide="auto", precision="float32")
  plan = make_plan(inputs, config, vgg16_weights)
  assert len(plan.regions.colors) > 1 and plan.num_regions == len(plan.regions.colors)
  assert any(note.startswith("--guide: ") for note in plan.notes)
  for name in ("content_mask", "style_mask-1"):
    images.save_picture(tmp_path / f"{name}.png", plan.overlays[name])
  again = make_plan(
      inputs._replace(content_mask=tmp_path / "content_mask.png",
                      style_masks=(tmp_path / "style_mask-1.png",)),
      Config.of(image_size=96, network="vgg16", precision="float32"), vgg16_weights)
  assert again.regions.colors == plan.regions.colors
  np.testing.assert_array_equal(again.regions.content, plan.regions.content)
  np.testing.assert_array_equal(again.regions.styles[0], plan.regions.styles[0])


@pytest.mark.parametrize("given, message", [
    ({"content": None, "init_image": None}, "--guide: expected --content and --style"),
    ({"styles": ()}, "--guide: expected --content and --style"),
    ({"content_mask": "m"}, "--content_mask: expected none beside --guide=auto"),
    ({"style_scale_map": "m"}, "--style_scale_map: expected none beside --guide=auto")])
def test_what_does_not_go_together(given, message):
  with pytest.raises(InputError, match=f"^{message}"):
    Inputs(**{"content": "c", "styles": ("s",), **given}).check(
        Config.of(guide="auto", output_size="64x64"))
