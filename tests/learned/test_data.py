"""Crops of photographs: functions of the step, from usable files alone, never of those held out."""

import functools

import numpy as np
import pytest
from absl import logging
from made_inputs import waves, write_picture

from tf_style.errors import InputError
from tf_style.learned import data
from tf_style.pictures import images


def photographs(sources, **options) -> data.Photographs:
  return data.Photographs(sources, **{"longest_side": 128, "least_side": 32} | options)


@pytest.fixture
def folder(tmp_path):
  for seed in range(6):
    write_picture(tmp_path / f"{seed}.png", 48 + seed, 64, seed=seed)
  return tmp_path


def test_a_batch_is_a_function_of_seed_and_step(folder):
  crops = data.Crops(photographs(images.pictures_of(folder, "--photos")), 32, 2, seed=1)
  again = data.Crops(photographs(images.pictures_of(folder, "--photos")), 32, 2, seed=1)
  batches = list(crops.dataset(3, 7).as_numpy_iterator())
  assert [batch.shape for batch in batches] == [(2, 32, 32, 3)] * 4
  for step, batch in enumerate(batches, start=3):
    np.testing.assert_array_equal(batch, again.at(step))
  assert not np.array_equal(batches[0], batches[1])
  assert not np.array_equal(again.at(3), again._replace(seed=2).at(3))


def test_photographs_that_are_held_out_are_never_trained_on(monkeypatch):
  monkeypatch.setattr(data, "_toned", lambda crop, rng: crop)
  flat = [np.full((40, 50, 3), 10 * value, np.uint8) for value in range(20)]
  made = photographs(flat)
  spared = {10 * int(place) for place in made.held_out}
  assert len(spared) == 4
  crops = data.Crops(made, 32, 2, seed=0)
  seen = {int(value) for step in range(200) for value in crops.at(step)[:, 0, 0, 0]}
  assert seen == {10 * value for value in range(20)} - spared
  assert set(np.unique(data.held_out(made, 32))) == spared


def test_bad_files_are_left_out_with_one_note(folder, caplog):
  (folder / "0.png").write_text("no picture")
  write_picture(folder / "small.png", 20, 64)
  crops = data.Crops(photographs(images.pictures_of(folder, "--photos")), 32, 3, seed=0)
  with caplog.at_level(logging.WARNING):
    for step in range(0, 80, 8):
      assert crops.at(step).min() >= 0
  notes = [record.getMessage() for record in caplog.records if record.name == "absl"]
  assert len(notes) == len(set(notes)) <= 2
  assert all("0.png" in note or "64x20" in note for note in notes)


def test_no_usable_photograph_is_refused(tmp_path):
  small = write_picture(tmp_path / "small.png", 20, 64)
  made = photographs([small])
  for ask in (lambda: data.Crops(made, 32, 1, 0).at(0), lambda: data.held_out(made, 32)):
    with pytest.raises(InputError, match="sides of at least 32 pixels"):
      ask()


def test_crops_are_of_all_scales():
  photograph = np.repeat(np.repeat(np.arange(96, dtype=np.uint8)[None, :, None], 96, 0), 3, 2)
  rng = np.random.default_rng(0)
  crops = [data.random_crop(photograph, 32, rng).astype(int) for _ in range(60)]
  assert {crop.shape for crop in crops} == {(32, 32, 3)}
  ways = {(np.sign(crop[0, -1, 0] - crop[0, 0, 0]), np.sign(crop[-1, 0, 0] - crop[0, 0, 0]))
          for crop in crops}
  assert ways == {(-1, 0), (1, 0), (0, -1), (0, 1)}
  levels = [crop.mean() for crop in crops]
  assert min(levels) < 40 < 60 < max(levels)


def test_scales_are_from_near_to_far(monkeypatch):
  monkeypatch.setattr(data, "_toned", lambda crop, rng: crop)
  photograph = np.repeat(np.repeat(np.arange(96, dtype=np.uint8)[None, :, None], 96, 0), 3, 2)
  rng = np.random.default_rng(0)
  spans = [float(np.ptp(data.random_crop(photograph, 32, rng)[..., 0])) for _ in range(60)]
  assert min(spans) < 40 and max(spans) > 85


def test_a_photograph_of_the_least_size_serves():
  picture = waves(32, 200, 1)
  assert data.Crops(photographs([picture]), 32, 1, 0).at(0).shape == (1, 32, 32, 3)
  assert data.middle(picture, 32).shape == (32, 32, 3)


def test_photographs_take_turns(folder, monkeypatch):
  """Crops that follow each other are of different photographs; each of these is decoded once."""
  made, decoded = photographs(images.pictures_of(folder, "--photos")), []
  monkeypatch.setattr(data, "random_crop", lambda photograph, size, rng: photograph[:32, :32])
  load = made._loaded
  monkeypatch.setattr(made, "_load", functools.lru_cache(8)(
      lambda place: decoded.append(place) or load(place)))
  crops = data.Crops(made, 32, 1, seed=0)
  shown = [crops.at(step).tobytes() for step in range(64)]
  assert len(set(shown[:len(made.train)])) == len(made.train)
  assert sorted(decoded) == sorted(made.train)
