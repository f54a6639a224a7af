"""Films of all kinds, in and out: frames, time stamps, sound, size, orientation, colors."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import film_kinds
import numpy as np
import pytest
from film_kinds import FRAMES, picture
from PIL import Image

from tf_style.films import hdr
from tf_style.films.job import FilmJob
from tf_style.films.kept import KeptFrames
from tf_style.films.opening import open_film
from tf_style.films.painting import paint_frames, write_film
from tf_style.films.settings import FilmConfig
from tf_style.settings.config import Config

OUTPUTS = ("out.mp4", "out.webm", "out.mov", "out.gif", "out")


def as_it_is(frame, expected, on_step=None):
  """A painter that changes nothing."""
  from tf_style.films.painters import Painted
  del expected, on_step
  return Painted(frame, frame, {})


class Kind(NamedTuple):
  """A kind of film, and what is expected of it.

  Attributes:
    make: writes it into a folder, and returns its path.
    size: height and width, upright, in square pixels.
    count: frames.
    sounds: tracks.
    turns: quarter turns, against the clock, that bring a frame upright.
    tolerance: of colors, in grey levels.
  """

  make: Callable[[Path], Path]
  size: tuple[int, int] = (48, 64)
  count: int = FRAMES
  sounds: int = 1
  turns: int = 0
  tolerance: float = 8


def made(name: str, **how: Any) -> Callable[[Path], Path]:
  return lambda folder: film_kinds.write(folder / name, **how)


def truncated(folder: Path) -> Path:
  whole = film_kinds.write(folder / "whole.ts", [picture(index) for index in range(60)], sounds=())
  path = folder / "cut.ts"
  path.write_bytes(whole.read_bytes()[:whole.stat().st_size * 6 // 10])
  return path


def animation(name: str) -> Callable[[Path], Path]:
  def make(folder: Path) -> Path:
    first, *rest = (Image.fromarray(picture(index)) for index in range(FRAMES))
    lossless = {"lossless": True} if name.endswith("webp") else {}
    first.save(folder / name, save_all=True, append_images=rest,
               duration=[40 + 10 * index for index in range(FRAMES)], **lossless)
    return folder / name
  return make


def in_hdr(folder: Path) -> Path:
  """Writes the colors as a film in PQ, whose white is 203 cd/m^2."""
  light = lambda rgb: 203 * np.power(rgb / 255, 2.2) @ np.linalg.inv(hdr._TO_BT709).T
  return film_kinds.write(folder / "film.mp4", [
      np.uint16(65535 * hdr.light_to_pq(np.maximum(light(picture(index)), 0)))
      for index in range(FRAMES)], pixels="yuv420p10le", matrix=9, transfer=hdr.PQ)


def numbered(folder: Path) -> Path:
  frames = folder / "frames"
  frames.mkdir()
  for index in range(FRAMES):
    Image.fromarray(picture(index)).save(frames / f"shot-{index + 1}.png")  # 10 comes after 9
  return frames


KINDS = {
    "plain": Kind(made("film.mp4")),
    "variable rate": Kind(made(
        "film.mkv", stamps=[0, 40, 90, 110, 200, 240, 300, 500, 510, 600],
        time_base=Fraction(1, 1000), sounds=(("libopus", 48000),))),
    "rotated, as phones do": Kind(made("film.mp4", rotation=-90), size=(64, 48), turns=-1),
    "odd sides": Kind(made("film.webm", codec="libvpx-vp9", sounds=(("libopus", 48000),),
                           frames=[picture(index, 49, 65) for index in range(FRAMES)]), (49, 65)),
    "10 bits": Kind(made("film.mp4", pixels="yuv420p10le")),
    "full range, BT.709": Kind(made("film.mp4", full=True, matrix=1)),
    "HDR": Kind(in_hdr, tolerance=40),  # bright colors are darker
    "no sound": Kind(made("film.mp4", sounds=()), sounds=0),
    "several tracks": Kind(made(
        "film.mkv", sounds=(("aac", 44100), ("libopus", 48000), ("pcm_s16le", 44100))), sounds=3),
    "one frame": Kind(made("film.mp4", frames=[picture(0)]), count=1),
    "cut off": Kind(truncated, count=34, sounds=0),
    "interlaced": Kind(made("film.mp4", interlaced=True, options={"x264-params": "tff=1"})),
    "GIF": Kind(animation("film.gif"), sounds=0),
    "WebP": Kind(animation("film.webp"), sounds=0),
    "folder of frames": Kind(numbered, sounds=0),
    "23.976": Kind(made("film.mp4", rate=Fraction(24000, 1001))),
    "long and tiny": Kind(made("film.mp4", frames=[picture(index, 32, 32) for index in range(300)]),
                          (32, 32), 300, tolerance=12),
    "4K": Kind(made("film.mp4", frames=[picture(index, 2160, 3840) for index in range(2)]),
               (54, 96), 2),
    "pixels that are not square": Kind(made("film.mp4", aspect=Fraction(4, 3)), (48, 85))}


def painted(path: Path, folder: Path, **settings: Any) -> FilmJob:
  film = open_film(str(path))
  longest = 96 if film.about.width > 1000 else "original"
  config = Config.of(image_size=longest, coherence=0)
  job = FilmJob(film, as_it_is, config, FilmConfig.of(**settings), KeptFrames(folder / "kept", {}))
  list(paint_frames(job))
  return job


@pytest.mark.parametrize("name", KINDS)
def test_what_goes_in_comes_out(name, tmp_path):
  kind = KINDS[name]
  source = kind.make(tmp_path)
  job = painted(source, tmp_path)
  before = list(job.film.frames())
  about = job.film.about
  assert len(before) == len(job.kept.entries) == kind.count and about.sounds == kind.sounds
  stamps = [frame.time for frame in before]
  assert job.size == kind.size
  corners = corners_of(before[0].rgb)
  wanted = np.rot90(np.array(film_kinds.CORNERS).reshape(2, 2, 3), kind.turns)
  assert np.abs(corners - wanted).max() <= kind.tolerance

  for output in OUTPUTS if name == "plain" else OUTPUTS[:1]:
    said: list[str] = []
    path = write_film(job, tmp_path / output, said.append)
    if output == "out":
      assert [each.name for each in sorted(path.iterdir())] == [
          f"{number:06d}.png" for number in range(1, kind.count + 1)]
      assert np.array_equal(np.asarray(Image.open(path / "000001.png")), before[0].rgb)
      continue
    after = open_film(str(path))
    frames = list(after.frames())
    coarsest = max(after.about.time_base, about.time_base)
    assert [frame.time for frame in frames] == pytest.approx(
        [float(time) for time in stamps], abs=float(coarsest) / 2 + 1e-9)
    assert np.abs(corners_of(frames[0].rgb) - wanted).max() <= kind.tolerance + 4
    assert after.about.colors.full == (about.colors.full and not output.endswith("gif"))
    check_size(kind, after.about, output)
    check_sound(source, path, about.sounds, said)


def corners_of(rgb: np.ndarray) -> np.ndarray:
  """Returns the colors near the corners, [2, 2, 3]."""
  height, width = rgb.shape[:2]
  return np.float32(rgb[np.ix_([height // 12, -height // 12], [width // 32, -width // 32])])


def check_size(kind: Kind, about: Any, output: str) -> None:
  """Sides are those of the film, made even where the codec needs it; aspects too."""
  height, width = kind.size
  even = output.endswith(("mp4", "mov"))
  assert about.height - height == (height % 2 if even else 0)
  assert 0 <= about.width * about.aspect - width <= 1.5


def check_sound(source: Path, path: Path, tracks: int, said: list[str]) -> None:
  with film_kinds.av.open(str(path)) as container:
    assert len(container.streams.audio) == (0 if path.suffix == ".gif" else tracks)
    copied = {each.codec_context.name for each in container.streams.audio}
  for track in range(0 if path.suffix == ".gif" else tracks):
    before, after = (film_kinds.sound_of(each, track) for each in (source, path))
    again = [line for line in said if f"track {track + 1} is encoded anew" in line]
    if again:
      assert len(after) >= 0.95 * len(before) / 1.1 and copied
    elif "opus" in copied and path.suffix == ".mp4":
      assert abs(len(before) - len(after)) < 1000
    else:
      np.testing.assert_array_equal(before, after)
