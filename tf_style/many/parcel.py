"""A setup with the files that it names, to be sent to another machine."""

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tf_style.films.settings import FilmConfig
from tf_style.many.setup import Setup

_NO_FILES = ("auto", "imagenet")


class Footage(NamedTuple):
  """A film whose frames are painted.

  Attributes:
    path: of its file, or of its folder of frames.
    content_mask: path of the regions of all frames, or None.
    settings: of the film.
  """

  path: str
  content_mask: str | None
  settings: FilmConfig


class Parcel(NamedTuple):
  """What is sent.

  Attributes:
    setup: with the paths of the machine that it comes from.
    files: bytes, by where a file belongs in the folder that the parcel is opened in; without any
      the paths hold on the other side too.
    film: what the setup paints, or None for pictures.
  """

  setup: Setup
  files: dict[str, bytes]
  film: Footage | None = None


def pack(setup: Setup, film: Footage | None = None) -> Parcel:
  """Reads all files that a setup names: styles, masks, a learned style, weights; and a film's.

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
  _moved_film(film, take)
  return Parcel(setup, files, film)


def unpack(parcel: Parcel, folder: str) -> Parcel:
  """Writes the files into a folder, and returns what names them by their paths there."""
  if not parcel.files:
    return parcel
  for place, data in parcel.files.items():
    path = Path(folder, place)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
  there = lambda path: os.path.join(folder, _place(path))
  return Parcel(_moved(parcel.setup, there), {}, _moved_film(parcel.film, there))


def _place(path: str) -> str:
  """Returns the name of a path within the folder: one of its own, which ends as the path does."""
  return os.path.join(path.encode("utf-8", "surrogateescape").hex()[-200:], os.path.basename(path))


def _moved_film(film: Footage | None, move: Callable[[str], str]) -> Footage | None:
  if film is None:
    return None
  mask = None if film.content_mask is None else move(film.content_mask)
  return film._replace(path=move(film.path), content_mask=mask)


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
