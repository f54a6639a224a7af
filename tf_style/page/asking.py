"""What an artist asks for by the page's controls, as flags of `tf-style`, and back again."""

import dataclasses
import math
import os
import shlex
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from tf_style.settings.config import Config
from tf_style.settings.fields import as_text

PICTURES = ("content", "style", "content_mask", "style_mask", "content_map", "style_scale_map",
            "init_image")
# Of a resolved configuration what a run decides for itself, unless it was asked for.
_DECIDED = ("network", "precision", "tile_size", "weights", "init", "device", "max_pixels")
# No control has these: they name files of the machine, or say how a run is watched.
_WITHOUT_CONTROL = ("weights", "max_pixels", "mask_keep")


class Plain(NamedTuple):
  """A control that a person thinks in.

  Attributes:
    label: its name on the page.
    sentence: what it does.
    default: its value at the start.
    low, high, step: of a slider.
    choices: of a choice, as label and value.
  """

  label: str
  sentence: str
  default: Any
  low: float = 0
  high: float = 0
  step: float = 0
  choices: tuple[tuple[str, str], ...] = ()


PLAIN = {
    "keep": Plain(
        "Photograph or style", "Left of 0 keeps more of the photograph, right of 0 takes more of "
        "the style.", 0.0, -3, 3, 0.25),
    "stroke": Plain(
        "Size of the brushstrokes", "1 takes the strokes as the style has them; larger numbers "
        "paint with a larger brush.", 1.0, 0.25, 3, 0.05),
    "color": Plain(
        "Colors", "Whose colors the picture has.", "style", choices=(
            ("of the style", "style"), ("of the photograph", "content"),
            ("matched to the photograph before", "match"), ("lightness alone", "luminance"))),
    "effort": Plain(
        "Effort", "Time against quality: a draft takes a fifth of the time of the standard.",
        "standard", choices=(("draft", "draft"), ("standard", "standard"), ("best", "best"))),
    "size": Plain("Size", "Longest side of the picture in pixels.", 512, 64, 2048, 32)}


def advanced_fields() -> dict[str, list[dataclasses.Field]]:
  """Returns the fields of `Config` that have a control under Advanced, by their groups."""
  groups: dict[str, list[dataclasses.Field]] = {}
  for field in dataclasses.fields(Config):
    group = field.metadata["group"]
    plain = field.name in ("color", "effort", "image_size")
    if group != "Watching" and not plain and field.name not in _WITHOUT_CONTROL:
      groups.setdefault(group, []).append(field)
  return groups


def flags_of(plain: Mapping[str, Any], advanced: Mapping[str, Any]) -> dict[str, str]:
  """Returns the texts of flags that controls ask for; those at their defaults are left out.

  Args:
    plain: values by the names in `PLAIN`.
    advanced: values by the names of fields; None and '' where nothing is asked for. They win.
  Raises:
    InputError: a value is wrong.
  """
  given = {name: as_text(value) for name, value in advanced.items()
           if value is not None and value != "" and value != []}
  for name, flag in (("color", "color"), ("effort", "effort"), ("size", "image_size")):
    value = plain[name]
    if value is not None and value != PLAIN[name].default:
      given.setdefault(flag, as_text(int(value) if name == "size" else value))
  if plain["stroke"] not in (None, 1):
    given.setdefault("style_scale", f"{float(plain['stroke']):g}")
  if plain["keep"] and "content_weight" not in given:
    weight = Config.of(**given).content_weight
    given["content_weight"] = f"{weight * 2 ** -float(plain['keep']):.4g}"
  return given


def controls_of(given: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, Any]]:
  """Returns the values of plain and of advanced controls that ask for such flags.

  Args:
    given: texts of flags.
  """
  rest = {name: value for name, value in given.items() if name not in PICTURES}
  plain: dict[str, Any] = {name: each.default for name, each in PLAIN.items()}
  for name, flag in (("color", "color"), ("effort", "effort"), ("size", "image_size")):
    if flag in rest and (flag != "image_size" or rest[flag].isdecimal()):
      plain[name] = int(rest.pop(flag)) if name == "size" else rest.pop(flag)
  stroke = PLAIN["stroke"]
  if "style_scale" in rest and "," not in rest["style_scale"]:
    scale = float(rest["style_scale"])
    if stroke.low <= scale <= stroke.high:
      plain["stroke"] = float(rest.pop("style_scale"))
  if "content_weight" in rest:
    usual = Config.of(**{k: v for k, v in given.items() if k not in (
        *PICTURES, "content_weight")}).content_weight
    keep = -math.log2(float(rest["content_weight"]) / usual) if usual else math.nan
    steps = round(keep * 4) / 4 if math.isfinite(keep) else math.nan
    if abs(steps) <= 3 and f"{usual * 2 ** -steps:.4g}" == rest["content_weight"]:
      plain["keep"] = steps
      rest.pop("content_weight")
  return plain, rest


def changed(config: Config, resolved: bool = False) -> dict[str, str]:
  """Returns the texts of flags that make such a configuration, as few as do.

  Args:
    config: all but how it is watched counts.
    resolved: whether a run has decided what was left to it, which is then left to it again.
  """
  given: dict[str, Any] = {
      name: getattr(config, name) for name in ("preset", "effort", "style_loss")}
  base = Config.of(**given)
  plain = Config()
  given = {name: value for name, value in given.items() if value != getattr(plain, name)}
  for field in dataclasses.fields(Config):
    value = getattr(config, field.name)
    left_out = (resolved and field.name in _DECIDED) or field.metadata["group"] == "Watching"
    if value != getattr(base, field.name) and not left_out:
      given[field.name] = value
  return {name: as_text(value) for name, value in given.items()}


def command_line(words: Sequence[str], given: Mapping[str, Any]) -> str:
  """Returns a command as one types it, with the names of files instead of their paths.

  Args:
    words: the command.
    given: texts of flags, a list where one is repeated.
  """
  flags = []
  for name, value in given.items():
    is_file = name in (*PICTURES, "model", "photos", "resume")
    for each in value if isinstance(value, (list, tuple)) else [value]:
      flags.append(f"--{name}={os.path.basename(str(each)) if is_file else each}")
  return shlex.join([*words, *flags])
