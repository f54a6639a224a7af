"""Frames and sound -> a film in the format of a name's ending, through PyAV."""

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from tf_style.errors import InputError, expected
from tf_style.films import extra
from tf_style.films.film import Colors, Frame
from tf_style.films.sound import Sound
from tf_style.pictures import images

if TYPE_CHECKING:
  import av

_TAGS = {1: 1, 5: 6, 9: 9}  # swscale's numbers of matrices -> FFmpeg's
_FULL, _LIMITED = 2, 1  # FFmpeg's numbers of ranges
_MOST_CRF = 63


class Format(NamedTuple):
  """How films of an ending are encoded.

  Attributes:
    codec: FFmpeg's encoder.
    pixels: FFmpeg's name of the pixel format.
    even: whether sides must be even.
    crf: the quality where none is asked for; None where there is no such number.
    options: of the encoder.
    full_range: whether luma may have all its levels.
    copied: codecs of sound that the container takes as they are.
    sound: the encoder for other sound; '' where the container takes none.
    aspect: whether it knows pixels that are not square.
  """

  codec: str
  pixels: str
  even: bool
  crf: int | None
  options: Mapping[str, str]
  full_range: bool
  copied: tuple[str, ...]
  sound: str
  aspect: bool


FORMATS: Mapping[str, Format] = {
    ".mp4": Format("libx264", "yuv420p", True, 17, {"preset": "medium"}, True,
                   ("aac", "mp3", "ac3", "eac3", "alac", "flac", "opus"), "aac", True),
    ".webm": Format("libvpx-vp9", "yuv420p", False, 24,
                    {"deadline": "good", "cpu-used": "3", "row-mt": "1", "b": "0"}, True,
                    ("opus", "vorbis"), "libopus", False),
    ".mov": Format("prores_ks", "yuv422p10le", True, None, {"profile": "hq", "vendor": "apl0"},
                   False, ("aac", "mp3", "ac3", "eac3", "alac", "pcm_s16le", "pcm_s24le",
                           "pcm_s16be", "pcm_s24be", "pcm_f32le"), "pcm_s16le", True),
    ".gif": Format("gif", "pal8", False, None, {}, False, (), "", False)}
ENDINGS = f"a name ending in {', '.join(FORMATS)}, or a folder for PNGs (a name without an ending)"


class Sheet(NamedTuple):
  """What all frames of a film have in common.

  Attributes:
    height, width: of the frames, in pixels that are square.
    stored: height and width as they are encoded.
    aspect: width over height of a stored pixel.
    rate: frames a second, on average.
    time_base: of the time stamps.
    colors: how RGB is encoded.
  """

  height: int
  width: int
  stored: tuple[int, int]
  aspect: Fraction
  rate: Fraction
  time_base: Fraction
  colors: Colors


class Writer(Protocol):
  """Takes the frames of a film in their order."""

  def write(self, frame: Frame) -> None:
    """Takes a frame [H, W, 3] uint8 of the sheet's size."""

  def close(self) -> None:
    """Ends the file."""


def check_output(path: Path, crf: int | None = None) -> None:
  """Checks that films of that ending can be written here; a name without one is a folder's.

  Raises:
    InputError: they cannot.
  """
  ending = path.suffix.lower()
  if ending and ending not in FORMATS:
    raise InputError("--output: " + expected(ENDINGS, path))
  given = FORMATS.get(ending)
  if crf is not None and (given is None or given.crf is None):
    kinds = ", ".join(name for name, each in FORMATS.items() if each.crf is not None)
    raise InputError("--crf: " + expected(f"an --output that ends in {kinds}", path))
  if given is not None:
    check_codec(path, "--output")


def check_codec(path: Path, flag: str) -> None:
  """Checks that the encoder of an ending in `FORMATS` is there.

  Raises:
    InputError: it is not, or the extra is not installed.
  """
  codec = FORMATS[path.suffix.lower()].codec
  if codec not in extra.load("av").codecs_available:
    raise InputError(f"{flag}: " + expected(
        f"an ending whose encoder this PyAV has ({', '.join(written_here())})",
        f"{path}, which takes {codec}"))


def written_here() -> list[str]:
  """Returns the endings whose encoders are there."""
  there = extra.load("av").codecs_available
  return [ending for ending, each in FORMATS.items() if each.codec in there]


def make_writer(path: Path, sheet: Sheet, sound: Sound | None, crf: int | None) -> Writer:
  """Returns what writes a film; `path` is written at once, so it is a name aside."""
  if path.suffix.lower() == ".gif":
    return GifWriter(path, sheet)
  return VideoWriter(path, sheet, sound, crf)


