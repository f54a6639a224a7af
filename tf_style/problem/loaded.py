"""Inputs, read: the pictures and masks of one job at the sizes at which they are seen."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from tf_style.errors import InputError, expected
from tf_style.pictures import color, faces, images, maps, masks
from tf_style.pictures.alpha import without_hidden_colors
from tf_style.pictures.fit import Fit
from tf_style.pictures.images import Picture
from tf_style.pictures.seams import seamless
from tf_style.problem.inputs import Anchor, Inputs, load_style, style_sources
from tf_style.settings.config import Config


class Loaded(NamedTuple):
  """The pictures of one job.

  Attributes:
    size: height and width of the result.
    content: at that size; None for a texture of the styles.
    styles: none for a reconstruction of the content; each at the size at which the finest level
      sees it, in the colors that it is seen in.
    shares: of the styles in their blend; they sum to 1.
    regions: None without masks.
    anchor: what the result is held to; None for nothing.
    content_map: [H, W, 1] float32 of at least 0, what each place of the content counts; None where
      all count alike.
    found: what the user should know of maps and faces.
  """

  size: tuple[int, int]
  content: Picture | None
  styles: tuple[Picture, ...]
  shares: tuple[float, ...]
  regions: masks.Regions | None
  anchor: Anchor | None = None
  content_map: np.ndarray | None = None
  found: tuple[str, ...] = ()

  @property
  def notes(self) -> list[str]:
    """What the user should know of the pictures."""
    of_pictures = [note for each in (self.content, *self.styles) if each for note in each.notes]
    return [*of_pictures, *(self.regions.notes if self.regions else ()), *self.found]

  @property
  def visible(self) -> np.ndarray | None:
    """The content's alpha, [H, W, 1]; None where it is opaque."""
    alpha = self.content.alpha if self.content else None
    planes: np.ndarray | None = None if alpha is None else alpha[..., None]
    return planes

  @property
  def content_weights(self) -> np.ndarray | None:
    """What each pixel of the content counts, [H, W, 1]: its alpha times the map; None: all alike"""
    if self.content_map is None or self.visible is None:
      return self.visible if self.content_map is None else self.content_map
    weights: np.ndarray = self.content_map * self.visible
    return weights

  @property
  def own_share(self) -> np.ndarray | None:
    """How much of the content's own features its places are compared with, [H, W, 1].

    That is 1 - 1 / w^2 where a place counts w: three quarters of 2. None where the map nowhere
    counts more than 1, and all take the style's.
    """
    if self.content_map is None or self.content_map.max() <= 1:
      return None
    share: np.ndarray = 1 - np.maximum(self.content_map, 1) ** -2.0
    return share

  @property
  def whole(self) -> masks.Regions:
    """One region of everything."""
    return masks.whole(self.size, [style.rgb.shape[1:3] for style in self.styles])

  @property
  def weights(self) -> masks.Regions | None:
    """The regions, or one of everything, with each pixel weighed by its alpha.

    What is compared with the content's own features counts so much less, or the places around it
    would have to make up for the style that it lacks. None where there are no masks and all counts
    alike.
    """
    pictures, own = [each for each in (self.content, *self.styles) if each], self.own_share
    if own is None and all(picture.alpha is None for picture in pictures):
      return self.regions
    regions = self.regions or self.whole
    weighed = lambda planes, picture: planes if picture is None or picture.alpha is None else (
        planes * picture.alpha[..., None])
    content = weighed(regions.content, self.content)
    return regions._replace(content=content if own is None else content * (1 - own),
                            styles=tuple(map(weighed, regions.styles, self.styles)))

  @property
  def num_regions(self) -> int:
    """In how many regions the statistics are taken."""
    return len(self.regions.colors) if self.regions else 1

  @property
  def gray(self) -> bool:
    """Whether all pictures are gray, as they are seen."""
    return all(color.is_gray(each.rgb) for each in (self.content, *self.styles) if each)


def load(inputs: Inputs, config: Config,
         styles_at: Callable[[int], tuple[Picture, ...]] | None = None) -> Loaded:
  """Reads what a job is given.

  Args:
    inputs: pictures and masks.
    config: sizes, colors, shares and limits are read.
    styles_at: reads the styles for a longest side of the result, where they are kept from job to
      job; None reads them anew.
  Raises:
    InputError: a picture or a mask cannot be read, or they do not go together.
  """
  inputs.check(config)
  fit = _fit(inputs, config)
  content, size = _content(inputs, config, fit)
  styles = (styles_at or style_reader(inputs, config))(max(size))
  sources = style_sources(inputs, config)
  found: list[str] = []
  if content is not None and config.color != "style":
    styles = tuple(style._replace(rgb=color.style_seen(config.color, style.rgb, content.rgb))
                   for style in styles)
  regions = None
  if inputs.content_mask is not None:
    place = _place(fit, images.probe_size(inputs.content_mask, config.max_pixels, "--content_mask"))
    regions = masks.load_regions(
        inputs.content_mask, [source.mask for source in sources] if inputs.style_masks else (),
        config.mask_keep, place.photo if place else size,
        [style.rgb.shape[1:3] for style in styles], config.max_pixels)
    regions = regions.placed(place) if place else regions
  if inputs.style_scale_map is not None:
    levels, found = _map(inputs.style_scale_map, "--style_scale_map", size, fit, config)
    if np.any(levels < 1):
      regions = masks.scaled(regions or masks.whole(
          size, [style.rgb.shape[1:3] for style in styles]), levels)
  shares = tuple(source.share for source in sources)
  content_map, of_map = (None, []) if content is None else _content_map(
      inputs, config, content, fit)
  return Loaded(size, content, styles, shares, regions, _checked_anchor(inputs.anchor, size),
                content_map, (*found, *of_map))


