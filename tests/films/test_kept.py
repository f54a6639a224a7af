"""Finished frames outlive the process: lines that are cut off and frames that are gone too."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from made_problems import sample

from tf_style.errors import InputError
from tf_style.films.kept import Entry, KeptFrames, is_kept

KEY = {"settings": {"steps": 8, "layers": ("a", "b")}, "film": ["1234"]}
PICTURE = np.round(sample("photo", 16, 24) * 255) / np.float32(255)


def entry(number: int) -> Entry:
  return Entry(number, Fraction(number, 24), Fraction(1, 24), number == 0)


def fill(folder: Path, count: int) -> KeptFrames:
  kept = KeptFrames(folder, KEY)
  for number in range(count):
    kept.add(entry(number), PICTURE, PICTURE)
  return kept


def test_frames_are_read_back(tmp_path):
  fill(tmp_path, 3)
  kept = KeptFrames(tmp_path, KEY)
  assert kept.entries == {number: entry(number) for number in range(3)} and is_kept(tmp_path)
  np.testing.assert_array_equal(kept.optimized(1), PICTURE)
  np.testing.assert_array_equal(kept.picture(2) / np.float32(255), PICTURE[0])
  kept.add(entry(3), PICTURE, 1 - PICTURE)
  np.testing.assert_allclose(kept.optimized(3), 1 - PICTURE, atol=1e-6)
  kept.remove()
  assert KeptFrames(tmp_path, KEY).entries == {}


def test_a_line_that_was_cut_off_and_a_frame_that_is_gone_are_done_again(tmp_path):
  kept = fill(tmp_path, 4)
  record = tmp_path / "frames.jsonl"
  record.write_text(record.read_text()[:-5])
  assert len(KeptFrames(tmp_path, KEY).entries) == 3
  KeptFrames(tmp_path, KEY).add(entry(3), PICTURE, PICTURE)
  assert len(KeptFrames(tmp_path, KEY).entries) == 4
  kept.path(1).unlink()
  assert list(KeptFrames(tmp_path, KEY).entries) == [0, 2, 3]


def test_frames_are_sent_as_they_are(tmp_path):
  kept, there = fill(tmp_path / "here", 1), KeptFrames(tmp_path / "there", KEY)
  kept.add(entry(1), PICTURE, 1 - PICTURE)
  for number in (1, 0):
    there.add_files(kept.files(number))
  again = KeptFrames(tmp_path / "there", KEY)
  assert again.entries == kept.entries == there.entries
  for number in range(2):
    assert again.files(number) == kept.files(number)
    np.testing.assert_array_equal(again.optimized(number), kept.optimized(number))
  assert [again.is_needed(number, 1) for number in range(2)] == [False, True]


def test_frames_of_another_film_are_refused(tmp_path):
  fill(tmp_path, 1)
  with pytest.raises(InputError, match="--resume: expected the film that the film was begun with"):
    KeptFrames(tmp_path, KEY | {"film": ["5678"]})
