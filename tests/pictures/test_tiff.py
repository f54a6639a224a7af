"""TIFFs that are easily misread: the right values, or one line that names the way out."""

import io

import numpy as np
import pytest
import tifffile
from picture_kinds import HEIGHT, WIDTH, colors, picture_files
from PIL import Image

from tf_style.errors import ImageError
from tf_style.pictures import images

DEEP = colors().astype(np.uint16) * 257 // 3 * 2
GRAY = np.ascontiguousarray(colors()[..., 0])


def tiff(*pages: tuple[np.ndarray, dict]) -> bytes:
  file = io.BytesIO()
  with tifffile.TiffWriter(file) as writer:
    for pixels, options in pages:
      writer.write(pixels, metadata=None, **options)
  return file.getvalue()


def levels(data: bytes) -> np.ndarray:
  """[H, W, 3] in 0-255."""
  return np.round(images.load_picture(data).rgb[0] * 255.0, 3)


@pytest.mark.parametrize("name", [name for name in picture_files() if name.startswith(
    ("16 bit planar", "16 bit rgb", "float rgb")) and "profile" not in name])
def test_16_bits_and_floats_are_exact(name):
  """However they are stored and compressed."""
  wanted = DEEP / 257
  got = levels(picture_files()[name])
  if name.endswith("turned.tif"):
    wanted = np.rot90(wanted, -1)
  np.testing.assert_allclose(got, wanted, atol=1e-3)


def test_the_picture_is_read_and_not_its_preview():
  for name in ("preview first.tif", "preview later.tif"):
    picture = images.load_picture(picture_files()[name])
    np.testing.assert_array_equal(images.to_uint8(picture.rgb), colors())
    assert picture.notes == () and images.probe_size(picture_files()[name]) == (HEIGHT, WIDTH)


def test_the_picture_may_lie_below_its_preview():
  data = tiff((GRAY[::2, ::2], {"subifds": 1, "subfiletype": 1}), (GRAY, {}))
  np.testing.assert_array_equal(levels(data)[..., 0], GRAY)


def test_what_is_a_preview_alone_is_taken():
  np.testing.assert_array_equal(levels(tiff((GRAY, {"subfiletype": 1})))[..., 0], GRAY)


@pytest.mark.parametrize("photometric, raw", [("cfa", DEEP[..., 0]), ("linear_raw", DEEP)])
def test_raw_photographs_are_not_their_previews(photometric, raw):
  """As NEF, ARW, CR2 and DNG are built: a small preview, the raw picture below it."""
  model = [(272, 2, 0, "Model 7", True)]
  preview = {"photometric": "rgb", "subifds": 1, "subfiletype": 1, "extratags": model}
  data = tiff((colors(), preview),
              (raw, {"photometric": photometric}))
  for source in (data, Image.open(io.BytesIO(data))):
    for call in (images.load_picture, images.probe_size):
      with pytest.raises(ImageError, match=r"develop it to JPEG or 16-bit TIFF.*\(Model 7\)$"):
        call(source)


@pytest.mark.parametrize("pages, message", [
    ([(GRAY.astype(np.int16), {})], "signed or complex numbers: save it as unsigned integers"),
    ([(GRAY.astype(np.complex64), {})], "signed or complex numbers"),
    ([(GRAY.astype(np.float32), {})],
     r"floats in \[0, 1\], received 0.0 to 255.0 \(divide by 255\)"),
    ([(np.full((4, 4), np.nan, np.float32), {})], r"floats in \[0, 1\], received nan to nan"),
    ([(np.zeros((20, 16, 16), np.uint8), {"volumetric": True, "tile": (16, 16, 16)})],
     "a volume: save one of its slices as PNG"),
    ([(np.zeros((8, 8, 20), np.uint8), {"photometric": "minisblack", "planarconfig": "contig"})],
     "20 channels: save three of them as RGB"),
    ([(np.zeros((8, 8, 4), np.uint8), {"photometric": "separated", "extratags": [
        (332, 3, 1, 2, True)]})], "other inks than CMYK: save it as RGB"),
    ([(colors(), {"photometric": "ycbcr"})], "YCbCr without today's JPEG: save it as RGB"),
    ([(colors(), {"photometric": "itulab"})], "the color space ITULAB: save it as RGB"),
])
def test_what_is_not_read_is_refused_with_the_way_out(pages, message):
  data = tiff(*pages)
  with pytest.raises(ImageError, match=message):
    images.load_picture(data)


def test_multi_page_is_said():
  picture = images.load_picture(tiff((GRAY, {}), (GRAY[::-1].copy(), {}), (GRAY, {})))
  assert picture.notes == ("only the first of 3 frames of the picture is used",)
  np.testing.assert_array_equal(images.to_uint8(picture.rgb)[..., 0], GRAY)


def test_the_frame_that_a_pillow_image_stands_at_is_read():
  with Image.open(io.BytesIO(tiff((GRAY, {}), (GRAY[::-1].copy(), {})))) as image:
    image.seek(1)
    got = images.load_picture(image).rgb[0, ..., 0]
  np.testing.assert_array_equal(np.rint(got * 255), GRAY[::-1])


@pytest.mark.parametrize("scale", [1, 257])
def test_palettes_of_8_and_of_16_bits(scale):
  table = np.stack([np.arange(256), np.arange(256)[::-1], np.arange(256) // 2]) * scale
  data = tiff((GRAY, {"photometric": "palette", "colormap": table.astype(np.uint16)}))
  np.testing.assert_array_equal(levels(data), np.stack([GRAY, 255 - GRAY, GRAY // 2], -1))


@pytest.mark.parametrize("bits", [2, 4, 8, 10, 12, 14, 16])
def test_gray_of_any_depth(bits):
  values = (np.arange(HEIGHT * WIDTH) % 2 ** bits).reshape(HEIGHT, WIDTH)
  dtype = np.uint8 if bits <= 8 else np.uint16
  data = tiff((values.astype(dtype), {"bitspersample": bits}))
  np.testing.assert_allclose(levels(data)[..., 0], values * 255 / (2 ** bits - 1), atol=3e-3)


def test_multiplied_alpha_is_taken_out():
  alpha = np.full((HEIGHT, WIDTH, 1), 0.5)
  for dtype, top in ((np.uint8, 255), (np.uint16, 65535), (np.float32, 1)):
    pixels = np.dstack([colors() / 255 * alpha, alpha]) * top
    pixels = (pixels if top == 1 else np.rint(pixels)).astype(dtype)
    picture = images.load_picture(
        tiff((pixels, {"photometric": "rgb", "extrasamples": ["assocalpha"]})))
    np.testing.assert_allclose(picture.rgb[0] * 255, colors(), atol=2.01)
    np.testing.assert_allclose(picture.alpha, 0.5, atol=2e-3)


def test_cmyk_and_lab_of_16_bits_are_those_of_8():
  for name in ("cmyk.tif", "lab.tif"):
    shallow = picture_files()[name]
    with tifffile.TiffFile(io.BytesIO(shallow)) as file:
      stored, photometric = file.asarray(), file.pages[0].photometric
    deep = tiff((stored.astype(np.uint16) << 8, {"photometric": photometric}))
    assert np.abs(levels(deep) - levels(shallow)).max() <= 2.01
