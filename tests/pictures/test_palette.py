"""The palette of a picture on another: colors as in the style, edges as in the photograph."""

import numpy as np
from made_problems import sample

from tf_style.pictures import palette
from tf_style.pictures.color import to_oklab
from tf_style.repaint.painter import stylize
from tf_style.settings.config import Config

CONTENT, STYLE = sample("photo", 96, 128), sample("glass", 96, 96)


def colors(picture: np.ndarray) -> np.ndarray:
  return to_oklab(picture[0].astype(np.float64)).reshape(-1, 3)


def far(one: np.ndarray, other: np.ndarray) -> float:
  """Mean distance of quantiles along axes and diagonals."""
  ways = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [0, 1, 1], [1, 0, 1]]).T
  places = np.linspace(0.02, 0.98, 60)
  return float(np.abs(np.quantile(one @ ways, places, axis=0)
                      - np.quantile(other @ ways, places, axis=0)).mean())


def test_the_palette_is_the_styles():
  made = palette.recolored(CONTENT, CONTENT.reshape(-1, 3), STYLE.reshape(-1, 3))
  assert made.shape == CONTENT.shape and made.dtype == np.float32
  assert far(colors(made), colors(STYLE)) < 0.3 * far(colors(CONTENT), colors(STYLE))


def test_edges_are_the_photographs():
  made = palette.recolored(CONTENT, CONTENT.reshape(-1, 3), STYLE.reshape(-1, 3))
  steps = [np.diff(to_oklab(each[0].astype(np.float64))[..., 0], axis=1).ravel()
           for each in (CONTENT, made)]
  assert np.corrcoef(*steps)[0, 1] > 0.9


def test_its_own_palette_leaves_a_picture_alone():
  made = palette.recolored(CONTENT, CONTENT.reshape(-1, 3), CONTENT.reshape(-1, 3))
  np.testing.assert_allclose(made, CONTENT, atol=0.01)


def test_smoothing_keeps_an_edge_and_takes_noise():
  rng = np.random.default_rng(0)
  guide = np.zeros((40, 40, 1))
  guide[:, 20:] = 1
  values = guide + rng.normal(scale=0.1, size=guide.shape)
  smooth = palette.guided(values, guide, 4, 2e-3)
  assert np.abs(smooth - guide).max() < 0.06
  np.testing.assert_allclose(palette.guided(guide * 0 + 3, guide, 4, 2e-3), 3)


def test_no_texture_needs_no_network(monkeypatch):
  monkeypatch.setattr("tf_style.repaint.plan.load_weights", None)
  config = Config.of(image_size=96, texture=0)
  result = stylize(CONTENT, STYLE, config)
  assert result.picture.shape == (1, 72, 96, 3) and len(result.history["total"]) == 0
  assert far(colors(result.picture), colors(STYLE)) < 0.4 * far(colors(CONTENT), colors(STYLE))
  kept = np.zeros((96, 128, 3), np.uint8)
  kept[:, 64:] = 255
  half = stylize(CONTENT, STYLE, Config.of(image_size=96, texture=0, mask_keep="ffffff"),
                 content_mask=kept).picture
  np.testing.assert_allclose(half[:, :, 49:], result.plan.content.rgb[:, :, 49:], atol=0.003)


def test_texture_is_a_share_of_the_brushwork():
  options = {"image_size": 64, "network": "vgg16", "neighbor_weight": 0, "steps": 2, "levels": 1,
             "precision": "float32", "style_layers": "block1_conv1",
             "content_layers": "block1_conv2"}
  whole, half, none = (stylize(CONTENT, STYLE, Config.of(**options, texture=share)).picture
                       for share in (1, 0.5, 0))
  np.testing.assert_allclose(half, (whole + none) / 2, atol=0.005)
