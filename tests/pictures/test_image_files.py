"""Every kind of picture file, in and out, beside what Pillow and ImageMagick make of it."""

import io
import json
import shutil
import subprocess

import numpy as np
import pytest
from picture_kinds import HEIGHT, PILLOW_CANNOT_OPEN, WIDTH, colors, picture_files
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from tf_style.errors import OutputError
from tf_style.pictures.images import encoded, load_picture, probe_size, save_picture

KINDS = picture_files()
TURNED = {f"orientation {n}.jpg" for n in (5, 6, 7, 8)} | {
    "turned.png", "turned.webp", "turned.tif", "16 bit rgb turned.tif", "turned.avif"}
PILLOW_CANNOT = {
    "16 bit gray key.png": "no alpha for 16-bit gray",
    "16 bit white is zero.tif": "reads the negative",
    "16 bit rgb wide profile.tif": "converts the high bytes, 5 levels off in the dark",
    "16 bit planar.tif": "takes 16 bits for 8", "16 bit planar strips.tif": "takes 16 bits for 8",
    "planar lzw.tif": "takes 16 bits for 8",
    "12 bit gray.tif": "takes 12 bits for 16", "32 bit gray.tif": "takes 32 bits for signed",
    "multiplied alpha.tif": "rounds twice where it is nearly transparent",
    "preview first.tif": "takes the preview for the picture",
    **dict.fromkeys(PILLOW_CANNOT_OPEN, "does not know it")}
IMAGEMAGICK_6_CANNOT = {
    "turned.png": "knows no EXIF in PNG", "turned.webp": "knows no EXIF in WebP",
    "lab.tif": "mistakes the sign of a* and b*",
    "rgba.bmp": "takes the fourth byte, which is reserved, for alpha",
    "preview first.tif": "takes the preview for the picture",
    **dict.fromkeys((name for name in KINDS if name.endswith((".avif", ".heic"))),
                    "its libheif knows neither alpha nor profile, and another matrix")}
# Where 8 bits differ from 16 by more than one gray level: inks at the edge of sRGB.
TOLERANCES = {"cmyk profile.jpg": 8, "cmyk profile.tif": 8}


def _imagemagick() -> str | None:
  for program in filter(None, map(shutil.which, ("magick", "convert", "/usr/bin/convert"))):
    answer = subprocess.run([program, "-version"], capture_output=True, text=True, check=False)
    if answer.stdout.startswith("Version: ImageMagick"):
      return program
  return None


MAGICK = _imagemagick()
needs_imagemagick = pytest.mark.skipif(MAGICK is None, reason="no ImageMagick here")


def by_pillow(path) -> np.ndarray:
  """[H, W, 4] in 0-255 by Pillow's own conversions."""
  image = ImageOps.exif_transpose(Image.open(path))
  if image.mode == "F" or image.mode.startswith("I"):
    levels = np.asarray(image) * (255 if image.mode == "F" else 1 / 257)
    return np.dstack([levels, levels, levels, np.full_like(levels, 255)])
  profile, alpha = image.info.get("icc_profile"), 255
  if image.has_transparency_data:
    image = image.convert("RGBA")
    alpha = np.asarray(image.getchannel("A"))
    image = image.convert("RGB")
  if profile or image.mode == "LAB":
    source = ImageCms.getOpenProfile(io.BytesIO(profile)) if profile else (
        ImageCms.createProfile("LAB"))
    image = ImageCms.profileToProfile(
        image, source, ImageCms.createProfile("sRGB"), outputMode="RGB",
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION)
  return np.dstack([image.convert("RGB"), np.broadcast_to(alpha, image.size[::-1])]).astype(float)


