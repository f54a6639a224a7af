"""Colors by PNG's tags and by profiles, against LittleCMS and formulas."""

import io
import struct
import zlib

import imagecodecs
import numpy as np
import pytest
from picture_kinds import (
  colors,
  gamma_curve,
  picture_files,
  png,
  profile,
  tag,
  wide_profile,
  xyz,
)
from PIL import Image, ImageCms

from tf_style.pictures import images, tags

SRGB = (b"sRGB", b"\0")
DISPLAY_P3, PQ = bytes([12, 13, 0, 1]), bytes([9, 16, 0, 1])
ADOBE_PRIMARIES = (0.3127, 0.3290, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06)


def gama(gamma: float) -> tuple[bytes, bytes]:
  return b"gAMA", struct.pack(">I", round(gamma * 100_000))


def chrm(*numbers: float) -> tuple[bytes, bytes]:
  return b"cHRM", struct.pack(">8I", *(round(number * 100_000) for number in numbers))


def iccp(icc: bytes) -> tuple[bytes, bytes]:
  return b"iCCP", b"a\0\0" + zlib.compress(icc)


def loaded(pixels: np.ndarray, *chunks: tuple[bytes, bytes]) -> images.Picture:
  """Loads a 16-bit PNG of `pixels` in [0, 1] with the chunks."""
  return images.load_picture(png(np.rint(pixels * 65535), 2, *chunks))


def linear(values: np.ndarray) -> np.ndarray:
  """The light of sRGB numbers (IEC 61966-2-1)."""
  return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def profile_of(primaries: tuple[float, ...], gamma: float | None) -> bytes:
  """An RGB profile of LittleCMS' making from chromaticities and a gamma; None is sRGB's curve."""
  # D65 -> D50 by Bradford (Lindbloom); the curve of sRGB as 4096 numbers
  adapt = np.array([[1.0478112, 0.0228866, -0.0501270], [0.0295424, 0.9904844, -0.0170491],
                    [-0.0092345, 0.0150436, 0.7521316]])
  columns = (adapt @ tags._to_xyz(primaries)).T
  curve = linear(np.arange(4096) / 4095)
  trc = gamma_curve(gamma) if gamma else tag(
      b"curv", struct.pack(">I", 4096) + np.rint(curve * 65535).astype(">u2").tobytes())
  names = {b"rXYZ": xyz(*columns[0]), b"gXYZ": xyz(*columns[1]), b"bXYZ": xyz(*columns[2])}
  curves = dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), trc)
  return profile(b"RGB ", b"XYZ ", {b"wtpt": xyz(0.9642, 1, 0.8249)} | names | curves)


SHOWN = colors() / 255


def test_linear_light_is_brightened():
  np.testing.assert_allclose(loaded(linear(SHOWN), gama(1)).rgb[0], SHOWN, atol=4e-4)


def test_gray_and_palette_pictures_have_gamma_too():
  head = gama(1)
  gray = linear(SHOWN[..., :1])
  got = images.load_picture(png(np.rint(gray * 65535), 0, head)).rgb[0]
  np.testing.assert_allclose(got, np.repeat(SHOWN[..., :1], 3, -1), atol=4e-4)
  data = picture_files()["palette.png"]
  body = struct.pack(">I", 4) + b"".join(head)
  body += struct.pack(">I", zlib.crc32(b"".join(head)))
  plain, tagged = (images.load_picture(each).rgb for each in (data, data[:33] + body + data[33:]))
  lifted = np.where(plain <= 0.0031308, 12.92 * plain, 1.055 * plain ** (1 / 2.4) - 0.055)
  np.testing.assert_allclose(tagged, lifted, atol=1e-4)


@pytest.mark.parametrize("chunks", [
    (gama(0.45455),), (gama(0.45),), (chrm(*tags.SRGB_PRIMARIES),),
    (gama(0.45455), chrm(*tags.SRGB_PRIMARIES)), (SRGB,), (SRGB, gama(1)),
    ((b"cICP", bytes([1, 13, 0, 1])), gama(1)), ((b"cICP", bytes([1, 13, 0, 1])),
                                                 iccp(wide_profile())),
    ((b"cICP", bytes([2, 2, 0, 1])),), ((b"cICP", bytes([1, 1, 0, 1])),)])
def test_what_means_srgb_changes_no_bit(chunks):
  picture = loaded(SHOWN, *chunks)
  np.testing.assert_array_equal(picture.rgb, loaded(SHOWN).rgb)
  assert picture.notes == ()


@pytest.mark.parametrize("first, second", [
    ((b"cICP", DISPLAY_P3), iccp(wide_profile())), ((b"cICP", DISPLAY_P3), SRGB),
    ((b"cICP", DISPLAY_P3), gama(1)), (iccp(wide_profile()), gama(1)), (SRGB, gama(1))])
def test_the_order_of_precedence(first, second):
  """cICP, iCCP, sRGB, gAMA with cHRM, in whatever order they lie in the file."""
  alone = loaded(SHOWN, first).rgb
  np.testing.assert_array_equal(loaded(SHOWN, first, second).rgb, alone)
  np.testing.assert_array_equal(loaded(SHOWN, second, first).rgb, alone)
  assert np.abs(alone - loaded(SHOWN, second).rgb).max() > 0.02


@pytest.mark.parametrize("chunks, primaries, gamma", [
    (((b"cICP", DISPLAY_P3),), tags._PRIMARIES[12], None),
    ((gama(256 / 563), chrm(*ADOBE_PRIMARIES)), ADOBE_PRIMARIES, 563 / 256),
    ((gama(1 / 1.8), chrm(*ADOBE_PRIMARIES)), ADOBE_PRIMARIES, 1.8)])
