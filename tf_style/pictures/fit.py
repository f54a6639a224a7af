"""How a photograph lies on a canvas of another shape: cropped to it, or extended beyond its border.

What lies beyond the border is the photograph's mirror image, as often as it takes.
"""

import dataclasses

import numpy as np

from tf_style.pictures.load import Picture
from tf_style.pictures.planes import Planes
from tf_style.pictures.resize import float_planes

_EDGE = 1 / 16  # of the photograph's shorter side: over how much of it what is kept fades out


@dataclasses.dataclass(frozen=True)
class Fit:
  """A photograph on a canvas.

  Attributes:
    photo: its height and width in pixels on the canvas.
    canvas: height and width of that; on each axis the photograph is centered.
  """

  photo: tuple[int, int]
  canvas: tuple[int, int]

  @classmethod
  def of(cls, size: tuple[int, int], canvas: tuple[int, int], mode: str) -> "Fit":
    """Fits a photograph.

    Args:
      size: its height and width.
      canvas: those that are wanted.
      mode: `crop` covers the canvas and cuts off the rest, `extend` shows all of the photograph.
    """
    ratios = [wanted / own for own, wanted in zip(size, canvas, strict=True)]
    scale = max(ratios) if mode == "crop" else min(ratios)
    height, width = (wanted if ratio == scale else max(1, round(own * scale))
                     for own, wanted, ratio in zip(size, canvas, ratios, strict=True))
    return cls((height, width), canvas)

  @property
  def extended(self) -> bool:
    """Whether the canvas is larger than the photograph."""
    return any(own < wanted for own, wanted in zip(self.photo, self.canvas, strict=True))

  def placed(self, planes: np.ndarray) -> np.ndarray:
    """Returns [H, W, C] of the photograph's size on the canvas."""
    for axis, (own, wanted) in enumerate(zip(self.photo, self.canvas, strict=True)):
      before = (wanted - own) // 2
      if own < wanted:
        sides = [(0, 0)] * planes.ndim
        sides[axis] = before, wanted - own - before
        planes = np.pad(planes, sides, "symmetric")
      else:
        planes = np.take(planes, np.arange(-before, wanted - before), axis)
    return planes

  def picture(self, picture: Picture) -> Picture:
    """Returns a photograph of about that size on the canvas."""
    rgb, alpha = float_planes(Planes(picture.rgb[0], picture.alpha), *self.photo)
    return picture._replace(rgb=self.placed(rgb[0])[None],
                            alpha=None if alpha is None else self.placed(alpha))

  def inside(self) -> np.ndarray:
    """Returns [H, W, 1] float32 of the canvas: 1 in the photograph, fading to 0 at its border."""
    edge = max(1.0, _EDGE * min(self.photo))
    sides = []
    for own, wanted in zip(self.photo, self.canvas, strict=True):
      places = np.arange(wanted, dtype=np.float32) + 0.5 - (wanted - own) // 2
      depth = np.minimum(places, own - places) / edge
      sides.append(np.clip(depth, 0, 1) if own < wanted else np.ones(wanted, np.float32))
    shares = np.minimum(sides[0][:, None], sides[1])[..., None]
    smooth: np.ndarray = shares * shares * (3 - 2 * shares)
    return smooth
