"""Masks as people have them: bool, labels, wide integers, alpha; notes on shapes."""

import io

import numpy as np
import pytest
from picture_kinds import png
from PIL import Image

from tf_style.errors import InputError
from tf_style.pictures import mask_files, masks

HALF = np.zeros((40, 60), np.uint8)
HALF[:, :30] = 1
LIMIT = 10**8
FLAG = "--content_mask"


def load(source) -> mask_files.Mask:
  return mask_files.load_mask(source, LIMIT, FLAG)


def rgba(color: tuple[int, ...], hidden: tuple[int, ...] = (0, 0, 0)) -> np.ndarray:
  """The left half opaque in one color, the right half transparent."""
  pixels = np.where(HALF[..., None] == 1, np.uint8(color), np.uint8(hidden))
  return np.dstack([pixels, HALF * 255]).astype(np.uint8)


def file_of(pixels: np.ndarray, **options) -> bytes:
  file = io.BytesIO()
  Image.fromarray(pixels).save(file, "PNG", **options)
  return file.getvalue()


@pytest.mark.parametrize("mask", [
    HALF * 255, HALF, HALF > 0, HALF.astype(np.int64), HALF.astype(np.int32) * 255,
    HALF.astype(np.uint16), HALF.astype(np.uint16) * 255, HALF.astype(np.uint16) * 65535,
    HALF.astype(np.float32), HALF.astype(np.float64), HALF[..., None], HALF[None, ..., None] > 0,
    HALF.tolist(), Image.fromarray(HALF), Image.fromarray(HALF * 255).convert("1"),
    file_of(HALF), file_of(HALF * 255), png(HALF[..., None].astype(np.uint16), 0),
    np.repeat(HALF[..., None], 3, -1), rgba((0, 0, 0)), rgba((255, 255, 255)),
    rgba((255, 255, 255), (0, 255, 0))], ids=lambda mask: type(mask).__name__)
def test_one_and_zero_in_every_kind(mask):
  planes = load(mask).planes
  assert list(planes) == ["000000", "ffffff"]
  np.testing.assert_array_equal(planes["ffffff"], HALF)
  np.testing.assert_array_equal(planes["000000"], 1 - HALF)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int64, np.int8, np.float32])
def test_labels_are_regions_and_say_so(dtype):
  labels = np.repeat(np.arange(6), 10)[None].repeat(20, 0) % 4
  mask = load(labels.astype(dtype))
  assert mask.notes == (f"{FLAG}: the labels 0, 1, 2, 3 are the regions 000000, ffffff, ffff00, "
                        "ff00ff",)
  for label, color in enumerate(("000000", "ffffff", "ffff00", "ff00ff")):
    np.testing.assert_array_equal(mask.planes[color], labels == label)


def test_labels_pair_up_by_their_numbers():
  content = np.repeat(np.array([2, 5, 7], np.uint8), 20)[None].repeat(40, 0)
  style = np.repeat(np.array([7, 2, 5], np.int64), 10)[None].repeat(30, 0)
  regions = masks.load_regions(content, [style], (), (40, 60), [(30, 30)], LIMIT)
  assert regions.content[0, :, :].argmax(-1)[[0, 25, 50]].tolist() == [0, 1, 2]
  assert regions.styles[0][0].argmax(-1)[[0, 15, 25]].tolist() == [2, 0, 1]


def test_colors_of_labels_are_far_apart():
  colors = np.array([list(bytes.fromhex(c)) for c in mask_files._LABEL_COLORS[:32]])
  distances = np.abs(colors[:, None] - colors[None]).max(-1)
  assert distances[~np.eye(32, dtype=bool)].min() > mask_files.NEAR


def test_rare_labels_join_the_most_common():
  labels = np.full((100, 100), 3, np.uint8)
  labels[:50] = 1
  labels[0, :5] = 9
  planes = load(labels).planes
  assert list(planes) == ["ffffff", "ff00ff"]
  assert planes["ffffff"].sum() + planes["ff00ff"].sum() == 10_000


@pytest.mark.parametrize("mask, received", [
    (HALF.astype(np.int64) * 150, "int64 from 0 to 150"),
    (HALF.astype(np.int64) - 1, "int64 from -1 to 0"),
    (HALF.astype(np.int32) * 1000, "int32 from 0 to 1000")])
def test_numbers_without_meaning_are_refused(mask, received):
  with pytest.raises(InputError, match=f"{FLAG}: expected labels from 0 to 31.*{received}$"):
    load(mask)


def test_what_is_transparent_is_black():
  mask = load(rgba((255, 0, 0), (0, 0, 255)))
  assert list(mask.planes) == ["000000", "ff0000"]
  np.testing.assert_array_equal(mask.planes["ff0000"], HALF)
  assert mask.notes == (f"{FLAG}: what is transparent is 000000",)
  assert load(rgba((0, 0, 0))).notes == (f"{FLAG}: its alpha is the mask, opaque is ffffff",)


def test_the_noise_of_a_black_jpeg_is_no_label():
  noise = np.random.default_rng(0).integers(0, 3, (40, 60), np.uint8)
  file = io.BytesIO()
  Image.fromarray(noise).save(file, "JPEG", quality=95)
  assert list(load(file).planes) == ["000000"]


@pytest.mark.parametrize("shape, size, stretched", [
    ((40, 60), (400, 600), False), ((40, 60), (341, 512), False), ((27, 40), (341, 512), False),
    ((48, 64), (341, 512), True), ((60, 40), (400, 600), True), ((100, 100), (341, 512), True)])
def test_another_shape_is_said(shape, size, stretched):
  mask = np.zeros(shape, np.uint8)
  mask[:, :shape[1] // 2] = 255
  notes = masks.load_regions(mask, [mask], (), size, [size], LIMIT).notes
  said = [f"{flag}: a mask of {shape[1]} x {shape[0]} is stretched to its picture, "
          f"{size[1]} x {size[0]}" for flag in ("--content_mask", "--style_mask")]
  assert list(notes) == (said if stretched else [])


def test_a_mask_of_one_region_is_said():
  ones = np.full((40, 60), 255, np.uint8)
  assert masks.load_regions(ones, [], (), (40, 60), [(30, 30)], LIMIT).notes == (
      "--content_mask: all of it is one region, ffffff",)
