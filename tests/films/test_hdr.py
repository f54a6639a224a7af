"""HDR levels mean the light that the standards say, and become ordinary pictures."""

import numpy as np
import pytest

from tf_style.films.hdr import HLG, PQ, as_srgb, hlg_light, light_to_pq, pq_to_light, tone_mapped


def test_levels_of_pq_are_those_of_the_standard():
  light = np.array([0, 0.1, 100, 203, 1000, 10_000])
  level = light_to_pq(light)
  np.testing.assert_allclose(level, [0, 0.0623, 0.5081, 0.5807, 0.7518, 1], atol=2e-4)
  np.testing.assert_allclose(pq_to_light(level), light, atol=1e-6, rtol=1e-6)


def test_three_quarters_of_hlg_are_white_paper():
  gray = np.full((1, 1, 3), 0.75 * 65535 + 0.5, np.uint16)
  np.testing.assert_allclose(hlg_light(gray), 203, atol=1)
  np.testing.assert_allclose(hlg_light(np.full((1, 1, 3), 65535, np.uint16)), 1000, rtol=1e-4)


def test_what_is_dark_stays_and_what_is_bright_is_compressed():
  light = np.array([1.0, 50.0, 203.0, 600.0, 1000.0, 4000.0])
  mapped = tone_mapped(light)
  np.testing.assert_allclose(mapped[:2], light[:2], rtol=1e-4)
  assert 120 < mapped[2] < 160 < mapped[3] < mapped[4]
  np.testing.assert_allclose(mapped[4:], 203, rtol=1e-3)


@pytest.mark.parametrize("transfer", [PQ, HLG])
def test_grays_stay_gray_and_colors_keep_their_hue(transfer):
  ramp = np.uint16(np.linspace(0, 65535, 64))[None, :, None].repeat(3, -1)
  gray = as_srgb(ramp, transfer)[0].astype(int)
  assert gray[0].max() == 0 and gray[-1].min() == 255
  assert (np.diff(gray, axis=0) >= 0).all() and np.ptp(gray, axis=-1).max() <= 1
  ramp[..., 1:] = ramp[..., 1:] // 10 * 9
  red = as_srgb(ramp, transfer)[0].astype(int)[16:]
  assert (red[:, 0] > red[:, 1] + 5).all() and np.abs(red[:, 1] - red[:, 2]).max() < 30


def test_gray_of_fifty_candela_is_a_quarter_of_white():
  level = np.full((2, 2, 3), 65535 * light_to_pq(np.array(50.0)), np.uint16)
  wanted = 255 * (1.055 * (50 / 203) ** (1 / 2.4) - 0.055)
  np.testing.assert_allclose(as_srgb(level, PQ), wanted, atol=1)
