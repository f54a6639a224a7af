"""Inputs, read: the pictures and masks of one job at the sizes at which they are seen."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from tf_style.errors import InputError, expected
from tf_style.pictures import color, images, masks
from tf_style.pictures.alpha import without_hidden_colors
from tf_style.pictures.images import Picture
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
  """

  size: tuple[int, int]
  content: Picture | None
  styles: tuple[Picture, ...]
  shares: tuple[float, ...]
  regions: masks.Regions | None
  anchor: Anchor | None = None

  @property
  def notes(self) -> list[str]:
    """What the user should know of the pictures."""
    of_pictures = [note for each in (self.content, *self.styles) if each for note in each.notes]
    return of_pictures + list(self.regions.notes if self.regions else ())

  @property
  def weights(self) -> masks.Regions | None:
    """The regions, or one of everything, with each pixel weighed by its alpha.

    None where there are no masks and nothing is transparent.
    """
    pictures = [picture for picture in (self.content, *self.styles) if picture]
    if all(picture.alpha is None for picture in pictures):
      return self.regions
    ones = lambda height, width: np.ones((height, width, 1), np.float32)
    regions = self.regions or masks.Regions(("ffffff",), ones(*self.size), tuple(
        ones(*style.rgb.shape[1:3]) for style in self.styles), None)
    weighed = lambda planes, picture: planes if picture is None or picture.alpha is None else (
        planes * picture.alpha[..., None])
    return regions._replace(content=weighed(regions.content, self.content),
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
  content, size = _content(inputs, config)
  styles = (styles_at or style_reader(inputs, config))(max(size))
  sources = style_sources(inputs, config)
  if content is not None and config.color != "style":
    styles = tuple(style._replace(rgb=color.style_seen(config.color, style.rgb, content.rgb))
                   for style in styles)
  regions = None if inputs.content_mask is None else masks.load_regions(
      inputs.content_mask, [source.mask for source in sources] if inputs.style_masks else (),
      config.mask_keep, size, [style.rgb.shape[1:3] for style in styles], config.max_pixels)
  shares = tuple(source.share for source in sources)
  return Loaded(size, content, styles, shares, regions, _checked_anchor(inputs.anchor, size))


def _checked_anchor(anchor: Anchor | None, size: tuple[int, int]) -> Anchor | None:
  if anchor is not None and (anchor.picture.shape != (1, *size, 3)
                             or anchor.weights.shape != (1, *size, 1)):
    raise InputError("anchor: " + expected(
        f"a picture (1, {size[0]}, {size[1]}, 3) with weights (1, {size[0]}, {size[1]}, 1)",
        f"{anchor.picture.shape} with {anchor.weights.shape}"))
  return anchor


def _content(inputs: Inputs, config: Config) -> tuple[Picture | None, tuple[int, int]]:
  """Returns the content, where there is one, and height and width of the result."""
  if inputs.content is None:
    return None, config.output_shape or (0, 0)
  longest = None if config.image_size == "original" else int(config.image_size)
  content = without_hidden_colors(
      images.load_picture(inputs.content, longest, config.max_pixels), "--content")
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