def test_tags_give_what_littlecms_gives(chunks, primaries, gamma):
  """Of a gamma near 2.2 the curve of sRGB is meant, by libpng's tolerance: as a profile has it."""
  usual = gamma is None or abs(2.2 / gamma - 1) < 0.05
  icc = profile_of(primaries, None if usual else gamma)
  srgb = ImageCms.createProfile("sRGB")
  wanted = ImageCms.profileToProfile(
      Image.fromarray(colors()), ImageCms.getOpenProfile(io.BytesIO(icc)), srgb,
      renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC)
  got = images.to_uint8(loaded(SHOWN, *chunks).rgb).astype(int)
  assert np.abs(got - np.asarray(wanted)).max() <= 2
  assert np.abs(got - np.asarray(wanted)).mean() < 0.2
  assert np.abs(got - colors()).max() > 20


def test_primaries_have_the_published_matrices():
  """Display P3 (CSS Color 4, sample code: lin_P3 -> XYZ -> lin_sRGB) and Adobe RGB (1998)."""
  np.testing.assert_allclose(tags._to_srgb_primaries(tags._PRIMARIES[12]), [
      [1.22494018, -0.22494018, 0], [-0.04205695, 1.04205695, 0],
      [-0.01963755, -0.07863605, 1.09827360]], atol=1e-6)
  np.testing.assert_allclose(tags._to_srgb_primaries(ADOBE_PRIMARIES), [
      [1.39835574, -0.39835574, 0], [0, 1, 0], [0, -0.04292899, 1.04292899]], atol=1e-6)


@pytest.mark.parametrize("primaries, gamma", [(tags._PRIMARIES[12], None),
                                              (ADOBE_PRIMARIES, 563 / 256)])
def test_profiles_and_tags_give_littlecms_floats(primaries, gamma):
  """Display P3 and Adobe RGB, in 8 and in 16 bits, against LittleCMS without its tables."""
  icc = profile_of(primaries, gamma)
  srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
  wanted = 255 * np.clip(imagecodecs.cms_transform(
      SHOWN.astype(np.float32), icc, srgb, colorspace="rgb", outcolorspace="rgb",
      intent=int(ImageCms.Intent.RELATIVE_COLORIMETRIC)), 0, 1)
  curve = tags._power(gamma) if gamma else linear
  by_tags = tags.to_srgb(colors(), tags.Coding(primaries, curve)) / 257
  np.testing.assert_allclose(by_tags, wanted, atol=0.6)
  deep = images.load_picture(png(np.rint(SHOWN * 65535), 2, iccp(icc))).rgb[0] * 255
  np.testing.assert_allclose(deep, wanted, atol=0.1)
  shallow = images.load_picture(_with_profile(colors(), icc)).rgb[0] * 255
  visible = wanted.min(-1) > 2  # below, the curve is so steep that 8 bits say little
  np.testing.assert_allclose(shallow[visible], wanted[visible], atol=1.1)


def _with_profile(pixels: np.ndarray, icc: bytes) -> bytes:
  file = io.BytesIO()
  Image.fromarray(pixels).save(file, "PNG", icc_profile=icc)
  return file.getvalue()


def test_hdr_has_its_paper_white_and_a_note():
  """PQ of 58 % is about 203 nits (ITU-R BT.2408), of 50 % 92.2457 nits (SMPTE ST 2084)."""
  gray = np.full((4, 4, 3), 0.58)
  picture = loaded(gray, (b"cICP", PQ))
  np.testing.assert_allclose(picture.rgb, 1, atol=0.01)
  assert "HDR" in picture.notes[0]
  half = loaded(np.full((4, 4, 3), 0.5), (b"cICP", PQ)).rgb
  np.testing.assert_allclose(linear(half), 92.2457 / 203, atol=1e-4)


@pytest.mark.parametrize("chunk", [
    (b"cICP", bytes([99, 13, 0, 1])), (b"cICP", bytes([9, 16, 9, 1])), (b"gAMA", bytes(4)),
    (b"gAMA", b"\xff" * 4), chrm(*[0.3] * 8), chrm(*[0.0] * 8), (b"cHRM", b"\xff" * 32)])
def test_absurd_tags_are_ignored_with_a_note(chunk):
  picture = loaded(SHOWN, chunk)
  np.testing.assert_array_equal(picture.rgb, loaded(SHOWN).rgb)
  note, = picture.notes
  assert note.startswith("the color tag of the picture is ignored (")


def test_a_pillow_image_keeps_its_tags():
  data = png(np.rint(linear(SHOWN) * 65535), 2, gama(1))
  from_file = images.load_picture(data).rgb
  np.testing.assert_array_equal(images.load_picture(Image.open(io.BytesIO(data))).rgb, from_file)
  converted = Image.open(io.BytesIO(data)).convert("RGB")
  assert np.abs(images.load_picture(converted).rgb - SHOWN).mean() < 0.02


def test_nclx_of_avif():
  plain = picture_files()["rgb.avif"]
  assert tags.avif_code_points(io.BytesIO(plain)) == (1, 13)
  wide = plain.replace(b"colrnclx\0\x01\0\x0d", b"colrnclx\0\x0c\0\x0d")
  assert wide != plain
  coding = tags.of_code_points(12, 13, "x")
  wanted = tags.to_srgb(images.to_uint8(images.load_picture(plain).rgb), coding) / 65535
  np.testing.assert_allclose(images.load_picture(wide).rgb[0], wanted, atol=1e-6)
