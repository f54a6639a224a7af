"""Whole runs on real weights: levels, presets, repeatability, what is reported of the picture."""

import numpy as np
import pytest
from made_inputs import waves
from made_problems import SAMPLES
from PIL import Image

from tf_style.pictures import images
from tf_style.repaint.painter import stylize
from tf_style.settings.config import Config
from tf_style.settings.presets import PRESETS

CONTENT, STYLE = waves(72, 96, 1), waves(80, 80, 2)
SMALL = {"network": "vgg16", "image_size": 64, "steps": 6, "precision": "float32"}


def run(**options):
  return stylize(CONTENT, STYLE, Config.of(**{**SMALL, **options}))


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_the_loss_falls_and_the_lowest_is_kept(optimizer):
  result = run(optimizer=optimizer, steps=12, levels=1)
  totals = result.history["total"]
  assert len(totals) == 12
  assert totals.min() < 0.7 * totals[0]
  assert result.losses["total"] == pytest.approx(totals.min(), rel=0.02)


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_one_seed_gives_one_picture(optimizer):
  one, two = (run(optimizer=optimizer, init="noise", seed=3) for _ in range(2))
  np.testing.assert_array_equal(one.picture, two.picture)


def test_the_reported_loss_is_that_of_the_written_png(tmp_path):
  result = run(precision="bfloat16", steps=20)
  path = images.save_picture(tmp_path / "a.png", result.picture)
  config = Config.of(**{**SMALL, "steps": 1, "levels": 1, "init": "image"})
  again = stylize(CONTENT, STYLE, config, init_image=path)
  assert result.losses["total"] == pytest.approx(again.history["total"][0], rel=0.01)


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_run(preset):
  result = run(preset=preset, steps=4, levels=1)
  assert np.isfinite(result.losses["total"])


def test_tiles_end_in_the_same_picture():
  """With a loss that is not chaotic: others carry a change of the start as far as tiles do."""
  whole, tiled = (stylize(SAMPLES / "photo.jpg", SAMPLES / "waves.jpg", Config.of(**{
      **SMALL, "tile_size": size, "image_size": 128, "steps": 30, "levels": 1, "style_loss": "gram",
      "style_layers": "block1_conv1,block2_conv1,block3_conv1", "content_layers": "block3_conv2"}))
                  for size in ("whole", 40))
  assert tiled.losses["total"] == pytest.approx(whole.losses["total"], rel=1e-3)
  assert np.abs(tiled.picture - whole.picture).mean() < 0.1 / 255


def test_a_run_tells_of_its_tiles():
  seen = []
  stylize(CONTENT, STYLE, Config.of(**{
      **SMALL, "tile_size": 16, "steps": 2, "levels": 1, "style_layers": "block1_conv1",
      "content_layers": "block2_conv1", "neighbor_weight": 0}),
          on_tile=lambda done, total: seen.append((done, total)))
  tiles = seen[-1][1]
  assert tiles > 1  # and a step takes two passes over them, the finished picture's loss one
  assert seen == [(i + 1, n) for n in (2 * tiles, 2 * tiles, tiles) for i in range(n)]


def test_a_watcher_can_stop_the_run():
  result = stylize(CONTENT, STYLE, Config.of(**{**SMALL, "steps": 50, "levels": 2}),
                   on_step=lambda step: step.number >= 2)
  assert result.stopped and len(result.history["total"]) < 50
  assert result.picture.shape == (1, 48, 64, 3)


def test_sources_may_be_paths_arrays_or_pillow_images(tmp_path):
  Image.fromarray(CONTENT).save(tmp_path / "a.png")
  options = Config.of(**{**SMALL, "steps": 2, "levels": 1})
  results = [stylize(source, STYLE, options).picture for source in
             (CONTENT, Image.fromarray(CONTENT), tmp_path / "a.png", CONTENT / np.float32(255))]
  for other in results[1:]:
    np.testing.assert_allclose(other, results[0], atol=1.01 / 255)


def test_content_survives_the_coarse_levels_of_gram():
  history = run(style_loss="gram", optimizer="lbfgs", image_size=96, levels=3, steps=60).history
  content = [history["content/block4_conv2"][history["level"] == level][-1] for level in range(3)]
  assert max(content) < 1.5 * content[-1]
