"""A painter: picture after picture as `stylize` makes each, without tracing or growing."""

import gc
import resource
from pathlib import Path

import numpy as np
import pytest
from made_inputs import waves, write_weights
from tensorflow.python.framework import ops

import tf_style
from tf_style.pictures import images
from tf_style.repaint.painter import Painter, stylize
from tf_style.settings.config import Config
from tf_style.vgg.extractor import Extractors

PICTURES = [waves(40, 56, 1), waves(60, 36, 4), waves(48, 48, 5)]
STYLE, OTHER = waves(50, 50, 2), waves(44, 60, 3)
SMALL = {"network": "vgg16", "image_size": "original", "level_steps": (3, 3),
         "precision": "float32", "style_layers": "block1_conv1,block2_conv1",
         "content_layers": "block2_conv2", "style_loss": "gram", "deterministic": True}


def registered() -> int:
  return sum(name.startswith("CustomGradient") for name in ops.gradient_registry.list())


def traces(painter: Painter) -> tuple[int, ...]:
  """How often loops, losses, passes over tiles and targets were traced."""
  graphs = painter._graphs.values()
  return (sum(descent.traces for descent in painter._descents.values()),
          sum(each.whole._value.traces for each in graphs),
          sum(each.passes.traces + each.passes.differentiate.traces for each in graphs),
          sum(each.targets._features.traces + each.targets._sums.traces for each in graphs))


