"""Films that FFmpeg reads, through PyAV: upright frames with their times, in memory one by one."""

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from tf_style.errors import InputError, expected, one_line
from tf_style.films import extra, hdr
from tf_style.films.film import About, Colors, Frame

if TYPE_CHECKING:
  import av

_BEFORE_START_S = 2  # that a search for a start goes back at least
_UNSPECIFIED = 2  # FFmpeg's number of a matrix that is not given
# FFmpeg's numbers of matrices -> swscale's.
_MATRICES = {1: 1, 4: 4, 5: 5, 6: 5, 7: 7, 9: 9, 10: 9}
_BT709, _BT601 = 1, 5
_HD_HEIGHT = 720  # pixels; from here on a film without a word on it is BT.709
_HDR = {hdr.PQ: "PQ", hdr.HLG: "HLG"}


class VideoFile:
  """A file with a track of pictures; see `film.Film`."""

  def __init__(self, path: str):
    """Opens the file and looks at its head and its first frame.

    Raises:
      InputError: there is no film in it, or it cannot be read.
    """
    self.path = path
    self._av = extra.load("av")
    self._lost, self._seen, self._whole = 0, 0, False
    with self._opened() as container:
      stream = self._stream(container)
      first = next(self._decoded(container, stream), None)
      if first is None:
        raise InputError("--content: " + expected(
            "a film with a frame that can be decoded", path))
      self._turns, self._transfer = round(first.rotation / 90) % 4, int(first.color_trc)
      self.about = _about(container, stream, first, self._turns)

  def frames(self, start: Fraction = Fraction(0)) -> Iterator[Frame]:
    """Yields the frames from a time on; see `film.Film`."""
    self._lost, self._seen, self._whole = 0, 0, False
    with self._opened() as container:
      stream = self._stream(container)
      stream.thread_type = "AUTO"
      origin = _origin(container, stream)
      if start > _BEFORE_START_S:
        self._seek(container, stream, origin + start - _BEFORE_START_S)
      decoded = self._decoded(container, stream)
      time, step = Fraction(-1), 1 / self.about.rate
      for frame in self._deinterlaced(decoded, stream):
        self._seen += 1
        known = None if frame.pts is None else frame.pts * _time_base(frame) - origin
        if known is None or known <= time:  # no time stamp, or one that was there before
          known = time + step if time >= 0 else Fraction(0)
        time = known
        if time >= start:
          yield Frame(self._upright(frame), time, _duration(frame))
      self._whole = not start  # all was looked at

  def lost(self) -> str:
    """Returns what could not be decoded, in words, or ''."""
    wanted = self.about.frames
    if self._lost:
      return (f"{self._lost} parts of {self.path} could not be decoded: it is cut off or damaged; "
              f"{self._seen} frames were read")
    if self._whole and self._seen < wanted:
      return (f"{self.path} ends after {self._seen} of {wanted} frames: it is cut off or damaged")
    return ""

  def _opened(self) -> Any:
    try:
      return self._av.open(self.path)
    except (self._av.FFmpegError, OSError, ValueError) as error:
      raise InputError("--content: " + expected(
          "a film that FFmpeg reads", f"{self.path} ({_reason(error)})")) from error

  def _stream(self, container: "av.container.InputContainer") -> "av.VideoStream":
    picture = self._av.stream.Disposition.attached_pic
    streams = [stream for stream in container.streams.video
               if not stream.disposition & picture]
    if not streams:
      held = ", ".join(stream.type for stream in container.streams) or "nothing"
      raise InputError("--content: " + expected(
          "a film", f"{self.path}, which holds no pictures ({held})"))
    return max(streams, key=lambda stream: (
        bool(stream.disposition & self._av.stream.Disposition.default),
        stream.width * stream.height))

  def _seek(self, container: "av.container.InputContainer", stream: "av.VideoStream",
            time: Fraction) -> None:
    try:
      container.seek(int(time / _time_base(stream)), stream=stream)
    except self._av.FFmpegError:  # some files cannot be searched: they are read from the beginning
      container.seek(0)

  def _decoded(self, container: "av.container.InputContainer",
               stream: "av.VideoStream") -> Iterator["av.VideoFrame"]:
    """Yields what can be decoded, and counts packets that cannot."""
    errors = (self._av.FFmpegError, OSError)
    packets = container.demux(stream)
    while True:
      try:
        packet = next(packets)
      except StopIteration:
        return
      except errors:  # the file is cut off here
        self._lost += 1
        packet = None
      try:
        yield from packet.decode() if packet else stream.codec_context.decode(None)
      except EOFError:
        pass
      except errors:
        self._lost += 1
      if packet is None:
        return

  def _deinterlaced(self, frames: Iterator["av.VideoFrame"],
                    stream: "av.VideoStream") -> Iterator["av.VideoFrame"]:
    """Yields a progressive frame for each that is interlaced, and others as they are."""
    graph = None
    for frame in frames:
      if graph is None and not frame.interlaced_frame:
        yield frame
        continue
      if graph is None:
        graph = _deinterlacer(self._av, stream, frame)
      graph.push(frame)
      yield from _pulled(self._av, graph)
    if graph is not None:
      graph.push(None)
      yield from _pulled(self._av, graph)

  def _upright(self, frame: "av.VideoFrame") -> np.ndarray:
    colors = self.about.colors
    full = self._av.video.reformatter.ColorRange
    is_hdr = self._transfer in _HDR
    rgb = frame.to_ndarray(
        format="rgb48le" if is_hdr else "rgb24", src_colorspace=colors.matrix,
        interpolation=extra.EXACT,
        src_color_range=full.JPEG if colors.full else full.MPEG)
    if is_hdr:
      rgb = hdr.as_srgb(rgb, self._transfer)
    return np.ascontiguousarray(np.rot90(rgb, self._turns))


