"""The configuration: checked when made, presets, and writing that can be read back."""

import dataclasses
import json
import math
from pathlib import Path

import numpy as np
import pytest

from tf_style.errors import InputError
from tf_style.pictures.images import MAX_PIXELS
from tf_style.settings.config import Config
from tf_style.settings.presets import BLOCKS, EFFORTS, LOSS_SETTINGS, PRESETS

FIRST = tuple(f"block{block}_conv1" for block in range(1, 6))


def test_defaults_need_no_preset():
  assert Config.of() == Config()
  assert Config().max_pixels == MAX_PIXELS


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("effort", EFFORTS)
def test_presets_and_efforts_are_valid(preset, effort):
  config = Config.of(preset=preset, effort=effort)
  assert (config.preset, config.effort) == (preset, effort)


@pytest.mark.parametrize("preset", PRESETS)
def test_every_option_beats_a_preset(preset):
  for name, value in PRESETS[preset].items():
    if isinstance(value, float):
      assert getattr(Config.of(preset=preset, **{name: value / 2}), name) == value / 2


@pytest.mark.parametrize("loss", LOSS_SETTINGS)
def test_another_style_loss_brings_settings_of_its_own(loss):
  config = Config.of(style_loss=loss)
  assert {name: getattr(config, name) for name in LOSS_SETTINGS[loss]} == LOSS_SETTINGS[loss]
  assert Config.of(style_loss=loss, content_weight=7).content_weight == 7


def test_the_default_of_old_is_a_preset():
  config = Config.of(preset="statistics")
  assert config.steps == Config.of(neighbor_weight=0).steps == 200
  assert Config.of(preset="statistics", effort="draft").steps == 36
  assert config == Config.of(preset="statistics", content_target="adain", content_weight=0.01,
                             content_layers="block4_conv2", style_layer_weights=[
                                 weight / 356 for weight in (256, 64, 16, 16, 4)])


def test_other_layers_get_equal_weights_of_sum_1():
  config = Config.of(style_layers="block1_conv1,block2_conv1,block3_conv1,block4_conv1")
  assert config.style_layer_weights == (0.25,) * 4


@pytest.mark.parametrize("options, layers, weights", [
    ({"style_layers": "shallow"}, BLOCKS[:3], (1024 * 5 / 1068, 64 * 5 / 1068, 16 * 5 / 1068)),
    ({"style_layers": "shallow", "preset": "statistics"}, BLOCKS[:3],
     (256 * 5 / 1068, 64 * 5 / 1068, 16 * 5 / 1068)),
    ({"style_layers": ["deep"]}, BLOCKS[2:], (16 * 5 / 1068, 16 * 5 / 1068, 4 * 5 / 1068)),
    ({"style_layers": "deep", "style_layer_weights": "1,2,3"}, BLOCKS[2:], (1, 2, 3)),
    ({"style_layers": "deep", "style_loss": "gram"}, FIRST[2:], (5 / 3,) * 3),
    ({"style_layers": "deep", "preset": "article-tensorflow"}, FIRST[2:], (1 / 3,) * 3)])
def test_names_for_layers_are_resolved_with_their_weights(options, layers, weights):
  config = Config.of(**options)
  assert config.style_layers == layers
  assert config.style_layer_weights == pytest.approx(weights)


@pytest.mark.parametrize(
    "preset", [name for name in PRESETS if "style_layers" not in PRESETS[name]])
def test_the_default_layers_have_a_name(preset):
  assert Config.of(preset=preset, style_layers="default") == Config.of(preset=preset)


def test_texts_are_read_like_values():
  by_text = Config.of(steps="5", style_layers="block1_conv1", learning_rate="1e-2", image_size="64",
                      level_steps="2,3")
  by_value = Config.of(steps=5, style_layers=["block1_conv1"], learning_rate=0.01, image_size=64,
                       level_steps=[2, 3])
  assert by_text == by_value


