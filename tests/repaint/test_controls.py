"""Artists' controls on real weights: blends, regions, what is kept, textures, reconstructions."""

import numpy as np
import pytest
import tensorflow as tf
from made_inputs import waves
from PIL import Image

from tf_style.errors import InputError
from tf_style.losses import statistics as losses
from tf_style.pictures import images
from tf_style.problem.inputs import Inputs
from tf_style.repaint import painter as transfer
from tf_style.repaint import plan as plans
from tf_style.settings.config import Config
from tf_style.vgg.extractor import Extractors

CONTENT, STYLE, OTHER = waves(72, 96, 1), waves(80, 80, 2), waves(64, 90, 3)
SMALL = {"network": "vgg16", "image_size": 64, "steps": 4, "levels": 2, "precision": "float32",
         "style_layers": "block1_conv1,block3_conv1", "content_layers": "block3_conv2"}
WHITE, BLACK = (255,) * 3, (0,) * 3


def mask(left, right) -> np.ndarray:
  """[72, 96, 3] uint8: two colors side by side."""
  pixels = np.empty((72, 96, 3), np.uint8)
  pixels[:, :48], pixels[:, 48:] = left, right
  return pixels


def judge(content, style, content_mask=None, style_mask=None, **options):
  plan = plans.make_plan(
      Inputs.of(content, style, content_mask=content_mask, style_mask=style_mask),
      Config.of(**{**SMALL, **options}))
  return transfer._Judge(plan, Extractors(plan.weights), "float32")


def values(content, style, content_mask=None, style_mask=None, **options) -> dict[str, float]:
  """Losses of a picture that is neither content nor style."""
  picture = images.load_picture(waves(48, 64, 5)).rgb
  return judge(content, style, content_mask, style_mask, **options).value(picture)


def assert_same(one, other, rel=1e-5):
  assert one.keys() == other.keys()
  for name, value in one.items():
    assert value == pytest.approx(other[name], rel=rel), name


@pytest.mark.parametrize("loss", losses.STYLE_LOSSES)
def test_two_equal_styles_are_one(loss):
  assert_same(values(CONTENT, STYLE, style_loss=loss),
              values(CONTENT, [STYLE, STYLE], style_loss=loss, style_blend="0.3,0.7"))


def test_a_folder_with_one_picture_is_that_picture(tmp_path):
  Image.fromarray(STYLE).save(tmp_path / "style.png")
  assert values(CONTENT, tmp_path) == values(CONTENT, STYLE)


def test_a_style_without_a_share_does_not_count():
  assert_same(values(CONTENT, [STYLE, OTHER], style_blend="1,0"), values(CONTENT, STYLE))


@pytest.mark.parametrize("loss", losses.STYLE_LOSSES)
def test_a_mask_of_ones_is_none(loss):
  ones = mask(WHITE, WHITE)
  assert_same(values(CONTENT, STYLE, ones, [ones], style_loss=loss), values(CONTENT, STYLE, style_loss=loss))


