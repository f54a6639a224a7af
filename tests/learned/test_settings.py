"""Settings of learning: the effort fills in, an option beats it, wrong ones are refused."""

import pytest

from tf_style.errors import InputError
from tf_style.learned.settings import LearnConfig


def test_an_option_beats_the_effort():
  assert LearnConfig.of(effort="draft").steps < LearnConfig.of().steps
  assert LearnConfig.of(effort="draft", steps=7).steps == 7
  assert LearnConfig().steps == LearnConfig.of().steps


def test_the_objective_is_that_of_a_repaint():
  config = LearnConfig.of(content_weight=0.5, style_scale="2", network="vgg16").objective()
  assert (config.content_weight, config.style_scale, config.network) == (0.5, (2.0,), "vgg16")
  assert (config.style_loss, config.content_target) == ("mixed", "adain")


def test_settings_survive_json():
  config = LearnConfig.of(style_scale="1,2", seed=3)
  assert LearnConfig(**config.as_dict()) == config
  assert "--style_scale=1.0,2.0" in config.as_flags()


@pytest.mark.parametrize(("options", "message"), [
    ({"train_size": 100}, "--train_size: expected a multiple of 16, received 100"),
    ({"steps": 0}, "--steps: expected a finite number and at least 1"),
    ({"style_scale": ""}, "--style_scale: expected at least one number"),
    ({"depth": 3}, "expected one of the options"),
    ({"effort": "much"}, "--effort: expected one of draft, standard, best")])
def test_wrong_settings_are_refused(options, message):
  with pytest.raises(InputError, match=message):
    LearnConfig.of(**options)
