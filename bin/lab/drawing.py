"""What the drawings for evaluations share: a grid of pixels, noise, shapes, hatching, screens.

Drawings are made on arrays of twice the size, [960, 1280], and shrunk to 640x480 pixels at the end.
Coordinates and lengths are in pixels of the final size everywhere.
"""

import functools
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

WIDTH, HEIGHT, SCALE = 640, 480, 2
SHAPE = (HEIGHT * SCALE, WIDTH * SCALE)
Points = list[tuple[float, float]]


def colors(text: str) -> np.ndarray:
  """Parses '1b2a4e f0e0c0' into RGB rows in [0, 1]."""
  return np.array([[int(c[i:i + 2], 16) / 255 for i in (0, 2, 4)] for c in text.split()])


def ramp(palette: np.ndarray, value: np.ndarray) -> np.ndarray:
  """Interpolates a palette [n, 3] at values [...] in [0, 1]: [..., 3]."""
  at = np.clip(value, 0, 1) * (len(palette) - 1)
  return np.stack([np.interp(at, range(len(palette)), channel) for channel in palette.T], -1)


@functools.cache
def grid() -> tuple[np.ndarray, np.ndarray]:
  """Returns y and x of each sample, [960, 1280] each."""
  y, x = np.mgrid[:SHAPE[0], :SHAPE[1]] / SCALE
  return y, x


def noise(rng: np.random.Generator, rows: float, columns: float | None = None) -> np.ndarray:
  """Smooth Gaussian noise of unit variance, its blobs `rows` by `columns` pixels, [960, 1280]."""
  spectrum = np.fft.rfft2(rng.standard_normal(SHAPE))
  fy, fx = np.fft.fftfreq(SHAPE[0])[:, None], np.fft.rfftfreq(SHAPE[1])
  down, across = rows * SCALE, (columns or rows) * SCALE
  spectrum *= np.exp(-8 * ((fy * down) ** 2 + (fx * across) ** 2))
  smooth = np.fft.irfft2(spectrum, SHAPE)
  return (smooth - smooth.mean()) / smooth.std()


def line_noise(rng: np.random.Generator, length: float) -> np.ndarray:
  """Smooth noise of unit variance along a row, [1280]."""
  spectrum = np.fft.rfft(rng.standard_normal(SHAPE[1]))
  spectrum *= np.exp(-8 * (np.fft.rfftfreq(SHAPE[1]) * length * SCALE) ** 2)
  smooth = np.fft.irfft(spectrum, SHAPE[1])
  return smooth / smooth.std()


def blurred(array: np.ndarray, sigma: float) -> np.ndarray:
  """Gaussian blur of an array [960, 1280] in [0, 1]."""
  image = Image.fromarray(np.uint8(255 * np.clip(array, 0, 1)))
  return np.asarray(image.filter(ImageFilter.GaussianBlur(sigma * SCALE)), float) / 255


class Plate:
  """A plane of ink, [960, 1280], to draw polygons, lines and discs on."""

  def __init__(self) -> None:
    self._image = Image.new("L", SHAPE[::-1])
    self._draw = ImageDraw.Draw(self._image)

  def polygon(self, points: Points, ink: float = 1.0) -> "Plate":
    self._draw.polygon(_scaled(points), fill=round(255 * ink))
    return self

  def line(self, points: Points, width: float = 1.0, ink: float = 1.0) -> "Plate":
    self._draw.line(_scaled(points), round(255 * ink), max(1, round(width * SCALE)), "curve")
    return self

  def disc(self, x: float, y: float, radius: float, ink: float = 1.0,
           height: float | None = None) -> "Plate":
    down = (height or radius) * SCALE
    box = (x * SCALE - radius * SCALE, y * SCALE - down, x * SCALE + radius * SCALE,
           y * SCALE + down)
    self._draw.ellipse(box, fill=round(255 * ink))
    return self

  @property
  def ink(self) -> np.ndarray:
    """What is drawn so far, [960, 1280] in [0, 1]."""
    return np.asarray(self._image, float) / 255


def _scaled(points: Points) -> Points:
  return [(x * SCALE, y * SCALE) for x, y in points]


def polygon(*points: tuple[float, float]) -> np.ndarray:
  """Returns a polygon as a mask, [960, 1280]."""
  return Plate().polygon(list(points)).ink


def disc(x: float, y: float, radius: float, height: float | None = None) -> np.ndarray:
  """Returns an ellipse as a mask, [960, 1280]."""
  return Plate().disc(x, y, radius, 1.0, height).ink


class Hand(NamedTuple):
  """How a hand strays from what is exact, [960, 1280] each; one for a whole picture."""

  uneven: np.ndarray
  strays: np.ndarray

  @classmethod
  def of(cls, rng: np.random.Generator) -> "Hand":
    return cls(0.10 * noise(rng, 4, 30) + 0.06 * noise(rng, 2), noise(rng, 40))


