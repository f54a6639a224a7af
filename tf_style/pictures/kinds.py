"""What kind of file its first bytes show it to be, and what to do about one that is not read."""

import re
from typing import NamedTuple

HEAD_BYTES = 512
READ = "a JPEG, PNG, WebP, TIFF, BMP, GIF, AVIF or HEIC picture"
_CONVERT = "save it as JPEG, PNG or TIFF first"
_DEVELOP = "develop it to JPEG or 16-bit TIFF first"
_EXPORT = "export it as PNG first"
_FRAME = "save one of its frames as PNG first"
_UNPACK = "unpack it first"


class Kind(NamedTuple):
  """A kind of file.

  Attributes:
    name: as a message calls it, or Pillow's name of a format that is read.
    way_out: what the user can do about it; empty for formats that are read.
  """

  name: str
  way_out: str = ""


# Of the box `ftyp`, with which files of the ISO family begin (ISO/IEC 14496-12), the major brand.
_BRANDS = {
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"),
                    Kind("HEIF")),
    **dict.fromkeys((b"avif", b"avis"), Kind("AVIF")),
    b"crx ": Kind("a camera's raw photograph (CR3)", _DEVELOP),
    b"jp2 ": Kind("a JPEG 2000 picture", _CONVERT)}

# (offset, bytes there, kind); the first that fits counts.
_SIGNATURES = [(0, *row) for row in (
    (b"\xff\xd8\xff", Kind("JPEG")),
    (b"\x89PNG\r\n\x1a\n", Kind("PNG")),
    (b"GIF87a", Kind("GIF")),
    (b"GIF89a", Kind("GIF")),
    (b"BM", Kind("BMP")),
    (b"\0\0\0\x0cjP  ", Kind("a JPEG 2000 picture", _CONVERT)),
    (b"\xff\x4f\xff\x51", Kind("a JPEG 2000 picture", _CONVERT)),
    (b"\xff\x0a", Kind("a JPEG XL picture", _CONVERT)),
    (b"\0\0\0\x0cJXL ", Kind("a JPEG XL picture", _CONVERT)),
    (b"II\xbc\x01", Kind("a JPEG XR picture", _CONVERT)),
    (b"8BPS\0\x01", Kind("a Photoshop file (PSD)", _EXPORT)),
    (b"8BPS\0\x02", Kind("a large Photoshop file (PSB)", _EXPORT)),
    (b"gimp xcf", Kind("a GIMP file (XCF)", _EXPORT)),
    (b"FUJIFILMCCD-RAW", Kind("a camera's raw photograph (RAF)", _DEVELOP)),
    (b"IIRO", Kind("a camera's raw photograph (ORF)", _DEVELOP)),
    (b"IIRS", Kind("a camera's raw photograph (ORF)", _DEVELOP)),
    (b"MMOR", Kind("a camera's raw photograph (ORF)", _DEVELOP)),
    (b"IIU\0", Kind("a camera's raw photograph (RW2)", _DEVELOP)),
    (b"FOVb", Kind("a camera's raw photograph (X3F)", _DEVELOP)),
    (b"\0MRM", Kind("a camera's raw photograph (MRW)", _DEVELOP)),
    (b"\x76\x2f\x31\x01", Kind("an OpenEXR picture", _CONVERT)),
    (b"#?RADIANCE", Kind("a Radiance HDR picture", _CONVERT)),
    (b"#?RGBE", Kind("a Radiance HDR picture", _CONVERT)),
    (b"DDS ", Kind("a DirectDraw texture (DDS)", _CONVERT)),
    (b"SIMPLE  =", Kind("an astronomer's FITS file", _CONVERT)),
    (b"\0\0\x01\0", Kind("a Windows icon (ICO)", _CONVERT)),
    (b"icns", Kind("an Apple icon (ICNS)", _CONVERT)),
    (b"AT&TFORM", Kind("a DjVu document", _EXPORT)),
    (b"\xd7\xcd\xc6\x9a", Kind("a Windows metafile (WMF)", _EXPORT)),
    (b"%PDF-", Kind("a PDF document", "export its page as PNG first")),
    (b"%!PS", Kind("a PostScript file", _EXPORT)),
    (b"\xc5\xd0\xd3\xc6", Kind("a PostScript file (EPS)", _EXPORT)),
    (b"\x1a\x45\xdf\xa3", Kind("a film (Matroska or WebM)", _FRAME)),
    (b"FLV\x01", Kind("a film (FLV)", _FRAME)),
    (b"\0\0\x01\xba", Kind("a film (MPEG)", _FRAME)),
    (b"\x30\x26\xb2\x75", Kind("a film (WMV)", _FRAME)),
    (b"PK\x03\x04", Kind("a ZIP archive", _UNPACK)),
    (b"\x1f\x8b", Kind("a gzip archive", _UNPACK)),
    (b"7z\xbc\xaf", Kind("a 7-Zip archive", _UNPACK)),
    (b"Rar!", Kind("a RAR archive", _UNPACK)),
    (b"\x93NUMPY", Kind("a NumPy array", "load it with numpy.load and give the array")),
    (b"\x89HDF\r\n", Kind("an HDF5 file", "give a picture")),
    (b"\0\x05\x16\x07", Kind("macOS's notes about a file of that name",
                              "give the file without '._' before its name")),
    (b"version https://git-lfs.github.com",
     Kind("a Git LFS pointer", "fetch it with 'git lfs pull'")),
    (b"/annex/objects/", Kind("a git-annex pointer", "fetch it with 'git annex get'")),
)] + [
    (8, b"WEBP", Kind("WEBP")),
    (8, b"AVI ", Kind("a film (AVI)", _FRAME)),
    (128, b"DICM", Kind("a DICOM picture", _CONVERT)),
    *((4, box, Kind("a film (QuickTime)", _FRAME)) for box in (b"moov", b"mdat", b"wide", b"free")),
]
_TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def kind_of(head: bytes) -> Kind | None:
  """Returns the kind of a file that begins with `head`, or None for none that is known."""
  if not head.strip(b"\0"):
    return Kind("an empty file" if not head else "a file of zeros", "copy or download it again")
  if head[4:8] == b"ftyp":
    if head[8:12] in (b"mif1", b"msf1") and b"avif" in head[16:int.from_bytes(head[:4], "big")]:
      return Kind("AVIF")
    return _BRANDS.get(head[8:12], Kind("a film (MP4 or QuickTime)", _FRAME))
  if head.startswith(_TIFF_STARTS):
    is_cr2 = head[8:10] == b"CR"
    return Kind("a camera's raw photograph (CR2)", _DEVELOP) if is_cr2 else Kind("TIFF")
  for offset, start, kind in _SIGNATURES:
    if head.startswith(start, offset):
      return kind
  return _kind_of_text(head)