@pytest.mark.parametrize("options, name, value", [
    ({"deterministic": "YES"}, "deterministic", True),
    ({"deterministic": np.bool_(True)}, "deterministic", True),
    ({"deterministic": 0}, "deterministic", False),
    ({"device": "/GPU:1"}, "device", "gpu:1"),
    ({"device": "CPU"}, "device", "cpu"),
    ({"device": "/device:CPU:0"}, "device", "cpu"),
    ({"device": "GPU"}, "device", "gpu:0"),
    ({"device": "Auto"}, "device", "auto"),
    ({"steps": np.int64(7)}, "steps", 7),
    ({"steps": 7.0}, "steps", 7),
    ({"style_scale": np.float32(0.5)}, "style_scale", (0.5,)),
    ({"level_steps": np.array([3, 4])}, "level_steps", (3, 4)),
    ({"level_steps": range(1, 4)}, "level_steps", (1, 2, 3)),
    ({"optimizer": np.str_("lbfgs")}, "optimizer", "lbfgs"),
    ({"weights": Path("a/vgg16.h5")}, "weights", "a/vgg16.h5"),
    ({"tile_size": "whole"}, "tile_size", 0),
    ({"mask_keep": "#FF0000,00ff00"}, "mask_keep", ("ff0000", "00ff00"))])
def test_spellings(options, name, value):
  found = getattr(Config.of(**options), name)
  assert found == value and type(found) is type(value)


@pytest.mark.parametrize("value, shown", [
    (10**5000, "a whole number of 16610 bits"), ("9" * 5000, "9" * 150 + "..." + "9" * 100),
    (np.zeros((1000, 1000)), "a value of type ndarray"), ({"a": 1}, "a value of type dict"),
    (b"5", "a value of type bytes"), ([1, 2], "1, 2"), ([[]], "a value of type list"),
    (None, "None"), (math.nan, "nan")],
    ids=lambda each: type(each).__name__)
def test_what_was_received_is_shown_short(value, shown):
  with pytest.raises(InputError) as error:
    Config.of(steps=value)
  assert str(error.value).rpartition("received ")[2] == shown


def test_as_dict_is_json_and_complete():
  config = Config.of(level_steps=(3, 4))
  again = Config(**json.loads(json.dumps(config.as_dict())))
  assert again == config


def test_a_configuration_is_frozen_and_a_change_is_checked():
  config = Config.of()
  with pytest.raises(dataclasses.FrozenInstanceError):
    config.steps = 3
  with pytest.raises(InputError, match="^--steps: expected a finite number"):
    dataclasses.replace(config, steps=0)


@pytest.mark.parametrize("options, message", [
    ({"steps": 0}, "--steps: expected a finite number and at least 1 and at most 1000000, receive"),
    ({"steps": 2.5}, "--steps: expected a whole number, received 2.5"),
    ({"steps": True}, "--steps: expected a whole number, received True"),
    ({"steps": float("inf")}, "--steps: expected a whole number, received inf"),
    ({"steps": None}, "--steps: expected a whole number, received None"),
    ({"content_weight": float("nan")}, "--content_weight: expected a finite number and at least 0"),
    ({"pooling": "avg"}, "--pooling: expected one of max, average, plain_average, received avg"),
    ({"style_layers": "conv1"}, "--style_layers: expected layers of vgg19 (block1_conv1, "),
    ({"style_layers": "shallow,deep"}, "--style_layers: expected layers of vgg19 (block1_conv1, "),
    ({"content_layers": "shallow"}, "--content_layers: expected layers of vgg19 (block1_conv1, "),
    ({"style_layers": "", "content_layers": ""}, "--style_layers: expected at least one"),
    ({"style_layers": "block1_conv1,block1_conv1"}, "--style_layers: expected each layer once"),
    ({"style_layer_weights": "1,2"}, "--style_layer_weights: expected 5 numbers for block1_conv1,"),
    ({"stpes": 3}, "expected one of the options preset, "),
])
def test_messages(options, message):
  with pytest.raises(InputError) as error:
    Config.of(**options)
  assert str(error.value).startswith(message) and "\n" not in str(error.value)
