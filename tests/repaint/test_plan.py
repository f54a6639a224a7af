"""What a run does: what each of its levels starts from."""

import numpy as np
import pytest
from made_inputs import waves, write_weights

from tf_style.pictures import color, images
from tf_style.problem.inputs import Inputs
from tf_style.repaint.plan import Plan, make_plan
from tf_style.settings.config import Config
from tf_style.vgg.weights import Weights, load_weights


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Weights:
  return load_weights("vgg16", str(write_weights(tmp_path_factory.mktemp("weights") / "vgg16.h5")))


def planned(weights: Weights, content: np.ndarray | None, style: np.ndarray,
            **options: object) -> Plan:
  config = Config.of(network="vgg16", image_size="original", level_steps=(3, 3), **options)
  return make_plan(Inputs.of(content, style), config, weights)


@pytest.mark.parametrize("mode", ["style", "luminance"])
def test_a_level_starts_with_the_finest_details_of_the_content(weights, mode):
  """If the best picture so far is the content, seen smaller, the next start is the content."""
  plan = planned(weights, waves(40, 56, 1), waves(40, 56, 1), color=mode)
  content = color.seen(mode, plan.content.rgb)
  coarse = images.resize(content, *plan.levels[0][:2])
  np.testing.assert_allclose(plan.begun(1, coarse), content, atol=2e-3)
  np.testing.assert_array_equal(plan.begun(0, content), coarse)


def test_a_flat_style_takes_details_as_faint_as_its_own(weights):
  content, soft = waves(40, 56, 1), images.resize(waves(6, 6, 2)[None] / np.float32(255), 50, 50)
  flat = np.full((1, 28, 40, 3), 0.5, np.float32)
  added = planned(weights, content, images.to_uint8(soft)).begun(1, flat) - 0.5
  whole = planned(weights, content, content).begun(1, flat) - 0.5
  assert np.std(added) < 0.2 * np.std(whole)
  assert np.corrcoef(added.ravel(), whole.ravel())[0, 1] > 0.99


def test_a_texture_has_no_details_to_start_with(weights):
  plan = planned(weights, None, waves(50, 50, 2), output_size="56x40")
  coarse = waves(28, 40, 3)[None] / np.float32(255)
  np.testing.assert_array_equal(plan.begun(1, coarse), images.resize(coarse, 40, 56))
