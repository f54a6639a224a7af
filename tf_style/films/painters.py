"""What paints the frames of a film: a repaint of each, or a learned style."""

import dataclasses
from typing import NamedTuple, Protocol

import numpy as np

from tf_style.descent.step import OnStep
from tf_style.films.blend import blended
from tf_style.films.coherence import Expected
from tf_style.learned.style import LearnedStyle
from tf_style.pictures import color, images
from tf_style.pictures.images import Picture, Source
from tf_style.problem.inputs import Anchor, Sources
from tf_style.repaint.painter import Painter
from tf_style.settings.config import Config
from tf_style.vgg.extractor import Extractors
from tf_style.vgg.weights import load_weights


class Painted(NamedTuple):
  """A frame that was painted.

  Attributes:
    picture: [1, H, W, 3] float32 in [0, 1], whole levels of 8 bits.
    optimized: likewise, before `color` and `strength` are applied.
    losses: by name; of a learned style none.
    stopped: whether it was stopped before its time.
  """

  picture: np.ndarray
  optimized: np.ndarray
  losses: dict[str, float]
  stopped: bool = False


class FramePainter(Protocol):
  """Paints frame after frame."""

  def __call__(self, frame: np.ndarray, expected: Expected | None,
               on_step: OnStep | None = None) -> Painted:
    """Paints a frame [1, H, W, 3] float32.

    Args:
      frame: the picture.
      expected: what it should look like by the results before; None where nothing says so.
      on_step: called after every chunk of steps; a true return value stops it.
    """

  def close(self) -> None:
    """Frees what can be made again."""


class Repainter:
  """Repaints each frame: the first of a shot as any picture, others from the last result on.

  These are held to it by the temporal loss (Ruder et al. 2016), and take a few steps at one size.
  """

  def __init__(self, style: Sources, config: Config, frame_steps: int, *,
               content_mask: Source | None = None, style_mask: Sources = None):
    """Loads the network; traces nothing yet.

    Args:
      style, style_mask: as for `Painter`.
      config: of the pictures; its size is not read, for frames come in theirs.
      frame_steps: of frames that start from the last result.
      content_mask: regions of all frames alike.
    """
    network = Extractors(load_weights(config.network, config.weights))
    config = dataclasses.replace(config, image_size="original", image_every=0,
                                 save_every=0)
    going_on = dataclasses.replace(
        config, levels=1, level_steps=(), steps=frame_steps, init="image", optimizer="lbfgs")
    self._mask = content_mask
    self._first, self._next = (Painter(style, each, style_mask=style_mask, network=network)
                               for each in (config, going_on))

  def __call__(self, frame: np.ndarray, expected: Expected | None,
               on_step: OnStep | None = None) -> Painted:
    if expected is None:
      result = self._first(frame, content_mask=self._mask, on_step=on_step, exact=False)
    else:
      result = self._next(
          frame, content_mask=self._mask, init_image=expected.picture,
          anchor=Anchor(expected.picture, expected.trust), on_step=on_step, exact=False)
    return Painted(result.picture, result.optimized, result.losses, result.stopped)

  def close(self) -> None:
    self._first.close()
    self._next.close()


class Stylizer:
  """Paints each frame with a learned style, and takes the last result over where both agree."""

  def __init__(self, style: LearnedStyle, config: Config):
    """Traces nothing yet.

    Args:
      style: a learned one.
      config: `color`, `strength`, `style_blend` and `coherence` are read.
    """
    self._style, self._config = style, config

  def __call__(self, frame: np.ndarray, expected: Expected | None,
               on_step: OnStep | None = None) -> Painted:
    del on_step
    config = self._config
    seen = color.seen(config.color, frame)
    made = self._style.paint(Picture(seen, None, "frame", ()), config.style_blend)
    if expected is not None:
      made = blended(made, expected, config.coherence)
    optimized = eight_bits(made)
    picture = optimized
    if config.color != "style" or config.strength != 1:
      picture = eight_bits(color.finished(config.color, config.strength, optimized, frame))
    return Painted(picture, optimized, {})

  def close(self) -> None:
    pass


def eight_bits(picture: np.ndarray) -> np.ndarray:
  """Returns a picture [1, H, W, 3] in whole levels of 8 bits."""
  return np.float32(images.to_uint8(picture)[None]) / np.float32(255)
