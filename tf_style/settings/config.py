"""What a run is asked to do: one frozen record, checked when it is made.

A field, its command-line flag and its hyperparameter in TensorBoard share one name. What a field
means, its group and its limits are its metadata, from which the command line is made.
"""

import dataclasses
import math
from typing import Any

from tf_style.errors import InputError, expected
from tf_style.losses.names import STYLE_LOSSES
from tf_style.settings import presets
from tf_style.settings.fields import all_checked, as_text, checked, option
from tf_style.settings.kinds import LONGEST_SIDE, list_name
from tf_style.settings.presets import (
    BLOCK_WEIGHTS,
    BLOCKS,
    EFFORTS,
    HYPERCOLUMN,
    LOSS_SETTINGS,
    PRESETS,
    STATISTICS,
    STATISTICS_EFFORTS,
    STYLE_LAYERS,
)
from tf_style.vgg.network import NETWORKS

_MOST_STEPS = 1_000_000


@dataclasses.dataclass(frozen=True)
class Config:
  """Everything that decides how the picture turns out; `Config.of` fills in presets and effort.

  Raises:
    InputError: a value has the wrong type, is out of its range, or does not go with another.
  """

  preset: str = option(
      "default", "choice", "The look",
      "settings to start from; every flag given beside it wins",
      choices=("default", "statistics", "gatys", "article-tensorflow", "article-pytorch"))
  effort: str = option(
      "standard", "choice", "The look",
      "time against quality: sets --steps where it is not given",
      choices=("draft", "standard", "best"))
  image_size: int | str = option(
      512, "size", "The look", "longest side of the result in pixels, or 'original'",
      low=1, high=LONGEST_SIDE)
  content_weight: float = option(
      0.016, "float", "The look", "how much of the content picture to keep", low=0)
  style_weight: float = option(1.0, "float", "The look", "how much of the style to reach", low=0)
  tv_weight: float = option(
      0.0, "float", "The look", "smoothness: weight of the total variation", low=0)
  tv_norm: str = option(
      "l1", "choice", "The look", "total variation of absolute or of squared differences",
      choices=("l1", "l2"))
  color: str = option(
      "style", "choice", "The look",
      "whose colors the result has: content gives it the photograph's chroma afterwards; "
      "luminance stylizes lightness alone; match recolors the style to the photograph before",
      choices=("style", "content", "luminance", "match"))
  texture: float = option(
      1.0, "float", "The look",
      "share of the brushwork in a blend with the photograph in the style's palette; 0 is the "
      "palette alone, without a network, in seconds", low=0, high=1)
  strength: float = option(
      1.0, "float", "The look", "share of the result in a blend with the content, made at the end",
      low=0, high=1)

  output_size: str = option(
      "", "dimensions", "Styles and regions",
      "size of the result, whatever shape the photograph has (see --fit); without --content, of a "
      "texture made of the style alone")
  fit: str = option(
      "crop", "choice", "Styles and regions",
      "how a photograph comes to --output_size: crop cuts off what is too much, in the middle; "
      "extend paints on beyond its border, in the style", choices=("crop", "extend"))
  tileable: bool = option(
      False, "bool", "Styles and regions",
      "a picture that can be laid side by side with itself, without a seam; sides are whole "
      "strides of the deepest layer, mostly of 16 pixels: of a photograph's the rest is cut off")
  style_blend: tuple[float, ...] = option(
      (), "floats", "Styles and regions",
      "shares of several styles, one for each --style; the pictures of a folder share its own; "
      "default: equal", low=0)
  style_scale: tuple[float, ...] = option(
      (1.0,), "floats", "Styles and regions",
      "longest side of the style as the network sees it, over that of the result; one number, or "
      "one for each --style; a larger one gives larger brush strokes", above=0, high=16)
  style_turns: int = option(
      1, "int", "Styles and regions",
      "in how many copies of the style the nearest features are sought: 4 are its quarter turns, 8 "
      "their mirror images too", low=1, high=8)
  stroke_direction: str = option(
      "style", "choice", "Styles and regions",
      "whose direction brush strokes have: content lets them follow the photograph's edges, where "
      "the style, or a copy turned by a quarter, has such strokes", choices=("style", "content"))
  mask_keep: tuple[str, ...] = option(
      (), "colors", "Styles and regions",
      "colors in --content_mask, such as 000000, where the content stays as it is")
  guide: str = option(
      "none", "choice", "Styles and regions",
      "auto finds regions that photograph and style have in common, and pairs them up: sky takes "
      "from sky; their masks are written into the run's folder, to be edited and given back",
      choices=("none", "auto"))
  faces: float = option(
      1.0, "float", "Styles and regions",
      "how many times --content_weight counts in faces, which are found, and how much of them is "
      "compared with the photograph itself; 2 keeps eyes and mouths where they are; needs the "
      "extra 'faces'", low=0, high=16)
  mask_erosion: float = option(
      0.0, "float", "Styles and regions",
      "how far regions are shrunk from their borders before their statistics are taken: "
      "1 is as far as a layer sees, 0 not at all", low=0, high=2)

  style_loss: str = option(
      "mixed", "choice", "Losses and layers",
      "distance between the statistics of two layers; mixed is wasserstein in the first three "
      "blocks and covariance behind them: closer to the style in less time",
      choices=STYLE_LOSSES)
  content_layers: tuple[str, ...] = option(
      ("block4_conv2",), "names", "Losses and layers", "layers whose features keep the content")
  content_layer_weights: tuple[float, ...] = option(
      (1.0,), "floats", "Losses and layers",
      "one for each content layer; default: equal, sum 1", low=0)
  content_target: str = option(
      "adain", "choice", "Losses and layers",
      "what keeps the content: features is its features as they are; adain gives each of their "
      "channels the style's mean and deviation first", choices=("adain", "features"))
  neighbor_weight: float = option(
      20.0, "float", "Losses and layers",
      "how much of --content_weight keeps, at each position, the style's features that are nearest "
      "to the content's; 0 leaves the style to its statistics alone", low=0)
  neighbor_layers: tuple[str, ...] = option(
      HYPERCOLUMN, "names", "Losses and layers",
      "layers whose features, joined, are compared for --neighbor_weight")
  style_layers: tuple[str, ...] = option(
      BLOCKS, "style layers", "Losses and layers",
      "layers whose statistics carry the style; shallow is the first three of the default, deep "
      "the last three, with weights of their own")
  style_layer_weights: tuple[float, ...] = option(
      BLOCK_WEIGHTS, "floats", "Losses and layers",
      "one for each style layer; default: equal, sum 1", low=0)
  network: str = option(
      "vgg19", "choice", "Losses and layers", "the pretrained network",
      choices=tuple(reversed(NETWORKS)))
  weights: str = option(
      "auto", "text", "Losses and layers",
      "auto (download, else the extra 'offline'), imagenet (download only), or a file "
      "(.h5, .weights.h5, .onnx)")
  pooling: str = option(
      "max", "choice", "Losses and layers",
      "the network's; average is scaled so that weights mean what they do with max, "
      "plain_average is not", choices=("max", "average", "plain_average"))
  padding: str = option(
      "zero", "choice", "Losses and layers",
      "what the network sees beyond a picture's border: zeros, as in its training, or the "
      "border's own cells again, which halves the error of the features there and takes a tenth "
      "more time; finished pictures show no clear difference", choices=("zero", "replicate"))

  optimizer: str = option(
      "adam", "choice", "Optimization", "lbfgs gets further in the same number of steps",
      choices=("adam", "lbfgs"))
  steps: int = option(
      140, "int", "Optimization", "evaluations of loss and gradient, all levels together",
      low=1, high=_MOST_STEPS)
  learning_rate: float = option(
      0.1, "float", "Optimization", "Adam's, in units of the whole range of a pixel",
      above=0, high=10)
  learning_rate_decay: float = option(
      0.3, "float", "Optimization",
      "Adam's rate at the end of a level as a share of that at its start", above=0, high=1)
  adam_epsilon: float = option(1e-8, "float", "Optimization", "Adam's epsilon", above=0)
  lbfgs_memory: int = option(
      20, "int", "Optimization", "pairs that L-BFGS remembers; 24 bytes a pixel each",
      low=1, high=200)
  levels: int = option(
      0, "int", "Optimization",
      "sizes from coarse to fine, each sqrt(2) times the last; 0 chooses, 1 is one size; more "
      "levels give larger brush strokes", low=0, high=20)
  level_steps: tuple[int, ...] = option(
      (), "ints", "Optimization",
      "steps of each level, coarsest first; replaces --steps and --levels",
      low=1, high=_MOST_STEPS)
  tolerance: float = option(
      0.0, "float", "Optimization",
      "end a level when its loss fell by less than this share in 10 steps; 0: never",
      low=0, high=1)
  init: str = option(
      "auto", "choice", "Optimization",
      "the picture to start from; auto is the content, or noise without --content or --style",
      choices=("auto", "content", "noise", "style", "recolored", "image"))
  seed: int = option(0, "int", "Optimization", "seed of the noise", low=0, high=2**31 - 1)

  coherence: float = option(
      1.0, "float", "Films",
      "how firmly a frame is held to the last one, moved along, where the motion is sure; 0 paints "
      "each frame alone", low=0, high=1000)

  precision: str = option(
      "auto", "choice", "Machine", "of the features; auto takes bfloat16 where it is faster",
      choices=("auto", "float32", "bfloat16"))
  tile_size: int | str = option(
      "auto", "tile", "Machine",
      "side of a tile in pixels, for pictures that do not fit into memory at once, at twice the "
      "time; 0 or 'whole' is the whole picture; auto is whole where it fits, else the largest "
      "tile that does", low=0, high=LONGEST_SIDE)
  deterministic: bool = option(
      False, "bool", "Machine", "the very same picture, bit for bit, from every run on one machine")
  device: str = option(
      "auto", "device", "Machine", "auto is the first GPU, or the CPU where there is none")
  max_pixels: int = option(
      100_000_000, "int", "Machine", "larger pictures are refused before they are decoded",
      low=1, high=10_000_000_000)

  summary_every: int = option(
      1, "int", "Watching", "steps between scalars in TensorBoard; 0: none",
      low=0, high=_MOST_STEPS)
  image_every: int = option(
      50, "int", "Watching", "steps between pictures in TensorBoard; 0: none",
      low=0, high=_MOST_STEPS)
  save_every: int = option(
      0, "int", "Watching", "steps between writings of the best picture so far; 0: at the end",
      low=0, high=_MOST_STEPS)
  save_numbered: bool = option(
      False, "bool", "Watching",
      "give each picture of --save_every a file of its own beside the result: NAME-000050.png")
  timelapse_every: int = option(
      0, "int", "Watching",
      "steps between the pictures of --timelapse; 0: so many that it lasts eight seconds",
      low=0, high=_MOST_STEPS)
  checkpoint_every: float = option(
      60.0, "float", "Watching",
      "seconds between checkpoints, from which --resume goes on; 0: none", low=0)
  trace_graph: bool = option(
      False, "bool", "Watching", "show the graph of a step in TensorBoard")
  profile: bool = option(
      False, "bool", "Watching",
      "show a profile of some steps in TensorBoard; needs the extra 'profile'")

  def __post_init__(self):
    for field in dataclasses.fields(self):
      object.__setattr__(self, field.name, checked(field, getattr(self, field.name)))
    self._check_layers("content", self.content_layers, self.content_layer_weights)
    self._check_layers("style", self.style_layers, self.style_layer_weights)
    self._check_names("neighbor", self.neighbor_layers)
    if self.neighbor_weight and not self.neighbor_layers:
      raise InputError("--neighbor_layers: " + expected(
          "at least one layer, or --neighbor_weight=0", "none"))
    if self.stroke_direction == "content" and not self.neighbor_weight:
      raise InputError("--stroke_direction: " + expected(
          "a --neighbor_weight above 0 beside content", self.neighbor_weight))
    if not self.content_layers + self.style_layers:
      raise InputError("--style_layers: " + expected("at least one style or content layer", "none"))
    if self.style_blend and not 0 < sum(self.style_blend) < math.inf:
      raise InputError("--style_blend: " + expected(
          "a number above 0, and a finite sum", as_text(self.style_blend)))
    if not self.style_scale:
      raise InputError("--style_scale: " + expected("at least one number", "none"))
    if self.init == "recolored" and self.color in ("luminance", "match"):
      raise InputError("--init: " + expected(
          f"auto, content, noise, style or image beside --color={self.color}", "recolored"))

  def _check_names(self, kind: str, layers: tuple[str, ...]) -> None:
    known = NETWORKS[self.network].layers
    names = f", or one of {', '.join(STYLE_LAYERS)}" if kind == "style" else ""
    for name in layers:
      if name not in known:
        raise InputError(f"--{kind}_layers: " + expected(
            f"layers of {self.network} ({', '.join(known)}){names}", name))
    if len(set(layers)) != len(layers):
      raise InputError(f"--{kind}_layers: " + expected("each layer once", ",".join(layers)))

  def _check_layers(self, kind: str, layers: tuple[str, ...], weights: tuple[float, ...]) -> None:
    self._check_names(kind, layers)
    if len(layers) != len(weights):
      raise InputError(f"--{kind}_layer_weights: " + expected(
          f"{len(layers)} numbers for {', '.join(layers) or 'no layers'}", f"{len(weights)}"))

  @property
  def layers(self) -> tuple[str, ...]:
    """All layers in use, each once."""
    neighbors = self.neighbor_layers if self.neighbor_weight else ()
    return tuple(dict.fromkeys(self.content_layers + self.style_layers + neighbors))

  @property
  def stride(self) -> int:
    """Pixels between two positions of the deepest layer in use."""
    return NETWORKS[self.network].deepest(self.layers).stride

  @property
  def output_shape(self) -> tuple[int, int] | None:
    """Height and width of `output_size`, or None."""
    width, _, height = self.output_size.partition("x")
    return (int(height), int(width)) if height else None

  @classmethod
  def of(cls, **options: Any) -> "Config":
    """Makes a configuration from what was asked for; an option beats a preset, a preset --effort.

    Raises:
      InputError: an option is unknown or wrong.
    """
    given = all_checked(cls, options)
    preset, effort = given.get("preset", "default"), given.get("effort", "standard")
    values = {**PRESETS[preset], "preset": preset, "effort": effort}
    loss = given.get("style_loss", values.get("style_loss", cls.style_loss))
    values = {**LOSS_SETTINGS.get(loss, {}), **values, **given}
    alone = values.get("neighbor_weight") == 0
    values = {**(STATISTICS if alone else {}),
              **(STATISTICS_EFFORTS if alone else EFFORTS)[effort], **values}
    for kind in ("content", "style"):
      if f"{kind}_layers" in given and f"{kind}_layer_weights" not in given:
        count = len(given[f"{kind}_layers"])
        values[f"{kind}_layer_weights"] = (1 / count,) * count if count else ()
    if "style_layers" in given and (named := list_name(options["style_layers"])):
      values["style_layers"], weights = presets.named_layers(named, preset, loss)
      values["style_layer_weights"] = given.get("style_layer_weights", weights)
    return cls(**values)

  def as_dict(self) -> dict[str, Any]:
    """Returns the fields as plain values, fit for JSON."""
    return {k: list(v) if isinstance(v, tuple) else v for k, v in dataclasses.asdict(self).items()}

  def as_flags(self) -> list[str]:
    """Returns the fields as lines `--name=value`, all of them, in the order of the fields."""
    return [f"--{k}={as_text(v)}" for k, v in dataclasses.asdict(self).items()]