def halves(height: int, width: int) -> np.ndarray:
  """[H, W, 3] uint8: red and blue side by side, and a black band along the top."""
  pixels = np.zeros((height, width, 3), np.uint8)
  pixels[height // 4:, :width // 2, 0] = pixels[height // 4:, width // 2:, 2] = 255
  return pixels


def assert_same(ours: tf_style.Result, theirs: tf_style.Result) -> None:
  np.testing.assert_array_equal(ours.picture, theirs.picture)
  assert ours.losses == theirs.losses and list(ours.history) == list(theirs.history)
  for name, values in theirs.history.items():
    np.testing.assert_array_equal(ours.history[name], values, name)


@pytest.mark.parametrize("options, styles, masked", [
    ({"optimizer": "adam", "style_loss": "mixed", "color": "match"}, STYLE, False),
    ({"optimizer": "lbfgs", "lbfgs_memory": 4, "color": "luminance"}, STYLE, False),
    ({"optimizer": "adam", "mask_keep": "000000"}, STYLE, True),
    ({"optimizer": "lbfgs", "style_loss": "mixed", "mask_keep": "000000"}, [STYLE, OTHER], True),
    ({"optimizer": "adam", "tile_size": 16, "style_blend": "3,1"}, [STYLE, OTHER], False),
    ({"optimizer": "lbfgs", "tile_size": 16}, STYLE, True),
], ids=["adam", "luminance", "kept, adam", "kept, two styles", "tiles, two styles", "tiles, masks"])
def test_pictures_of_any_size_are_those_of_stylize(options, styles, masked):
  """Of a painter that is used once, that is; so the first picture is one."""
  config = Config.of(**SMALL | options)
  style_mask = [halves(50, 50), halves(44, 60)][:len(styles) if isinstance(styles, list) else 1]
  of_style = {"style_mask": style_mask} if masked else {}
  of_content = [{"content_mask": halves(*each.shape[:2])} if masked else {} for each in PICTURES]
  with Painter(styles, config, **of_style) as painter:
    found, counts = [], []
    for picture, mask in zip(PICTURES, of_content, strict=True):
      found.append(painter(picture, **mask))
      counts.append(traces(painter))
  assert counts[0] == counts[1] == counts[2]
  assert counts[0][0] == (0 if "tile_size" in options else 1)
  for picture, mask, ours in list(zip(PICTURES, of_content, found, strict=True))[1:]:
    assert_same(ours, stylize(picture, styles, config, **of_style, **mask))


def test_levels_of_other_numbers_and_chunks_are_one_trace():
  with Painter(STYLE, Config.of(**SMALL | {"level_steps": (), "steps": 20, "image_every": 3,
                                           "optimizer": "lbfgs"})) as painter:
    for side in (128, 48, 200):
      result = painter(waves(side * 3 // 4, side, 6))
      assert len(result.plan.levels) == {128: 1, 48: 1, 200: 2}[side]
    assert traces(painter)[0] == 1


def test_a_network_is_shared(vgg16):
  config = Config.of(**SMALL)
  with Painter(STYLE, config, network=vgg16) as one, Painter(OTHER, config, network=vgg16) as two:
    pictures = [painter(PICTURES[0]).picture for painter in (one, two, one)]
    assert one._network is two._network is vgg16
  np.testing.assert_array_equal(pictures[0], pictures[2])
  assert np.abs(pictures[0] - pictures[1]).mean() > 0.01


def test_a_low_precision_has_a_look_in_float32_and_is_traced_once():
  with Painter(STYLE, Config.of(**SMALL | {"precision": "bfloat16"})) as painter:
    counts = [painter(picture) and traces(painter) for picture in PICTURES]
  assert counts[0] == counts[2]


def test_a_closed_painter_can_be_used_again():
  before = registered()
  with Painter(STYLE, Config.of(**SMALL)) as painter:
    first = painter(PICTURES[0])
    assert registered() > before
  assert registered() == before
  assert_same(painter(PICTURES[0]), first)
  assert registered() > before
  painter.close()
  assert registered() == before


def test_a_painter_that_is_dropped_is_closed():
  before, painter = registered(), Painter(STYLE, Config.of(**SMALL))
  painter(PICTURES[0])
  del painter
  gc.collect()
  assert registered() == before


def resident() -> int:
  """Bytes of memory that the process has now."""
  pages = int(Path("/proc/self/statm").read_text().split()[1])
  return pages * resource.getpagesize()


@pytest.mark.parametrize("calls", [4, pytest.param(30, marks=pytest.mark.full)])
def test_stylize_leaves_nothing_behind(calls, tmp_path):
  """In TensorFlow's registry nothing at all; of memory less than 2 MB a call after the third."""
  config = Config.of(**SMALL, weights=str(write_weights(tmp_path / "vgg16.h5")))
  before, taken = registered(), []
  for _ in range(calls):
    stylize(PICTURES[0], STYLE, config)
    gc.collect()
    assert registered() == before
    taken.append(resident())
  if calls > 4:  # of one call it would be chance
    assert (taken[-1] - taken[2]) / (calls - 3) < 2e6


def test_a_failed_run_leaves_nothing_behind():
  before = registered()

  def fail(step):
    raise ZeroDivisionError

  with pytest.raises(ZeroDivisionError):
    stylize(PICTURES[0], STYLE, Config.of(**SMALL), on_step=fail)
  gc.collect()
  assert registered() == before


def interrupt(*_):
  raise KeyboardInterrupt


@pytest.mark.parametrize("options", [
    {"optimizer": "adam"}, {"optimizer": "lbfgs", "color": "luminance"}, {"tile_size": 16}])
def test_an_interrupted_run_has_the_best_picture_so_far(options):
  """At the first level, and at the result's size all the same."""
  best = []

  def on_step(step):
    best.append(step.picture())
    if step.number >= 2:
      interrupt()

  with pytest.raises(tf_style.Interrupted) as error:
    stylize(PICTURES[0], STYLE, Config.of(**SMALL | options), on_step=on_step)
  assert best[-1].shape == (1, 28, 40, 3) and error.value.picture.shape == (1, 40, 56, 3)
  assert isinstance(error.value, KeyboardInterrupt)
  picture = error.value.picture
  assert picture.dtype == np.float32 and picture.min() >= 0 and picture.max() <= 1
  shrunk = images.resize(picture, 28, 40)
  assert np.abs(shrunk - best[-1]).mean() < 0.05


def test_what_is_kept_is_sharp_when_interrupted_at_a_coarse_level():
  with pytest.raises(tf_style.Interrupted) as error:
    stylize(PICTURES[0], STYLE, Config.of(**SMALL, mask_keep="000000"), on_step=interrupt,
            content_mask=halves(40, 56), style_mask=halves(50, 50))
  np.testing.assert_array_equal(images.to_uint8(error.value.picture)[:9], PICTURES[0][:9])


def test_an_interrupted_painter_can_be_used_again():
  config = Config.of(**SMALL)
  with Painter(STYLE, config) as painter:
    with pytest.raises(tf_style.Interrupted):
      painter(PICTURES[0], on_step=interrupt)
    assert_same(painter(PICTURES[1]), stylize(PICTURES[1], STYLE, config))


@pytest.mark.parametrize("where", ["on_plan", "on_tile"])
def test_before_the_first_step_there_is_no_picture(where):
  with pytest.raises(KeyboardInterrupt) as error:
    stylize(PICTURES[0], STYLE, Config.of(**SMALL, tile_size=16), **{where: interrupt})
  assert not isinstance(error.value, tf_style.Interrupted)


def test_the_last_look_interrupted_has_the_picture():
  """By tiles it takes a while."""
  levels, told = [], []

  def on_step(step):
    levels.append((step.number, step.steps, step.picture()))

  def on_tile(done, total):
    if levels and levels[-1][0] == levels[-1][1]:
      told.append((done, total))
      interrupt()

  with pytest.raises(tf_style.Interrupted) as error:
    stylize(PICTURES[0], STYLE, Config.of(**SMALL, tile_size=16), on_step=on_step, on_tile=on_tile)
  assert told == [(1, told[0][1])]
  np.testing.assert_allclose(error.value.picture, levels[-1][2], atol=0.51 / 255)


def test_weights_are_loaded_once(monkeypatch, vgg16_weights):
  from tf_style.repaint import plan
  loads = []
  monkeypatch.setattr(plan, "load_weights", lambda *args: loads.append(args) or vgg16_weights)
  with Painter(STYLE, Config.of(**SMALL)) as painter:
    for picture in PICTURES[:2]:
      painter(picture)
    assert len(loads) == 1 and isinstance(painter._network, Extractors)
