"""A setup with the files that it names, to be sent to another machine."""

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tf_style.many.setup import Setup

_NO_FILES = ("auto", "imagenet")


class Parcel(NamedTuple):
  """What is sent.

  Attributes:
    setup: with the paths of the machine that it comes from.
    files: bytes, by where a file belongs in the folder that the parcel is opened in; without any
      the paths hold on the other side too.
  """

  setup: Setup
  files: dict[str, bytes]


def pack(setup: Setup) -> Parcel:
  """Reads all files that a setup names: styles, masks, a learned style, weights.

  Raises:
    OSError: from the system.
  """
  files: dict[str, bytes] = {}

  def take(path: str) -> str:
    place = _place(path)
    if os.path.isdir(path):
      files.update({os.path.join(place, each.name): each.read_bytes()
                    for each in Path(path).iterdir() if each.is_file()})
    else:
      files[place] = Path(path).read_bytes()
    return path

  _moved(setup, take)
  return Parcel(setup, files)


def unpack(parcel: Parcel, folder: str) -> Setup:
  """Writes the files into a folder, and returns the setup with their paths there."""
  if not parcel.files:
    return parcel.setup
  for place, data in parcel.files.items():
    path = Path(folder, place)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
  return _moved(parcel.setup, lambda path: os.path.join(folder, _place(path)))


def _place(path: str) -> str:
  """Returns the name of a path within the folder: one of its own, which ends as the path does."""
  return os.path.join(path.encode("utf-8", "surrogateescape").hex()[-200:], os.path.basename(path))


def _moved(setup: Setup, move: Callable[[str], str]) -> Setup:
  """Returns a setup whose paths are what a function makes of them."""
  styles = tuple(style._replace(pictures=tuple(map(move, style.pictures)),
                                masks=tuple(map(move, style.masks))) for style in setup.styles)
  if setup.model is not None:  # in whose folder the pictures of the style are
    model = move(setup.model)
    styles = tuple(style._replace(pictures=tuple(
        os.path.join(model, os.path.basename(path)) for path in style.pictures))
        for style in setup.styles)
    setup = setup._replace(model=model)
  config = setup.config
  if config.weights not in _NO_FILES:
    config = dataclasses.replace(config, weights=move(os.path.abspath(config.weights)))
  start = None if setup.init_image is None else move(setup.init_image)
  return setup._replace(config=config, styles=styles, init_image=start)
