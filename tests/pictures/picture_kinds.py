"""The kinds of picture files that people have, each made from one small picture."""

import io
import struct
import zlib

import numpy as np
import tifffile
from PIL import Image, ImageCms

HEIGHT, WIDTH = 24, 34
ORIENTATION = 0x0112
PILLOW_CANNOT_OPEN = {"float rgb.tif", "float rgb predictor.tif", "half gray.tif",
                      "double gray.tif", "rgb.heic", "wide profile.heic"}


def colors() -> np.ndarray:
  """A smooth picture [H, W, 3] uint8 with saturated corners, unlike itself under every turn."""
  y, x = np.mgrid[0:1:HEIGHT * 1j, 0:1:WIDTH * 1j]
  return np.rint(255 * np.stack([x, y, (1 - x) * (1 - y * y)], -1)).astype(np.uint8)


def tag(kind: bytes, body: bytes) -> bytes:
  return kind + bytes(4) + body + bytes(-len(body) % 4)


def profile(space: bytes, pcs: bytes, tags: dict[bytes, bytes]) -> bytes:
  """An ICC profile, version 2.4, of the device `space`."""
  body, table, offset = b"", struct.pack(">I", len(tags)), 128 + 4 + 12 * len(tags)
  for name, data in tags.items():
    table += name + struct.pack(">II", offset + len(body), len(data))
    body += data
  white = struct.pack(">3i", 63190, 65536, 54061)
  head = struct.pack(">I4s4s4s4s4s12s4s", offset + len(body), b"test", b"\x02\x40\0\0", b"mntr",
                     space, pcs, struct.pack(">6H", 2000, 1, 1, 0, 0, 0), b"acsp")
  return (head + bytes(28) + white).ljust(128, b"\0") + table + body


def xyz(*values: float) -> bytes:
  return tag(b"XYZ ", struct.pack(">3i", *(round(v * 65536) for v in values)))


def gamma_curve(value: float) -> bytes:
  return tag(b"curv", struct.pack(">IH", 1, round(value * 256)))


def wide_profile() -> bytes:
  """An RGB profile with the primaries of Adobe RGB (1998) and its gamma."""
  tags = {b"wtpt": xyz(0.9505, 1, 1.0891), b"rXYZ": xyz(0.60974, 0.31111, 0.01947),
          b"gXYZ": xyz(0.20528, 0.62567, 0.06087), b"bXYZ": xyz(0.14919, 0.06322, 0.74457)}
  curves = {name: gamma_curve(2.2) for name in (b"rTRC", b"gTRC", b"bTRC")}
  return profile(b"RGB ", b"XYZ ", tags | curves)


def gray_profile() -> bytes:
  return profile(b"GRAY", b"XYZ ", {b"wtpt": xyz(0.9642, 1, 0.8249), b"kTRC": gamma_curve(1.4)})


def cmyk_profile() -> bytes:
  """A CMYK profile of 16 corners: paper, inks and black in CIELAB, blended between."""
  inks = np.array([[55, -37, -50], [48, 74, -3], [89, -5, 93], [16, 0, 0]], float)
  paper, entries = np.array([95.0, 0, -2]), []
  for index in range(16):
    amounts = [index >> shift & 1 for shift in (3, 2, 1, 0)]
    lab = paper.copy()
    for amount, ink in zip(amounts, inks, strict=True):
      lab = lab + amount * (ink - paper) * [lab[0] / 95, 0.6, 0.6]
    entries.append(np.clip([lab[0] * 2.55, lab[1] + 128, lab[2] + 128], 0, 255))
  ramp = bytes(range(256))
  identity = struct.pack(">9i", *(65536 * v for v in (1, 0, 0, 0, 1, 0, 0, 0, 1)))
  lut = tag(b"mft1", bytes([4, 3, 2, 0]) + identity + ramp * 4
             + np.rint(entries).astype(np.uint8).tobytes() + ramp * 3)
  return profile(b"CMYK", b"Lab ", {b"wtpt": xyz(0.9642, 1, 0.8249), b"A2B0": lut})


