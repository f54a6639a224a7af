"""The term of strokes: 0 along the directions, 1 at random, 2 across; exact in tiles."""

import numpy as np
import pytest
import tensorflow as tf
from made_problems import SHALLOW, make_problem, sample
from test_directions import stripes

from tf_style.problem.directions import field
from tf_style.problem.strokes import StrokeTerm, stroke_target
from tf_style.problem.terms import PICTURE, Wanted

HEIGHT, WIDTH = 80, 96


def distance(picture: np.ndarray, directions: np.ndarray, style: np.ndarray | None = None) -> float:
  """Of a picture whose strokes have the contrast of the style; None is its own."""
  term = StrokeTerm(1.0)
  target = stroke_target(directions, picture.shape[1:3], [picture if style is None else style],
                         tf.constant(3.0))
  wanted = Wanted({term.name: target}, {}, tf.ones([1]))
  collected = term.collect({PICTURE: tf.constant(picture)}, wanted, None)
  return float(term.distance(collected, wanted)[0]) / 3


def test_strokes_along_and_across_the_directions():
  directions = field(stripes(20))
  along, askew, across = (distance(stripes(20 + more), directions) for more in (0, 45, 90))
  assert along < 0.1 and askew == pytest.approx(1, abs=0.1) and across > 1.8
  noise = np.random.default_rng(0).uniform(size=(1, HEIGHT, WIDTH, 3)).astype(np.float32)
  assert distance(noise, directions) == pytest.approx(1, abs=0.1)


def test_it_is_in_units_of_the_styles_contrast():
  directions, faint = field(stripes(20)), 0.5 * stripes(60)
  full = distance(stripes(60), directions)
  assert distance(faint, directions) == pytest.approx(full, rel=1e-3)
  assert distance(faint, directions, stripes(60)) == pytest.approx(full / 4, rel=1e-3)


def test_no_directions_ask_for_nothing():
  directions = np.zeros((1, HEIGHT // 4, WIDTH // 4, 2), np.float32)
  assert distance(stripes(60), directions) == 0


def test_it_is_exact_in_tiles_and_part_of_the_loss(vgg16):
  picture = sample("cat", HEIGHT, WIDTH)
  views = [make_problem(vgg16, sample("photo", HEIGHT, WIDTH), sample("waves", 64, 80),
                        stroke_direction="content", tile_size=side, **SHALLOW).at(HEIGHT, WIDTH)
           for side in (0, 32)]
  (one, slope), (other, tiled) = (view.value_and_gradient(picture) for view in views)
  np.testing.assert_allclose(other.raw, one.raw, rtol=1e-5)
  assert np.linalg.norm(tiled - slope) < 1e-5 * np.linalg.norm(slope)
  assert "strokes" in views[0].wanted.targets
