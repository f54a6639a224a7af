"""What is given as a film -> a film that is open; and whether it is one at all. Loads little."""

import os
from fractions import Fraction
from pathlib import Path

from tf_style.films.film import Film
from tf_style.films.reading import VideoFile
from tf_style.films.stills import Animation, FrameFolder, is_animated
from tf_style.pictures import images, kinds

FILM_ENDINGS = (".mp4", ".webm", ".mov", ".gif")
_FRAME_RATE = Fraction(25)  # of a folder of frames that says nothing
_ANIMATIONS = (".gif", ".webp", ".png", ".apng")
# Endings of films whose first bytes do not tell.
_READ = (".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".m2v", ".vob", ".ts",
         ".mts", ".m2ts", ".wmv", ".asf", ".flv", ".f4v", ".3gp", ".3g2", ".ogv", ".ogg", ".mxf",
         ".y4m", ".dv", ".rm", ".rmvb", ".nut")


def is_film(content: str | None, output: str | None, asked: bool = False) -> bool:
  """Says whether a job is about a film, by its content and by where the result goes.

  An animation is a film unless the output is a picture; a folder of pictures is one where the
  output is a film, or where settings of films are given.

  Args:
    content: path, which need not exist.
    output: path, or None.
    asked: whether settings of films are given.
  """
  if content is None:
    return False
  ending = Path(output).suffix.lower() if output else ""
  named_as_folder = not Path(content).suffix and not os.path.lexists(content)
  if os.path.isdir(content) or named_as_folder:
    return asked or ending in FILM_ENDINGS
  if Path(content).suffix.lower() in _READ:
    return True
  if Path(content).suffix.lower() in _ANIMATIONS and is_animated(content):
    return ending in ("", *FILM_ENDINGS)
  return _begins_as_film(content)


def open_film(path: str, fps: float = 0.0, max_pixels: int = images.MAX_PIXELS) -> Film:
  """Opens a film: a file that FFmpeg reads, an animation, or a folder of frames.

  Args:
    path: of the file or the folder.
    fps: frames a second of a folder; 0 is 25.
    max_pixels: larger frames are refused.
  Raises:
    InputError: it is no film, or cannot be read.
  """
  if os.path.isdir(path):
    rate = Fraction(fps).limit_denominator(1001) if fps else _FRAME_RATE
    return FrameFolder(path, rate, max_pixels)
  if Path(path).suffix.lower() in _ANIMATIONS:
    return Animation(path)
  return VideoFile(path)


def _begins_as_film(path: str) -> bool:
  try:
    with open(path, "rb") as file:
      kind = kinds.kind_of(file.read(kinds.HEAD_BYTES))
  except OSError:
    return False
  return kind is not None and kind.name.startswith("a film")
