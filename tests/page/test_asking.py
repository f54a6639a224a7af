"""From controls to flags and back: what is left alone is left out, what is exact wins."""

import dataclasses

import pytest

from tf_style.errors import InputError
from tf_style.page import asking
from tf_style.settings.config import Config

USUAL = {name: plain.default for name, plain in asking.PLAIN.items()}


def test_nothing_asked_for_is_no_flag():
  assert asking.flags_of(USUAL, {"levels": None, "optimizer": "", "style_layers": ""}) == {}
  assert asking.controls_of({}) == (USUAL, {})


@pytest.mark.parametrize(("changed", "flags"), [
    ({"keep": -1}, {"content_weight": f"{2 * Config.of().content_weight:g}"}),
    ({"keep": 2}, {"content_weight": f"{Config.of().content_weight / 4:g}"}),
    ({"stroke": 1.5}, {"style_scale": "1.5"}),
    ({"color": "luminance"}, {"color": "luminance"}),
    ({"effort": "best", "size": 768}, {"effort": "best", "image_size": "768"})])
def test_plain_controls_are_flags_and_back(changed, flags):
  assert asking.flags_of({**USUAL, **changed}, {}) == flags
  assert asking.controls_of(flags) == ({**USUAL, **changed}, {})
  Config.of(**flags)


def test_what_is_exact_wins_and_comes_back_exact():
  advanced = {"content_weight": 0.02, "style_scale": "1,2", "levels": 3}
  flags = asking.flags_of({**USUAL, "keep": 1, "stroke": 2}, advanced)
  assert flags == {"content_weight": "0.02", "style_scale": "1,2", "levels": "3"}
  assert asking.controls_of(flags) == (USUAL, flags)


def test_the_dial_starts_from_the_preset():
  base = Config.of(preset="gatys").content_weight
  flags = asking.flags_of({**USUAL, "keep": 1}, {"preset": "gatys"})
  assert float(flags["content_weight"]) == pytest.approx(base / 2)
  assert asking.controls_of(flags)[0]["keep"] == 1


def test_a_wrong_value_is_said():
  with pytest.raises(InputError, match="--preset: expected one of default"):
    asking.flags_of({**USUAL, "keep": 1}, {"preset": "nothing"})


@pytest.mark.parametrize("options", [
    {}, {"effort": "draft", "image_size": 256}, {"preset": "gatys", "seed": 3},
    {"style_loss": "gram", "style_layers": "block1_conv1,block2_conv1"}, {"levels": 2,
                                                                          "strength": 0.5}])
def test_the_flags_of_a_configuration_are_few_and_make_it_again(options):
  config = Config.of(**options)
  flags = asking.changed(config)
  assert Config.of(**flags) == config
  assert len(flags) <= len(options) + 1


def test_every_field_has_a_control_or_a_reason():
  shown = {field.name for fields in asking.advanced_fields().values() for field in fields}
  without = {"color", "effort", "image_size", *asking._WITHOUT_CONTROL}
  watching = {field.name for field in dataclasses.fields(Config)
              if field.metadata["group"] == "Watching"}
  assert shown | without | watching == {field.name for field in dataclasses.fields(Config)}
  assert not shown & (without | watching)


def test_a_command_has_names_instead_of_paths():
  given = {"content": "/home/me/my photo.jpg", "style": ["/a/b.jpg", "/c/d.jpg"], "levels": "2"}
  assert asking.command_line(["tf-style"], given) == (
      "tf-style '--content=my photo.jpg' --style=b.jpg --style=d.jpg --levels=2")
