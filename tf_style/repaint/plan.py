"""What a run is about to do: pictures, masks and weights read and checked, what was left open decided."""

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from tf_style.errors import InputError, expected
from tf_style.pictures import color, images, masks
from tf_style.problem import memory
from tf_style.problem.inputs import Inputs, load_style, style_sources
from tf_style.repaint import pyramid
from tf_style.settings.config import Config
from tf_style.system import machine
from tf_style.vgg import network
from tf_style.vgg.weights import Weights, load_weights

# Pixels that stand for all styles together where their colors are looked at.
_SAMPLE = 256**2


class Plan(NamedTuple):
  """What a run is about to do, with everything resolved that was left to `auto`.

  Attributes:
    content: None for a texture of the styles.
    weights: up to the deepest layer in use.
    styles: none for a reconstruction of the content; each in the size in which the finest level sees it.
    shares: of the styles in their blend; they sum to 1.
    regions: None without masks.
    start: [1, H, W, 3], of any size.
  """

  config: Config
  levels: list[pyramid.Level]
  device: str
  weights: Weights
  content: images.Picture | None
  styles: tuple[images.Picture, ...]
  shares: tuple[float, ...]
  regions: masks.Regions | None
  start: np.ndarray
  notes: tuple[str, ...]

  @property
  def alpha(self) -> np.ndarray | None:
    """What is transparent in the content, as in `images.Picture`."""
    return self.content.alpha if self.content else None

  @property
  def keeps(self) -> Callable[[int, int], tuple[np.ndarray, np.ndarray]] | None:
    """From height and width: the content, [1, H, W, 3], and how much of it is kept, [1, H, W, 1]; or None."""
    content, regions = self.content, self.regions
    if content is None or regions is None or regions.kept is None:
      return None
    kept, mode = regions.kept, self.config.color
    return lambda height, width: (color.seen(mode, images.resize(content.rgb, height, width)),
                                  masks.area_means(kept, height, width)[None])

  def pixel_share(self, level: pyramid.Level) -> float:
    """Returns the pixels of a level over those of the finest."""
    finest = self.levels[-1]
    return level.height * level.width / (finest.height * finest.width)

  def finished(self, picture: np.ndarray) -> np.ndarray:
    """Returns what the user gets of a result [1, H, W, 3]: with `color` and `strength` applied."""
    if self.content is None:
      return picture
    return color.finished(self.config.color, self.config.strength, picture, self.content.rgb)

  @property
  def num_regions(self) -> int:
    """In how many the statistics are taken."""
    return len(self.regions.colors) if self.regions else 1


def make_plan(inputs: Inputs, config: Config, weights: Weights | None = None) -> Plan:
  """Reads and checks everything that a run needs, and decides what was left open.

  Args:
    inputs: pictures and masks.
    config: as it was asked for.
    weights: None loads those that the configuration names.
  Raises:
    InputError: a picture, the weights or an option is wrong.
  """
  inputs.check(config)
  picture = None if inputs.content is None else images.load_picture(
      inputs.content, None if config.image_size == "original" else int(config.image_size), config.max_pixels)
  height, width = config.output_shape or picture.rgb.shape[1:3]  # type: ignore[union-attr]
  sources = style_sources(inputs, config)
  pictures = tuple(load_style(source, max(height, width), config) for source in sources)
  if picture is not None:
    pictures = tuple(style._replace(rgb=color.style_seen(config.color, style.rgb, picture.rgb))
                     for style in pictures)
  regions = None if inputs.content_mask is None else masks.load_regions(
      inputs.content_mask, inputs.style_masks and [source.mask for source in sources], config.mask_keep,
      (height, width), [style.rgb.shape[1:3] for style in pictures], config.max_pixels)
  device = machine.choose_device(config.device)
  weights = weights or load_weights(config.network, config.weights)
  config = _resolved(config, picture is not None, bool(pictures), weights.network, device)
  deepest = network.deepest(config.network, config.content_layers + config.style_layers)
  weights, stride = weights.up_to(deepest.name), deepest.stride
  _check_sizes(stride, (height, width), pictures, config)
  asked, config = config, memory.fitted(
      config, height, width, machine.memory_limit(device), len(regions.colors) if regions else 1, device)
  levels = pyramid.make_levels(height, width, config.steps, config.levels, config.level_steps, 2 * stride)
  notes = [note for each in (picture, *pictures) if each for note in each.notes]
  notes += [*filter(None, [weights.note]), *_what_fits(asked, config)]
  shares = tuple(source.share for source in sources)
  start = color.seen(
      config.color, _start_picture(config, levels, picture, pictures, shares, inputs.init_image))
  return Plan(config, levels, device, weights, picture, pictures, shares, regions, start, tuple(notes))