def png(pixels: np.ndarray, color_type: int, *chunks: tuple[bytes, bytes]) -> bytes:
  """A PNG of big-endian 16-bit `pixels` [H, W, channels]."""
  rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
  head = struct.pack(">IIBBBBB", pixels.shape[1], pixels.shape[0], 16, color_type, 0, 0, 0)
  parts = [(b"IHDR", head), *chunks, (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
  return b"\x89PNG\r\n\x1a\n" + b"".join(
      struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
      for kind, data in parts)


def _saved(image: Image.Image, form: str, **options) -> bytes:
  file = io.BytesIO()
  image.save(file, form, **options)
  return file.getvalue()


def _tiff(pixels: np.ndarray, **options) -> bytes:
  file = io.BytesIO()
  tifffile.imwrite(file, pixels, metadata=None, **options)
  return file.getvalue()


def _oriented(form: str, orientation: int, **options) -> bytes:
  exif = Image.Exif()
  exif[ORIENTATION] = orientation
  return _saved(Image.fromarray(colors()), form, exif=exif, **options)


def _tiffs(deep: np.ndarray, deep_gray: np.ndarray, alpha: Image.Image) -> dict[str, bytes]:
  """TIFFs that Pillow misreads, reads in part, or refuses."""
  gray, planes = deep_gray >> 8, np.moveaxis(deep, -1, 0)
  rgb = {"photometric": "rgb"}
  separate = {**rgb, "planarconfig": "separate"}
  share = np.asarray(alpha)[..., None] / 255
  multiplied = np.rint(np.dstack([colors() * share, share * 255])).astype(np.uint8)
  small = np.ascontiguousarray(colors()[::2, ::2])
  return {
      "16 bit planar.tif": _tiff(planes, **separate),
      "16 bit planar strips.tif": _tiff(planes, **separate, rowsperstrip=5),
      "16 bit planar deflate.tif": _tiff(planes, **separate, compression="zlib"),
      "planar lzw.tif": _tiff(planes >> 8, **separate, compression="lzw"),
      "planar tiles.tif": _tiff((planes >> 8).astype(np.uint8), **separate, tile=(16, 16)),
      "16 bit rgb lzw predictor.tif": _tiff(deep, **rgb, compression="lzw", predictor=True),
      "float rgb.tif": _tiff((deep / 65535).astype(np.float32), **rgb),
      "float rgb predictor.tif": _tiff(
          (deep / 65535).astype(np.float32), **rgb, compression="zlib", predictor=True),
      "half gray.tif": _tiff((deep_gray / 65535).astype(np.float16)),
      "double gray.tif": _tiff(deep_gray / 65535),
      "4 bit gray.tif": _tiff((gray >> 4).astype(np.uint8), bitspersample=4),
      "12 bit gray.tif": _tiff(deep_gray >> 4, bitspersample=12),
      "32 bit gray.tif": _tiff(deep_gray.astype(np.uint32) * 65537),
      "gray white is zero.tif": _tiff(gray.astype(np.uint8), photometric="miniswhite"),
      "multiplied alpha.tif": _tiff(multiplied, **rgb, extrasamples=["assocalpha"]),
      "big.tif": _tiff(colors(), **rgb, bigtiff=True),
      "preview first.tif": _tiff_pages((small, {**rgb, "subfiletype": 1}), (colors(), rgb)),
      "preview later.tif": _tiff_pages((colors(), rgb), (small, {**rgb, "subfiletype": 1})),
      "ycbcr jpeg.tif": _tiff(colors(), **rgb, compression="jpeg",
                              compressionargs={"level": 95, "outcolorspace": "ycbcr"}),
  }


def _tiff_pages(*pages: tuple[np.ndarray, dict]) -> bytes:
  file = io.BytesIO()
  with tifffile.TiffWriter(file) as writer:
    for pixels, options in pages:
      writer.write(pixels, metadata=None, **options)
  return file.getvalue()


def _later_formats(rgb: Image.Image, rgba: Image.Image) -> dict[str, bytes]:
  """AVIF, and HEIC where its encoder is installed."""
  sharp = {"quality": 100, "subsampling": "4:4:4"}
  files = {"rgb.avif": _saved(rgb, "AVIF", **sharp), "alpha.avif": _saved(rgba, "AVIF", **sharp),
           "wide profile.avif": _saved(rgb, "AVIF", icc_profile=wide_profile(), **sharp),
           "turned.avif": _oriented("AVIF", 6, **sharp)}
  try:
    import pillow_heif
  except ImportError:
    return files
  wide = {"icc_profile": wide_profile()}
  for name, options in {"rgb.heic": {}, "wide profile.heic": wide}.items():
    file = io.BytesIO()
    pillow_heif.from_pillow(rgb).save(file, quality=100, chroma=444, **options)
    files[name] = file.getvalue()
  return files


def picture_files() -> dict[str, bytes]:
  """Every kind by name, which ends like a file name."""
  rgb = Image.fromarray(colors())
  alpha = Image.fromarray(np.tile(np.linspace(0, 255, WIDTH).astype(np.uint8), (HEIGHT, 1)))
  rgba = rgb.copy()
  rgba.putalpha(alpha)
  gray, later = rgb.convert("L"), rgb.transpose(Image.Transpose.ROTATE_180)
  gray_alpha = Image.merge("LA", (gray, alpha))
  palette = rgb.quantize(64)
  deep = colors().astype(np.uint16) * 257 // 3 * 2
  deep_gray = deep[..., 0] + deep[..., 1] // 2
  deep_alpha = np.asarray(alpha, np.uint16)[..., None] * 257
  deep_rgba = np.concatenate([deep, deep_alpha], -1)
  cmyk = Image.merge("CMYK", [*rgb.split(), gray.point(lambda v: v // 3)])
  lab = ImageCms.profileToProfile(
      rgb, ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB")
  exact = {"lossless": True, "exact": True}
  files = {
      "rgb.jpg": _saved(rgb, "JPEG", quality=95, subsampling=0),
      "subsampled.jpg": _saved(rgb, "JPEG", quality=90, subsampling=2),
      "progressive.jpg": _saved(rgb, "JPEG", progressive=True),
      "gray.jpg": _saved(gray, "JPEG"),
      "cmyk.jpg": _saved(cmyk, "JPEG", quality=95),
      "cmyk profile.jpg": _saved(cmyk, "JPEG", quality=95, icc_profile=cmyk_profile()),
      "wide profile.jpg": _saved(rgb, "JPEG", quality=95, icc_profile=wide_profile()),
      "gray profile.jpg": _saved(gray, "JPEG", icc_profile=gray_profile()),
      "rgb.png": _saved(rgb, "PNG"),
      "rgba.png": _saved(rgba, "PNG"),
      "gray.png": _saved(gray, "PNG"),
      "gray alpha.png": _saved(gray_alpha, "PNG"),
      "1 bit.png": _saved(rgb.convert("1"), "PNG"),
      "palette.png": _saved(palette, "PNG"),
      "palette 2 bits.png": _saved(rgb.quantize(4), "PNG", bits=2),
      "palette one transparent.png": _saved(palette, "PNG", transparency=3),
      "palette alpha.png": _saved(palette, "PNG", transparency=bytes(range(0, 256, 4))),
      "color key.png": _saved(rgb, "PNG", transparency=tuple(int(v) for v in colors()[3, 4])),
      "gray key.png": _saved(gray, "PNG", transparency=gray.getpixel((3, 4))),
      "16 bit gray.png": png(deep_gray[..., None], 0),
      "16 bit gray key.png": png(deep_gray[..., None], 0,
                                 (b"tRNS", struct.pack(">H", deep_gray[3, 4]))),
      "16 bit rgb.png": png(deep, 2),
      "16 bit rgba.png": png(deep_rgba, 6),
      "16 bit gray alpha.png": png(np.concatenate([deep_gray[..., None], deep_alpha], -1), 4),
      "wide profile alpha.png": _saved(rgba, "PNG", icc_profile=wide_profile()),
      "turned.png": _oriented("PNG", 6),
      "animated.png": _saved(rgb, "PNG", save_all=True, append_images=[later]),
      "lossy.webp": _saved(rgb, "WEBP", quality=95),
      "lossless alpha.webp": _saved(rgba, "WEBP", **exact),
      "turned.webp": _oriented("WEBP", 8, **exact),
      "wide profile.webp": _saved(rgb, "WEBP", icc_profile=wide_profile(), **exact),
      "animated.webp": _saved(rgb, "WEBP", save_all=True, append_images=[later], **exact),
      "rgb.tif": _saved(rgb, "TIFF"),
      "rgba.tif": _saved(rgba, "TIFF"),
      "lzw.tif": _saved(rgb, "TIFF", compression="tiff_lzw"),
      "deflate.tif": _saved(rgb, "TIFF", compression="tiff_adobe_deflate"),
      "packbits.tif": _saved(rgb, "TIFF", compression="packbits"),
      "jpeg inside.tif": _saved(rgb, "TIFF", compression="jpeg", quality=95),
      "fax.tif": _saved(rgb.convert("1"), "TIFF", compression="group4"),
      "palette.tif": _saved(palette, "TIFF"),
      "gray.tif": _saved(gray, "TIFF"),
      "cmyk.tif": _saved(cmyk, "TIFF"),
      "cmyk profile.tif": _saved(cmyk, "TIFF", icc_profile=cmyk_profile()),
      "lab.tif": _saved(lab, "TIFF"),
      "turned.tif": _oriented("TIFF", 5),
      "pages.tif": _saved(rgb, "TIFF", save_all=True, append_images=[later]),
      "16 bit gray.tif": _tiff(deep_gray),
      "16 bit white is zero.tif": _tiff(deep_gray, photometric="miniswhite"),
      "16 bit rgb.tif": _tiff(deep, photometric="rgb"),
      "16 bit rgb strips.tif": _tiff(deep, photometric="rgb", rowsperstrip=5, byteorder=">"),
      "16 bit rgb deflate.tif": _tiff(deep, photometric="rgb", compression="zlib"),
      "16 bit rgba.tif": _tiff(deep_rgba, photometric="rgb", extrasamples=["unassalpha"]),
      "16 bit rgb turned.tif": _tiff(deep, photometric="rgb",
                                     extratags=[(ORIENTATION, 3, 1, 6, True)]),
      "16 bit rgb wide profile.tif": _tiff(deep, photometric="rgb", iccprofile=wide_profile()),
      "16 bit rgb tiles.tif": _tiff(deep, photometric="rgb", tile=(16, 16)),
      "planar.tif": _tiff(np.moveaxis(colors(), -1, 0), photometric="rgb", planarconfig="separate"),
      "float gray.tif": _tiff(deep_gray.astype(np.float32) / 65535),
      "rgb.bmp": _saved(rgb, "BMP"),
      "rgba.bmp": _saved(rgba, "BMP"),
      "palette.bmp": _saved(palette, "BMP"),
      "gray.bmp": _saved(gray, "BMP"),
      "1 bit.bmp": _saved(rgb.convert("1"), "BMP"),
      "rgb.gif": _saved(rgb, "GIF"),
      "transparent.gif": _saved(palette, "GIF", transparency=3),
      "animated.gif": _saved(palette, "GIF", save_all=True, append_images=[later.quantize(64)]),
  }
  files |= _tiffs(deep, deep_gray, alpha) | _later_formats(rgb, rgba)
  return files | {f"orientation {n}.jpg": _oriented("JPEG", n, quality=95) for n in range(1, 9)}
