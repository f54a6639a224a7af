"""What a run is asked to do: one frozen record, checked when it is made, with presets and one serializer.

A field, its command-line flag and its hyperparameter in TensorBoard share one name. What a field means,
its group and its limits stand beside it as metadata, and `flags` makes the command line from them.
"""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

from tf_style.errors import InputError, expected
from tf_style.settings import presets
from tf_style.settings.presets import BLOCK_WEIGHTS, BLOCKS, LOSS_SETTINGS, PRESETS, STYLE_LAYERS
from tf_style.vgg import network as networks

LONGEST_SIDE = 65535  # pixels; what the file formats hold


def _option(default: Any, kind: str, group: str, text: str, **limits: Any) -> Any:
  """Declares a field: `limits` are `low`, `high` (inclusive), `above` (exclusive) and `choices`."""
  return dataclasses.field(
      default=default, metadata={"kind": kind, "group": group, "help": text, **limits})


@dataclasses.dataclass(frozen=True)
class Config:
  """Everything that decides how the picture turns out; `Config.of(...)` fills in presets and effort.

  Raises:
    InputError: a value has the wrong type, is out of its range, or does not go with another.
  """

  preset: str = _option(
      "default", "choice", "The look",
      "settings to start from; every flag given beside it wins",
      choices=("default", "gatys", "article-tensorflow", "article-pytorch"))
  effort: str = _option(
      "standard", "choice", "The look",
      "time against quality: sets --steps where it is not given",
      choices=("draft", "standard", "best"))
  image_size: int | str = _option(
      512, "size", "The look", "longest side of the result in pixels, or 'original'",
      low=1, high=LONGEST_SIDE)
  content_weight: float = _option(
      0.01, "float", "The look", "how much of the content picture to keep", low=0)
  style_weight: float = _option(1.0, "float", "The look", "how much of the style to reach", low=0)
  tv_weight: float = _option(
      0.0, "float", "The look", "smoothness: weight of the total variation", low=0)
  tv_norm: str = _option(
      "l1", "choice", "The look", "total variation of absolute or of squared differences",
      choices=("l1", "l2"))
  color: str = _option(
      "style", "choice", "The look",
      "whose colors the result has: content gives it the photograph's chroma afterwards; luminance stylizes "
      "lightness alone; match recolors the style to the photograph before",
      choices=("style", "content", "luminance", "match"))
  strength: float = _option(
      1.0, "float", "The look", "share of the result in a blend with the content, made at the end",
      low=0, high=1)

  output_size: str = _option(
      "", "dimensions", "Styles and regions",
      "size of a texture made of the style alone, without --content")
  style_blend: tuple[float, ...] = _option(
      (), "floats", "Styles and regions", "shares of several styles in what is matched, one a --style; "
      "the pictures of a folder share its own; default: equal", low=0)
  style_scale: tuple[float, ...] = _option(
      (1.0,), "floats", "Styles and regions", "longest side of the style as it is seen, over that of the "
      "result; one, or one a --style; larger: larger brush strokes", above=0, high=16)
  mask_keep: tuple[str, ...] = _option(
      (), "colors", "Styles and regions",
      "colors in --content_mask, such as 000000, where the content stays as it is")
  mask_erosion: float = _option(
      0.0, "float", "Styles and regions", "how far regions are taken in from their borders before their "
      "statistics are: 1 is as far as a layer sees, 0 not at all", low=0, high=2)

  style_loss: str = _option(
      "mixed", "choice", "Losses and layers", "distance between the statistics of two layers; mixed is "
      "wasserstein of the first three blocks and covariance behind them: closer to the style in less time",
      choices=("mixed", "wasserstein", "covariance", "gram", "gram_sum"))
  content_layers: tuple[str, ...] = _option(
      ("block4_conv2",), "names", "Losses and layers", "layers whose features keep the content")
  content_layer_weights: tuple[float, ...] = _option(
      (1.0,), "floats", "Losses and layers", "one a content layer; default: equal, sum 1", low=0)
  content_target: str = _option(
      "adain", "choice", "Losses and layers", "what keeps the content: its features with each channel's mean "
      "and deviation those of the style, or its features as they are",
      choices=("adain", "features"))
  style_layers: tuple[str, ...] = _option(
      BLOCKS, "style layers", "Losses and layers", "layers whose statistics carry the style; or shallow, the "
      "first three of the default, or deep, the last three, with weights of their own")
  style_layer_weights: tuple[float, ...] = _option(
      BLOCK_WEIGHTS, "floats", "Losses and layers", "one a style layer; default: equal, sum 1", low=0)
  network: str = _option(
      "vgg19", "choice", "Losses and layers", "the pretrained network",
      choices=tuple(reversed(networks.NETWORKS)))
  weights: str = _option(
      "auto", "text", "Losses and layers",
      "auto (download, else the extra 'offline'), imagenet (strict), or a file (.h5, .weights.h5, .onnx)")
  pooling: str = _option(
      "max", "choice", "Losses and layers",
      "of the network; average is scaled so that weights mean what they do with max, plain_average is not",
      choices=("max", "average", "plain_average"))
  padding: str = _option(
      "zero", "choice", "Losses and layers",
      "what the network sees beyond a picture's border: zeros, as in its training, or the border's own cells "
      "again, which halves the error of the features there and takes a tenth more time; finished pictures "
      "show no clear difference",
      choices=("zero", "replicate"))

  optimizer: str = _option(
      "adam", "choice", "Optimization", "lbfgs gets further in the same number of steps",
      choices=("adam", "lbfgs"))
  steps: int = _option(
      200, "int", "Optimization", "evaluations of loss and gradient, all levels together",
      low=1, high=1_000_000)
  learning_rate: float = _option(
      0.1, "float", "Optimization", "Adam's, in units of the whole range of a pixel", above=0, high=10)
  learning_rate_decay: float = _option(
      0.3, "float", "Optimization",
      "Adam's rate at the end of a level as a share of that at its start", above=0, high=1)
  adam_epsilon: float = _option(1e-8, "float", "Optimization", "Adam's epsilon", above=0)
  lbfgs_memory: int = _option(
      20, "int", "Optimization", "pairs that L-BFGS remembers; 24 bytes a pixel each", low=1, high=200)
  levels: int = _option(
      0, "int", "Optimization", "sizes from coarse to fine, each sqrt(2) times the last; 0 chooses, "
      "1 is one size; more levels give larger brush strokes", low=0, high=20)
  level_steps: tuple[int, ...] = _option(
      (), "ints", "Optimization", "steps of each level, coarsest first; replaces --steps and --levels",
      low=1)
  tolerance: float = _option(
      0.0, "float", "Optimization",
      "end a level when its loss fell by less than this share in 10 steps; 0: never", low=0, high=1)
  init: str = _option(
      "auto", "choice", "Optimization",
      "the picture to start from; auto: the content, or noise where --content or --style is left out",
      choices=("auto", "content", "noise", "style", "recolored", "image"))
  seed: int = _option(0, "int", "Optimization", "seed of the noise", low=0, high=2**31 - 1)

  precision: str = _option(
      "auto", "choice", "Machine", "of the features; auto takes bfloat16 where it is faster",
      choices=("auto", "float32", "bfloat16"))
  tile_size: int | str = _option(
      "auto", "tile", "Machine", "side of a tile in pixels, for pictures that do not fit into memory at "
      "once, at twice the time; 0 or 'whole': the whole picture; auto: whole where it fits, else the largest "
      "tile that does", low=0, high=LONGEST_SIDE)
  deterministic: bool = _option(
      False, "bool", "Machine", "the very same picture, bit for bit, from every run on one machine")
  device: str = _option("auto", "text", "Machine", "auto (the first GPU, else the CPU), cpu, or gpu:N")
  max_pixels: int = _option(
      100_000_000, "int", "Machine", "larger pictures are refused before they are decoded",
      low=1, high=10_000_000_000)

  summary_every: int = _option(
      1, "int", "Watching", "steps between scalars in TensorBoard; 0: none", low=0)
  image_every: int = _option(
      50, "int", "Watching", "steps between pictures in TensorBoard; 0: none", low=0)
  save_every: int = _option(
      0, "int", "Watching", "steps between writings of the best picture so far; 0: at the end", low=0)
  checkpoint_every: float = _option(
      60.0, "float", "Watching", "seconds between checkpoints, from which --resume goes on; 0: none", low=0)
  trace_graph: bool = _option(False, "bool", "Watching", "show the graph of a step in TensorBoard")
  profile: bool = _option(
      False, "bool", "Watching", "show a profile of some steps in TensorBoard; needs the extra 'profile'")

  def __post_init__(self):
    for field in dataclasses.fields(self):
      object.__setattr__(self, field.name, checked(field, getattr(self, field.name)))
    for kind in ("content", "style"):
      layers, weights = getattr(self, f"{kind}_layers"), getattr(self, f"{kind}_layer_weights")
      if len(layers) != len(weights):
        raise InputError(f"--{kind}_layer_weights: " + expected(
            f"{len(layers)} numbers for {', '.join(layers) or 'no layers'}", f"{len(weights)}"))
      known = networks.layers(self.network)
      names = f", or one of {', '.join(STYLE_LAYERS)}" if kind == "style" else ""
      for name in layers:
        if name not in known:
          raise InputError(f"--{kind}_layers: " + expected(
              f"layers of {self.network} ({', '.join(known)}){names}", name))
      if len(set(layers)) != len(layers):
        raise InputError(f"--{kind}_layers: " + expected("each layer once", ",".join(layers)))
    if not self.content_layers + self.style_layers:
      raise InputError("--style_layers: " + expected("at least one style or content layer", "none"))
    if self.style_blend and not sum(self.style_blend):
      raise InputError("--style_blend: " + expected("a number above 0", as_text(self.style_blend)))
    if not self.style_scale:
      raise InputError("--style_scale: " + expected("at least one number", "none"))
    if self.init == "recolored" and self.color in ("luminance", "match"):
      raise InputError("--init: " + expected(
          f"auto, content, noise, style or image beside --color={self.color}", "recolored"))

  @property
  def output_shape(self) -> tuple[int, int] | None:
    """Height and width of `output_size`, or None."""
    width, _, height = self.output_size.partition("x")
    return (int(height), int(width)) if height else None

  @classmethod
  def of(cls, **options: Any) -> "Config":
    """Makes a configuration from what was asked for: an option beats its preset, a preset --effort.

    Raises:
      InputError: an option is unknown or wrong.
    """
    fields = {f.name: f for f in dataclasses.fields(cls)}
    for name in options:
      if name not in fields:
        raise InputError(expected(f"one of the options {', '.join(fields)}", name))
    preset = checked(fields["preset"], options.get("preset", "default"))
    effort = checked(fields["effort"], options.get("effort", "standard"))
    values = {**EFFORTS[effort], **PRESETS[preset], "preset": preset, "effort": effort}
    loss = str(options.get("style_loss", values.get("style_loss", fields["style_loss"].default)))
    values = {**LOSS_SETTINGS.get(loss, {}), **values, **options}
    for kind in ("content", "style"):
      if f"{kind}_layers" in options and f"{kind}_layer_weights" not in options:
        count = len(checked(fields[f"{kind}_layers"], options[f"{kind}_layers"]))
        values[f"{kind}_layer_weights"] = (1 / count,) * count if count else ()
    named = as_text(options.get("style_layers", ""))
    if named in STYLE_LAYERS:
      values["style_layers"], weights = presets.named_layers(named, preset, loss)
      values["style_layer_weights"] = options.get("style_layer_weights", weights)
    return cls(**values)

  def as_dict(self) -> dict[str, Any]:
    """Returns the fields as plain values, fit for JSON."""
    return {k: list(v) if isinstance(v, tuple) else v for k, v in dataclasses.asdict(self).items()}

  def as_flags(self) -> list[str]:
    """Returns the fields as lines `--name=value`, all of them, in the order of the fields."""
    return [f"--{k}={as_text(v)}" for k, v in dataclasses.asdict(self).items()]