def by_imagemagick(path, tmp_path) -> np.ndarray:
  """[H, W, 4] in 0-255 by ImageMagick in 16 bits, colors converted to sRGB."""
  profile, out = tmp_path / "srgb.icc", tmp_path / "out.rgba"
  profile.write_bytes(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
  try:
    with Image.open(path) as image:
      has_profile = "icc_profile" in image.info
  except UnidentifiedImageError:
    has_profile = "profile" in path.name
  to_srgb = ["-intent", "Relative", "-black-point-compensation", "-profile", profile]
  subprocess.run([MAGICK, f"{path}[0]", "-auto-orient", *(to_srgb if has_profile else []),
                  "-colorspace", "sRGB", "-alpha", "set", "-depth", "16", "-endian", "LSB",
                  f"RGBA:{out}"], check=True, capture_output=True)
  return np.frombuffer(out.read_bytes(), "<u2") / 257


def as_levels(picture) -> np.ndarray:
  """[H, W, 4] in 0-255."""
  alpha = np.ones(picture.rgb.shape[1:3]) if picture.alpha is None else picture.alpha
  return np.dstack([picture.rgb[0], alpha]) * 255.0


@pytest.fixture(params=KINDS)
def kind(request, tmp_path):
  path = tmp_path / request.param
  path.write_bytes(KINDS[request.param])
  return path


def all_but(those) -> pytest.MarkDecorator:
  """Runs a test for each kind but those that the other decoder cannot read."""
  return pytest.mark.parametrize("kind", [name for name in KINDS if name not in those],
                                 indirect=True)


@all_but(PILLOW_CANNOT)
def test_as_pillow(kind):
  difference = np.abs(as_levels(load_picture(kind)) - by_pillow(kind))
  assert difference.max() <= 1.01
  if "16 bit" not in kind.name:  # there Pillow cuts to the high byte what is kept here
    assert difference.mean() < 0.01


@needs_imagemagick
@all_but(IMAGEMAGICK_6_CANNOT)
def test_as_imagemagick(kind, tmp_path):
  ours = as_levels(load_picture(kind))
  difference = np.abs(ours - by_imagemagick(kind, tmp_path).reshape(ours.shape))
  assert difference[..., 3].max() <= 1
  difference *= ours[..., 3:] > 0
  assert difference.max() <= TOLERANCES.get(kind.name, 1)
  assert difference.mean() < 0.6


def test_size_is_known_before_decoding(kind):
  size = (WIDTH, HEIGHT) if kind.name in TURNED else (HEIGHT, WIDTH)
  assert probe_size(kind) == size == load_picture(kind).rgb.shape[1:3]


@all_but(PILLOW_CANNOT_OPEN)
def test_a_pillow_image_is_treated_as_its_file(kind):
  from_file = load_picture(kind, 20)
  with Image.open(kind) as image:
    from_image = load_picture(image, 20)
  np.testing.assert_array_equal(from_image.rgb, from_file.rgb)
  assert (from_image.alpha is None) == (from_file.alpha is None)


@pytest.mark.parametrize("name", [name for name in KINDS if "animated" in name or "pages" in name])
def test_first_frame_is_said(name, tmp_path):
  path = tmp_path / name
  path.write_bytes(KINDS[name])
  with Image.open(path) as image:
    frames = image.n_frames
  assert load_picture(path).notes == (f"only the first of {frames} frames of {name} is used",)


def test_16_bits_are_kept(tmp_path):
  path = tmp_path / "x.tif"
  for name in ("16 bit rgb.tif", "16 bit rgb strips.tif", "16 bit rgba.tif"):
    path.write_bytes(KINDS[name])
    expected = colors().astype(np.float64) * 257 // 3 * 2 / 65535
    np.testing.assert_allclose(load_picture(path).rgb[0], expected, atol=1e-6)


FORMATS = {".png": 0.51, ".jpg": 12, ".jpeg": 12, ".webp": 24, ".tif": 0.002, ".tiff": 0.002,
           ".PNG": 0.51}  # the largest difference in gray levels that the format makes


@pytest.fixture(params=[(ending, alpha) for ending in FORMATS for alpha in (False, True)], ids=str)
def written(request, tmp_path):
  """(path, what was written [H, W, 4] in 0-255)."""
  ending, has_alpha = request.param
  rgb = (colors()[None] / 255 * 0.97 + 0.001).astype(np.float32)
  alpha = np.linspace(0, 1, HEIGHT * WIDTH, dtype=np.float32).reshape(HEIGHT, WIDTH)
  path = save_picture(tmp_path / f"out{ending}", rgb, alpha if has_alpha else None,
                      {"note": "a \u2192 b"})
  if ending in (".jpg", ".jpeg") and has_alpha:
    rgb, has_alpha = rgb * alpha[..., None] + 1 - alpha[..., None], False
  return path, np.dstack([rgb[0], alpha if has_alpha else np.ones_like(alpha)]) * 255


@pytest.mark.parametrize("ending", FORMATS)
def test_bytes_are_those_of_the_file(ending, tmp_path):
  made = colors()[None] / np.float32(255), np.linspace(0, 1, HEIGHT * WIDTH).reshape(HEIGHT, WIDTH)
  path = save_picture(tmp_path / f"out{ending}", *made, {"note": "here"})
  assert encoded(f"result{ending}", *made, {"note": "here"}) == path.read_bytes()
  with pytest.raises(OutputError, match="a name ending in"):
    encoded("result.bmp", *made)


def test_written_as_read_back(written):
  path, levels = written
  ours = as_levels(load_picture(path))
  difference = np.abs(ours - levels)
  assert difference.max() <= FORMATS[path.suffix]
  assert difference[..., 3].max() <= 0.51
  assert np.abs(ours - by_pillow(path)).max() <= 1.01


@needs_imagemagick
def test_written_as_imagemagick_reads(written, tmp_path):
  path, levels = written
  difference = np.abs(by_imagemagick(path, tmp_path).reshape(levels.shape) - levels)
  assert (difference * (levels[..., 3:] > 0)).max() <= FORMATS[path.suffix] + 1


def test_written_is_tagged(written):
  path, _ = written
  with Image.open(path) as image:
    text = image.info.get("Description") or image.getexif().get(0x010E)
    assert json.loads(text) == {"note": "a \u2192 b"}
    assert "srgb" in image.info or "sRGB" in ImageCms.getProfileDescription(
        io.BytesIO(image.info["icc_profile"]))
  assert str(path.parent).encode() not in path.read_bytes()
