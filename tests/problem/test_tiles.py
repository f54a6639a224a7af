"""Windows cover every picture exactly: arithmetic alone, checked on many sizes."""

import numpy as np
import pytest

from tf_style.problem import tiles
from tf_style.vgg.network import NETWORKS

CHOICES = [("vgg16", ["block3_conv1"]), ("vgg16", ["block1_conv1", "block5_conv1"]),
           ("vgg19", ["block4_conv2", "block5_conv1"]), ("vgg19", ["block5_pool"])]


@pytest.mark.parametrize(("name", "layers", "expected"), [
    ("vgg16", ["block5_conv1"], 64), ("vgg19", ["block5_conv1"], 80),
    ("vgg19", ["block5_conv2"], 96), ("vgg19", ["block1_conv1"], 1),
    ("vgg16", ["block3_conv1"], 12)])
def test_halo_follows_from_reach_and_stride(name, layers, expected):
  assert tiles.halo(NETWORKS[name], layers) == expected


@pytest.mark.parametrize(("name", "layers"), CHOICES)
def test_own_parts_are_a_partition_and_windows_show_all_they_depend_on(name, layers):
  rng, network = np.random.default_rng(0), NETWORKS[name]
  last = network.deepest(layers)
  for _ in range(60):
    height, width = (int(side) for side in rng.integers(last.stride, 900, 2))
    tile = int(rng.choice([1, 40, 64, 100, 256]))
    windows = tiles.plan_windows(height, width, tile, network, layers)
    seen = np.zeros((height, width), int)
    for w in windows:
      own_bottom, own_right = w.own_top + w.own_height, w.own_left + w.own_width
      seen[w.own_top:own_bottom, w.own_left:own_right] += 1
      assert (w.height, w.width) == windows[0][2:4]
      assert w.top >= 0 and w.left >= 0
      assert w.top + w.height <= height and w.left + w.width <= width
      assert {w.top % last.stride, w.left % last.stride, w.own_top % last.stride} == {0}
      assert w.top <= max(0, w.own_top - last.reach)
      assert w.left <= max(0, w.own_left - last.reach)
      assert w.top + w.height >= min(height, own_bottom + last.reach)
      assert w.left + w.width >= min(width, own_right + last.reach)
    assert (seen == 1).all()


@pytest.mark.parametrize(("name", "layers"), CHOICES)
@pytest.mark.parametrize("stride", [1, 2, 4])
def test_cells_of_every_layer_are_a_partition_too(name, layers, stride):
  height, width = 333, 287
  seen = np.zeros((1, height // stride, width // stride), int)
  for window in tiles.plan_windows(height, width, 64, NETWORKS[name], layers):
    shown = np.zeros((1, window.height // stride, window.width // stride))
    own = tiles.own_cells(seen, window, stride, of_picture=True)
    assert tiles.own_cells(shown, window, stride).shape == own.shape
    own += 1
  assert (seen == 1).all()


def test_all_cells_are_the_whole_pictures_own():
  cells = np.arange(12).reshape(1, 3, 4)
  assert tiles.own_cells(cells, None, 2) is cells


def test_no_more_windows_than_memory_asks_for():
  network, layers = NETWORKS["vgg16"], ["block5_conv1"]
  count = lambda side, tile: len(tiles.plan_windows(side, 64, tile, network, layers))
  assert count(3000, 0) == 1
  assert count(512 + 128, 512) == 1  # a window with its halos is as large as the picture
  assert count(2 * (512 + 64), 512) == 2  # two windows have a halo on one side each
  assert count(3 * 512, 512) == 3
  windows = tiles.plan_windows(3001, 2000, 512, network, layers)
  assert max(w.height for w in windows) <= 512 + 128 + 15
