"""What is remembered of a film: what was hidden keeps its look, and shots begin afresh."""

import numpy as np
import pytest
import scenes
from made_problems import sample

from tf_style.films.coherence import Memory, moved_along
from tf_style.films.flow import Flow


def memory_of(indices: range) -> Memory:
  """A memory of frames whose results are the frames, in other colors."""
  memory = Memory(Flow())
  for number, index in enumerate(indices):
    memory.remember(number, scenes.frame(index), 1 - scenes.frame(index))
  return memory


def test_a_frame_should_look_like_the_last_result_moved_along():
  expected = memory_of(range(3)).expect(scenes.frame(3))
  trusted = expected.trust[0, ..., 0] > 0.5
  difference = np.abs(expected.picture - (1 - scenes.frame(3))).mean((0, 3))
  assert np.mean(trusted) > 0.6 and difference[trusted].mean() < 0.02
  assert expected.trust.max() <= 1 + 1e-6 and expected.picture.shape == (1, 80, 112, 3)


def test_the_first_frame_should_look_like_nothing():
  assert Memory(Flow()).expect(scenes.frame(0)) is None


def test_what_reappears_takes_its_earlier_look():
  """A square covers a part for a while; the last result says nothing about what is behind it."""
  photo, other = sample("photo", 80, 112), sample("waves", 80, 112)
  covered = photo.copy()
  covered[:, 20:52, 30:70] = other[:, 20:52, 30:70]
  memory = Memory(Flow())
  memory.remember(0, photo, 1 - photo)
  for number in range(1, 8):
    memory.remember(number, covered, 1 - covered)
  expected = memory.expect(photo)
  inner = np.s_[:, 26:46, 38:62]
  assert expected.trust[inner].mean() > 0.8
  assert np.abs(expected.picture - (1 - photo))[inner].mean() < 0.05
  short = Memory(Flow())
  short.remember(1, covered, 1 - covered)
  assert short.expect(photo).trust[inner].mean() < 0.3


def test_a_cut_begins_a_shot_and_a_fade_does_not():
  memory = memory_of(range(3))
  assert memory.expect(sample("waves", 80, 112)) is None
  assert memory.expect(scenes.frame(3)) is None  # all is forgotten
  memory = memory_of(range(3))
  for number, light in enumerate(np.linspace(0.9, 0, 10), 3):
    dark = scenes.frame(number) * np.float32(light)
    assert memory.expect(dark) is not None
    memory.remember(number, dark, dark)


def test_strokes_are_taken_over_and_the_noise_of_single_pixels_fades():
  y, x = np.mgrid[:40, :48]
  dots, strokes = (x + y) % 2 - 0.5, 0.5 * np.sin(2 * np.pi * x / 12)
  height = lambda plane: np.ptp(moved_along(
      np.repeat(np.float32(0.5 + plane)[None, ..., None], 3, -1),
      np.zeros((40, 48, 2), np.float32))[0, 8:-8, 8:-8])
  assert height(dots) < 0.8 and height(strokes) > 0.99


@pytest.mark.parametrize("kind", ["flash", "noise", "fast pan"])
def test_no_shot_begins_within_one(kind):
  memory = memory_of(range(3))
  rng = np.random.default_rng(0)
  frame = {"flash": np.clip(scenes.frame(3) * 0.6 + 0.4, 0, 1),
           "noise": np.clip(scenes.frame(3) + rng.normal(0, 0.05, (1, 80, 112, 3)), 0, 1),
           "fast pan": scenes.frame(5)}[kind].astype(np.float32)
  assert memory.expect(frame) is not None