def _content_map(inputs: Inputs, config: Config, content: Picture,
                 fit: Fit | None) -> tuple[np.ndarray | None, list[str]]:
  """Returns what each place of the content counts, and notes.

  That is the map, and more in faces; beyond the photograph's border nothing counts.
  """
  size, weights = content.rgb.shape[1:3], np.ones((1, 1, 1), np.float32)
  notes: list[str] = []
  if inputs.content_map is not None:
    weights, notes = _map(inputs.content_map, "--content_map", size, fit, config)
  if config.faces != 1:
    boxes = faces.find(content.rgb)
    notes.append(f"--faces: {len(boxes) or 'no'} face{'s' * (len(boxes) != 1)} found")
    weights = weights * faces.weights(boxes, size, config.faces)
  if fit and fit.extended:
    weights = weights * fit.inside()
  return (None if np.all(weights == 1) else weights), notes


def _checked_anchor(anchor: Anchor | None, size: tuple[int, int]) -> Anchor | None:
  if anchor is not None and (anchor.picture.shape != (1, *size, 3)
                             or anchor.weights.shape != (1, *size, 1)):
    raise InputError("anchor: " + expected(
        f"a picture (1, {size[0]}, {size[1]}, 3) with weights (1, {size[0]}, {size[1]}, 1)",
        f"{anchor.picture.shape} with {anchor.weights.shape}"))
  return anchor


def _map(source: images.Source, flag: str, size: tuple[int, int], fit: Fit | None,
         config: Config) -> tuple[np.ndarray, list[str]]:
  """Returns a map of the content at the result's size, [H, W, 1], and notes."""
  given = maps.load_map(source, config.max_pixels, flag)
  place = _place(fit, given.shape[:2])
  photo = place.photo if place else size
  notes = maps.stretched(given.shape[:2], photo, flag, "map")
  levels = masks.area_means(given, *photo)
  return place.placed(levels) if place else levels, notes


def _place(fit: Fit | None, given: tuple[int, int]) -> Fit | None:
  """Returns how a mask or a map lies on the canvas: as the photograph does, or as it is.

  One of the canvas' own height and width is of the canvas, as those are that a run has found.
  """
  return None if fit and given == fit.canvas else fit


def _fit(inputs: Inputs, config: Config) -> Fit | None:
  """Returns how the content lies on a canvas of another shape; None where it has its own."""
  if inputs.content is None or not (config.output_shape or config.tileable):
    return None
  size = images.probe_size(inputs.content, config.max_pixels)
  if config.output_shape:
    return Fit.of(size, config.output_shape, config.fit)
  height, width = size if config.image_size == "original" else images.fitted_size(
      *size, int(config.image_size))
  whole = lambda side: max(config.stride, side // config.stride * config.stride)
  return Fit.of(size, (whole(height), whole(width)), config.fit)


def _content(inputs: Inputs, config: Config,
             fit: Fit | None) -> tuple[Picture | None, tuple[int, int]]:
  """Returns the content, where there is one, and height and width of the result."""
  if inputs.content is None:
    return None, config.output_shape or (0, 0)
  longest = None if config.image_size == "original" else int(config.image_size)
  if fit:
    longest = max(fit.photo)
  content = without_hidden_colors(
      images.load_picture(inputs.content, longest, config.max_pixels), "--content")
  content = fit.picture(content) if fit else content
  if config.tileable:
    content = content._replace(rgb=seamless(content.rgb))
  return content, content.rgb.shape[1:3]


def style_reader(inputs: Inputs, config: Config) -> Callable[[int], tuple[Picture, ...]]:
  """Returns a function that reads the styles for a longest side of the result."""
  def styles_at(longest: int) -> tuple[Picture, ...]:
    return tuple(without_hidden_colors(load_style(source, longest, config), "--style")
                 for source in style_sources(inputs, config))
  return styles_at


def style_colors(styles: tuple[Picture, ...], shares: tuple[float, ...],
                 pixels: int = 256**2) -> np.ndarray:
  """Returns the one style, or `pixels` pixels [1, N, 1, 3] of all by their shares."""
  if len(styles) == 1:
    return styles[0].rgb
  sides = [max(1, round((share * pixels) ** 0.5)) * (share > 0) for share in shares]
  parts = [images.resize(style.rgb, side, side).reshape(1, -1, 1, 3)
           for style, side in zip(styles, sides, strict=True) if side]
  return np.concatenate(parts, axis=1)
