"""Films of many kinds, tiny, made by PyAV: a square that moves, and tones."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Image

av = pytest.importorskip("av")

WIDTH, HEIGHT, FRAMES = 64, 48, 10
CORNERS = ((220, 40, 40), (40, 200, 40), (40, 60, 220), (230, 220, 60))


def picture(index: int, height: int = HEIGHT, width: int = WIDTH) -> np.ndarray:
  """Frame [H, W, 3] uint8: four colors in the quarters, a white square that moves to the right."""
  rgb = np.empty((height, width, 3), np.uint8)
  middle, center = height // 2, width // 2
  rgb[:middle, :center], rgb[:middle, center:] = CORNERS[:2]
  rgb[middle:, :center], rgb[middle:, center:] = CORNERS[2:]
  top, left = height // 3, 4 + 3 * index % max(width // 2, 1)
  rgb[top:top + height // 6, left:left + width // 8] = 255
  return rgb


def tone(rate: int = 44100, seconds: float = 0.6, pitch: float = 440) -> np.ndarray:
  """[1, n] float32 samples that swell."""
  time = np.arange(int(rate * seconds)) / rate
  return np.float32(np.sin(2 * np.pi * pitch * time) * time / seconds * 0.5)[None]


def write(path: Path, frames: Sequence[np.ndarray] | None = None, *, codec: str = "libx264",
          pixels: str = "yuv420p", rate: Fraction | int = 25, stamps: Sequence[int] | None = None,
          time_base: Fraction | None = None, sounds: Sequence[tuple[str, int]] = (("aac", 44100),),
          full: bool = False, matrix: int = 5, rotation: int = 0, aspect: Fraction | None = None,
          interlaced: bool = False, options: dict[str, str] | None = None,
          transfer: int = 2) -> Path:
  """Writes a film; `sounds` are encoders with their rates, `matrix` is swscale's number.

  `transfer` is FFmpeg's number; frames of 16 bits are written as they are.
  """
  frames = [picture(index) for index in range(FRAMES)] if frames is None else frames
  base = time_base or 1 / Fraction(rate)
  with av.open(str(path), "w") as container:
    quality = {"crf": "1"} if codec == "libx264" else {}
    stream: Any = container.add_stream(codec, rate=rate, options=quality | (options or {}))
    stream.height, stream.width = frames[0].shape[:2]
    stream.pix_fmt = pixels
    context = stream.codec_context
    context.time_base = base
    context.color_range = 2 if full else 1
    context.colorspace, context.color_trc = {1: 1, 5: 6, 9: 9}[matrix], transfer
    if aspect:
      context.sample_aspect_ratio = aspect
    if interlaced:
      context.flags |= av.codec.context.Flags.interlaced_dct
    if rotation:
      stream.set_display_rotation(rotation)
    tracks = [_Track(container, *sound) for sound in sounds]
    for index, rgb in enumerate(frames):
      given = "rgb48le" if rgb.dtype == np.uint16 else "rgb24"
      frame = av.VideoFrame.from_ndarray(rgb, format=given).reformat(
          format=pixels, dst_colorspace=matrix, dst_color_range=2 if full else 1)
      frame.pts, frame.time_base = (stamps[index] if stamps else index), base
      container.mux(stream.encode(frame))
    for track in tracks:
      track.write(len(frames) / float(rate))
    container.mux(stream.encode(None))
    for track in tracks:
      container.mux(track.stream.encode(None))
  return path


class _Track:

  def __init__(self, container: Any, encoder: str, rate: int):
    self.stream = container.add_stream(encoder, rate=rate)
    self.stream.layout = "mono"
    self._container, self._rate = container, rate

  def write(self, seconds: float) -> None:
    context = self.stream.codec_context
    context.open(strict=False)
    frame = av.AudioFrame.from_ndarray(tone(self._rate, seconds), format="fltp", layout="mono")
    frame.rate, frame.pts, frame.time_base = self._rate, 0, Fraction(1, self._rate)
    resampler = av.AudioResampler(context.format, "mono", self._rate, context.frame_size or None)
    for part in (*resampler.resample(frame), *resampler.resample(None)):
      self._container.mux(self.stream.encode(part))


def sound_of(path: Path, track: int = 0) -> np.ndarray:
  """Decodes a track of sound: [n] float32, mono."""
  parts = []
  with av.open(str(path)) as container:
    resampler = av.AudioResampler("flt", "mono", container.streams.audio[track].rate)
    for frame in container.decode(container.streams.audio[track]):
      parts += [part.to_ndarray()[0] for part in resampler.resample(frame)]
  return np.concatenate(parts)


def stamps_of(path: Path) -> list[Fraction]:
  """Returns the times of all frames in seconds, in order."""
  with av.open(str(path)) as container:
    return sorted(frame.pts * frame.time_base for frame in container.decode(video=0))
