"""The finest details of a picture, which a level adds to what the one before it ended with."""

from collections.abc import Sequence

import numpy as np

from tf_style.pictures import images


def details(picture: np.ndarray, height: int, width: int) -> np.ndarray:
  """Returns what a picture [1, H, W, 3] loses where it is made smaller and enlarged again."""
  small = images.resize(picture, height, width)
  lost: np.ndarray = picture - images.resize(small, *picture.shape[1:3])
  return lost


def as_faint(own: np.ndarray, others: Sequence[np.ndarray], shares: Sequence[float]) -> np.ndarray:
  """Returns details with at most the contrast, a standard deviation, that others have in the mean.

  Args:
    own: [1, H, W, 3].
    others: likewise, of any sizes; none leave the details as they are.
    shares: what each of them counts.
  """
  contrast = sum(share * np.std(each) for share, each in zip(shares, others, strict=True))
  weaker: np.ndarray = own * min(1, contrast / max(np.std(own), 1e-6)) if others else own
  return weaker
