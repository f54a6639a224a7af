"""Painters and networks that the page keeps from job to job."""

import collections
import functools
from typing import TYPE_CHECKING

from tf_style.settings.config import Config

if TYPE_CHECKING:
  from tf_style.learned.style import LearnedStyle
  from tf_style.problem.inputs import Inputs
  from tf_style.repaint.painter import Painter
  from tf_style.vgg.extractor import Extractors

_KEPT = 2
# Seconds between two looks at the coarse levels: previews come several times a second there.
_CHUNK_S = 0.2


class Painters:
  """Those used last: the next picture with the same styles and settings starts without tracing."""

  def __init__(self) -> None:
    """Loads nothing yet."""
    self._painters: collections.OrderedDict[tuple[object, ...], Painter] = collections.OrderedDict()
    self._network = functools.lru_cache(1)(_network)
    self._learned = functools.lru_cache(2)(_learned)

  def painter(self, inputs: "Inputs", config: Config) -> "Painter":
    """Returns a painter of these styles, whose files never change."""
    from tf_style.repaint.painter import Painter
    key = tuple(map(str, (*inputs.styles, "", *inputs.style_masks))), config
    if key not in self._painters:
      while len(self._painters) >= _KEPT:
        self._painters.popitem(last=False)[1].close()
      self._painters[key] = Painter(
          inputs.styles, config, style_mask=inputs.style_masks, chunk_s=_CHUNK_S,
          network=self._network(config.network, config.weights, config.device))
    self._painters.move_to_end(key)
    return self._painters[key]

  def learned(self, folder: str, precision: str = "auto", device: str = "auto") -> "LearnedStyle":
    """Returns a learned style."""
    return self._learned(folder, precision, device)


def _network(network: str, weights: str, device: str) -> "Extractors":
  del device  # of which each has a network of its own
  from tf_style.vgg.extractor import Extractors
  from tf_style.vgg.weights import load_weights
  return Extractors(load_weights(network, weights))


def _learned(folder: str, precision: str, device: str) -> "LearnedStyle":
  from tf_style.learned.style import LearnedStyle
  return LearnedStyle.load(folder, precision=precision, device=device)
