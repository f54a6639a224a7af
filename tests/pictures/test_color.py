"""Whose colors: the transports on generated pictures, and whole runs in each mode."""

from pathlib import Path

import numpy as np
import pytest
from made_inputs import waves

from tf_style.pictures import color, images
from tf_style.repaint import painter as transfer
from tf_style.settings.config import Config

SAMPLES = Path(color.__file__).parents[1] / "samples"
CONTENT, STYLE = (np.float32(waves(72, 96, seed)[None] / 255) for seed in (1, 2))
SMALL = {"network": "vgg16", "image_size": 64, "steps": 6, "precision": "float32"}
LEVEL = 1 / 255


def soft(seed: int) -> np.ndarray:
  """A picture that no transport moves out of [0, 1]."""
  return np.float32(0.4 + 0.2 * waves(40, 56, seed)[None] / 255)


def run(**options):
  return transfer.stylize(CONTENT, STYLE, Config.of(**{**SMALL, **options}))


def statistics(picture: np.ndarray) -> np.ndarray:
  pixels = picture.reshape(-1, 3).astype(np.float64)
  return np.concatenate([pixels.mean(0), np.cov(pixels.T, bias=True).ravel()])


def test_match_gives_mean_and_covariance():
  matched = color.style_seen("match", soft(1), soft(2))
  np.testing.assert_allclose(statistics(matched), statistics(soft(2)), atol=3e-5)


def test_luminance_gives_mean_and_deviation():
  matched, wanted = color.style_seen("luminance", soft(1), soft(2)), color.gray(soft(2))
  assert matched.mean() == pytest.approx(wanted.mean(), abs=1e-5)
  assert matched.std() == pytest.approx(wanted.std(), rel=1e-4)
  flat = np.full((1, 8, 8, 3), 0.3, np.float32)
  assert color.style_seen("luminance", flat, soft(2)).std() < 1e-6


NOISE = np.random.default_rng(0).normal(0, 0.5 * LEVEL, CONTENT.shape)
GRAY = np.float32(CONTENT.mean(-1, keepdims=True).repeat(3, -1))
FLAT = {"black": np.zeros_like(CONTENT), "white": np.ones_like(CONTENT),
        "gray": np.full_like(CONTENT, 0.3),
        "tinted": np.ones_like(CONTENT) * np.float32([0.3, 0.15, 0.06])}
NOISY = np.rint(255 * (FLAT["tinted"] + NOISE)).astype(np.float32) / 255


@pytest.mark.parametrize("reference", [CONTENT, GRAY, *FLAT.values()])
@pytest.mark.parametrize("flat", [*FLAT.values(), NOISY])
def test_flat_pictures_become_the_mean_and_stay_flat(flat, reference):
  with np.errstate(all="raise"):
    matched = color.style_seen("match", flat, reference)
    lightness = color.style_seen("luminance", flat, reference)
  np.testing.assert_allclose(matched, reference.mean((0, 1, 2), np.float64) + 0 * flat,
                             atol=2e-5)
  np.testing.assert_allclose(lightness, color.gray(reference).mean(dtype=np.float64), atol=2e-5)


@pytest.mark.parametrize("picture", [CONTENT, GRAY, NOISY, *FLAT.values()])
@pytest.mark.parametrize("flat", FLAT.values())
def test_what_has_a_flat_reference_becomes_it(picture, flat):
  with np.errstate(all="raise"):
    matched = color.style_seen("match", picture, flat)
    lightness = color.style_seen("luminance", picture, flat)
  np.testing.assert_allclose(matched, flat, atol=2e-3)
  np.testing.assert_allclose(lightness, color.gray(flat), atol=1e-6)


@pytest.mark.parametrize("picture", [CONTENT, GRAY, NOISY, *FLAT.values()])
def test_gray_content_gives_gray(picture):
  for content in (GRAY, FLAT["black"], FLAT["white"], FLAT["gray"]):
    with np.errstate(all="raise"):
      results = [color.style_seen("match", picture, content), color.with_chroma(picture, content),
                 color.finished("luminance", 0.5, color.gray(picture), content)]
    for result in results:
      assert np.ptp(result, axis=-1).max() < 2e-3


def test_a_gray_picture_has_the_deviation_of_the_reference_along_one_line():
  """Its noise of color, as JPEG leaves it, is not enlarged."""
  noisy = np.clip(GRAY + 0.6 * NOISE, 0, 1).astype(np.float32)
  for picture in (GRAY, noisy):
    matched = color.style_seen("match", picture, 0.4 + 0.2 * CONTENT).reshape(-1, 3)
    values = np.linalg.eigvalsh(np.cov(matched.T))
    assert values[2] > 1e-3 and values[1] < 1e-6


