"""Pictures on the way as small JPEGs, so seldom that they cost next to nothing."""

import base64
import io
import time

import numpy as np
from PIL import Image

from tf_style.pictures import images

_LONGEST = 512  # pixels
_QUALITY = 82
_SHORTEST_S = 0.15  # between two
# A preview waits until so many times its own cost has gone by since the last one.
_PATIENCE = 60


def small_jpeg(picture: np.ndarray, longest: int = _LONGEST) -> bytes:
  """Returns a picture [1, H, W, 3] float32 in [0, 1] as a JPEG, shrunk where it is larger."""
  image = Image.fromarray(images.to_uint8(picture))
  return jpeg_of(image, longest)


def jpeg_of(image: Image.Image, longest: int = _LONGEST) -> bytes:
  """Returns a Pillow image in RGB as a JPEG, shrunk where it is larger."""
  if max(image.size) > longest:
    height, width = images.fitted_size(image.height, image.width, longest)
    image = image.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=2.0)
  file = io.BytesIO()
  image.save(file, "JPEG", quality=_QUALITY)
  return file.getvalue()


def data_uri(jpeg: bytes) -> str:
  """Returns the address of a picture that holds the picture."""
  return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode()


class Pace:
  """Says when the next preview is due."""

  def __init__(self) -> None:
    """Makes the first one due at once."""
    self._due = 0.0

  def due(self) -> bool:
    return time.perf_counter() >= self._due

  def took(self, seconds: float) -> None:
    """Takes note of what a preview cost."""
    self._due = time.perf_counter() + max(_SHORTEST_S, _PATIENCE * seconds)
