"""Arrays, sizes, resizing and the errors of pictures in and out."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from picture_kinds import colors
from PIL import Image

from tf_style.errors import ImageError, OutputError
from tf_style.pictures import images


def test_arrays_of_every_kind_are_the_same_picture():
  rgb = colors()
  expected = rgb[None].astype(np.float32) / 255
  alpha = np.full(rgb.shape[:2] + (1,), 51, np.uint8)
  for array in (rgb, rgb.astype(np.uint16) * 257, rgb / 255, expected, rgb.astype(">u2") * 257,
                Image.fromarray(rgb), np.concatenate([rgb, alpha], -1)):
    picture = images.load_picture(array)
    assert picture.rgb.dtype == np.float32
    np.testing.assert_allclose(picture.rgb, expected, atol=1e-7)
  np.testing.assert_allclose(picture.alpha, 0.2)
  gray = images.load_picture(rgb[..., 0])
  np.testing.assert_array_equal(gray.rgb, np.repeat(expected[..., :1], 3, axis=-1))
  assert gray.alpha is None
  assert gray.name == "picture"


class Tensor:
  """As frameworks have them: NumPy can read it, and its text is long."""

  def __init__(self, values):
    self._values = values

  def __array__(self, dtype=None, copy=None):
    if self._values is None:
      raise NotImplementedError("cannot convert a symbolic tensor to a numpy array")
    return self._values

  def __repr__(self):
    return f"Tensor({list(range(10_000))})"


RGB = colors()
FLOATS = RGB / np.float32(255)


@pytest.mark.parametrize("source", [
    Tensor(RGB), Tensor(FLOATS[None]), RGB.tolist(), FLOATS.tolist(), RGB.astype(np.int64),
    RGB.astype(np.uint32), RGB[None], FLOATS.astype(np.float64), FLOATS.astype(np.longdouble),
    np.asfortranarray(RGB), memoryview(RGB).tolist(), np.ma.masked_array(RGB)],
                         ids=lambda source: type(source).__name__)
def test_whatever_numpy_makes_an_image_of(source):
  assert images.probe_size(source) == RGB.shape[:2]
  np.testing.assert_allclose(images.load_picture(source).rgb[0], FLOATS, atol=1e-6)


@pytest.mark.parametrize("shape", [(24, 34), (24, 34, 1), (1, 24, 34, 1)])
def test_one_channel_is_gray(shape):
  for gray in (RGB[..., 0].reshape(shape), np.matrix(RGB[..., 0]), RGB[..., 0].reshape(shape) > 99):
    wanted = FLOATS[..., 0] if gray.dtype != bool else RGB[..., 0] > 99
    np.testing.assert_allclose(images.load_picture(gray).rgb[0], np.dstack([wanted] * 3), atol=1e-6)


def test_four_channels_in_a_batch_of_one_have_alpha():
  picture = images.load_picture(np.dstack([FLOATS, FLOATS[..., 0]])[None])
  np.testing.assert_array_equal(picture.rgb[0], FLOATS)
  np.testing.assert_array_equal(picture.alpha, FLOATS[..., 0])


def test_half_precision_of_any_framework():
  import ml_dtypes
  got = images.load_picture(FLOATS.astype(ml_dtypes.bfloat16)).rgb[0]
  np.testing.assert_allclose(got, FLOATS, atol=2e-3)
  got = images.load_picture(FLOATS.astype(np.float16)).rgb[0]
  np.testing.assert_allclose(got, FLOATS, atol=3e-4)


def test_a_hair_outside_is_clipped():
  for overshoot in (1e-7, 0.005, 0.0099):
    wide = (FLOATS * (1 + 2 * overshoot) - overshoot).astype(np.float32)
    np.testing.assert_array_equal(images.load_picture(wide).rgb[0], np.clip(wide, 0, 1))
    assert images.load_picture(wide).rgb.min() == 0 and images.load_picture(wide).rgb.max() == 1


@pytest.mark.parametrize("source", [
    Tensor(None), Tensor(np.zeros((500, 500))  - 3), Tensor(np.array("a" * 3000)),
    Tensor(np.zeros((500, 500, 2))), [[1, 2], [3]], [["a" * 3000]], (Tensor(RGB),) * 2,
    np.full((500, 500, 3), None), np.zeros((500, 500), complex), {"a": RGB}, object(), 3.0, None])
def test_no_message_shows_pixels(source):
  with pytest.raises(ImageError) as error:
    images.load_picture(source)
  assert str(error.value).startswith("--content: expected ") and len(str(error.value)) < 400


def test_channels_first_is_said():
  with pytest.raises(ImageError, match=r"shape \(3, 24, 34\) \(channels come last: move the first"):
    images.load_picture(np.moveaxis(RGB, -1, 0))


@pytest.mark.parametrize("array, received", [
    (np.zeros((4, 4, 2)), r"shape \(4, 4, 2\)"),
    (np.zeros((2, 4, 4, 3)), r"shape \(2, 4, 4, 3\)"),
    (np.zeros(7), r"shape \(7,\)"),
    (np.zeros((0, 4, 3)), "4 x 0"),
    (np.zeros((4, 4), np.int64), "int64"),
    (np.full((4, 4), 300, np.int64), "int64 from 300 to 300"),
    (np.full((4, 4), -1, np.int8), "int8 from -1 to -1"),
    (np.zeros((4, 4), complex), "complex128"),
    (np.array([["a"]]), "<U1"),
    (np.full((4, 4), np.nan), "nan"),
    (np.full((4, 4), np.inf), "inf"),
    (np.full((4, 4), 255.0), "255.0"),
    (np.full((4, 4), -0.1), "-0.1"),
    (np.full((4, 4), 1.011), "1.011"),
])
def test_wrong_arrays(array, received):
  with pytest.raises(ImageError, match=f"^--style: expected .*, received .*{received}"):
    images.load_picture(array, flag="--style")


def test_load_does_not_change_or_share_its_array():
  array = colors()[None].astype(np.float32) / 255
  before = array.copy()
  images.load_picture(array).rgb[:] = 0
  np.testing.assert_array_equal(array, before)


@given(st.integers(1, 70000), st.integers(1, 70000), st.integers(1, 70000))
def test_fitted_size_keeps_the_shape(height, width, longest):
  fitted = images.fitted_size(height, width, longest)
  assert max(fitted) == longest
  assert min(fitted) >= 1
  scale = longest / max(height, width)
  assert abs(fitted[0] - height * scale) <= 1 and abs(fitted[1] - width * scale) <= 1


@settings(max_examples=25, deadline=None)
@given(*[st.integers(1, 40)] * 4)
def test_resize_keeps_the_range_and_flat_colors(height, width, new_height, new_width):
  flat = np.full((1, height, width, 3), [0.2, 0.5, 1], np.float32)
  resized = images.resize(flat, new_height, new_width)
  assert resized.shape == (1, new_height, new_width, 3)
  np.testing.assert_allclose(resized, np.broadcast_to(flat[0, 0, 0], resized.shape), atol=1e-6)
  noise = np.random.default_rng(0).random((1, height, width, 3), np.float32)
  resized = images.resize(noise, new_height, new_width)
  assert resized.min() >= 0 and resized.max() <= 1


def test_resize_is_antialiased_and_the_identity_at_the_same_size():
  stripes = np.zeros((1, 64, 64, 3), np.float32)
  stripes[:, :, ::2] = 1
  assert images.resize(stripes, 64, 64) is stripes
  small = images.resize(stripes, 16, 16)
  np.testing.assert_allclose(small[:, 2:-2, 2:-2], 0.5, atol=0.03)


def test_up_and_down_again_is_nearly_the_same():
  rgb = images.load_picture(colors()).rgb
  large = images.load_picture(rgb, longest_side=100).rgb
  assert large.shape == (1, 71, 100, 3)
  assert np.abs(images.resize(large, *rgb.shape[1:3]) - rgb).mean() < 0.005


@pytest.mark.parametrize("height, width, longest, expected", [
    (1, 3000, 100, (1, 100)), (3000, 1, 100, (100, 1)), (1, 1, 50, (50, 50)), (1, 2, 1, (1, 1)),
    (2, 1000, 4000, (8, 4000))])
def test_thin_pictures(height, width, longest, expected):
  picture = images.load_picture(np.full((height, width, 3), 128, np.uint8), longest)
  assert picture.rgb.shape[1:3] == expected
  np.testing.assert_allclose(picture.rgb, 128 / 255, atol=1e-6)


def test_hidden_colors_do_not_bleed_when_resized():
  pixels = np.zeros((40, 40, 4), np.uint8)
  pixels[:, :20] = [255, 0, 0, 255]
  pixels[:, 20:] = [0, 255, 0, 0]
  picture = images.load_picture(pixels, 10)
  visible = picture.alpha > 0.05
  np.testing.assert_allclose(picture.rgb[0][visible],
                             np.broadcast_to([1, 0, 0], (visible.sum(), 3)), atol=0.02)


def test_a_jpeg_reduced_while_decoding_looks_the_same(tmp_path):
  y, x = np.mgrid[0:640, 0:960]
  rgb = np.stack([np.sin(x / 9) * 90 + 128, np.cos(y / 14) * 90 + 128, (x + y) / 7], -1)
  Image.fromarray(rgb.astype(np.uint8)).save(tmp_path / "x.jpg", quality=95)
  reduced = images.load_picture(tmp_path / "x.jpg", 60).rgb
  with Image.open(tmp_path / "x.jpg") as image:
    whole = images.load_picture(image, 60).rgb
  assert reduced.shape == whole.shape == (1, 40, 60, 3)
  assert 0 < np.abs(reduced - whole).mean() * 255 < 0.6


def test_to_uint8_rounds_to_nearest():
  levels = np.arange(256)
  for nudge in (-0.49, 0, 0.49):
    rgb = np.repeat((levels + nudge)[:, None] / 255, 3, axis=1).astype(np.float32)
    rounded = images.to_uint8(rgb.reshape(1, 1, 256, 3))
    np.testing.assert_array_equal(rounded[0, :, 0], levels)
    assert rounded.dtype == np.uint8


@pytest.mark.parametrize("name", ["x", "x.gif", "x.png.bak", "x.jp2", ".png", "x\n.exe"])
def test_unknown_endings(name, tmp_path):
  with pytest.raises(OutputError, match=r"^--output: expected .*\.png, \.jpg.*, received .+$"):
    images.check_output_name(name)
  with pytest.raises(OutputError):
    images.save_picture(tmp_path / name, np.zeros((1, 2, 2, 3), np.float32))
  assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name, side", [("x.webp", 16384), ("x.jpg", 65501)])
def test_formats_say_what_they_cannot_hold(name, side, tmp_path):
  with pytest.raises(OutputError, match=f"received {side} x 1"):
    images.save_picture(tmp_path / name, np.zeros((1, 1, side, 3), np.float32))
  assert not list(tmp_path.iterdir())


def test_existing_files_are_kept_when_asked(tmp_path):
  rgb = np.zeros((1, 2, 2, 3), np.float32)
  first = images.save_picture(tmp_path / "new" / "x.png", rgb)
  second = images.save_picture(first, rgb + 1, overwrite=False)
  assert (first.name, second.name) == ("x.png", "x-2.png")
  assert images.load_picture(first).rgb.max() == 0
  assert images.save_picture(first, rgb + 1) == first
  assert images.load_picture(first).rgb.min() == 1


@pytest.mark.parametrize("picture", [
    RGB, RGB.astype(np.uint16) * 257, FLOATS, FLOATS[None], RGB[None], Tensor(RGB), RGB.tolist(),
    Image.fromarray(RGB), RGB.astype(np.int64), FLOATS.astype(np.float64)],
                         ids=lambda picture: type(picture).__name__)
@pytest.mark.parametrize("ending", [".png", ".tif"])
def test_what_is_loaded_can_be_saved(picture, ending, tmp_path):
  path = images.save_picture(tmp_path / f"x{ending}", picture)
  np.testing.assert_array_equal(images.to_uint8(images.load_picture(path).rgb), RGB)


@pytest.mark.parametrize("gray", [RGB[..., 0], RGB[..., :1], RGB[None, ..., :1], FLOATS[..., 0],
                                  Image.fromarray(RGB[..., 0])])
def test_gray_is_saved_as_gray(gray, tmp_path):
  path = images.save_picture(tmp_path / "x.png", gray)
  wanted = np.dstack([RGB[..., 0]] * 3)
  np.testing.assert_array_equal(images.to_uint8(images.load_picture(path).rgb), wanted)


def test_16_bits_are_saved_as_they_are(tmp_path):
  deep = RGB.astype(np.uint16) * 200 + 7
  path = images.save_picture(tmp_path / "x.tif", deep)
  np.testing.assert_allclose(images.load_picture(path).rgb[0] * 65535, deep, atol=0.01)


@pytest.mark.parametrize("ending", [".png", ".webp", ".tif"])
def test_alpha_is_kept_and_the_argument_comes_first(ending, tmp_path):
  alpha, other = RGB[..., 0], 255 - RGB[..., 0]
  for picture in (np.dstack([RGB, alpha]), np.dstack([RGB, alpha])[None] / np.float32(255),
                  Image.fromarray(np.dstack([RGB, alpha]))):
    path = images.save_picture(tmp_path / f"x{ending}", picture)
    np.testing.assert_array_equal(np.rint(images.load_picture(path).alpha * 255), alpha)
    for own in (other, other / 255, other[..., None]):
      path = images.save_picture(tmp_path / f"x{ending}", picture, own)
      np.testing.assert_array_equal(np.rint(images.load_picture(path).alpha * 255), other)


def test_a_pillow_image_is_saved_as_it_is_seen(tmp_path):
  """Its orientation and its profile are applied: neither is written."""
  exif = Image.Exif()
  exif[0x0112] = 6
  image = Image.fromarray(RGB)
  image.info["exif"] = exif.tobytes()
  path = images.save_picture(tmp_path / "x.png", image)
  np.testing.assert_array_equal(images.to_uint8(images.load_picture(path).rgb), np.rot90(RGB, -1))


@pytest.mark.parametrize("picture, received", [
    (RGB.astype(np.float32), r"floats in \[0, 1\], received 0.0 to 255.0 \(divide by 255\)"),
    (np.full((1, 8, 8, 3), np.nan, np.float32), "received nan to nan"),
    (np.full((8, 8), np.inf), "received inf to inf"), (np.full((8, 8), 1.02), "received 1.02"),
    (np.stack([FLOATS] * 2), r"shape \(2, 24, 34, 3\)"), (FLOATS[..., :2], r"shape \(24, 34, 2\)"),
    (np.zeros((0, 5, 3)), "5 x 0"), (np.array([["a"]]), "<U1"), (None, "NoneType")])
def test_what_is_no_picture_is_not_saved(picture, received, tmp_path):
  with pytest.raises(ImageError, match=f"^--output: expected .*{received}"):
    images.save_picture(tmp_path / "x.png", picture)
  assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("alpha", [np.zeros((3, 3)), np.full((24, 34), 7.0), RGB, "no alpha"])
def test_what_is_no_alpha_is_not_saved(alpha, tmp_path):
  with pytest.raises(ImageError, match="^--output"):
    images.save_picture(tmp_path / "x.png", RGB, alpha)
  assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("ending", [".png", ".jpg", ".webp", ".tif"])
def test_the_same_picture_is_the_same_file(ending, tmp_path):
  rgb = images.load_picture(colors()).rgb
  once, twice = (images.save_picture(tmp_path / f"{name}{ending}", rgb, metadata={"a": "b"})
                 for name in "xy")
  assert once.read_bytes() == twice.read_bytes()


@pytest.mark.parametrize("ending", [".png", ".jpg", ".webp", ".tif"])
def test_metadata_too_large_for_the_format_does_not_lose_the_picture(ending, tmp_path):
  path = images.save_picture(tmp_path / f"x{ending}", np.ones((1, 8, 8, 3), np.float32),
                             metadata={"text": "x" * 100_000})
  assert images.load_picture(path).rgb.min() == 1


@pytest.mark.full
def test_50_megapixels_take_little_more_than_the_picture(tmp_path):
  import subprocess
  import sys

  Image.new("RGB", (8192, 6144), (9, 99, 199)).save(tmp_path / "x.png", compress_level=1)
  code = ("import sys; from tf_style.pictures import images; from tf_style.system import memory; "
          "images.load_picture(sys.argv[1]); "
          "print(memory.peak_memory() // 1024)")
  answer = subprocess.run([sys.executable, "-c", code, str(tmp_path / "x.png")], check=True,
                          capture_output=True, text=True)
  assert int(answer.stdout) < 900 * 1024  # the floats alone are 604 MB
