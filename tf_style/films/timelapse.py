"""A film of how one picture comes to be, from the steps of its run, level by level."""

from fractions import Fraction
from pathlib import Path

import numpy as np

from tf_style.films import writing
from tf_style.films.film import Frame
from tf_style.films.stills import usual_colors
from tf_style.pictures import images
from tf_style.system import files

RATE, SECONDS, HELD = Fraction(25), 8, 2  # frames a second; of the making, and of its result
_LONGEST = 1920  # pixels; larger pictures are shown reduced


class Timelapse:
  """Takes the pictures of a run; what is written has another name until it is whole."""

  def __init__(self, path: Path, aside: Path, start: np.ndarray, size: tuple[int, int],
               steps: int):
    """Opens the file aside, and shows what the run starts from.

    Args:
      path: of the result, whose ending is that of a film.
      aside: a folder where it is until then.
      start: [1, H, W, 3], of any size.
      size: height and width of the run's result.
      steps: of the run.
    Raises:
      OSError: from the system.
    """
    self._path, self._aside = path, aside / f"timelapse{path.suffix.lower()}"
    if max(size) > _LONGEST:
      size = images.fitted_size(*size, _LONGEST)
    self._size, self._pace = size, max(Fraction(1, RATE), Fraction(SECONDS, max(steps, 1)))
    self._end, self._steps = Fraction(0), 0
    sheet = writing.Sheet(*size, size, Fraction(1), RATE, Fraction(1, 1000), usual_colors(size[0]))
    self._writer = writing.make_writer(self._aside, sheet, None, None)
    self._show(start, Fraction(1, 2))

  def add(self, number: int, picture: np.ndarray) -> None:
    """Shows a picture [1, H, W, 3] for as long as the steps since the one before it.

    Raises:
      OSError: from the system.
    """
    steps, self._steps = max(number - self._steps, 0), number
    self._show(picture, self._pace * steps)

  def finish(self, picture: np.ndarray) -> None:
    """Shows the result for a while, and gives the film its name.

    Raises:
      OSError: from the system.
    """
    held = int(RATE * HELD)
    for _ in range(held):  # players show nothing of one long frame
      self._show(picture, Fraction(1, RATE))
    self._writer.close()
    aside = self._aside
    files.write_atomically(self._path, lambda path: path.write_bytes(aside.read_bytes()))
    aside.unlink()

  def _show(self, picture: np.ndarray, seconds: Fraction) -> None:
    rgb = images.to_uint8(images.resize(picture, *self._size))
    self._writer.write(Frame(rgb, self._end, seconds))
    self._end += seconds
