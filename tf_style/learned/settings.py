"""How a style is learned: one frozen record, checked when it is made, as `Config` is for a run."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from tf_style.errors import InputError, expected
from tf_style.settings.config import Config
from tf_style.settings.fields import all_checked, as_text, checked, option
from tf_style.settings.kinds import LONGEST_SIDE
from tf_style.settings.presets import BLOCKS, STATISTICS
from tf_style.vgg.network import NETWORKS

_MOST_STEPS = 10_000_000
_MULTIPLE = 16  # pixels that sides of crops are a multiple of: the deepest layer's stride

EFFORTS: Mapping[str, Mapping[str, Any]] = {
    "draft": {"steps": 1800}, "standard": {"steps": 5400}, "best": {"steps": 24_000}}

STRATEGIES = ("auto", "one", "mirrored", "multiworker")

# The fields of `Config` that the training shares.
_SHARED = ("content_weight", "style_weight", "tv_weight", "style_scale", "network", "weights",
           "precision", "image_size", "seed", "deterministic", "device", "max_pixels")


@dataclasses.dataclass(frozen=True)
class LearnConfig:
  """Everything that decides how a style is learned; `LearnConfig.of` fills in the effort.

  Raises:
    InputError: a value has the wrong type or is out of its range.
  """

  effort: str = option(
      "standard", "choice", "The look",
      "time against quality: sets --steps where it is not given", choices=tuple(EFFORTS))
  content_weight: float = option(
      0.01, "float", "The look", "how much of the photographs to keep", low=0)
  style_weight: float = option(1.0, "float", "The look", "how much of the style to reach", low=0)
  tv_weight: float = option(
      0.0, "float", "The look", "smoothness: weight of the total variation", low=0)
  image_size: int = option(
      512, "int", "The look",
      "longest side in pixels of the pictures for which brush strokes have the right size; "
      "photographs are seen at up to twice that", low=64, high=LONGEST_SIDE)
  style_scale: tuple[float, ...] = option(
      (1.0,), "floats", "The look",
      "longest side of the style as the network sees it, over --image_size; one number, or one "
      "for each --style; a larger one gives larger brush strokes", above=0, high=16)

  width: int = option(
      24, "int", "The network",
      "a quarter of the channels of the residual blocks; time and size grow with it",
      low=4, high=256)
  blocks: int = option(
      5, "int", "The network", "residual blocks; more see further", low=1, high=32)

  steps: int = option(
      5400, "int", "Training", "batches to train on", low=1, high=_MOST_STEPS)
  train_size: int = option(
      256, "int", "Training", "side in pixels of the crops, a multiple of 16",
      low=64, high=LONGEST_SIDE)
  batch: int = option(1, "int", "Training", "crops a step", low=1, high=1024)
  learning_rate: float = option(
      1e-3, "float", "Training", "Adam's at the start; it falls by half a cosine",
      above=0, high=1)
  seed: int = option(
      0, "int", "Training", "seed of weights and crops", low=0, high=2**31 - 1)

  network: str = option(
      "vgg19", "choice", "Losses", "the pretrained network that the loss is taken from",
      choices=tuple(reversed(NETWORKS)))
  weights: str = option(
      "auto", "text", "Losses",
      "auto (download, else the extra 'offline'), imagenet (download only), or a file "
      "(.h5, .weights.h5, .onnx)")

  precision: str = option(
      "auto", "choice", "Machine", "of all features; auto takes bfloat16 where it is faster",
      choices=("auto", "float32", "bfloat16"))
  deterministic: bool = option(
      False, "bool", "Machine", "the very same weights from every training on one machine")
  device: str = option(
      "auto", "device", "Machine", "auto is the first GPU, or the CPU where there is none")
  strategy: str = option(
      "auto", "choice", "Machine",
      "who shares a batch: one device, mirrored on all GPUs of this machine, or multiworker, the "
      "processes that TF_CONFIG lists; auto takes all there are", choices=STRATEGIES)
  max_pixels: int = option(
      100_000_000, "int", "Machine", "larger photographs are left out before they are decoded",
      low=1, high=10_000_000_000)

  summary_every: int = option(
      1, "int", "Watching", "steps between scalars in TensorBoard; 0: none",
      low=0, high=_MOST_STEPS)
  image_every: int = option(
      250, "int", "Watching",
      "steps between looks at photographs that are not trained on: their loss, by which the best "
      "network is kept, and their pictures in TensorBoard", low=1, high=_MOST_STEPS)
  checkpoint_every: float = option(
      60.0, "float", "Watching",
      "seconds between checkpoints, from which --resume goes on; 0: none", low=0)

  def __post_init__(self):
    for field in dataclasses.fields(self):
      object.__setattr__(self, field.name, checked(field, getattr(self, field.name)))
    if self.train_size % _MULTIPLE:
      raise InputError("--train_size: " + expected(f"a multiple of {_MULTIPLE}", self.train_size))
    if not self.style_scale:
      raise InputError("--style_scale: " + expected("at least one number", "none"))

  @classmethod
  def of(cls, **options: Any) -> "LearnConfig":
    """Makes a configuration from what was asked for; an option beats the effort.

    Raises:
      InputError: an option is unknown or wrong.
    """
    given = all_checked(cls, options)
    return cls(**{**EFFORTS[given.get("effort", "standard")], **given})

  def objective(self) -> Config:
    """Returns what a repaint with the loss of this training is asked for.

    All that the loss is made of is said outright, whatever the defaults of a run are.
    """
    return Config.of(
        preset="statistics", style_loss="mixed", style_layers=BLOCKS,
        style_layer_weights=STATISTICS["style_layer_weights"],
        content_layers=("block4_conv2",), content_layer_weights=(1.0,), content_target="adain",
        pooling="max", padding="zero", tile_size=0,
        **{name: getattr(self, name) for name in _SHARED})

  def as_dict(self) -> dict[str, Any]:
    """Returns the fields as plain values, fit for JSON."""
    return {k: list(v) if isinstance(v, tuple) else v for k, v in dataclasses.asdict(self).items()}

  def as_flags(self) -> list[str]:
    """Returns the fields as lines `--name=value`, all of them, in the order of the fields."""
    return [f"--{k}={as_text(v)}" for k, v in dataclasses.asdict(self).items()]
