"""What a training is about to do: pictures read and checked, what was left open decided."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tf_style.errors import InputError, expected
from tf_style.learned.data import Crops, Photographs, held_out
from tf_style.learned.settings import LearnConfig
from tf_style.learned.together import ALONE, Place
from tf_style.pictures import images
from tf_style.pictures.alpha import without_hidden_colors
from tf_style.pictures.images import Picture, Source
from tf_style.problem.inputs import Inputs, Sources, load_style, style_sources
from tf_style.settings.config import Config
from tf_style.system import devices
from tf_style.vgg.weights import Weights, load_weights

_SAMPLES = Path(__file__).parents[1] / "samples"
_SAMPLE_PHOTOGRAPHS = ("photo.jpg", "cat.jpg")
_SEEN = 2  # longest side of photographs over `image_size`: crops are of things near and far
_FEW = 20  # photographs


class Lesson(NamedTuple):
  """What a training is about to do, with everything resolved that was left to `auto`.

  Attributes:
    config: resolved.
    objective: the settings of a repaint with the same loss, resolved.
    device: TensorFlow's name.
    weights: of the pretrained network, up to the deepest layer in use.
    styles: each as large as the network sees it.
    crops: of the photographs.
    held_out: [n, S, S, 3] uint8, photographs that the best network is chosen by.
    notes: what the user should know.
  """

  config: LearnConfig
  objective: Config
  device: str
  weights: Weights
  styles: tuple[Picture, ...]
  crops: Crops
  held_out: np.ndarray
  notes: tuple[str, ...]


def make_lesson(style: Sources, photos: Sources, config: LearnConfig,
                place: Place = ALONE) -> Lesson:
  """Reads and checks everything that a training needs, and decides what was left open.

  Args:
    style: one or several, as for `Painter`.
    photos: a folder, or a list of photographs; None takes the samples of the package.
    config: as it was asked for.
    place: of this process among those that train together.
  Raises:
    InputError: a picture, the weights or an option is wrong.
  """
  device = devices.choose_device(config.device)
  weights = load_weights(config.network, config.weights)
  if config.precision == "auto":
    config = dataclasses.replace(config, precision=devices.fast_precision(device))
  config = dataclasses.replace(config, network=weights.network.name)
  objective = config.objective()
  styles = _styles(style, config, objective)
  sources = photographs_of(photos)
  photographs = Photographs(
      sources, longest_side=_SEEN * config.image_size, least_side=config.train_size,
      max_pixels=config.max_pixels, seed=config.seed)
  looked_at = held_out(photographs, config.train_size)
  layers = objective.content_layers + objective.style_layers
  return Lesson(
      config, objective, device, weights.up_to(weights.network.deepest(layers).name), styles,
      Crops(photographs, config.train_size, config.batch, config.seed, place), looked_at,
      (*filter(None, [weights.note]), *_notes(photos, photographs)))


def photographs_of(photos: Sources) -> Sequence[Source]:
  """Returns the photographs of a folder or a list; of None, the package's samples.

  Raises:
    InputError: there are none.
  """
  if photos is None:
    return [_SAMPLES / name for name in _SAMPLE_PHOTOGRAPHS]
  given = list(photos) if isinstance(photos, (list, tuple)) else [photos]
  found = [each for source in given for each in images.pictures_of(source, "--photos")]
  if not found:
    raise InputError("--photos: " + expected("a folder of photographs", "none"))
  return found


def _styles(style: Sources, config: LearnConfig, objective: Config) -> tuple[Picture, ...]:
  sources = style_sources(Inputs.of(None, style), objective)
  if not sources:
    raise InputError("--style: " + expected("a picture to learn from (--style=FILE)", "none"))
  return tuple(without_hidden_colors(load_style(source, config.image_size, objective), "--style")
               ._replace(alpha=None) for source in sources)


def _notes(photos: Sources, photographs: Photographs) -> list[str]:
  notes, count = [], len(photographs.sources)
  if photos is None:
    notes.append(f"learning from {count} sample photographs (--photos=FOLDER): more and larger "
                 "ones are better")
  elif count < _FEW:
    notes.append(f"learning from {count} photographs: more and larger ones are better")
  if not len(photographs.held_out):
    notes.append("too few photographs to hold one out: the loss is on those trained on")
  return notes