class VideoWriter:
  """A file with one track of pictures, and the sound of another."""

  def __init__(self, path: Path, sheet: Sheet, sound: Sound | None, crf: int | None):
    """Opens the file.

    Args:
      path: its ending is one of `FORMATS`.
      sheet: what the frames have in common.
      sound: to be copied along.
      crf: quality, less is better; None takes the format's own.
    """
    self._av, self._sheet, self._sound = extra.load("av"), sheet, sound
    self._format = FORMATS[path.suffix.lower()]
    self._padding = [side % 2 if self._format.even else 0 for side in sheet.stored]
    options = {"movflags": "+faststart"} if path.suffix.lower() in (".mp4", ".mov") else {}
    self._container = self._av.open(str(path), "w", options=options)
    self._stream = self._added(crf)
    if sound is not None:
      sound.begin(self._container, self._format.copied, self._format.sound)

  def write(self, frame: Frame) -> None:
    """Takes a frame; the sound up to it goes before."""
    if self._sound is not None:
      self._sound.write_until(frame.time)
    made = self._encoded(_stored(frame.rgb, self._sheet, self._padding))
    made.pts, made.time_base = _ticks(frame.time, self._sheet.time_base), self._sheet.time_base
    if frame.duration:
      made.duration = _ticks(frame.duration, self._sheet.time_base)
    self._container.mux(self._stream.encode(made))

  def close(self) -> None:
    """Writes what is left, and the sound to its end."""
    self._container.mux(self._stream.encode(None))
    if self._sound is not None:
      self._sound.write_until(None)
    self._container.close()

  def _added(self, crf: int | None) -> "av.VideoStream":
    given, sheet = self._format, self._sheet
    options = dict(given.options)
    if given.crf is not None:
      options["crf"] = str(given.crf if crf is None else crf)
    stream: Any = self._container.add_stream(given.codec, rate=sheet.rate, options=options)
    stream.height, stream.width = (
        side + extra_ for side, extra_ in zip(sheet.stored, self._padding, strict=True))
    stream.pix_fmt = given.pixels
    context = stream.codec_context
    context.time_base = sheet.time_base
    context.sample_aspect_ratio = sheet.aspect
    context.colorspace = _TAGS.get(sheet.colors.matrix, 1)
    context.color_range = _FULL if self._full else _LIMITED
    stream.time_base = sheet.time_base
    return stream

  @property
  def _full(self) -> bool:
    return self._sheet.colors.full and self._format.full_range

  def _encoded(self, rgb: np.ndarray) -> "av.VideoFrame":
    frame = self._av.VideoFrame.from_ndarray(rgb, format="rgb24")
    ranges = self._av.video.reformatter.ColorRange
    return frame.reformat(
        format=self._format.pixels, dst_colorspace=self._sheet.colors.matrix,
        dst_color_range=ranges.JPEG if self._full else ranges.MPEG,
        interpolation=extra.EXACT)


class GifWriter:
  """A GIF whose frames have palettes of their own; it loops."""

  def __init__(self, path: Path, sheet: Sheet):
    """Opens the file."""
    self._av, self._sheet = extra.load("av"), sheet
    self._container = self._av.open(str(path), "w", options={"loop": "0"})
    stream: Any = self._container.add_stream("gif", rate=sheet.rate)
    stream.height, stream.width, stream.pix_fmt = sheet.height, sheet.width, "pal8"
    stream.codec_context.time_base = Fraction(1, 100)
    self._stream = stream
    self._waiting: Frame | None = None
    self._graph = self._palettes()

  def write(self, frame: Frame) -> None:
    """Takes a frame; it is written when the next one says how long it is shown."""
    if self._waiting is not None:
      self._encode(self._waiting, frame.time - self._waiting.time)
    self._waiting = frame

  def close(self) -> None:
    """Writes the last frame and ends the file."""
    if self._waiting is not None:
      self._encode(self._waiting, self._waiting.duration or 1 / self._sheet.rate)
    self._container.mux(self._stream.encode(None))
    self._container.close()

  def _palettes(self) -> Any:
    """Returns a graph that gives each frame the 256 colors that suit it best."""
    graph, sheet = self._av.filter.Graph(), self._sheet
    source = graph.add_buffer(width=sheet.width, height=sheet.height, format="rgb24",
                              time_base=Fraction(1, 100))
    split = graph.add("split")
    palette = graph.add("palettegen", "stats_mode=single")
    use = graph.add("paletteuse", "new=1:dither=sierra2_4a")
    sink = graph.add("buffersink")
    source.link_to(split)
    split.link_to(use, 0, 0)
    split.link_to(palette, 1, 0)
    palette.link_to(use, 0, 1)
    use.link_to(sink)
    graph.configure()
    return graph

  def _encode(self, frame: Frame, duration: Fraction) -> None:
    made = self._av.VideoFrame.from_ndarray(np.ascontiguousarray(frame.rgb), format="rgb24")
    made.pts, made.time_base = _ticks(frame.time, Fraction(1, 100)), Fraction(1, 100)
    self._graph.push(made)
    painted = self._graph.pull()
    painted.duration = max(1, _ticks(duration, Fraction(1, 100)))
    self._container.mux(self._stream.encode(painted))


def _stored(rgb: np.ndarray, sheet: Sheet, padding: list[int]) -> np.ndarray:
  """Returns a frame as it is encoded; a side that must be even gets its last pixels once more."""
  if rgb.shape[:2] != sheet.stored:
    rgb = images.to_uint8(images.resize(np.float32(rgb[None]) / 255, *sheet.stored))
  if any(padding):
    rgb = np.pad(rgb, [(0, padding[0]), (0, padding[1]), (0, 0)], "edge")
  return np.ascontiguousarray(rgb)


def _ticks(seconds: Fraction, time_base: Fraction) -> int:
  return round(seconds / time_base)
