"""Artists' controls on real weights: blends, regions, what is kept, textures, reconstructions."""

from collections.abc import Callable

import numpy as np
import pytest
from made_inputs import waves
from made_problems import make_problem
from PIL import Image

from tf_style.errors import InputError
from tf_style.losses.statistics import covariance, feature_sums, statistics
from tf_style.losses.style import STYLE_LOSSES
from tf_style.pictures import images
from tf_style.problem.inputs import Inputs
from tf_style.problem.problem import Problem
from tf_style.repaint.painter import stylize
from tf_style.repaint.plan import make_plan
from tf_style.settings.config import Config

CONTENT, STYLE, OTHER = waves(72, 96, 1), waves(80, 80, 2), waves(64, 90, 3)
SMALL = {"network": "vgg16", "image_size": 64, "steps": 4, "levels": 2, "precision": "float32",
         "style_layers": "block1_conv1,block3_conv1", "content_layers": "block3_conv2"}
SIZES = ((34, 45), (48, 64))  # of the two levels
WHITE, BLACK, RED, BLUE = (255,) * 3, (0,) * 3, (255, 0, 0), (0, 0, 255)

MakeProblem = Callable[..., Problem]


@pytest.fixture(scope="module")
def problem(vgg16) -> MakeProblem:
  """Makes a problem of pictures, masks and options."""
  return lambda *given, **options: make_problem(vgg16, *given, **{**SMALL, **options})


@pytest.fixture(scope="module")
def values(problem) -> Callable[..., dict[str, float]]:
  """Losses of a picture that is neither content nor style."""
  return lambda *given, **options: problem(*given, **options).value(shown())


def shown() -> np.ndarray:
  return images.load_picture(waves(48, 64, 5)).rgb


def mask(left, right) -> np.ndarray:
  """[72, 96, 3] uint8: two colors side by side."""
  pixels = np.empty((72, 96, 3), np.uint8)
  pixels[:, :48], pixels[:, 48:] = left, right
  return pixels


def assert_same(one, other, rel=1e-5):
  assert one.keys() == other.keys()
  for name, value in one.items():
    assert value == pytest.approx(other[name], rel=rel), name


@pytest.mark.parametrize("loss", STYLE_LOSSES)
def test_two_equal_styles_are_one(values, loss):
  assert_same(values(CONTENT, STYLE, style_loss=loss),
              values(CONTENT, [STYLE, STYLE], style_loss=loss, style_blend="0.3,0.7"))


def test_a_folder_with_one_picture_is_that_picture(values, tmp_path):
  Image.fromarray(STYLE).save(tmp_path / "style.png")
  assert values(CONTENT, tmp_path) == values(CONTENT, STYLE)


def test_a_style_without_a_share_does_not_count(values):
  assert_same(values(CONTENT, [STYLE, OTHER], style_blend="1,0"), values(CONTENT, STYLE))


@pytest.mark.parametrize("loss", STYLE_LOSSES)
def test_a_mask_of_ones_is_none(values, loss):
  ones = mask(WHITE, WHITE)
  assert_same(values(CONTENT, STYLE, content_mask=ones, style_mask=[ones], style_loss=loss),
              values(CONTENT, STYLE, style_loss=loss))


@pytest.mark.parametrize("loss", STYLE_LOSSES)
@pytest.mark.parametrize("tile", [0, 16])
def test_half_masks_are_targets_of_their_own(problem, loss, tile):
  """Each half has a style: targets are those of the styles alone, the loss that of the halves."""
  both = problem(CONTENT, [STYLE, OTHER], content_mask=mask(RED, BLUE),
                 style_mask=[mask(RED, RED), mask(BLUE, BLUE)], style_loss=loss, tile_size=tile)
  got, kernel = both.value(shown()), STYLE_LOSSES[loss]
  features = both.graphs.whole._extractor(shown())
  for name in ("block1_conv1", "block3_conv1"):
    want, middle = 0, features[name].shape[2] // 2
    for style, half in ((STYLE, features[name][:, :, :middle]),
                        (OTHER, features[name][:, :, middle:])):
      (target,) = problem(CONTENT, style)._style(48, 64)[name]
      (found,) = statistics(feature_sums(half))
      want += 0.5 * float(kernel.distance(found, kernel.prepare(target))[0])
    assert got[f"style/{name}"] == pytest.approx(want, rel=1e-5)


def content_of(problem: Problem, name: str = "block3_conv2") -> np.ndarray:
  """What the content's features at the finest level are compared with."""
  return problem.at(48, 64).wanted.targets[f"content/{name}"].features.numpy()


@pytest.mark.parametrize("tile", [0, 16])
def test_each_half_of_the_content_is_adapted_to_its_own_style(problem, tile):
  content = content_of(problem(
      CONTENT, [STYLE, OTHER], content_mask=mask(RED, BLUE),
      style_mask=[mask(RED, RED), mask(BLUE, BLUE)], tile_size=tile))
  for style, half in ((STYLE, content[:, :, :8]), (OTHER, content[:, :, 8:])):
    (target,) = problem(CONTENT, style)._style(48, 64)["block3_conv2"]
    (found,) = statistics(feature_sums(half))
    np.testing.assert_allclose(found.mean, target.mean, rtol=1e-3, atol=1e-3)
    moved, wanted = (np.trace(covariance(each)[0]) for each in (found, target))
    assert moved == pytest.approx(wanted, rel=0.1)


