"""What is needed to paint a film, as one record."""

from typing import NamedTuple

from tf_style.films import sizes
from tf_style.films.film import Film
from tf_style.films.kept import KeptFrames
from tf_style.films.painters import FramePainter
from tf_style.films.settings import FilmConfig
from tf_style.settings.config import Config


class FilmJob(NamedTuple):
  """What is needed to paint a film.

  Attributes:
    film: to be read.
    painter: of its frames.
    config: of each picture; size, limits and coherence are read here.
    settings: of the film.
    kept: where finished frames are kept; None keeps none.
  """

  film: Film
  painter: FramePainter
  config: Config
  settings: FilmConfig
  kept: KeptFrames | None = None

  @property
  def longest_segment(self) -> int:
    """Frames of a segment at most; 0 where shots are not cut."""
    return self.settings.segments if self.config.coherence else 0

  @property
  def size(self) -> tuple[int, int]:
    """Height and width at which the frames are painted."""
    return sizes.painted_size(self.film.about, self.config.image_size, self.config.max_pixels)
