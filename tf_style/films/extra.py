"""The extra `film`: PyAV and OpenCV, loaded when a film is at hand."""

import importlib
from types import ModuleType

from tf_style.errors import InputError, expected

# Flags of FFmpeg's swscale for conversions between RGB and luma with chroma that lose least:
# bicubic, with chroma of full width in and out, and accurate rounding.
EXACT = 0x4 | 0x2000 | 0x4000 | 0x40000


def load(name: str) -> ModuleType:
  """Imports `av` or `cv2`.

  Raises:
    InputError: the extra is not installed.
  """
  try:
    return importlib.import_module(name)
  except ImportError as error:
    wanted = "the extra for films (pip install 'tf_style[film]')"
    raise InputError("--content: " + expected(wanted, f"none ({error})")) from error
