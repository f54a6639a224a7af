"""The network: any size, shares of styles, tiles without seams, precision."""

import numpy as np
import pytest
import tensorflow as tf
from made_problems import sample

from tf_style.errors import ImageError
from tf_style.learned.applying import Applier, with_whole_cells
from tf_style.learned.network import Network, Shape


@pytest.fixture(scope="module")
def network() -> Network:
  made = Network(Shape(width=8, blocks=2, styles=2), seed=1)
  rng = np.random.default_rng(0)
  for variable in made.variables:  # gains and shifts of styles that differ
    if variable.shape[0] == 2:
      variable.assign(variable + rng.normal(0, 0.3, variable.shape))
  return made


ONE, OTHER = np.float32([1, 0]), np.float32([0, 1])


@pytest.mark.parametrize("size", [(16, 16), (37, 50), (64, 48)])
def test_pictures_of_any_size_keep_it(network, size):
  picture = sample("photo", *size)
  painted = Applier(network)(picture, ONE)
  assert painted.shape == picture.shape and painted.dtype == np.float32
  assert 0 < painted.min() < painted.max() < 1


def test_small_pictures_are_refused(network):
  with pytest.raises(ImageError, match="sides of at least 16 pixels, received 40x15"):
    Applier(network)(sample("photo", 15, 40), ONE)


def test_tiles_make_no_difference(network):
  picture, apply = sample("photo", 210, 150), Applier(network)
  tiled = apply(picture, ONE, whole=64, tile=32)
  whole = apply(picture, ONE, whole=64, tile=0)
  np.testing.assert_allclose(tiled, whole, atol=2e-6)
  shallow = Network(Shape(8, 2, 2), seed=1)
  assert len(shallow.given.inputs) == len(network.given.inputs)
  shallow.shape = Shape(8, 1, 2)  # which claims to see less far than it does: seams
  for mine, theirs in zip(shallow.variables, network.variables, strict=True):
    mine.assign(theirs)
  assert np.abs(Applier(shallow)(picture, ONE, whole=64, tile=32) - whole).max() > 1e-4


def test_moments_of_the_picture_itself_give_the_same_picture(network):
  picture = tf.constant(with_whole_cells(sample("photo", 64, 48)))
  shares = tf.constant(ONE[None])
  painted, *moments = network.whole([picture, shares])
  given = network.given([picture, shares, *moments])
  np.testing.assert_allclose(given, painted, atol=1e-6)


def test_the_gradient_of_training_is_that_of_the_network(network):
  pictures = tf.constant(np.concatenate([sample("photo", 32, 48), sample("cat", 32, 48)]))
  shares, found = tf.constant(np.stack([ONE, OTHER])), []
  upstream = tf.constant(np.random.default_rng(0).normal(size=pictures.shape), tf.float32)
  for model in (network.trained, lambda inputs: network.whole(inputs)[0]):
    with tf.GradientTape() as tape:
      painted = model([pictures, shares])
    weights = [variable.value for variable in network.variables]
    found.append((painted, *tape.gradient(painted, weights, output_gradients=upstream)))
  for mine, theirs in zip(*found, strict=True):
    np.testing.assert_allclose(mine, theirs, rtol=1e-3, atol=max(1e-5, 1e-4 * np.abs(theirs).max()))


def test_styles_mix(network):
  picture, apply = sample("photo", 48, 64), Applier(network)
  one, other, both = (apply(picture, shares) for shares in (ONE, OTHER, (ONE + OTHER) / 2))
  assert np.abs(one - other).mean() > 0.01
  assert np.abs(both - one).mean() < np.abs(other - one).mean()


def test_a_batch_is_painted_picture_by_picture(network):
  pictures = np.concatenate([sample("photo", 48, 64), sample("cat", 48, 64)])
  shares = np.stack([ONE, OTHER])
  both = network.whole([pictures, shares])[0]
  for index in range(2):
    alone = network.whole([pictures[index:index + 1], shares[index:index + 1]])[0]
    np.testing.assert_allclose(both[index], alone[0], atol=1e-5)


def test_precision_makes_little_difference():
  picture, shape = sample("photo", 48, 64), Shape(8, 2, 1)
  wide, narrow = (Applier(Network(shape, precision, seed=3))(picture, np.float32([1]))
                  for precision in ("float32", "bfloat16"))
  assert 0 < np.abs(wide - narrow).mean() < 0.01


def test_the_seed_decides_the_weights():
  kernels = [Network(Shape(8, 1, 1), seed=seed).variables[0].numpy() for seed in (1, 1, 2)]
  assert np.array_equal(kernels[0], kernels[1]) and not np.array_equal(kernels[0], kernels[2])
