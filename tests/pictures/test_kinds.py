"""A message names the kind of file that was given, and the way out."""

import io
import struct
import sys
import zipfile

import pytest
from picture_kinds import colors, picture_files
from PIL import Image

from tf_style.errors import ImageError
from tf_style.pictures import images, kinds


def ftyp(brand: bytes, *others: bytes) -> bytes:
  return struct.pack(">I", 16 + 4 * len(others)) + b"ftyp" + brand + bytes(4) + b"".join(others)


def zipped() -> bytes:
  file = io.BytesIO()
  with zipfile.ZipFile(file, "w") as archive:
    archive.writestr("a.jpg", b"x")
  return file.getvalue()


@pytest.mark.parametrize("content, found, way_out", [
    (b"<!DOCTYPE html>\n<html>", "a web page", "download the picture itself"),
    (b"\n  <html lang='en'>", "a web page", "download the picture itself"),
    (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d\nsize 9\n", "a Git LFS pointer",
     "git lfs pull"),
    (b"/annex/objects/SHA256E-s1--2.jpg\n", "a git-annex pointer", "git annex get"),
    (b"8BPS\0\x01" + bytes(20), "a Photoshop file", "export it as PNG"),
    (b"gimp xcf v011\0", "a GIMP file", "export it as PNG"),
    (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "an SVG drawing", "export it as PNG"),
    (b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- a --><svg/>", "an SVG drawing", "export it as PNG"),
    (b"<?xml version='1.0'?><plist/>", "an XML file", "give a picture"),
    (b"%PDF-1.7\n", "a PDF document", "export its page as PNG"),
    (b"%!PS-Adobe-3.0", "a PostScript file", "export it as PNG"),
    (ftyp(b"crx ", b"crx "), "a camera's raw photograph (CR3)", "develop it"),
    (b"II*\0\x10\0\0\0CR\x02\0" + bytes(60), "a camera's raw photograph (CR2)", "develop it"),
    (b"FUJIFILMCCD-RAW 0201", "a camera's raw photograph (RAF)", "develop it"),
    (b"IIU\0\x18\0\0\0" + bytes(60), "a camera's raw photograph (RW2)", "develop it"),
    (b"IIRO\x08\0\0\0" + bytes(60), "a camera's raw photograph (ORF)", "develop it"),
    (ftyp(b"isom", b"mp42"), "a film (MP4 or QuickTime)", "one of its frames"),
    (b"\0\0\0\x08wide\0\0\0\0mdat", "a film (QuickTime)", "one of its frames"),
    (b"\x1a\x45\xdf\xa3\x9f", "a film (Matroska or WebM)", "one of its frames"),
    (b"RIFF\x10\0\0\0AVI LIST", "a film (AVI)", "one of its frames"),
    (b"\xff\x0a\xfa\x7f", "a JPEG XL picture", "save it as JPEG, PNG or TIFF"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "a JPEG 2000 picture", "save it as JPEG, PNG or TIFF"),
    (b"\x76\x2f\x31\x01" + bytes(9), "an OpenEXR picture", "save it as JPEG, PNG or TIFF"),
    (b"#?RADIANCE\n", "a Radiance HDR picture", "save it as JPEG, PNG or TIFF"),
    (b"P6 2 2 255 " + bytes(12), "a Netpbm picture", "save it as JPEG, PNG or TIFF"),
    (zipped(), "a ZIP archive", "unpack it"),
    (b"\x93NUMPY\x01\0", "a NumPy array", "numpy.load"),
    (b"\0\x05\x16\x07\0\x02\0\0", "macOS's notes", "'._'"),
    (b"", "an empty file", "copy or download it again"),
    (bytes(4096), "a file of zeros", "copy or download it again"),
    (b"a note to myself\n", "a text file", "give a picture"),
])
def test_the_kind_and_the_way_out_are_named(content, found, way_out, tmp_path):
  path = tmp_path / "photo.jpg"
  path.write_bytes(content)
  for source in (path, content):
    for call in (images.load_picture, images.probe_size):
      with pytest.raises(ImageError) as error:
        call(source, flag="--style")
      message = str(error.value)
      assert found in message and way_out in message and len(message) < 400
      assert message.startswith("--style: expected a JPEG, PNG, WebP, TIFF, BMP, GIF, AVIF or HEIC")


def test_noise_is_of_no_kind():
  with pytest.raises(ImageError, match="received 4 bytes, which is none$"):
    images.load_picture(b"\x9c\x01\xd3\xee")


@pytest.mark.parametrize("name, kind", [
    ("rgb.jpg", "JPEG"), ("rgb.png", "PNG"), ("lossy.webp", "WEBP"), ("rgb.bmp", "BMP"),
    ("rgb.gif", "GIF"), ("big.tif", "TIFF"), ("rgb.tif", "TIFF"), ("rgb.avif", "AVIF")])
def test_what_is_read_is_known(name, kind):
  assert kinds.kind_of(picture_files()[name][:kinds.HEAD_BYTES]) == kinds.Kind(kind)


def test_heif_of_an_avif_is_avif():
  assert kinds.kind_of(ftyp(b"mif1", b"avif", b"miaf")).name == "AVIF"
  assert kinds.kind_of(ftyp(b"mif1", b"heic")).name == "HEIF"


def test_heic_without_its_extra(monkeypatch):
  monkeypatch.setitem(sys.modules, "pillow_heif", None)
  with pytest.raises(ImageError, match=r"expected the extra heif .*pip install 'tf_style\[heif\]'"):
    images.load_picture(ftyp(b"heic", b"mif1") + bytes(100))


def test_avif_without_its_decoder(monkeypatch):
  monkeypatch.setattr("PIL.AvifImagePlugin.SUPPORTED", False)
  with pytest.raises(ImageError, match="expected a Pillow that decodes AVIF"):
    images.load_picture(picture_files()["rgb.avif"])


def test_a_wrong_name_of_a_right_kind_is_no_matter(tmp_path):
  Image.fromarray(colors()).save(tmp_path / "x.heic", "PNG")
  assert images.probe_size(tmp_path / "x.heic") == colors().shape[:2]
