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


def test_oklab_knows_white_and_comes_back():
  np.testing.assert_allclose(color.to_oklab(np.ones(3)), [1, 0, 0], atol=1e-6)
  np.testing.assert_allclose(color.to_oklab(np.array([1.0, 0, 0])), [0.62796, 0.22486, 0.12585], atol=1e-4)
  np.testing.assert_allclose(color.from_oklab(color.to_oklab(CONTENT)), CONTENT, atol=1e-6)


def test_a_gray_picture_has_the_lightness():
  gray = color.gray(CONTENT)
  np.testing.assert_allclose(gray, gray[..., :1].repeat(3, -1), atol=1e-6)
  np.testing.assert_allclose(color.to_oklab(gray)[..., 0], color.to_oklab(CONTENT)[..., 0], atol=1e-5)


def test_chroma_is_the_contents_and_lightness_the_results():
  """Where the gamut holds it; elsewhere lightness and hue stay, and chroma is as large as it may be."""
  photo, result = (images.load_picture(SAMPLES / f"{name}.jpg", 300).rgb for name in ("photo", "glass"))
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
  turned = np.sum(lab[~inside][:, 1:] * wanted[~inside][:, 1:], 1)[visible] / (chroma * most)[visible]
  assert turned.min() > 0.99


@pytest.mark.parametrize("mode", ["style", "content", "luminance", "match"])
def test_the_content_itself_is_left_alone(mode):
  np.testing.assert_allclose(color.finished(mode, 1, CONTENT, CONTENT), CONTENT, atol=1e-4)
  start = color.seen(mode, CONTENT)
  np.testing.assert_allclose(color.finished(mode, 1, start, CONTENT), start if mode == "match" else CONTENT,
                             atol=1e-4)


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
    close = np.abs(lab[..., 1:] - wanted[..., 1:]).max(-1) < 0.01  # the rest: colors that no screen shows
    assert close.mean() > 0.8
    assert np.abs(lab[..., 0] - wanted[..., 0]).mean() > 0.01
  assert result.losses["total"] < 0.8 * result.history["total"][0]


def test_luminance_begins_and_stays_gray(monkeypatch):
  kept = []
  monkeypatch.setattr(color, "finished", lambda mode, strength, picture, _: kept.append(picture) or picture)
  result = run(color="luminance", optimizer="lbfgs", init="noise")
  np.testing.assert_allclose(kept[-1], kept[-1][..., :1].repeat(3, -1), atol=1.01 * LEVEL)  # a tie's rounding
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
