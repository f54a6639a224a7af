"""Total variation by hand, in windows and in batches."""

import numpy as np
import pytest
import tensorflow as tf

from tf_style.losses.variation import variation_sum

NORMS = ("l1", "l2")


@pytest.mark.parametrize("norm, power", [("l1", 1), ("l2", 2)])
def test_variation_by_hand(norm, power):
  ramp = tf.tile(tf.reshape([0.0, 1.0, 3.0], [1, 1, 3, 1]) / 255, [1, 2, 1, 3])
  assert float(variation_sum(ramp, norm)[0]) == pytest.approx(2 * 3 * (1 + 2**power))


@pytest.mark.parametrize("norm", NORMS)
def test_what_lies_beyond_is_the_neighbor_of_what_counts(norm):
  picture = np.random.default_rng(0).uniform(size=(1, 6, 9, 3)).astype(np.float32)
  parts = [variation_sum(picture[:, top:top + 4, left:left + 5], norm, 3, 4)
           for top in (0, 3) for left in (0, 4)]
  last = [variation_sum(picture[:, top:top + 4, 8:], norm, 3, 1) for top in (0, 3)]
  np.testing.assert_allclose(sum(parts + last), variation_sum(picture, norm), rtol=1e-5)


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("batch", [2, 3])
def test_a_batch_is_its_pictures_row_by_row(batch, dtype, norm):
  pictures = np.random.default_rng(0).uniform(size=(batch, 6, 9, 3)).astype(dtype)
  found = variation_sum(tf.constant(pictures), norm)
  assert found.dtype == dtype
  for row in range(batch):
    alone = variation_sum(tf.constant(pictures[row:row + 1]), norm)
    np.testing.assert_allclose(found[row:row + 1], alone, rtol=1e-6)