@pytest.mark.parametrize("loss", losses.STYLE_LOSSES)
@pytest.mark.parametrize("tile", [0, 16])
def test_half_masks_are_targets_of_their_own(loss, tile):
  """Each half has a style: the targets are those of the styles alone, the loss that of the halves."""
  red, blue = (255, 0, 0), (0, 0, 255)
  options = {"style_loss": loss, "tile_size": tile}
  both = judge(CONTENT, [STYLE, OTHER], mask(red, blue), [mask(red, red), mask(blue, blue)], **options)
  got = both.value(images.load_picture(waves(48, 64, 5)).rgb)
  features = both._extractor(tf.constant(images.load_picture(waves(48, 64, 5)).rgb))
  for name in ("block1_conv1", "block3_conv1"):
    want = 0
    for style, columns in ((STYLE, slice(0, 32)), (OTHER, slice(32, 64))):
      (target,) = judge(CONTENT, style)._style(both.plan.levels[-1])[name]
      half = features[name][:, :, columns.start * features[name].shape[2] // 64:
                            columns.stop * features[name].shape[2] // 64]
      (statistics,) = losses.statistics(losses.feature_sums(half))
      kernel = losses.STYLE_LOSSES[loss]
      want += 0.5 * float(kernel.distance(statistics, kernel.prepare(target)))
    assert got[f"style/{name}"] == pytest.approx(want, rel=1e-5)


@pytest.mark.parametrize("tile", [0, 16])
def test_each_half_of_the_content_is_adapted_to_its_own_style(tile):
  red, blue = (255, 0, 0), (0, 0, 255)
  made = judge(CONTENT, [STYLE, OTHER], mask(red, blue), [mask(red, red), mask(blue, blue)], tile_size=tile)
  level = made.plan.levels[-1]
  content = made.view(level)[1].content["block3_conv2"]
  for style, half in ((STYLE, content[:, :, :8]), (OTHER, content[:, :, 8:])):
    (target,) = judge(CONTENT, style)._style(level)["block3_conv2"]
    (found,) = losses.statistics(losses.feature_sums(half))
    np.testing.assert_allclose(found.mean, target.mean, rtol=1e-3, atol=1e-3)
    moved, wanted = (np.sum(np.diag(losses.covariance(each))) for each in (found, target))
    assert moved == pytest.approx(wanted, rel=0.1)


def test_content_is_what_it_is_where_nothing_is_asked_of_it():
  """In what is kept, without styles, and as features."""
  def of(*given, **options):
    made = judge(*given, **options)
    return made.view(made.plan.levels[-1])[1].content["block3_conv2"].numpy()

  plain = of(CONTENT, STYLE, content_target="features")
  kept = of(CONTENT, STYLE, mask(BLACK, WHITE), mask_keep="000000")
  np.testing.assert_array_equal(kept[:, :, :8], plain[:, :, :8])
  assert np.abs(kept[:, :, 8:] - plain[:, :, 8:]).mean() > 1
  np.testing.assert_array_equal(of(CONTENT, None), plain)
  np.testing.assert_allclose(of(CONTENT, CONTENT), plain, rtol=1e-3, atol=1e-2)


@pytest.mark.parametrize("loss", losses.STYLE_LOSSES)
def test_a_region_too_small_for_a_deep_layer_does_no_harm(loss):
  small = mask(WHITE, WHITE)
  small[:12, :12] = 0
  options = {"style_layers": "block1_conv1,block5_conv1", "style_loss": loss}
  made = judge(CONTENT, STYLE, small, [mask(BLACK, WHITE)], **options)
  for level in made.plan.levels:
    evaluator, wanted, _ = made.view(level)
    picture = tf.constant(images.resize(made.plan.start, level.height, level.width))
    terms, gradient = evaluator.value_and_gradient(picture, wanted)
    assert np.all(np.isfinite(terms.raw)) and np.all(np.isfinite(gradient))


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
@pytest.mark.parametrize("stop", [False, True], ids=["whole", "stopped at the coarse level"])
def test_what_is_kept_is_the_content_bit_for_bit(optimizer, stop):
  result = transfer.stylize(CONTENT, STYLE, Config.of(**SMALL, optimizer=optimizer, mask_keep="000000"),
                            on_step=lambda step: stop, content_mask=mask(BLACK, WHITE))
  got, content = images.to_uint8(result.picture), images.to_uint8(result.plan.content.rgb)
  np.testing.assert_array_equal(got[:, :32], content[:, :32])
  assert np.abs(got[:, 32:].astype(int) - content[:, 32:]).mean() > 1


def test_masks_with_erosion_of_all_styles_are_blended_by_region():
  """A region that both styles have is mixed of both, one that only one has is that one's."""
  red, blue = (255, 0, 0), (0, 0, 255)
  made = judge(CONTENT, [STYLE, OTHER], mask(red, blue), [mask(red, red), mask(red, blue)],
               style_blend="3,1", mask_erosion=0.5)
  alone = judge(CONTENT, OTHER, mask(red, blue), [mask(red, blue)], mask_erosion=0.5)
  of_blue, of_red = (made._style(made.plan.levels[-1])["block3_conv1"][i] for i in (0, 1))
  alone_blue, alone_red = alone._style(made.plan.levels[-1])["block3_conv1"]
  (first,) = judge(CONTENT, STYLE)._style(made.plan.levels[-1])["block3_conv1"]
  np.testing.assert_allclose(of_blue.mean, alone_blue.mean, rtol=1e-5)
  np.testing.assert_allclose(of_red.mean, 0.75 * first.mean + 0.25 * alone_red.mean, rtol=1e-4)


@pytest.mark.parametrize("scale", [0.5, 2.0])
def test_the_scale_of_a_style_is_that_of_a_resized_style_at_every_level(scale):
  made = judge(CONTENT, STYLE, style_scale=scale)
  for level in made.plan.levels:
    size = max(level[:2]) * scale
    resized = images.resize(images.load_picture(STYLE, int(64 * scale)).rgb, round(size), round(size))
    for name, (got,) in made._style(level).items():
      (want,) = made._targets.statistics(resized)[name]
      np.testing.assert_allclose(got.second, want.second, rtol=1e-4, atol=1e-3)


def test_a_texture_has_the_size_asked_for_and_no_content():
  result = transfer.stylize(None, STYLE, Config.of(**SMALL, output_size="70x50"))
  assert result.picture.shape == (1, 50, 70, 3) and result.plan.config.init == "noise"
  assert not any(name.startswith("content") for name in result.losses)
  assert result.plan.config.content_layers == () and result.plan.alpha is None
  totals, levels = result.history["total"], result.history["level"]
  assert totals[levels == 0][-1] < totals[0]


def test_a_reconstruction_has_content_terms_alone():
  result = transfer.stylize(CONTENT, None, Config.of(**SMALL))
  assert set(result.losses) == {"total", "content/block3_conv2"} and result.plan.config.init == "noise"


@pytest.mark.parametrize("options, message", [
    ({"style_scale": 0.05}, "--style_scale: expected sides of at least 4 pixels for the deepest layer"),
    ({"output_size": "70x3"}, "--output_size: expected sides of at least 4 pixels for the deepest layer")])
def test_too_small(options, message):
  with pytest.raises(InputError, match=message):
    plans.make_plan(Inputs.of(None if "output_size" in options else CONTENT, STYLE),
                    Config.of(**{**SMALL, **options}))