def test_content_is_what_it_is_where_nothing_is_asked_of_it(problem):
  """In what is kept, without styles, and as features."""
  plain = content_of(problem(CONTENT, STYLE, content_target="features"))
  kept = content_of(problem(
      CONTENT, STYLE, content_mask=mask(BLACK, WHITE), mask_keep="000000"))
  np.testing.assert_array_equal(kept[:, :, :8], plain[:, :, :8])
  assert np.abs(kept[:, :, 8:] - plain[:, :, 8:]).mean() > 1
  np.testing.assert_array_equal(content_of(problem(CONTENT, None)), plain)
  np.testing.assert_allclose(content_of(problem(CONTENT, CONTENT)), plain, rtol=1e-3, atol=1e-2)


@pytest.mark.parametrize("loss", STYLE_LOSSES)
def test_a_region_too_small_for_a_deep_layer_does_no_harm(problem, loss):
  small = mask(WHITE, WHITE)
  small[:12, :12] = 0
  made = problem(CONTENT, STYLE, content_mask=small, style_mask=[mask(BLACK, WHITE)],
                 style_layers="block1_conv1,block5_conv1", style_loss=loss)
  for height, width in SIZES:
    start = images.resize(made.loaded.content.rgb, height, width)
    terms, gradient = made.at(height, width).value_and_gradient(start)
    assert np.all(np.isfinite(terms.raw)) and np.all(np.isfinite(gradient))


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
@pytest.mark.parametrize("stop", [False, True], ids=["whole", "stopped at the coarse level"])
def test_what_is_kept_is_the_content_bit_for_bit(optimizer, stop):
  config = Config.of(**SMALL, optimizer=optimizer, mask_keep="000000")
  result = stylize(CONTENT, STYLE, config, on_step=lambda step: stop,
                   content_mask=mask(BLACK, WHITE))
  got, content = images.to_uint8(result.picture), images.to_uint8(result.plan.content.rgb)
  np.testing.assert_array_equal(got[:, :32], content[:, :32])
  assert np.abs(got[:, 32:].astype(int) - content[:, 32:]).mean() > 1


def test_masks_with_erosion_of_all_styles_are_blended_by_region(problem):
  """A region that both styles have is mixed of both, one that only one has is that one's."""
  made = problem(CONTENT, [STYLE, OTHER], content_mask=mask(RED, BLUE),
                 style_mask=[mask(RED, RED), mask(RED, BLUE)], style_blend="3,1",
                 mask_erosion=0.5)
  alone = problem(CONTENT, OTHER, content_mask=mask(RED, BLUE), style_mask=[mask(RED, BLUE)],
                  mask_erosion=0.5)
  of_blue, of_red = (made._style(48, 64)["block3_conv1"][i] for i in (0, 1))
  alone_blue, alone_red = alone._style(48, 64)["block3_conv1"]
  (first,) = problem(CONTENT, STYLE)._style(48, 64)["block3_conv1"]
  np.testing.assert_allclose(of_blue.mean, alone_blue.mean, rtol=1e-5)
  np.testing.assert_allclose(
      of_red.mean, 0.75 * first.mean + 0.25 * alone_red.mean, rtol=1e-4)


@pytest.mark.parametrize("scale", [0.5, 2.0])
def test_the_scale_of_a_style_is_that_of_a_resized_style_at_every_level(problem, scale):
  made = problem(CONTENT, STYLE, style_scale=scale)
  for height, width in SIZES:
    side = round(width * scale)
    resized = images.resize(images.load_picture(STYLE, int(64 * scale)).rgb, side, side)
    for name, (got,) in made._style(height, width).items():
      (want,) = made.graphs.targets.statistics(resized)[name]
      np.testing.assert_allclose(got.second, want.second, rtol=1e-4, atol=1e-3)


def test_a_texture_has_the_size_asked_for_and_no_content():
  result = stylize(None, STYLE, Config.of(**SMALL, output_size="70x50"))
  assert result.picture.shape == (1, 50, 70, 3) and result.plan.config.init == "noise"
  assert not any(name.startswith("content") for name in result.losses)
  assert result.plan.config.content_layers == () and result.plan.alpha is None
  totals, levels = result.history["total"], result.history["level"]
  assert totals[levels == 0][-1] < totals[0]


def test_a_reconstruction_has_content_terms_alone():
  result = stylize(CONTENT, None, Config.of(**SMALL))
  assert set(result.losses) == {"total", "content/block3_conv2"}
  assert result.plan.config.init == "noise"


@pytest.mark.parametrize("options, flag", [
    ({"style_scale": 0.05}, "--style_scale"), ({"output_size": "70x3"}, "--output_size")])
def test_too_small(options, flag):
  message = f"{flag}: expected sides of at least 4 pixels for the deepest layer"
  with pytest.raises(InputError, match=message):
    make_plan(Inputs.of(None if "output_size" in options else CONTENT, STYLE),
              Config.of(**{**SMALL, "neighbor_weight": 0, **options}))