def hatched(hand: Hand, tone: np.ndarray | float, degrees: float, pitch: float,
            cross: bool = True, wobble: float = 0.5) -> np.ndarray:
  """Returns lines as thick as the tone asks, and crossing ones where it is dark, [960, 1280].

  Args:
    tone: darkness in [0, 1], a number or [960, 1280].
    degrees: the lines' direction, counted from the horizontal.
    pitch: pixels from line to line.
    wobble: pixels that lines stray from their course.
  """
  y, x = grid()
  tone = np.broadcast_to(tone, SHAPE)

  def lines(share: np.ndarray, turned: float, apart: float) -> np.ndarray:
    angle = np.radians(turned)
    across = y * np.cos(angle) + x * np.sin(angle) + wobble * hand.strays
    triangle = 2 * np.abs((across / apart) % 1 - 0.5)
    return np.clip((share - triangle) * apart * SCALE / 2 + 0.5, 0, 1) * (share > 0.05)

  first = lines(np.clip(tone + hand.uneven * tone, 0, 0.8), degrees, pitch)
  if not cross or tone.max() < 0.45:
    return first
  return np.maximum(first, lines(np.clip(1.3 * (tone - 0.45) + hand.uneven * tone, 0, 0.8),
                                 degrees + 62, 0.9 * pitch))


def blank(color: str) -> np.ndarray:
  """Returns a sheet of one color, [960, 1280, 3]."""
  return np.tile(colors(color)[0], (*SHAPE, 1))


def around(x: float, y: float, reach: float) -> tuple[slice, slice]:
  """Returns the part of an array that is at most `reach` pixels away, to work on that alone."""
  return tuple(slice(max(0, int((middle - reach) * SCALE)), max(0, int((middle + reach) * SCALE)))
               for middle in (y, x))


def laid(ink: np.ndarray, new: np.ndarray | float, mask: np.ndarray) -> np.ndarray:
  """Puts new ink or colors, [960, 1280] or [..., 3], where the mask is, in place; returns `ink`."""
  rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
  if not len(rows):
    return ink
  part = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
  share = mask[part] if ink.ndim == 2 else mask[part][..., None]
  ink[part] += share * (np.broadcast_to(new, ink.shape)[part] - ink[part])
  return ink


def screened(coverage: np.ndarray, degrees: float, pitch: float) -> np.ndarray:
  """Returns a halftone screen's dots, [960, 1280], that cover about the share asked for."""
  y, x = grid()
  angle = np.radians(degrees)
  u = (x * np.cos(angle) + y * np.sin(angle)) * 2 * np.pi / pitch
  v = (y * np.cos(angle) - x * np.sin(angle)) * 2 * np.pi / pitch
  cell = 0.5 + 0.25 * (np.cos(u) + np.cos(v))
  return np.clip((coverage - (1 - cell)) * pitch * SCALE / 2.2 + 0.5, 0, 1) * (coverage > 0.03)


def shifted(array: np.ndarray, down: np.ndarray, right: np.ndarray) -> np.ndarray:
  """Takes each sample from so many pixels further down and right, at the border from there."""
  rows, columns = np.indices(SHAPE)
  rows = np.clip(rows + np.int64(np.round(SCALE * down)), 0, SHAPE[0] - 1)
  columns = np.clip(columns + np.int64(np.round(SCALE * right)), 0, SHAPE[1] - 1)
  return array[rows, columns]


def printed(ink: np.ndarray, paper: str, color: str) -> np.ndarray:
  """Returns ink [960, 1280] of one color on paper, [960, 1280, 3]."""
  return laid(blank(paper), colors(color)[0], ink)


def shrunk(picture: np.ndarray) -> np.ndarray:
  """[960, 1280, 3] in [0, 1] -> [1, 480, 640, 3] float32 of whole levels of 8 bits."""
  image = Image.fromarray(np.uint8(np.clip(picture, 0, 1) * 255 + 0.5))
  image = image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
  return np.asarray(image, np.float32)[None] / np.float32(255)


def enlarged(photograph: np.ndarray) -> np.ndarray:
  """[h, w, 3] or [h, w] uint8 -> [960, 1280, 3] in [0, 1], its middle cut out."""
  image = Image.fromarray(photograph).convert("RGB")
  scale = max(SHAPE[1] / image.width, SHAPE[0] / image.height)
  image = image.resize((round(image.width * scale), round(image.height * scale)),
                       Image.Resampling.BICUBIC)
  left, top = (image.width - SHAPE[1]) // 2, (image.height - SHAPE[0]) // 2
  return np.asarray(image.crop((left, top, left + SHAPE[1], top + SHAPE[0])), float) / 255
