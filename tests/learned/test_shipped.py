"""The style that the package ships: small, found by its name, and an improvement."""

import numpy as np
import pytest
from made_problems import SAMPLES, sample

from tf_style.errors import InputError
from tf_style.learned import record as records
from tf_style.learned.learning import make_batches
from tf_style.learned.plan import make_lesson
from tf_style.learned.style import LearnedStyle


def test_the_shipped_style_is_small_and_found_by_its_name(tmp_path, monkeypatch):
  folder = records.find("oil")
  assert folder == SAMPLES / "styles/oil"
  assert sum(path.stat().st_size for path in folder.iterdir()) < 4e6
  with pytest.raises(InputError, match="or one of the shipped oil"):
    records.find("watercolor")
  (tmp_path / "oil").mkdir()
  monkeypatch.chdir(tmp_path)
  assert records.find("oil").resolve() == (tmp_path / "oil").resolve()


def test_what_it_paints_is_nearer_to_the_style_than_the_photograph_is():
  style = LearnedStyle.load("oil")
  photo = sample("photo", 256, 256)
  learning = style.record.learning
  lesson = make_lesson(SAMPLES / "style.jpg", [np.uint8(255 * photo)], learning)
  batches = make_batches(lesson)
  losses = [float(batches.value(picture, photo, 0).total) for picture in (photo, style(photo))]
  assert losses[1] < losses[0] / 3
