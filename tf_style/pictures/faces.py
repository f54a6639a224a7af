"""Faces: where they are in a picture, and a map that counts more there."""

from typing import NamedTuple

import numpy as np

from tf_style.errors import InputError, expected
from tf_style.pictures.resize import fitted_size, resize

_LONGEST = 1024  # pixels of the side at which a larger picture is searched
_SURE = 0.9
# In half sides of a face's box: up to where a place counts in full, and from where on not at all.
_INNER, _OUTER = 1.0, 1.7


class Face(NamedTuple):
  """A box, in shares of the picture's height and width."""

  top: float
  left: float
  height: float
  width: float


def find(picture: np.ndarray) -> list[Face]:
  """Finds the faces in a picture [1, H, W, 3] in [0, 1] (MTCNN; Zhang et al. 2016).

  Raises:
    InputError: the extra `faces` is not installed.
  """
  try:
    from mtcnn import MTCNN
  except ImportError as error:
    raise InputError("--faces: " + expected(
        "the extra that finds faces (pip install 'tf_style[faces]')", f"none ({error})")) from error
  size = picture.shape[1:3]
  height, width = fitted_size(size[0], size[1], min(_LONGEST, max(size)))
  seen = np.rint(resize(picture, height, width)[0] * 255).astype(np.uint8)
  found = MTCNN(device="CPU:0").detect_faces(seen) or []
  boxes = [each["box"] for each in found if each["confidence"] >= _SURE]
  return [Face(float(top / height), float(left / width), float(tall / height), float(wide / width))
          for left, top, wide, tall in boxes]


def weights(faces: list[Face], size: tuple[int, int], most: float) -> np.ndarray:
  """Returns [H, W, 1] float32: `most` in the ellipse of a face, 1 elsewhere, softly.

  Args:
    faces: where they are.
    size: height and width in pixels.
    most: at least 0.
  """
  rows, columns = ((np.arange(side, dtype=np.float32) + 0.5) / side for side in size)
  share = np.zeros(size, np.float32)
  for face in faces:
    down = (rows - face.top) / (face.height / 2) - 1
    right = (columns - face.left) / (face.width / 2) - 1
    outward = (_OUTER - np.hypot(down[:, None], right)) / (_OUTER - _INNER)
    inside = np.clip(outward, 0, 1)
    share = np.maximum(share, inside * inside * (3 - 2 * inside))
  return (1 + (most - 1) * share)[..., None]
