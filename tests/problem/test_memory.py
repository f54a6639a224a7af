"""What fits is foreseen: arithmetic alone."""

import pytest

from tf_style.errors import InputError
from tf_style.problem import memory
from tf_style.settings.config import Config

GB = 10**9


def config(**options) -> Config:
  return Config.of(precision="bfloat16", **options)


@pytest.mark.parametrize(("height", "width", "tile", "limit"), [
    (384, 512, 0, 2), (3072, 4096, 512, 3.5), (6144, 8192, 512, 8.7)])
def test_print_sizes_fit_into_small_machines(height, width, tile, limit):
  assert memory.estimate(config(tile_size=tile), height, width) < limit * GB


@pytest.mark.parametrize(("precision", "optimizer", "longest", "measured"), [
    ("float32", "adam", 512, 1.94), ("float32", "adam", 1024, 3.99),
    ("float32", "adam", 4096, 37.48), ("float32", "lbfgs", 2048, 12.97),
    ("bfloat16", "adam", 1024, 3.73), ("bfloat16", "lbfgs", 2048, 10.49)])
def test_what_an_h100_took_is_foreseen(precision, optimizer, longest, measured):
  """The peak of TensorFlow's allocator over steps without neighbors, on VGG16."""
  options = Config.of(preset="statistics", network="vgg16", tile_size=0, optimizer=optimizer,
                      precision=precision)
  foreseen = memory.estimate(options, longest * 3 // 4, longest, device="/GPU:0")
  assert measured * GB <= foreseen and foreseen < 1.3 * measured * GB


def test_auto_is_whole_where_it_fits_then_the_largest_tile_that_does():
  sizes = [memory.fitted(config(), 3072, 4096, limit * GB).tile_size for limit in (64, 10, 4, 3)]
  assert sizes[:2] == [0, 1024] and sizes[1:] == sorted(sizes[1:], reverse=True)
  assert memory.fitted(config(tile_size=512), 3072, 4096, 64 * GB).tile_size == 512


def test_a_history_that_does_not_fit_is_shortened():
  fitted = memory.fitted(config(optimizer="lbfgs"), 3072, 4096, 6 * GB)
  assert fitted.tile_size and 3 <= fitted.lbfgs_memory < 20
  assert memory.estimate(fitted, 3072, 4096) <= 6 * GB
  assert memory.fitted(config(optimizer="lbfgs"), 384, 512, 6 * GB).lbfgs_memory == 20


@pytest.mark.parametrize(("options", "advice"), [
    ({}, ""), ({"tile_size": "whole"}, "; or --tile_size=auto"),
    ({"optimizer": "lbfgs"}, "; or --optimizer=adam")])
def test_what_does_not_fit_is_answered_with_what_would(options, advice):
  message = "--image_size: expected at most [0-9]+ for the 2.0 GB"
  with pytest.raises(InputError, match=message) as error:
    memory.fitted(config(**options), 9000, 12000, 2 * GB)
  assert str(error.value).endswith("GB" + advice)
  side = int(str(error.value).split("at most ")[1].split()[0])
  assert memory.fitted(config(**options), side * 3 // 4, side, 2 * GB)
