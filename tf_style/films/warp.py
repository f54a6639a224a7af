"""Pictures moved along a flow."""

import numpy as np

from tf_style.films import extra


def warped(picture: np.ndarray, flow: np.ndarray, sharp: bool = False) -> np.ndarray:
  """Returns w(x) = p(x + f(x)): what a picture looks like where the flow says its pixels are now.

  Args:
    picture: [1, H, W, C] float32, of up to 4 channels.
    flow: [H, W, 2], from the pixels of the result to theirs in the picture.
    sharp: whether to interpolate by Lanczos' kernel, not linearly; the result is then clipped to
      [0, 1].
  Returns:
    [1, H, W, C] float32; what lies outside is reflected.
  """
  cv2 = extra.load("cv2")
  height, width = flow.shape[:2]
  x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
  moved = cv2.remap(
      np.ascontiguousarray(picture[0]), x + flow[..., 0], y + flow[..., 1],
      cv2.INTER_LANCZOS4 if sharp else cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
  moved = np.reshape(moved, (1, height, width, -1))
  return np.clip(moved, 0, 1) if sharp else moved