def as_text(value: Any) -> str:
  """Returns a field's value as it is written on the command line."""
  return ",".join(map(str, value)) if isinstance(value, (tuple, list)) else str(value)


def checked(field: dataclasses.Field, value: Any) -> Any:
  """Returns `value` (or the text of it) in the field's type, within the field's limits.

  Raises:
    InputError: it is not; the message names the flag and says what was expected.
  """
  limits = field.metadata
  try:
    value = _PARSERS[limits["kind"]](value)
  except (ValueError, TypeError, OverflowError):
    raise InputError(f"--{field.name}: " + expected(_NOUNS[limits["kind"]], value)) from None
  for item in value if isinstance(value, tuple) else (value,):
    if "choices" in limits and item not in limits["choices"]:
      raise InputError(f"--{field.name}: " + expected(f"one of {', '.join(limits['choices'])}", item))
    if isinstance(item, str):
      continue
    if (not math.isfinite(item) or item < limits.get("low", item) or item > limits.get("high", item)
        or item <= limits.get("above", -math.inf)):
      raise InputError(f"--{field.name}: " + expected(_range(limits), item))
  return value


def _range(limits: Mapping[str, Any]) -> str:
  parts = [f"{word} {limits[key]}" for key, word in
           (("low", "at least"), ("above", "more than"), ("high", "at most")) if key in limits]
  return " and ".join(["a finite number", *parts])


