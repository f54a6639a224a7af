"""A film painted shot by shot, in whatever order: the frames are those of one process."""

import collections
import random
import shutil
from fractions import Fraction

import film_kinds
import numpy as np
import pytest
import scenes
from made_problems import sample

from tf_style.films import segments
from tf_style.films.job import FilmJob
from tf_style.films.kept import KeptFrames
from tf_style.films.opening import open_film
from tf_style.films.painters import Painted, eight_bits
from tf_style.films.painting import paint_all, paint_frames, write_film
from tf_style.films.segments import Part
from tf_style.films.settings import FilmConfig
from tf_style.many import shots
from tf_style.pictures import images
from tf_style.settings.config import Config

CUT, COUNT = 7, 12


@pytest.fixture(scope="module")
def film(tmp_path_factory):
  """A pan, and from the eighth frame on another picture that moves."""
  other = sample("waves", 120, 160)
  pictures = [images.to_uint8(scenes.frame(index)) for index in range(CUT)]
  pictures += [images.to_uint8(other[:, index:80 + index, 2 * index:112 + 2 * index])
               for index in range(COUNT - CUT)]
  return film_kinds.write(tmp_path_factory.mktemp("film") / "cut.mp4", pictures)


def mixed(frame, expected, on_step=None) -> Painted:
  """Paints a frame by what is expected of it: every result before counts."""
  del on_step
  made = 1 - frame
  if expected is not None:
    made = made + 0.7 * expected.trust * (expected.picture - made)
  made = eight_bits(made)
  return Painted(made, made, {"total": 1.0})


def job(film, folder, **settings) -> FilmJob:
  config = Config.of(image_size="original", coherence=settings.pop("coherence", 1))
  return FilmJob(open_film(str(film)), mixed, config, FilmConfig.of(**settings),
                 KeptFrames(folder, {}))


class Pool:
  """Paints tasks in this process, those that wait in any order."""

  def __init__(self, job: FilmJob):
    self._job, self._random, self.parts = job, random.Random(3), []

  def work(self, waiting: collections.deque):
    while waiting:
      waiting.rotate(self._random.randrange(len(waiting)))
      stretch = waiting.popleft()
      part = stretch.part
      task = shots.StretchTask(part, shots.files_of(self._job.kept, part, part.first, part.begin))
      self.parts.append(part)
      yield stretch, (), shots.paint_part(self._job, task)


def test_the_shots_of_a_film_are_found(film, tmp_path):
  times, begins = segments.shots_of(job(film, tmp_path))
  assert begins == [0, CUT] and times == [Fraction(number, 25) for number in range(COUNT)]


@pytest.mark.parametrize("settings", [{}, {"coherence": 0}, {"start": 0.1}, {"fps": 12.5}],
                         ids=str)
def test_frames_are_those_of_one_process(film, tmp_path, monkeypatch, settings):
  monkeypatch.setattr(segments, "_A_PART", 3)
  once = list(paint_frames(job(film, tmp_path / "once", **settings)))
  apart = job(film, tmp_path / "apart", **settings)
  pool = Pool(apart)
  found = {frame.number: frame for frame in shots.paint_shots(apart, pool)}
  assert sorted(found) == [frame.number for frame in once] and len(pool.parts) >= len(once) / 3
  for frame in once:
    np.testing.assert_array_equal(found[frame.number].picture, frame.picture)
    assert found[frame.number]._replace(picture=0, seconds=0) == frame._replace(
        picture=0, seconds=0)
  assert [apart.kept.entries[number] for number in sorted(found)] == [
      KeptFrames(tmp_path / "once", {}).entries[number] for number in sorted(found)]


def test_a_film_of_shots_goes_on_in_either_way(film, tmp_path, monkeypatch):
  """Frames of several shots are there; the others are painted as if nothing had been."""
  monkeypatch.setattr(segments, "_A_PART", 2)
  once = {frame.number: frame.picture for frame in paint_frames(job(film, tmp_path / "once"))}
  begun = job(film, tmp_path / "begun")
  painting = shots.paint_shots(begun, Pool(begun))
  for _ in range(5):
    next(painting)
  painting.close()
  there = set(begun.kept.entries)
  assert 5 <= len(there) < COUNT and there != set(range(len(there)))
  for number, goes_on in enumerate((paint_frames, lambda job: shots.paint_shots(job, Pool(job)))):
    again = job(film, tmp_path / f"again-{number}")
    for each in there:
      again.kept.add_files(begun.kept.files(each))
    rest = list(goes_on(job(film, tmp_path / f"again-{number}")))
    assert {frame.number for frame in rest} == set(once) - there
    for frame in rest:
      np.testing.assert_array_equal(frame.picture, once[frame.number])


def painted(job, goes_on) -> dict[int, np.ndarray]:
  """Paints what is missing, and returns all frames as they are written."""
  list(goes_on(job))
  return {number: segments.shown(job, number) for number in sorted(job.kept.entries)}


