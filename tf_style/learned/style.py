"""A learned style: any picture in, the painted picture out."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

from tf_style.errors import InputError, expected
from tf_style.learned import record as records
from tf_style.learned.applying import Applier, OnTile
from tf_style.learned.folder import Contents, write_folder
from tf_style.learned.network import Network, Shape
from tf_style.learned.record import Record
from tf_style.pictures import images
from tf_style.pictures.alpha import without_hidden_colors
from tf_style.pictures.images import Picture, Source
from tf_style.settings.fields import as_text
from tf_style.system import devices, machine


class LearnedStyle:
  """One style or several, learned once, for pictures of any size.

      style = LearnedStyle.load("models/painting")
      for photo in photos:
        save_picture(f"{photo.stem}.png", style(photo))

  The first call traces a graph, which takes about a second; those that follow do not.

  Attributes:
    record: what is known of it: styles, settings, losses.
    pictures: of the styles, as large as the network saw them.
    example: [1, H, W, 3] float32, photographs that were not trained on beside what became of them.
  """

  def __init__(self, record: Record, network: Network, pictures: Sequence[np.ndarray] = (),
               example: np.ndarray | None = None, device: str = "/CPU:0"):
    """Holds what `learn_style` makes, or `load` reads; arguments are the attributes'."""
    self.record, self.network, self.device = record, network, device
    self.pictures, self.example = tuple(pictures), example
    self._apply = Applier(network)

  @classmethod
  def load(cls, folder: str | os.PathLike[str], *, precision: str = "auto",
           device: str = "auto") -> "LearnedStyle":
    """Loads a learned style; nothing in its folder is executed.

    Args:
      folder: that `save` has written, or the name of a style that is shipped.
      precision: of the features: `auto`, `float32` or `bfloat16`.
      device: `auto`, `cpu` or `gpu:N`.
    Raises:
      InputError: it is no learned style, or a damaged one, or there is no such device.
    """
    machine.prepare()
    place = records.find(os.fspath(folder))
    record, name = records.read_record(place), devices.choose_device(device)
    if precision == "auto":
      precision = devices.fast_precision(name)
    pictures = [images.load_picture(records.checked_file(place, record, each), flag="--model").rgb
                for each in record.pictures]
    with tf.device(name):
      network = _network(record, precision, records.checked_file(place, record, records.WEIGHTS))
    return cls(record, network, pictures, device=name)

  def __call__(self, picture: Source, blend: Sequence[float] | None = None, *,
               on_tile: OnTile | None = None) -> np.ndarray:
    """Paints a picture at its own size.

    Args:
      picture: a path, a Pillow image or an array, as for `load_picture`.
      blend: shares of the styles, one each; None takes all alike.
      on_tile: is told after every tile of a picture too large for one.
    Returns:
      [1, H, W, 3] float32 in [0, 1].
    Raises:
      InputError: the picture cannot be read, or the shares are wrong.
    """
    loaded = images.load_picture(picture)
    return self.paint(without_hidden_colors(loaded, "--content"), blend, on_tile)

  def paint(self, picture: Picture, blend: Sequence[float] | None = None,
            on_tile: OnTile | None = None) -> np.ndarray:
    """Paints a picture that is loaded; as a call."""
    shares = blend_shares(blend, len(self.record.styles))
    with tf.device(self.device):
      return self._apply(picture.rgb, shares, on_tile=on_tile)

  def save(self, folder: str | os.PathLike[str], *, compact: bool = False) -> None:
    """Writes the style as a folder, which appears only when it is complete.

    Args:
      folder: a new or an empty one.
      compact: whether weights are stored in half precision and the SavedModel is left out.
    Raises:
      OutputError: the folder is taken.
      OSError: from the system; nothing is left behind.
    """
    contents = Contents(self.record, self.network, self.pictures, self.example)
    write_folder(folder, contents, compact=compact)


def blend_shares(blend: Sequence[float] | None, styles: int) -> np.ndarray:
  """Returns shares of styles [S] float32 that sum to 1.

  Args:
    blend: one number at least 0 a style; None or an empty one takes all alike.
    styles: how many there are.
  Raises:
    InputError: it is of another length, or has no positive sum.
  """
  if blend is None or not len(blend):
    return np.full(styles, 1 / styles, np.float32)
  shares = np.asarray(blend, np.float64)
  if shares.shape != (styles,):
    raise InputError("--style_blend: " + expected(
        f"one number a style, {styles} in all", as_text(tuple(map(float, blend)))))
  total = shares.sum()
  if not (np.isfinite(total) and total > 0 and shares.min() >= 0):
    raise InputError("--style_blend: " + expected(
        "numbers of at least 0, not all 0", as_text(tuple(map(float, blend)))))
  return (shares / total).astype(np.float32)


def _network(record: Record, precision: str, weights: Path) -> Network:
  learning = record.learning
  network = Network(Shape(learning.width, learning.blocks, len(record.styles)), precision)
  try:
    network.whole.load_weights(os.fspath(weights))
  except (OSError, ValueError, KeyError, TypeError) as error:
    raise InputError("--model: " + expected(
        "weights of such a network", f"{weights}: {str(error).splitlines()[0]}")) from error
  return network