def _kind_of_text(head: bytes) -> Kind | None:
  text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
  if text.startswith((b"<!doctype html", b"<html", b"<head", b"<body")):
    return Kind("a web page (HTML)", "download the picture itself")
  if text.startswith(b"<svg") or text.startswith((b"<?xml", b"<!--", b"<!doctype svg")) and (
      b"<svg" in text or b"doctype svg" in text):
    return Kind("an SVG drawing", _EXPORT)
  if text.startswith(b"<?xml"):
    return Kind("an XML file", "give a picture")
  if re.match(rb"p[1-7f]\s", text):
    return Kind("a Netpbm picture (PBM, PGM, PPM or PFM)", _CONVERT)
  if re.match(rb"\x0a[\x00-\x05]\x01[\x01-\x08]", head):
    return Kind("a PCX picture", _CONVERT)
  if re.match(rb".[\x00\x01][\x01-\x03\x09-\x0b].{13}[\x08\x0f\x10\x18\x20]", head, re.DOTALL):
    return Kind("a Targa picture (TGA)", _CONVERT)
  is_text = not re.search(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]", head)
  return Kind("a text file", "give a picture") if is_text else None


def raw_photograph(model: str) -> Kind:
  """Returns the kind of a raw photograph in TIFF's clothes; `model` names the camera or is ''."""
  return Kind(f"a camera's raw photograph ({model})" if model else "a camera's raw photograph",
              _DEVELOP)
