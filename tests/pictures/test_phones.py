"""HEIC and AVIF: orientation, profile, alpha, against the picture that was encoded."""

import io

import imagecodecs
import numpy as np
import pytest
from made_inputs import waves
from picture_kinds import wide_profile
from PIL import Image, ImageCms

from tf_style.errors import ImageError
from tf_style.pictures import images, tags

PIXELS = waves(96, 128, 1)
SMOOTH = np.asarray(Image.fromarray(PIXELS).resize((32, 24)).resize((128, 96)))


def heic(pixels: np.ndarray = SMOOTH, **options) -> bytes:
  pillow_heif = pytest.importorskip("pillow_heif")
  file = io.BytesIO()
  pillow_heif.from_pillow(Image.fromarray(pixels)).save(file, quality=100, chroma=444, **options)
  return file.getvalue()


def avif(pixels: np.ndarray = SMOOTH, **options) -> bytes:
  file = io.BytesIO()
  Image.fromarray(pixels).save(file, "AVIF", quality=100, subsampling="4:4:4", **options)
  return file.getvalue()


def levels(data: bytes) -> np.ndarray:
  return images.load_picture(data).rgb[0] * 255.0


@pytest.mark.parametrize("encode", [heic, avif])
def test_colors(encode):
  data = encode()
  assert images.probe_size(data) == (96, 128)
  assert np.abs(levels(data) - SMOOTH).mean() < 1


def test_avif_as_another_decoder_has_it():
  for quality in (60, 100):
    file = io.BytesIO()
    Image.fromarray(SMOOTH).save(file, "AVIF", quality=quality, subsampling="4:4:4")
    other = imagecodecs.avif_decode(file.getvalue())
    assert np.abs(levels(file.getvalue()) - other).max() <= 2


@pytest.mark.parametrize("encode", [heic, avif])
def test_profile(encode):
  wanted = ImageCms.profileToProfile(
      Image.fromarray(SMOOTH), ImageCms.getOpenProfile(io.BytesIO(wide_profile())),
      ImageCms.createProfile("sRGB"),
      renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
      flags=ImageCms.Flags.BLACKPOINTCOMPENSATION)
  got = levels(encode(icc_profile=wide_profile()))
  assert np.abs(got - np.asarray(wanted)).mean() < 2.5
  assert np.abs(got - SMOOTH).mean() > 5


@pytest.mark.parametrize("encode", [heic, avif])
def test_alpha(encode):
  alpha = np.tile(np.linspace(0, 255, 128).astype(np.uint8), (96, 1))
  picture = images.load_picture(encode(np.dstack([SMOOTH, alpha])))
  assert np.abs(picture.alpha * 255 - alpha).mean() < 1


def test_display_p3_of_phones_without_a_profile():
  data = heic(color_primaries=12, transfer_characteristics=13)
  plain = images.to_uint8(images.load_picture(heic()).rgb)
  coding = tags.of_code_points(12, 13, "x")
  assert np.abs(levels(data) - tags.to_srgb(plain, coding) / 257).mean() < 1
  assert np.abs(levels(data) - plain).mean() > 2


@pytest.mark.parametrize("orientation, turns", [(3, 2), (6, -1), (8, 1)])
def test_turned(orientation, turns):
  exif = Image.Exif()
  exif[0x0112] = orientation
  wanted = np.rot90(SMOOTH, turns)
  for data in (avif(exif=exif), _turned_heic(orientation)):
    assert images.probe_size(data) == wanted.shape[:2]
    assert np.abs(levels(data) - wanted).mean() < 1


def _turned_heic(orientation: int) -> bytes:
  """As phones write it: stored as the sensor lies, with a box that turns it and the same EXIF."""
  plugin = pytest.importorskip("pillow_heif.as_plugin")
  exif = Image.Exif()
  exif[0x0112] = orientation
  image, file = Image.fromarray(SMOOTH), io.BytesIO()
  image.encoderinfo = {"quality": 100, "chroma": 444, "exif": exif.tobytes()}
  plugin._save_heif(image, file, "")  # what Pillow would call, were the format registered
  assert b"irot" in file.getvalue()
  return file.getvalue()


@pytest.mark.parametrize("encode", [heic, avif])
def test_what_is_cut_short_is_refused(encode):
  data = encode()
  for part in (0.3, 0.8):
    with pytest.raises(ImageError):
      images.load_picture(data[:int(len(data) * part)])
  with pytest.raises(ImageError, match="--max_pixels"):
    images.load_picture(data, max_pixels=96 * 128 - 1)
