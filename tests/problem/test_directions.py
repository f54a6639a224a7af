"""Directions of strokes: found where they are, drawn, and followed by what neighbors are chosen."""

import numpy as np
import pytest
import tensorflow as tf
from made_problems import SHALLOW, make_problem, sample

from tf_style.errors import InputError
from tf_style.problem.directions import drawn, field
from tf_style.problem.inputs import Inputs
from tf_style.settings.config import Config

HEIGHT, WIDTH = 80, 96


def stripes(degrees: float, height: int = HEIGHT, width: int = WIDTH) -> np.ndarray:
  """Strokes that go up to the right by so many degrees."""
  rows, columns = np.mgrid[:height, :width]
  angle = np.deg2rad(degrees)
  waves = 0.5 + 0.4 * np.sin((np.sin(angle) * columns + np.cos(angle) * rows) * 0.8)
  return np.repeat(waves[None, ..., None], 3, -1).astype(np.float32)


@pytest.mark.parametrize("degrees", [0, 30, 90, 135])
def test_directions_are_those_of_stripes(degrees):
  found = field(stripes(degrees))
  assert found.shape == (1, HEIGHT // 4, WIDTH // 4, 2)
  twice = np.deg2rad(-2 * degrees)  # rows go down
  middle = found[0, 4:-4, 4:-4].reshape(-1, 2)
  np.testing.assert_allclose(middle, np.tile([np.cos(twice), np.sin(twice)], (len(middle), 1)),
                             atol=0.1)


def test_flat_places_have_none_of_their_own():
  picture = np.full((1, 64, 96, 3), 0.5, np.float32)
  picture[:, :, 48:] = stripes(90, 64, 48)
  assert np.abs(field(picture)[0, :, :8]).max() < 1e-3
  assert field(picture, everywhere=True)[0, :, 10, 0].max() < -0.5
  assert not field(np.full((1, 64, 96, 3), 0.5, np.float32)).any()


def agreement(picture: np.ndarray, other: np.ndarray) -> float:
  """Returns the mean cosine of twice the angle between the directions of two pictures.

  1 where all agree, 0 where they have nothing to do with each other; sure places count more.

  Args:
    picture: [1, H, W, 3].
    other: of the same size, whose directions reach everywhere.
  """
  one, two = field(picture), field(other, everywhere=True)
  weights = np.linalg.norm(one, axis=-1) * np.linalg.norm(two, axis=-1)
  return float((one * two).sum() / weights.sum())


def test_agreement():
  assert agreement(stripes(20), stripes(20)) > 0.95
  assert agreement(stripes(20), stripes(110)) < -0.9
  assert abs(agreement(stripes(20), stripes(65))) < 0.15


def chosen(network, content: np.ndarray, style: np.ndarray, **options) -> np.ndarray:
  problem = make_problem(network, content, style, **SHALLOW, **options)
  return problem.at(HEIGHT, WIDTH).wanted.targets["neighbors"].rows.numpy()[0]


def test_neighbors_have_the_direction_of_the_content(vgg16):
  """The style has strokes both ways: left up, right across."""
  style = np.concatenate([stripes(90, 96, 48), stripes(0, 96, 48)], 2)
  content = 0.6 * sample("photo", HEIGHT, WIDTH) + 0.4 * stripes(0)
  rows = chosen(vgg16, content, style, stroke_direction="content")
  turned, columns = np.divmod(rows, 24 * 24)
  across = np.where(turned == 0, columns % 24 >= 12, columns // 24 >= 12)
  assert across.mean() > 0.8


def test_directions_are_exact_in_tiles_and_no_default(vgg16):
  content, style = sample("photo", HEIGHT, WIDTH), sample("waves", 96, 96)
  whole, tiled = (chosen(vgg16, content, style, stroke_direction="content", tile_size=side)
                  for side in (0, 32))
  assert np.mean(whole == tiled) > 0.999
  assert np.mean(whole == chosen(vgg16, content, style, style_turns=2)) < 0.95


def test_more_is_kept_of_the_content_where_a_map_says_so(vgg16):
  problem = make_problem(vgg16, sample("photo", HEIGHT, WIDTH), sample("waves", 96, 96), **SHALLOW)
  weights = np.ones((HEIGHT, WIDTH, 1), np.float32)
  weights[:, 48:] = 4
  picture = problem.loaded.content.rgb
  targets = []
  for counts in (None, weights):
    problem.loaded, problem.found = problem.loaded._replace(content_map=counts), {}
    target = problem.at(HEIGHT, WIDTH).wanted.targets["neighbors"]
    targets.append(tf.gather(tf.concat(target.banks, -1)[0, 0], target.rows).numpy()[0])
  plain, kept = targets
  np.testing.assert_array_equal(plain[:, :12], kept[:, :12])
  own = next(iter(problem.graphs.neighbors._columns(
      problem.graphs.neighbors._content, picture, 0)()))[1][0]
  own /= np.linalg.norm(own, axis=-1, keepdims=True)
  near = [(each * own)[:, 12:].sum(-1).mean() for each in (plain, kept)]
  assert 1 - near[1] < 0.6 * (1 - near[0])


def test_directions_are_drawn():
  picture = drawn(stripes(0, 64, 96))
  assert picture.shape == (1, 341, 512, 3) and picture.min() == 0


def test_what_does_not_go_together():
  with pytest.raises(InputError, match="^--stroke_direction: expected a --neighbor_weight above 0"):
    Config.of(stroke_direction="content", neighbor_weight=0)
  with pytest.raises(InputError, match="^--stroke_direction: expected style without --content"):
    Inputs(None, ("s",)).check(Config.of(stroke_direction="content", output_size="64x64"))
