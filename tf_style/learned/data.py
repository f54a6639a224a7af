"""Photographs in a folder -> batches of random crops, each a function of seed and step alone.

So training can begin at any step as if it had come there, and nothing but the list of files and the
photographs in use are in memory, however many there are in the folder.
"""

import functools
import threading
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from absl import logging

from tf_style.errors import ImageError, InputError, expected
from tf_style.learned.together import ALONE, Place
from tf_style.pictures import images
from tf_style.pictures.alpha import without_hidden_colors
from tf_style.pictures.images import Source

# So many crops are taken of a photograph once it is decoded, in turns with those of others.
_CROPS_A_PHOTOGRAPH = 8
_IN_TURNS = 8  # photographs, where a step takes fewer
_KEPT = 48  # decoded photographs, of up to 3 MB each
_TRIES = 64  # photographs in a row that may be unusable
_HELD_OUT = 4
_GAMMA, _TINT = 0.4, 0.2  # largest change, as logarithms, of all channels and of each
_LEAST = 3  # photographs from which on some are held out


class Photographs:
  """A list of photographs, of which some are never trained on.

  Attributes:
    train: places of those to train on, in `sources`.
    held_out: places of the others; of fewer than three photographs none, so all are looked at.
    sources: paths, or whatever else `images.load_picture` takes.
  """

  def __init__(self, sources: Sequence[Source], *, longest_side: int, least_side: int,
               max_pixels: int = images.MAX_PIXELS, seed: int = 0):
    """Decodes nothing yet.

    Args:
      sources: of the photographs.
      longest_side: to which larger ones are shrunk, in pixels.
      least_side: those with a shorter side than that are left out, with a note.
      max_pixels: larger ones are left out before they are decoded.
      seed: of the choice of those held out.
    """
    self.sources, self._longest, self._least = list(sources), longest_side, least_side
    self._max_pixels = max_pixels
    order = np.random.default_rng(seed).permutation(len(self.sources))
    spared = min(_HELD_OUT, len(order) // 4 or 1) if len(order) >= _LEAST else 0
    self.held_out, self.train = np.sort(order[:spared]), np.sort(order[spared:])
    self._load = functools.lru_cache(_KEPT)(self._loaded)
    self._lock, self._noted = threading.Lock(), set[int]()

  def load(self, place: int) -> np.ndarray | None:
    """Returns a photograph [H, W, 3] uint8, or None where it cannot be used; the log says why."""
    with self._lock:  # neighbors ask for the same one at the same time
      return self._load(place)

  def _loaded(self, place: int) -> np.ndarray | None:
    source = self.sources[place]
    try:
      height, width = images.probe_size(source, self._max_pixels, "--photos")
      if min(height, width) < self._least:
        raise ImageError("--photos: " + expected(
            f"sides of at least {self._least} pixels", f"{width}x{height} in {source}"))
      longest = min(self._longest, max(height, width))
      longest = max(longest, -(-self._least * max(height, width) // min(height, width)))
      picture = images.load_picture(source, longest, self._max_pixels, "--photos")
      return images.to_uint8(without_hidden_colors(picture, "--photos").rgb)
    except InputError as error:
      if place not in self._noted:
        self._noted.add(place)
        logging.warning("left out: %s", error)
      return None

  def usable(self, places: np.ndarray, first: int) -> np.ndarray:
    """Returns the first photograph of a round that can be used, [H, W, 3] uint8.

    Args:
      places: of the round, in its order.
      first: index in `places` to begin with; the search goes round.
    Raises:
      InputError: many in a row cannot be used.
    """
    for index in range(min(_TRIES, len(places))):
      photograph = self.load(int(places[(first + index) % len(places)]))
      if photograph is not None:
        return photograph
    raise InputError("--photos: " + expected(
        f"photographs with sides of at least {self._least} pixels",
        f"{min(_TRIES, len(places))} in a row that cannot be used"))


class Crops(NamedTuple):
  """Random square crops: step by step a batch [B, S, S, 3] uint8.

  Attributes:
    photographs: to take them from.
    size: S, side in pixels.
    batch: crops a step, of all processes that train together.
    seed: of the choice.
    place: of this process among them; B is its part of the batch.
  """

  photographs: Photographs
  size: int
  batch: int
  seed: int
  place: Place = ALONE

  def at(self, step: int) -> np.ndarray:
    """Returns the batch of a step."""
    return np.stack([self._crop(step, slot) for slot in self._slots])

  @property
  def _slots(self) -> range:
    part = self.batch // self.place.processes
    return range(part * self.place.rank, part * (self.place.rank + 1))

  def _crop(self, step: int, slot: int) -> np.ndarray:
    """Returns the crop [S, S, 3] of a place in the batch: of any scale, turned left or right."""
    turns = max(1, _IN_TURNS // self.batch)
    visit = (step // (turns * _CROPS_A_PHOTOGRAPH) * turns + step % turns) * self.batch + slot
    train = self.photographs.train
    turn = visit // len(train)
    order = train[np.random.default_rng([self.seed, turn]).permutation(len(train))]
    photograph = self.photographs.usable(order, visit % len(train))
    return random_crop(photograph, self.size, np.random.default_rng([self.seed, step, slot, 1]))

  def dataset(self, first: int, last: int) -> tf.data.Dataset:
    """Returns the batches of steps `first` to `last`, made ahead while others are trained on."""
    shape = [len(self._slots), self.size, self.size, 3]

    def made(step: tf.Tensor) -> tf.Tensor:
      batch = tf.numpy_function(lambda number: self.at(int(number)), [step], tf.uint8)
      return tf.ensure_shape(batch, shape)

    steps = tf.data.Dataset.range(first, last)
    return steps.map(made, num_parallel_calls=2, deterministic=True).prefetch(4)


def random_crop(photograph: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
  """Returns a square of a photograph, shrunk to [size, size, 3] uint8, turned and toned at random.

  Its side is log-uniform from `size` to the photograph's shorter side, so that things are seen from
  near and from far. It is mirrored and turned by quarters, and each channel gets another gamma and
  gain, so that few photographs go further.
  """
  short = min(photograph.shape[:2])
  side = int(round(np.exp(rng.uniform(np.log(min(size, short)), np.log(short)))))
  top, left = (rng.integers(length - side + 1) for length in photograph.shape[:2])
  part = photograph[top:top + side, left:left + side]
  crop = np.rot90(_resized(part, size), int(rng.integers(4)))
  if rng.random() < 0.5:
    crop = crop[:, ::-1]
  return _toned(crop, rng)


def _toned(crop: np.ndarray, rng: np.random.Generator) -> np.ndarray:
  """Gives a picture uint8 another brightness and color, by a table of 256 levels a channel."""
  gamma = np.exp(rng.uniform(-_GAMMA, _GAMMA) + rng.uniform(-_TINT, _TINT, 3))
  gain = np.exp(rng.uniform(-_TINT, _TINT, 3))
  tables = 255 * np.minimum(gain * (np.arange(256)[:, None] / 255) ** gamma, 1)
  levels = np.uint8(np.rint(tables))
  return np.stack([levels[crop[..., channel], channel] for channel in range(3)], axis=-1)


def middle(photograph: np.ndarray, size: int) -> np.ndarray:
  """Returns the largest square in a photograph's middle, resized to [size, size, 3] uint8."""
  side = min(photograph.shape[:2])
  top, left = ((length - side) // 2 for length in photograph.shape[:2])
  return _resized(photograph[top:top + side, left:left + side], size)


def _resized(part: np.ndarray, size: int) -> np.ndarray:
  if part.shape[:2] == (size, size):
    return np.ascontiguousarray(part)
  return images.to_uint8(images.resize(np.float32(part)[None] / 255, size, size))


def held_out(photographs: Photographs, size: int) -> np.ndarray:
  """Returns squares of the photographs that are not trained on, [n, size, size, 3] uint8.

  Where none are held out, of those trained on.

  Raises:
    InputError: none can be used.
  """
  places = photographs.held_out if len(photographs.held_out) else photographs.train
  found = [photographs.load(int(place)) for place in places[:_HELD_OUT]]
  if all(photograph is None for photograph in found):
    found = [photographs.usable(photographs.train, 0)]
  return np.stack([middle(photograph, size) for photograph in found if photograph is not None])
