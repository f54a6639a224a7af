"""A film painted shot by shot, in whatever order: the frames are those of one process."""

import collections
import random
from fractions import Fraction

import film_kinds
import numpy as np
import pytest
import scenes
from made_problems import sample

from tf_style.films.kept import KeptFrames
from tf_style.films.opening import open_film
from tf_style.films.painters import Painted, eight_bits
from tf_style.films.painting import FilmJob, Part, paint_frames
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
      before = range(stretch.part.first, stretch.part.begin)
      task = shots.StretchTask(stretch.part, tuple(map(self._job.kept.files, before)))
      self.parts.append(stretch.part)
      yield stretch, (), shots.paint_part(self._job, task)


def test_the_shots_of_a_film_are_found(film, tmp_path):
  times, begins = shots.shots_of(job(film, tmp_path))
  assert begins == [0, CUT] and times == [Fraction(number, 25) for number in range(COUNT)]


@pytest.mark.parametrize("settings", [{}, {"coherence": 0}, {"start": 0.1}, {"fps": 12.5}],
                         ids=str)
def test_frames_are_those_of_one_process(film, tmp_path, monkeypatch, settings):
  monkeypatch.setattr(shots, "_A_PART", 3)
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
  monkeypatch.setattr(shots, "_A_PART", 2)
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


def test_a_part_that_kills_its_workers_ends_the_film(film, tmp_path):
  class Deadly:
    def work(self, waiting):
      yield waiting.popleft(), (), shots.Stretched(error="its worker died, 3 times")

  with pytest.raises(OSError, match="its worker died, 3 times"):
    list(shots.paint_shots(job(film, tmp_path), Deadly()))


def test_a_part_says_which_frames_it_is():
  stretch = shots.Stretch(Part(2, Fraction(2, 25), 10, 24), "film.mp4")
  assert stretch.name == "frames 11 to 24" and stretch.content == "film.mp4"