def _tuple(parse):
  def parts(value: Any) -> Any:
    if isinstance(value, str):
      return value.split(",")
    return [value] if isinstance(value, (int, float)) else value

  return lambda value: tuple(parse(part) for part in parts(value) if part != "")


def _style_layers(value: Any) -> tuple[str, ...]:
  names = _tuple(_str)(value)
  return BLOCKS[STYLE_LAYERS[names[0]]] if len(names) == 1 and names[0] in STYLE_LAYERS else names


def _int(value: Any) -> int:
  if isinstance(value, bool) or int(value) != (float(value) if not isinstance(value, str) else int(value)):
    raise ValueError
  return int(value)


def _float(value: Any) -> float:
  if isinstance(value, bool):
    raise ValueError
  return float(value)


def _bool(value: Any) -> bool:
  if isinstance(value, str):
    return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}[value.lower()]
  return bool(value)


def _str(value: Any) -> str:
  if not isinstance(value, str):
    raise TypeError
  return value.strip()


def _dimensions(value: Any) -> str:
  if value == "":
    return value
  width, height = map(int, value.lower().split("x"))
  if not (0 < width <= LONGEST_SIDE and 0 < height <= LONGEST_SIDE):
    raise ValueError
  return f"{width}x{height}"


def _color(value: Any) -> str:
  digits = _str(value).removeprefix("#").lower()
  if len(digits) != 6 or int(digits, 16) < 0:
    raise ValueError
  return digits


_PARSERS = {
    "int": _int, "float": _float, "bool": _bool, "choice": _str, "text": _str,
    "size": lambda v: v if v == "original" else _int(v),
    "tile": lambda v: v if v == "auto" else 0 if v == "whole" else _int(v),
    "dimensions": _dimensions, "colors": _tuple(_color),
    "names": _tuple(_str), "style layers": _style_layers, "floats": _tuple(_float), "ints": _tuple(_int)}
_NOUNS = {
    "int": "a whole number", "float": "a number", "bool": "true or false", "choice": "a name",
    "text": "a text", "size": "a number of pixels or 'original'",
    "dimensions": f"WIDTHxHEIGHT in pixels, each at most {LONGEST_SIDE}",
    "colors": "colors as six hexadecimal digits, with commas between",
    "tile": "a number of pixels, 'whole' or 'auto'", "names": "names with commas between",
    "style layers": "names with commas between",
    "floats": "numbers with commas between", "ints": "whole numbers with commas between"}

EFFORTS: Mapping[str, Mapping[str, Any]] = {
    "draft": {"steps": 36},
    "standard": {"steps": 200},
    "best": {"steps": 600},
}
