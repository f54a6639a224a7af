"""What a run is about to do: inputs read and checked, what was left open decided."""

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from tf_style.errors import InputError, expected
from tf_style.pictures import color, images, masks
from tf_style.pictures.seams import resize_tile
from tf_style.problem import correspondence, directions, memory
from tf_style.problem.inputs import Inputs, size_at
from tf_style.problem.loaded import Loaded, load, style_colors
from tf_style.problem.palettes import in_palette
from tf_style.repaint import pyramid
from tf_style.repaint.details import as_faint, details
from tf_style.settings.config import Config
from tf_style.system import devices
from tf_style.system.memory import memory_limit
from tf_style.vgg.extractor import Extractors
from tf_style.vgg.weights import Weights, load_weights, no_weights

# From height and width: the content [1, H, W, 3], and how much of it is kept, [1, H, W, 1].
Keeps = Callable[[int, int], tuple[np.ndarray, np.ndarray]]


class Plan(NamedTuple):
  """What a run is about to do, with everything resolved that was left to `auto`.

  Attributes:
    config: resolved.
    levels: coarse to fine.
    device: TensorFlow's name.
    weights: of the network, up to the deepest layer in use.
    loaded: the pictures.
    start: [1, H, W, 3], of any size.
    notes: what the user should know.
    palette: [1, H, W, 3] the content in the styles' colors; None where that counts nothing.
  """

  config: Config
  levels: list[pyramid.Level]
  device: str
  weights: Weights
  loaded: Loaded
  start: np.ndarray
  notes: tuple[str, ...]
  palette: np.ndarray | None = None

  @property
  def content(self) -> images.Picture | None:
    """The picture to repaint; None for a texture of the styles."""
    return self.loaded.content

  @property
  def styles(self) -> tuple[images.Picture, ...]:
    """The styles, each in the size in which the finest level sees it."""
    return self.loaded.styles

  @property
  def regions(self) -> masks.Regions | None:
    """The regions of masks; None without masks."""
    return self.loaded.regions

  @property
  def num_regions(self) -> int:
    """In how many the statistics are taken."""
    return self.loaded.num_regions

  @property
  def gray(self) -> bool:
    """Whether the result is gray before `color` is applied: so are all pictures, as seen."""
    return self.config.color == "luminance" or self.loaded.gray

  @property
  def alpha(self) -> np.ndarray | None:
    """What is transparent in the content, as in `images.Picture`."""
    return self.content.alpha if self.content else None

  @property
  def overlays(self) -> dict[str, np.ndarray]:
    """Pictures [1, H, W, 3] of what was found, by name.

    That is the content, bright where it counts, with its directions, and masks of regions.
    """
    content, counts, found = self.content, self.loaded.content_map, {}
    if content is not None and counts is not None:
      found["content_map"] = content.rgb * (0.2 + 0.8 * counts / max(counts.max(), 1))[None]
    if content is not None and self.config.stroke_direction == "content":
      found["directions"] = directions.drawn(content.rgb)
    if self.config.guide == "auto" and (regions := self.regions):
      found["content_mask"] = masks.shown(regions.colors, regions.content)
      found |= {f"style_mask-{number}": masks.shown(regions.colors, planes)
                for number, planes in enumerate(regions.styles, 1)}
    return found

  @property
  def keeps(self) -> Keeps | None:
    """What is kept of the content at a size, where something is."""
    content, regions = self.content, self.regions
    if content is None or regions is None or regions.kept is None:
      return None
    kept, mode = regions.kept, self.config.color
    return lambda height, width: (
        color.seen(mode, images.resize(content.rgb, height, width)),
        masks.area_means(kept, height, width)[None])

  def begun(self, index: int, picture: np.ndarray) -> np.ndarray:
    """Returns what a level starts from: the best picture so far, [1, H, W, 3], at its size.

    An enlarged picture lacks its finest details, which the style wants in it. The content's own are
    put there, made fainter where the style's are: a flat style stays flat. On five of six pairs
    that kept more of the content's lines, as near to the style.
    """
    height, width, _ = self.levels[index]
    picture = (resize_tile if self.config.tileable else images.resize)(picture, height, width)
    if not index or self.content is None:
      return picture
    before = self.levels[index - 1]
    seen = color.seen(self.config.color, images.resize(self.content.rgb, height, width))
    of_styles = []
    for style in self.styles:
      coarse, fine = (size_at(style.rgb.shape[1:3], max(each[:2]) / max(self.loaded.size), 1)
                      for each in (before, self.levels[index]))
      of_styles.append(details(images.resize(style.rgb, *fine), *coarse))
    added = as_faint(details(seen, before.height, before.width), of_styles, self.loaded.shares)
    limited: np.ndarray = np.clip(picture + added, 0, 1)
    return limited

  def finished(self, picture: np.ndarray) -> np.ndarray:
    """Returns what the user gets of a result [1, H, W, 3].

    `texture`, `color` and `strength` are applied.
    """
    if self.content is None:
      return picture
    if self.palette is not None:
      share = np.float32(self.config.texture)
      alone = images.resize(self.palette, *picture.shape[1:3])
      picture = share * picture + (1 - share) * alone
    return color.finished(self.config.color, self.config.strength, picture, self.content.rgb)


