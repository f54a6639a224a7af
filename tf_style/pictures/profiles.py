"""Colors by their ICC profile -> sRGB. LittleCMS converts."""

import functools
import io

import numpy as np
from PIL import Image, ImageCms

from tf_style.errors import expected, one_line
from tf_style.pictures.planes import levels

_INTENT = ImageCms.Intent.RELATIVE_COLORIMETRIC
_FLAGS = ImageCms.Flags.BLACKPOINTCOMPENSATION
_SPACES = {"L": "GRAY", "RGB": "RGB", "CMYK": "CMYK"}


def to_srgb(pixels: np.ndarray, mode: str, icc: bytes | None, name: str,
            ) -> tuple[np.ndarray, list[str]]:
  """Converts a picture to sRGB by its profile.

  Args:
    pixels: [H, W, C] uint8, uint16 or floats.
    mode: L, RGB, CMYK or LAB, as in Pillow, or F for gray floats.
    icc: the profile; None where there is none.
    name: of the picture, in notes.
  Returns:
    [H, W, 1 or 3], the very same pixels where nothing is to be changed, and notes.
  """
  notes = []
  try:
    transform = _transform(icc, mode)
  except Exception as error:  # an absurd profile; Pillow raises several kinds
    notes.append(f"the color profile of {name} is ignored ({one_line(error)[:100]})")
    transform = None
  if transform is None and mode != "CMYK":
    return pixels, notes
  if transform is not None and icc and pixels.dtype == np.uint16 and mode in ("L", "RGB"):
    return _deep_srgb(pixels, icc), notes
  pixels = levels(pixels, np.uint8)
  image = Image.frombytes(mode, pixels.shape[1::-1], pixels.tobytes())
  image = transform.apply(image) if transform else image.convert("RGB")
  return np.asarray(image), notes


@functools.lru_cache(8)  # to make one takes longer than to read a small picture
def _transform(icc: bytes | None, mode: str) -> ImageCms.ImageCmsTransform | None:
  """Returns the transform from a profile to sRGB; None where it would change nothing to speak of.

  Relative colorimetric with black point compensation, as browsers and photo editors do.

  Args:
    icc: the profile's bytes.
    mode: L, RGB, CMYK or LAB; LAB needs no profile.
  Raises:
    Exception: of several kinds, where the profile is damaged or made for another mode.
  """
  if mode == "LAB":
    profile = ImageCms.createProfile("LAB")
  elif not icc:
    return None
  else:
    profile = ImageCms.ImageCmsProfile(io.BytesIO(icc)).profile
    space = _SPACES.get(mode, "no profile")
    if profile.xcolor_space.strip() != space:
      raise ValueError(expected(f"one for {space}", profile.xcolor_space.strip()))
  transform = ImageCms.buildTransform(
      profile, ImageCms.createProfile("sRGB"), mode, "RGB", _INTENT, _FLAGS)
  if mode not in ("L", "RGB"):
    return transform
  steps = np.arange(0, 256, 15)
  grid = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(1, -1, 3)
  before = Image.fromarray(grid.astype(np.uint8)).convert(mode)
  after = transform.apply(before)
  change = np.asarray(after, int) - np.asarray(before.convert("RGB"))
  return transform if np.abs(change).max() > 1 else None


def _deep_srgb(pixels: np.ndarray, icc: bytes) -> np.ndarray:
  """Converts [H, W, 1 or 3] uint16 by its profile to sRGB [H, W, 3], in 16 bits throughout.

  LittleCMS' own optimization, a coarse table, is off: it was 10 levels of 255 away.
  """
  import imagecodecs

  srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
  space = "gray" if pixels.shape[2] == 1 else "rgb"
  return imagecodecs.cms_transform(
      np.ascontiguousarray(pixels[..., 0] if space == "gray" else pixels), icc, srgb,
      colorspace=space, outcolorspace="rgb", intent=int(_INTENT),
      flags=int(_FLAGS | ImageCms.Flags.NOOPTIMIZE))
