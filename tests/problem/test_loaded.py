"""Inputs, read: sizes, colors, regions, and what the user should know."""

import numpy as np
import pytest
from made_inputs import waves

from tf_style.problem.inputs import Inputs
from tf_style.problem.loaded import load, style_colors, style_reader
from tf_style.settings.config import Config

CONTENT, STYLE, OTHER = waves(72, 96, 1), waves(80, 80, 2), waves(64, 90, 3)


def test_styles_have_their_scale_of_the_results_size():
  loaded = load(Inputs.of(CONTENT, [STYLE, OTHER]),
                Config.of(image_size=48, style_scale="1,0.5", style_blend="1,3"))
  assert loaded.size == (36, 48) and loaded.content.rgb.shape == (1, 36, 48, 3)
  assert [style.rgb.shape[1:3] for style in loaded.styles] == [(48, 48), (17, 24)]
  assert loaded.shares == (0.25, 0.75) and loaded.regions is None and loaded.num_regions == 1


def test_a_texture_has_a_size_and_no_content():
  loaded = load(Inputs.of(None, STYLE), Config.of(output_size="70x50"))
  assert loaded.size == (50, 70) and loaded.content is None
  assert loaded.styles[0].rgb.shape == (1, 70, 70, 3)


def test_styles_are_in_the_colors_that_they_are_seen_in():
  gray = load(Inputs.of(CONTENT, STYLE), Config.of(image_size=48, color="luminance")).styles[0].rgb
  np.testing.assert_allclose(gray, gray[..., :1].repeat(3, -1), atol=1e-6)
  plain = load(Inputs.of(CONTENT, STYLE), Config.of(image_size=48)).styles[0].rgb
  assert np.abs(plain - plain.mean(-1, keepdims=True)).mean() > 0.05


def test_masks_make_regions():
  mask = np.zeros((72, 96, 3), np.uint8)
  mask[:, 48:] = 255
  loaded = load(Inputs.of(CONTENT, STYLE, content_mask=mask, style_mask=mask),
                Config.of(image_size=48))
  assert loaded.num_regions == 2 and loaded.regions.content.shape[-1] == 2


def test_styles_that_are_kept_are_not_read_again():
  inputs, config = Inputs.of(CONTENT, STYLE), Config.of(image_size=48)
  read = style_reader(inputs, config)
  asked = []
  load(inputs, config, lambda longest: asked.append(longest) or read(longest))
  assert asked == [48]


def test_notes_are_those_of_all_pictures():
  loaded = load(Inputs.of(CONTENT, STYLE), Config.of(image_size=96, style_scale=3))
  assert any("is enlarged 3.6 times" in note for note in loaded.notes)


@pytest.mark.parametrize("shares, reds", [((1.0, 0.0), 1), ((0.25, 0.75), 0.25)])
def test_colors_of_a_blend_are_by_shares(shares, reds):
  red, blue = (np.tile(np.uint8(color), (8, 8, 1)) for color in ([255, 0, 0], [0, 0, 255]))
  styles = load(Inputs.of(CONTENT, [red, blue]), Config.of(image_size=48)).styles
  assert style_colors(styles, shares)[..., 0].mean() == pytest.approx(reds, abs=0.01)