def test_oklab_knows_white_and_comes_back():
  np.testing.assert_allclose(color.to_oklab(np.ones(3)), [1, 0, 0], atol=1e-6)
  red = color.to_oklab(np.array([1.0, 0, 0]))
  np.testing.assert_allclose(red, [0.62796, 0.22486, 0.12585], atol=1e-4)
  np.testing.assert_allclose(color.from_oklab(color.to_oklab(CONTENT)), CONTENT, atol=1e-6)


def test_a_gray_picture_has_the_lightness():
  gray = color.gray(CONTENT)
  np.testing.assert_allclose(gray, gray[..., :1].repeat(3, -1), atol=1e-6)
  lightness = color.to_oklab(CONTENT)[..., 0]
  np.testing.assert_allclose(color.to_oklab(gray)[..., 0], lightness, atol=1e-5)


def test_chroma_is_the_contents_and_lightness_the_results():
  """Where the gamut holds it; elsewhere lightness and hue stay, and chroma is the largest."""
  photo, result = (images.load_picture(SAMPLES / f"{name}.jpg", 300).rgb
                   for name in ("photo", "glass"))
  result = images.resize(result, *photo.shape[1:3])
  lab, wanted, lightness = map(color.to_oklab, (color.with_chroma(result, photo), photo, result))
  np.testing.assert_allclose(lab[..., 0], lightness[..., 0], atol=2e-3)
  whole = np.concatenate([lightness[..., :1], wanted[..., 1:]], -1)
  inside = ((color.from_oklab(whole) >= 0) & (color.from_oklab(whole) <= 1)).all(-1)
  assert 0.3 < inside.mean() < 1
  np.testing.assert_allclose(lab[inside][:, 1:], wanted[inside][:, 1:], atol=1e-4)
  chroma, most = (np.hypot(*np.moveaxis(x[~inside][:, 1:], -1, 0)) for x in (lab, wanted))
  assert (chroma <= most + 1e-3).all()
  visible = np.minimum(chroma, most) > 0.02
  products = np.sum(lab[~inside][:, 1:] * wanted[~inside][:, 1:], 1)
  turned = products[visible] / (chroma * most)[visible]
  assert turned.min() > 0.99


@pytest.mark.parametrize("mode", ["style", "content", "luminance", "match"])
def test_the_content_itself_is_left_alone(mode):
  np.testing.assert_allclose(color.finished(mode, 1, CONTENT, CONTENT), CONTENT, atol=1e-4)
  start = color.seen(mode, CONTENT)
  wanted = start if mode == "match" else CONTENT
  np.testing.assert_allclose(color.finished(mode, 1, start, CONTENT), wanted, atol=1e-4)


@pytest.mark.parametrize("mode", ["content", "luminance"])
@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_results_have_the_contents_chroma(mode, optimizer):
  seen = []
  result = transfer.stylize(CONTENT, STYLE, Config.of(**{
      **SMALL, "steps": 25, "levels": 1, "color": mode, "optimizer": optimizer}),
                            on_step=lambda step: seen.append(step.picture()))
  for picture in (result.picture, seen[-1]):
    content = images.resize(CONTENT, *picture.shape[1:3])
    lab, wanted = color.to_oklab(picture), color.to_oklab(content)
    close = np.abs(lab[..., 1:] - wanted[..., 1:]).max(-1) < 0.01
    assert close.mean() > 0.8  # the rest: colors that no screen shows
    assert np.abs(lab[..., 0] - wanted[..., 0]).mean() > 0.01
  assert result.losses["total"] < 0.8 * result.history["total"][0]


def test_luminance_begins_and_stays_gray(monkeypatch):
  kept = []
  keep = lambda mode, strength, picture, _: kept.append(picture) or picture
  monkeypatch.setattr(color, "finished", keep)
  result = run(color="luminance", optimizer="lbfgs", init="noise")
  gray = kept[-1][..., :1].repeat(3, -1)
  np.testing.assert_allclose(kept[-1], gray, atol=1.01 * LEVEL)  # a tie's rounding
  assert np.ptp(result.plan.start, axis=-1).max() < 1e-6


def test_strength():
  full, none, half = (run(strength=share, levels=1).picture for share in (1, 0, 0.5))
  content = images.load_picture(CONTENT, 64).rgb
  np.testing.assert_array_equal(full, run(levels=1).picture)
  np.testing.assert_array_equal(none, images.to_uint8(content)[None] / np.float32(255))
  np.testing.assert_allclose(half, (full + content) / 2, atol=0.6 * LEVEL)


def test_the_reported_loss_is_that_before_color_and_strength():
  plain = run(levels=1).losses
  blended = run(levels=1, color="content", strength=0.3).losses
  assert blended == plain