def in_any_order(job):
  return shots.paint_shots(job, Pool(job))


def same(some: dict[int, np.ndarray], others: dict[int, np.ndarray]) -> bool:
  return list(some) == list(others) and all(
      np.array_equal(some[number], others[number]) for number in some)


def test_segments_are_even_and_have_tails_within_their_shot(film, tmp_path):
  cut = job(film, tmp_path, segments=4)
  assert list(segments.segments_of(cut, [0, CUT, COUNT])) == [
      (0, 3, 5), (3, 7, 7), (7, 9, 11), (9, 12, 12)]
  for uncut in (job(film, tmp_path), job(film, tmp_path, segments=4, coherence=0)):
    assert list(segments.segments_of(uncut, [0, CUT, COUNT])) == [(0, 7, 7), (7, 12, 12)]


def test_segments_are_those_of_one_process(film, tmp_path, monkeypatch):
  monkeypatch.setattr(segments, "_A_PART", 2)
  frames = list(paint_all(once := job(film, tmp_path / "once", segments=4)))
  assert [frame.number for frame in frames] == list(range(COUNT))
  assert [frame.number for frame in frames if frame.begins_shot] == [0, 3, CUT, 9]
  expected = painted(once, paint_all)
  for frame in frames:
    np.testing.assert_array_equal(images.to_uint8(frame.picture), expected[frame.number])
  assert same(painted(job(film, tmp_path / "apart", segments=4), in_any_order), expected)
  uncut = painted(job(film, tmp_path / "uncut"), paint_all)
  assert [number for number in uncut if not np.array_equal(uncut[number], expected[number])][0] == 3
  for frame in paint_frames(job(film, tmp_path / "streamed")):
    np.testing.assert_array_equal(images.to_uint8(frame.picture), uncut[frame.number])


@pytest.mark.parametrize("count", [1, 3, 4, 5, 8])
@pytest.mark.parametrize("begins", [paint_all, in_any_order])
def test_a_film_of_segments_goes_on_in_either_way(film, tmp_path, monkeypatch, begins, count):
  monkeypatch.setattr(segments, "_A_PART", 2)
  expected = painted(job(film, tmp_path / "once", segments=4), paint_all)
  painting = begins(job(film, tmp_path / "begun", segments=4))
  for _ in range(count):
    next(painting)
  painting.close()
  for number, goes_on in enumerate((paint_all, in_any_order)):
    shutil.copytree(tmp_path / "begun", tmp_path / f"again-{number}")
    again = job(film, tmp_path / f"again-{number}", segments=4)
    assert count <= len(again.kept.entries) < COUNT
    assert same(painted(again, goes_on), expected)


def test_frames_are_written_as_they_are_shown(film, tmp_path):
  made = job(film, tmp_path / "kept", segments=4)
  expected = painted(made, in_any_order)
  write_film(made, tmp_path / "out")
  written = sorted((tmp_path / "out").iterdir())
  assert len(written) == COUNT
  for path, picture in zip(written, expected.values(), strict=True):
    np.testing.assert_array_equal(images.to_uint8(images.load_picture(path).rgb), picture)
  made.kept.remove()
  assert not list((tmp_path / "kept").rglob("*.png"))


def test_a_segment_begins_without_a_jump(tmp_path):
  """Each result is brighter than the last; a segment that begins afresh is dark again."""
  def drifting(frame, expected, on_step=None) -> Painted:
    del on_step
    made = eight_bits(0.5 * (1 - frame) if expected is None else expected.picture + 0.02)
    return Painted(made, made, {})

  film = film_kinds.write(
      tmp_path / "pan.mp4", [images.to_uint8(scenes.frame(index)) for index in range(20)])
  cut = job(film, tmp_path / "kept", segments=10)._replace(painter=drifting)
  mixed = [picture.mean() for picture in painted(cut, paint_all).values()]
  unmixed = [cut.kept.picture(number).mean() for number in range(20)]
  assert [entry.number for entry in cut.kept.entries.values() if entry.begins_shot] == [0, 10]
  steps, jumps = np.abs(np.diff(mixed)), np.abs(np.diff(unmixed))
  assert jumps[9] > 5 * np.median(jumps)  # from the tenth frame to the eleventh
  assert steps[9] < 1.5 * max(steps[8], steps[10]) and steps.max() < jumps[9] / 4


def test_a_part_that_kills_its_workers_ends_the_film(film, tmp_path):
  class Deadly:
    def work(self, waiting):
      yield waiting.popleft(), (), shots.Stretched(error="its worker died, 3 times")

  with pytest.raises(OSError, match="its worker died, 3 times"):
    list(shots.paint_shots(job(film, tmp_path), Deadly()))


def test_a_part_says_which_frames_it_is():
  stretch = shots.Stretch(Part(2, Fraction(2, 25), 10, 24, 30), "film.mp4")
  assert stretch.name == "frames 11 to 24" and stretch.content == "film.mp4"