def _resolved(config: Config, content: bool, style: bool, network_name: str, device: str) -> Config:
  """Decides network, precision and start, and leaves out the layers of a picture that there is not."""
  left_out = [kind for kind, there in (("content", content), ("style", style)) if not there]
  changes: dict[str, Any] = {
      f"{kind}_{part}": () for kind in left_out for part in ("layers", "layer_weights")}
  if config.precision == "auto":
    changes["precision"] = machine.fast_precision(device)
  if config.init == "auto":
    changes["init"] = "noise" if left_out else "content"
  return dataclasses.replace(config, network=network_name, **changes)


def _check_sizes(stride: int, size: tuple[int, int], pictures: tuple[images.Picture, ...],
                 config: Config) -> None:
  what = f"sides of at least {stride} pixels for the deepest layer in use"
  if min(size) < stride:
    flag = "--output_size" if config.output_size else "--image_size"
    raise InputError(f"{flag}: " + expected(what, f"{size[1]}x{size[0]}"))
  for picture in pictures:
    height, width = picture.rgb.shape[1:3]
    if min(height, width) < stride:
      flag = "--style" if set(config.style_scale) == {1.0} else "--style_scale"
      raise InputError(f"{flag}: " + expected(what, f"{picture.name} as {width}x{height}"))


def _what_fits(asked: Config, fitted: Config) -> Iterator[str]:
  """Says what the memory that there is did not allow."""
  if asked.tile_size == "auto" and fitted.tile_size:
    yield f"the whole picture does not fit into memory: tiles of {fitted.tile_size} pixels"
  if fitted.lbfgs_memory < asked.lbfgs_memory:
    yield f"not {asked.lbfgs_memory} pairs fit into memory: L-BFGS remembers {fitted.lbfgs_memory}"


def _start_picture(config: Config, levels: list[pyramid.Level], content: images.Picture | None,
                   pictures: tuple[images.Picture, ...], shares: tuple[float, ...],
                   init_image: Any) -> np.ndarray:
  """Returns the picture that the coarsest level starts from, [1, H, W, 3], of any size."""
  if config.init == "image":
    if init_image is None:
      raise InputError("--init_image: " + expected("a picture with --init=image", "none"))
    return images.load_picture(init_image, max(levels[-1][:2]), config.max_pixels, "--init_image").rgb
  if config.init == "style":
    return pictures[0].rgb
  if config.init == "noise" or content is None:
    size = 1, levels[0].height, levels[0].width, 3
    return np.random.default_rng(config.seed).uniform(size=size).astype(np.float32)
  if config.init == "recolored":
    return color.match_colors(content.rgb, _sample(pictures, shares))
  return content.rgb


def _sample(pictures: tuple[images.Picture, ...], shares: tuple[float, ...]) -> np.ndarray:
  """Returns the one style, or pixels [1, N, 1, 3] of all by their shares."""
  if len(pictures) == 1:
    return pictures[0].rgb
  sides = [max(1, round((share * _SAMPLE) ** 0.5)) * (share > 0) for share in shares]
  parts = [images.resize(picture.rgb, side, side).reshape(1, -1, 1, 3)
           for picture, side in zip(pictures, sides, strict=True) if side]
  return np.concatenate(parts, axis=1)
