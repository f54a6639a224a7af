"""The extra `film`: PyAV and OpenCV, loaded when a film is at hand."""

import importlib
from types import ModuleType

from tf_style.errors import InputError, expected


def load(name: str) -> ModuleType:
  """Imports `av` or `cv2`.

  Raises:
    InputError: the extra is not installed.
  """
  try:
    return importlib.import_module(name)
  except ImportError as error:
    wanted = "the extra for films (pip install 'tf_style[film]', from Python 3.11 on)"
    raise InputError("--content: " + expected(wanted, f"none ({error})")) from error


def exact(av: ModuleType) -> int:
  """Returns swscale's flags for conversions between RGB and luma with chroma that lose least."""
  flags = av.video.reformatter.Interpolation
  return int(flags.BICUBIC | flags.FULL_CHR_H_INT | flags.FULL_CHR_H_INP | flags.ACCURATE_RND)