def make_plan(inputs: Inputs, config: Config, weights: Weights | None = None,
              styles_at: Callable[[int], tuple[images.Picture, ...]] | None = None,
              extractors: Extractors | None = None) -> Plan:
  """Reads and checks everything that a run needs, and decides what was left open.

  Args:
    inputs: pictures and masks.
    config: as it was asked for.
    weights: None loads those that the configuration names.
    styles_at: as for `loaded.load`.
    extractors: of those weights, where they are built already.
  Raises:
    InputError: a picture, the weights or an option is wrong.
  """
  loaded = load(inputs, config, styles_at)
  device = devices.choose_device(config.device)
  if not (config.texture or config.guide == "auto"):
    weights = no_weights(config.network)
  weights = weights or load_weights(config.network, config.weights)
  network = weights.network
  weights = weights.up_to(network.deepest(config.layers).name)
  if config.guide == "auto":
    loaded = _with_regions(loaded, config, extractors or Extractors(weights))
  asked = _resolved(config, loaded, network.name, device)
  deepest = network.deepest(asked.layers)
  _check_sizes(deepest.stride, loaded, asked)
  if not asked.texture:  # nothing is painted
    begun = color.seen(config.color, in_palette(loaded))
    return Plan(asked, [pyramid.Level(*loaded.size, 0)], device, weights, loaded, begun,
                tuple(loaded.notes), begun)
  config = memory.fitted(
      asked, *loaded.size, memory_limit(device), loaded.num_regions, device)
  levels = pyramid.make_levels(*loaded.size, config.steps, config.levels, config.level_steps,
                               2 * deepest.stride, deepest.stride if config.tileable else 1)
  notes = [*loaded.notes, *filter(None, [weights.note]), *_what_fits(asked, config)]
  start = _start_picture(config, levels, loaded, inputs)
  if config.color == "luminance" or loaded.gray:
    start = color.gray(start)
  return Plan(config, levels, device, weights, loaded, start, tuple(notes),
              in_palette(loaded) if config.texture < 1 else None)


def _with_regions(loaded: Loaded, config: Config, extractors: Extractors) -> Loaded:
  """Finds the regions that content and styles have in common; one alone is none."""
  assert loaded.content is not None, "there is one beside --guide"
  name = correspondence.layer_of(config.layers, extractors.weights.network)
  content, *styles = correspondence.regions_of(
      loaded.content.rgb, [style.rgb for style in loaded.styles],
      extractors.get((name,), "max", "float32", "replicate"))  # zeros make borders a region
  regions = masks.of_labels(content, styles)
  note = f"--guide: {len(regions.colors)} region{'s' * (len(regions.colors) > 1)} found"
  return loaded._replace(found=(*loaded.found, note),
                         regions=regions if len(regions.colors) > 1 else None)


def _resolved(config: Config, loaded: Loaded, network: str, device: str) -> Config:
  """Decides network, precision and start; leaves out the layers of a picture that is not there."""
  given = {"content": loaded.content is not None, "style": bool(loaded.styles)}
  left_out = [kind for kind, there in given.items() if not there]
  changes: dict[str, Any] = {
      f"{kind}_{part}": () for kind in left_out for part in ("layers", "layer_weights")}
  if left_out:
    changes |= {"neighbor_weight": 0.0, "stroke_direction": "style"}
  if not config.texture:
    changes["tile_size"] = 0
  if config.precision == "auto":
    changes["precision"] = devices.fast_precision(device)
  if config.init == "auto":
    changes["init"] = "noise" if left_out else "content"
  return dataclasses.replace(config, network=network, **changes)


def _check_sizes(stride: int, loaded: Loaded, config: Config) -> None:
  what = f"sides of at least {stride} pixels for the deepest layer in use"
  if min(loaded.size) < stride:
    flag = "--output_size" if config.output_size else "--image_size"
    height, width = loaded.size
    raise InputError(f"{flag}: " + expected(what, f"{width}x{height}"))
  for style in loaded.styles:
    height, width = style.rgb.shape[1:3]
    if min(height, width) < stride:
      flag = "--style" if set(config.style_scale) == {1.0} else "--style_scale"
      raise InputError(f"{flag}: " + expected(what, f"{style.name} as {width}x{height}") + (
          ": a larger --style_scale or a crop of the style makes its short side longer"))


def _what_fits(asked: Config, fitted: Config) -> Iterator[str]:
  """Says what the free memory did not allow."""
  if asked.tile_size == "auto" and fitted.tile_size:
    yield f"the whole picture does not fit into memory: tiles of {fitted.tile_size} pixels"
  if fitted.lbfgs_memory < asked.lbfgs_memory:
    yield (f"not {asked.lbfgs_memory} pairs fit into memory: L-BFGS remembers "
           f"{fitted.lbfgs_memory}")


def _start_picture(config: Config, levels: list[pyramid.Level], loaded: Loaded,
                   inputs: Inputs) -> np.ndarray:
  """Returns the picture that the coarsest level starts from, [1, H, W, 3], of any size."""
  if config.init == "image":
    if inputs.init_image is None:
      raise InputError("--init_image: " + expected("a picture with --init=image", "none"))
    longest = max(loaded.size)
    return images.load_picture(inputs.init_image, longest, config.max_pixels, "--init_image").rgb
  if config.init == "style":
    return loaded.styles[0].rgb
  if config.init == "noise" or loaded.content is None:
    size = 1, levels[0].height, levels[0].width, 3
    return np.random.default_rng(config.seed).uniform(size=size).astype(np.float32)
  if config.init == "recolored":
    return color.match_colors(loaded.content.rgb, style_colors(loaded.styles, loaded.shares))
  return loaded.content.rgb
