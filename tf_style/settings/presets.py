"""Settings that belong together: efforts, presets, names for lists of layers, style losses' own."""

from collections.abc import Mapping
from typing import Any

# Gatys' layers, and this package's. Where the content is kept at block4_conv2, matching the style
# there and not a layer before it came nearer to the style on five of six pairs, and kept more of
# the content on all.
_FIRST = tuple(f"block{block}_conv1" for block in range(1, 6))
BLOCKS = (*_FIRST[:3], "block4_conv2", _FIRST[4])
BLOCK_WEIGHTS = tuple(weight / 356 for weight in (1024.0, 64.0, 16.0, 16.0, 4.0))

# One layer of each of the first four blocks. With all ten, as in Kolkin et al. 2022, pictures look
# alike and measure alike, and hypercolumns take three times the time and memory.
HYPERCOLUMN = ("block1_conv2", "block2_conv2", "block3_conv3", "block4_conv3")

# Names for lists of style layers, as parts of a loss's own.
STYLE_LAYERS: Mapping[str, slice] = {
    "default": slice(0, 5), "shallow": slice(0, 3), "deep": slice(2, 5)}

# ImageNet's mean standard deviation in 0-255 units.
_IMAGENET_SCALE = 255 * (0.229 + 0.224 + 0.225) / 3

# Without neighbors statistics alone say where which color goes: they want less weight on the finest
# layer and more steps, for neighbors stay the same for a whole level.
STATISTICS: Mapping[str, Any] = {
    "content_weight": 0.01,
    "style_layer_weights": tuple(weight / 356 for weight in (256.0, 64.0, 16.0, 16.0, 4.0))}
EFFORTS: Mapping[str, Mapping[str, Any]] = {
    "draft": {"steps": 30}, "standard": {"steps": 140}, "best": {"steps": 420}}
STATISTICS_EFFORTS: Mapping[str, Mapping[str, Any]] = {
    "draft": {"steps": 36}, "standard": {"steps": 200}, "best": {"steps": 600}}

# What changes with --style_loss where it alone is given: weights that come to as much as the
# default's do, and with Gram matrices all that is classic.
LOSS_SETTINGS: Mapping[str, Mapping[str, Any]] = {
    "gram": {
        "content_weight": 5.0, "style_weight": 100.0, "style_layers": _FIRST,
        "style_layer_weights": (1.0,) * 5, "content_target": "features", "neighbor_weight": 0.0},
    "gram_sum": {
        "content_weight": 0.05, "style_weight": 0.9, "style_layers": _FIRST,
        "style_layer_weights": (0.2,) * 5, "content_target": "features", "neighbor_weight": 0.0}}

PRESETS: Mapping[str, Mapping[str, Any]] = {
    "default": {},
    "statistics": {"neighbor_weight": 0.0},
    "gatys": {
        "style_loss": "gram", "content_weight": 1.0, "style_weight": 1e3,
        "style_layer_weights": (1.0,) * 5, "levels": 1, "steps": 300},
    # Undivided Grams over C^2 H W are gram_sum: the H W that a layer's weight depends on is in the
    # loss. Half the MSE is .05 for a weight of .1. Gradients by pixels in [0, 1] are 255 times
    # those in 0-255, so the rate is divided and epsilon multiplied by 255.
    "article-tensorflow": {
        "style_loss": "gram_sum", "content_weight": 0.05, "style_weight": 0.9,
        "content_layers": ("block3_conv3",),
        "style_layers": ("block1_conv1", "block2_conv2", "block4_conv3"),
        "style_layer_weights": (1 / 3,) * 3, "optimizer": "adam", "learning_rate": 9 / 255,
        "learning_rate_decay": 1.0, "adam_epsilon": 0.1 * 255, "steps": 200, "levels": 1,
        "init": "content", "pooling": "max", "save_every": 100},
    # There features are of inputs over ImageNet's deviations, here of 0-255, and taken to be s
    # times larger (tests/settings/test_presets.py says what is exact), so content has 5 / s^2.
    # Grams are over H W as here, but their MSE is not over C^2, so a layer has 1e3 C^2 / s^4.
    "article-pytorch": {
        "style_loss": "gram", "content_weight": 5 / _IMAGENET_SCALE**2, "style_weight": 1e3,
        "style_layer_weights": tuple(c**2 / _IMAGENET_SCALE**4 for c in (64, 128, 256, 512, 512)),
        "optimizer": "lbfgs", "steps": 2000, "levels": 1, "init": "content",
        "pooling": "plain_average"},
}


def named_layers(
    name: str, preset: str, style_loss: str) -> tuple[tuple[str, ...], tuple[float, ...]]:
  """Returns the layers that a name in `STYLE_LAYERS` stands for, and their weights.

  Each layer has its weight in the preset, or in the style loss's own settings where the preset has
  other layers, times a factor for the layers left out, which keeps the balance with the content.
  Weights that sum to 1 would not: of `deep`, whose layers have the largest distances, they would
  outweigh the content.
  """
  of_loss = LOSS_SETTINGS.get(style_loss, {})
  settings = of_loss if "style_layers" in PRESETS[preset] else {**of_loss, **PRESETS[preset]}
  if settings.get("neighbor_weight") == 0:
    settings = {**STATISTICS, **settings}
  layers = settings.get("style_layers", BLOCKS)
  weights = settings.get("style_layer_weights", BLOCK_WEIGHTS)
  part = weights[STYLE_LAYERS[name]]
  return layers[STYLE_LAYERS[name]], tuple(weight * (len(weights) / len(part)) for weight in part)
