"""The sound of a film, copied into another as it is where the container takes it."""

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from tf_style.films import extra

if TYPE_CHECKING:
  import av

_LAYOUTS = {1: "mono", 2: "stereo", 3: "2.1", 4: "4.0", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}
_OPUS_RATES = (48000, 24000, 16000, 12000, 8000)


class Sound:
  """All tracks of sound of a file, from a time to another."""

  def __init__(self, path: str, start: Fraction, end: Fraction | None,
               say: Callable[[str], object]):
    """Opens nothing yet.

    Args:
      path: of the film.
      start: seconds from its beginning, which become the new one.
      end: seconds, likewise; None is the end of the film.
      say: is told what is encoded anew.
    """
    self._path, self._start, self._end, self._say = path, start, end, say
    self._av = extra.load("av")
    self._tracks: dict[int, _Track] = {}

  def begin(self, container: "av.container.OutputContainer", copied: tuple[str, ...],
            encoder: str) -> None:
    """Adds the tracks to a film.

    Args:
      container: it, without a packet yet.
      copied: codecs that it takes as they are.
      encoder: FFmpeg's, for all others.
    """
    self._source = self._av.open(self._path)
    self._container = container
    for stream in self._source.streams.audio:
      name = stream.codec_context.name.removesuffix("float").removesuffix("_fixed")
      if name in copied:
        self._tracks[stream.index] = _Copied(container, stream)
      else:
        self._say(f"the sound of track {stream.index} is encoded anew: {encoder} for {name}")
        self._tracks[stream.index] = _Encoded(self._av, container, stream, encoder)
      _keep_metadata(stream, self._tracks[stream.index].stream)
    self._packets = self._demuxed()
    self._next = next(self._packets, None)

  def write_until(self, time: Fraction | None) -> None:
    """Writes the packets before a time of the new film; None writes all, and closes the file."""
    while self._next is not None and (time is None or self._next[0] <= time):
      _, track, packet = self._next
      self._container.mux(track.packets(packet, self._origin + self._start))
      self._next = next(self._packets, None)
    if time is None:
      for track in self._tracks.values():
        self._container.mux(track.rest())
      self._source.close()

  @property
  def _origin(self) -> Fraction:
    return Fraction(self._source.start_time or 0, 1_000_000)

  def _demuxed(self) -> Iterator[tuple[Fraction, "_Track", "av.Packet"]]:
    """Yields packets in the order of the file, with their times in the new film."""
    streams = list(self._source.streams.audio)
    if not streams:
      return
    if self._start > 1:
      self._source.seek(int((self._origin + self._start - 1) * 1_000_000))
    try:
      for packet in self._source.demux(streams):
        if packet.pts is None:
          continue
        time = packet.pts * packet.time_base - self._origin
        length = Fraction(packet.duration or 0) * packet.time_base
        if self._end is not None and time >= self._end:
          if all(time >= self._end for _ in streams):
            return
          continue
        if time + length > self._start or (not self._start and time <= 0):
          yield time - self._start, self._tracks[packet.stream.index], packet
    except (self._av.FFmpegError, OSError):  # the file is cut off here
      return


class _Track:
  """One track: packets in, packets of the new film out."""

  stream: Any

  def packets(self, packet: "av.Packet", offset: Fraction) -> list["av.Packet"]:
    """Returns what becomes of a packet whose time stamps begin `offset` seconds too late."""
    raise NotImplementedError

  def rest(self) -> list["av.Packet"]:
    """Returns what is left at the end."""
    return []


class _Copied(_Track):

  def __init__(self, container: "av.container.OutputContainer", stream: "av.AudioStream"):
    self.stream = container.add_stream_from_template(stream)

  def packets(self, packet: "av.Packet", offset: Fraction) -> list["av.Packet"]:
    ticks = round(offset / packet.time_base)
    packet.pts = (packet.pts or 0) - ticks
    packet.dts = packet.pts if packet.dts is None else packet.dts - ticks
    packet.stream = self.stream
    return [packet]


class _Encoded(_Track):

  def __init__(self, av: Any, container: "av.container.OutputContainer",
               stream: "av.AudioStream", encoder: str):
    rate = stream.codec_context.sample_rate
    if encoder == "libopus" and rate not in _OPUS_RATES:
      rate = _OPUS_RATES[0]
    self._av = av
    self.stream = container.add_stream(encoder, rate=rate)
    context = self.stream.codec_context
    context.layout = _LAYOUTS.get(stream.codec_context.channels, "stereo")
    context.time_base = Fraction(1, rate)
    context.open(strict=False)
    self._resampler = av.AudioResampler(
        format=context.format, layout=context.layout, rate=context.rate,
        frame_size=context.frame_size or None)

  def packets(self, packet: "av.Packet", offset: Fraction) -> list["av.Packet"]:
    try:
      frames: Any = packet.decode()
    except self._av.FFmpegError:
      return []
    return [made for frame in frames for made in self._of(self._shifted(frame, offset))]

  def rest(self) -> list["av.Packet"]:
    return [*self._of(None), *self.stream.encode(None)]

  def _shifted(self, frame: "av.AudioFrame", offset: Fraction) -> "av.AudioFrame":
    if frame.pts is not None and frame.time_base:
      frame.pts -= round(offset / frame.time_base)
    return frame

  def _of(self, frame: "av.AudioFrame | None") -> list["av.Packet"]:
    return [packet for part in self._resampler.resample(frame)
            for packet in self.stream.encode(part)]


def _keep_metadata(source: "av.AudioStream", target: Any) -> None:
  for name in ("language", "title"):
    if name in source.metadata:
      target.metadata[name] = source.metadata[name]