def _about(container: "av.container.InputContainer", stream: "av.VideoStream",
           first: "av.VideoFrame", turns: int) -> About:
  height, width = first.height, first.width
  aspect = Fraction(stream.sample_aspect_ratio or 1) or Fraction(1)
  if turns % 2:
    height, width, aspect = width, height, 1 / aspect
  rate = Fraction(stream.average_rate or stream.guessed_rate or stream.base_rate or 25)
  length = stream.duration * _time_base(stream) if stream.duration else (
      Fraction(container.duration or 0, 1_000_000))
  notes = []
  if (others := len(container.streams.video) - 1) > 0:
    notes.append(f"of {others + 1} tracks of pictures the main one is used")
  if texts := len(container.streams.subtitles):
    notes.append(f"{texts} tracks of subtitles are left out")
  if first.color_trc in _HDR:
    notes.append(f"the film is HDR ({_HDR[first.color_trc]}): its brightness is mapped to that of "
                 "ordinary films, which the result is")
  return About(height, width, aspect, rate, _time_base(stream), stream.frames,
               float(length), _colors(first), len(container.streams.audio), tuple(notes))


def _colors(frame: "av.VideoFrame") -> Colors:
  """Returns how a frame's numbers mean colors; where it does not say so, what is usual."""
  matrix = _MATRICES.get(frame.colorspace)
  if matrix is None:
    matrix = _BT709 if frame.height >= _HD_HEIGHT else _BT601
  full = frame.color_range == 2 or frame.format.name.startswith("yuvj")
  return Colors(matrix, full)


def _origin(container: "av.container.InputContainer", stream: "av.VideoStream") -> Fraction:
  """Returns the time stamp, in seconds, at which the film begins, sound and all."""
  own = (stream.start_time or 0) * _time_base(stream)
  if container.start_time is None:
    return own
  whole = Fraction(container.start_time, 1_000_000)
  return own if abs(own - whole) < Fraction(1, 500_000) else whole  # which is rounded


def _duration(frame: "av.VideoFrame") -> Fraction:
  return (frame.duration or 0) * _time_base(frame)


def _time_base(timed: "av.VideoFrame | av.VideoStream") -> Fraction:
  """Returns the seconds that a unit of its time stamps lasts."""
  return Fraction(timed.time_base or 1)


def _deinterlacer(av: Any, stream: "av.VideoStream", frame: "av.VideoFrame") -> Any:
  """Returns a graph of FFmpeg's filter bwdif, which gives a frame for each."""
  graph = av.filter.Graph()
  source = graph.add_buffer(width=frame.width, height=frame.height, format=frame.format,
                            time_base=frame.time_base or stream.time_base)
  middle = graph.add("bwdif", "mode=send_frame:deint=interlaced")
  sink = graph.add("buffersink")
  source.link_to(middle)
  middle.link_to(sink)
  graph.configure()
  return graph


def _pulled(av: Any, graph: Any) -> Iterator["av.VideoFrame"]:
  while True:
    try:
      yield graph.pull()
    except (av.BlockingIOError, EOFError):
      return


def _reason(error: Exception) -> str:
  return one_line(getattr(error, "strerror", None) or error)
