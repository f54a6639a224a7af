"""Flow, its consistency check, and warping, on motion whose truth is known."""

import numpy as np
import pytest
import scenes
from made_problems import sample

from tf_style.films.flow import Flow, consistent, likeness, motion_boundaries
from tf_style.films.warp import warped


@pytest.fixture(scope="module")
def flow() -> Flow:
  return Flow()


def constant(x: float, y: float, height: int = 24, width: int = 32) -> np.ndarray:
  return np.full((height, width, 2), (x, y), np.float32)


def test_pictures_are_moved_along():
  picture = sample("photo", 24, 32)
  for sharp in (False, True):
    np.testing.assert_allclose(warped(picture, constant(0, 0), sharp), picture, atol=1e-5)
    moved = warped(picture, constant(3, -2), sharp)
    np.testing.assert_allclose(moved[:, 2:, :-3], picture[:, :-2, 3:], atol=1e-5)
  assert warped(picture[..., :1], constant(.5, 0)).shape == (1, 24, 32, 1)
  half = warped(picture, constant(.5, 0))
  np.testing.assert_allclose(half[:, :, :-1], (picture[:, :, 1:] + picture[:, :, :-1]) / 2,
                             atol=1e-2)


def test_flow_is_that_of_a_pan_with_a_foreground(flow):
  back, seen = scenes.truth(3, 2)
  motion = flow.motion(scenes.frame(3), scenes.frame(2))
  error = np.linalg.norm(motion.back - back, axis=-1)
  trusted = motion.trust > 0.5
  assert np.mean(trusted) > 0.6
  assert np.median(error[trusted]) < 0.1 and np.mean(error[trusted] < 1) > 0.95
  # What was hidden is not trusted, and nearly all that is trusted was seen.
  assert np.mean(trusted[~seen]) < 0.25 and np.mean(seen[trusted]) > 0.97
  moved = warped(scenes.frame(2), motion.back)
  assert np.abs(moved - scenes.frame(3)).mean((0, 3))[trusted].mean() < 0.02


def test_rough_motion_is_nearly_that(flow):
  frame, before = scenes.frame(3), scenes.frame(2)
  exact, rough = flow.motion(frame, before), flow.rough_motion(frame, before)
  trusted = np.minimum(exact.trust, rough.trust) > 0.5
  assert np.mean(trusted) > 0.5
  error = np.linalg.norm(exact.back - rough.back, axis=-1)[trusted]
  assert np.median(error) < 0.3 and np.mean(error < 1) > 0.95


def test_what_cancels_out_is_consistent():
  assert consistent(constant(2, 1), constant(-2, -1))[:-2, :-3].all()
  assert not consistent(constant(2, 1), constant(-4, -1)).any()
  back = constant(5, 0)
  inside = consistent(back, -back)
  assert inside[:, :-5].all() and not inside[:, -5:].any()  # its place was outside


def test_motion_boundaries_are_where_the_flow_changes():
  flow = constant(0, 0)
  assert not motion_boundaries(flow).any()
  flow[:, 16:] = 4
  found = motion_boundaries(flow)
  assert found[:, 15:17].all() and not found[:, :14].any() and not found[:, 18:].any()


def test_pictures_that_are_alike():
  picture = sample("photo", 24, 32)
  assert likeness(picture, picture).min() == 1
  assert likeness(picture, picture * 0.7 + 0.3).max() < 0.7
  assert likeness(picture, np.clip(picture + 0.01, 0, 1)).min() > 0.98


@pytest.mark.parametrize("side", [1, 2, 7, 16, 33])
def test_pictures_of_any_size_have_a_flow(flow, side):
  picture = sample("photo", max(side, 2), max(side, 2))
  motion = flow.motion(picture, picture)
  assert motion.back.shape == (*picture.shape[1:3], 2) and np.abs(motion.back).max() < 0.6
