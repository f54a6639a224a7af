"""What a run works on: pictures and masks, not read yet; styles with their shares and scales."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tf_style.errors import InputError, expected
from tf_style.pictures import images
from tf_style.pictures.images import Source
from tf_style.settings.config import Config
from tf_style.settings.kinds import LONGEST_SIDE

Sources = Source | list[Source] | tuple[Source, ...] | None


class Anchor(NamedTuple):
  """A picture that the result is held to, place by place.

  Attributes:
    picture: [1, H, W, 3] float32 in [0, 1], of the result's size.
    weights: [1, H, W, 1] float32 of at least 0, what each pixel counts.
  """

  picture: np.ndarray
  weights: np.ndarray


class Inputs(NamedTuple):
  """The pictures and masks of one job, as they were given: nothing is read yet.

  Each is a path, a Pillow image, an array, or whatever else `pictures.load_picture` takes.

  Attributes:
    content: the picture to repaint; None makes a texture of the styles.
    styles: none reconstructs the content from its features; a folder is all pictures in it.
    content_mask: regions of the content.
    style_masks: regions of the styles, one mask a style, or none.
    init_image: the picture to start from where `config.init` is `image`.
    anchor: what the result is held to, by `config.coherence`.
    content_map: what each place of the content counts, a gray picture.
    style_scale_map: how large the styles are seen at each place of the result, likewise.
  """

  content: Source | None = None
  styles: tuple[Source, ...] = ()
  content_mask: Source | None = None
  style_masks: tuple[Source, ...] = ()
  init_image: Source | None = None
  anchor: Anchor | None = None
  content_map: Source | None = None
  style_scale_map: Source | None = None

  @classmethod
  def of(cls, content: Source | None = None, style: Sources = None, *,
         content_mask: Source | None = None, style_mask: Sources = None,
         init_image: Source | None = None, content_map: Source | None = None,
         style_scale_map: Source | None = None) -> "Inputs":
    """Makes the record; a style and its mask may be one source, several in a list, or None."""
    return cls(content, listed(style), content_mask, listed(style_mask), init_image,
               content_map=content_map, style_scale_map=style_scale_map)

  def check(self, config: Config) -> None:
    """Checks that what is given goes together, before any of it is read.

    Raises:
      InputError: it does not.
    """
    style_sources(self, config)
    if self.content is None:
      _check_texture(self.styles, config)
      for flag, value, needs in (("--color", config.color, "style"),
                                 ("--strength", config.strength, 1),
                                 ("--texture", config.texture, 1), ("--faces", config.faces, 1),
                                 ("--stroke_direction", config.stroke_direction, "style")):
        if value != needs:
          raise InputError(f"{flag}: " + expected(f"{needs} without --content", value))
      if self.content_map is not None:
        raise InputError("--content_map: " + expected("--content, of which it keeps more or less",
                                                      "none"))
    if config.output_shape:
      _check_size(config)
    if config.fit != "crop" and not (config.output_shape and self.content is not None):
      raise InputError("--fit: " + expected("--output_size and --content beside it", config.fit))
    if self.style_scale_map is not None and not self.styles:
      raise InputError("--style_scale_map: " + expected("a style beside it (--style=FILE)", "none"))
    if config.texture < 1 and not self.styles:
      raise InputError("--texture: " + expected("1 without --style", config.texture))
    self._check_guide(config)
    self._check_start(config)
    self._check_masks(config)

  def _check_guide(self, config: Config) -> None:
    if config.guide == "none":
      return
    if self.content is None or not self.styles:
      raise InputError("--guide: " + expected("--content and --style beside auto", "none"))
    for flag, given in (("--content_mask", self.content_mask),
                        ("--style_scale_map", self.style_scale_map)):
      if given is not None:
        raise InputError(f"{flag}: " + expected("none beside --guide=auto", given))

  def _check_start(self, config: Config) -> None:
    for flag, lacking, starts in (("--content", self.content is None, ("content", "recolored")),
                                  ("--style", not self.styles, ("style", "recolored", "content"))):
      if lacking and config.init in starts:
        raise InputError("--init: " + expected(f"noise, image or auto without {flag}", config.init))

  def _check_masks(self, config: Config) -> None:
    if self.content_mask is None:
      if self.style_masks:
        raise InputError("--content_mask: " + expected(
            "a mask that --style_mask pairs up with", "none"))
      if config.mask_keep:
        raise InputError("--content_mask: " + expected(
            "a mask with the colors of --mask_keep", "none"))
    elif self.content is None and config.mask_keep:
      raise InputError("--mask_keep: " + expected("--content, of which it keeps a part", "none"))
    elif not self.styles:
      raise InputError("--content_mask: " + expected(
          "a style for its regions (--style=FILE)", "none"))


class StyleSource(NamedTuple):
  """One style picture, not read yet.

  Attributes:
    source: path, Pillow image or array.
    share: of the blend; those of all styles sum to 1.
    scale: its longest side over that of the result.
    mask: path, Pillow image or array, or None.
  """

  source: Source
  share: float
  scale: float
  mask: Source | None


def listed(given: Sources) -> tuple[Source, ...]:
  """Returns one source, several or None as a tuple."""
  if given is None:
    return ()
  return tuple(given) if isinstance(given, (list, tuple)) else (given,)


def _check_texture(styles: Sequence[Source], config: Config) -> None:
  if not styles or not config.output_shape:
    raise InputError("--content: " + expected(
        "the path of a picture (--content=FILE), or a texture's --output_size and --style", "none"))


def _check_size(config: Config) -> None:
  height, width = config.output_shape or (0, 0)
  if config.tileable and (height % config.stride or width % config.stride):
    raise InputError("--output_size: " + expected(
        f"sides that are multiples of {config.stride} beside --tileable", config.output_size))
  if height * width > config.max_pixels:
    raise InputError("--output_size: " + expected(
        f"at most {config.max_pixels} pixels (--max_pixels sets the limit)", config.output_size))


def style_sources(inputs: Inputs, config: Config) -> list[StyleSource]:
  """Expands folders and deals out shares and scales; a folder's pictures share its own.

  Args:
    inputs: its styles, and one mask a style, or none, are read; the mask of a folder is one for all
      its pictures, or a folder of as many.
    config: `style_blend` and `style_scale` are read.
  Raises:
    InputError: numbers do not match, or a folder is empty.
  """
  styles, masks = inputs.styles, inputs.style_masks
  shares = config.style_blend or (1.0,) * len(styles)
  scales = config.style_scale * len(styles) if len(config.style_scale) == 1 else config.style_scale
  _check_count("--style_blend", "number", styles, shares)
  _check_count("--style_scale", "number", styles, scales)
  if masks:
    _check_count("--style_mask", "mask", styles, masks)
  found = []
  for style, share, scale, mask in zip(styles, shares, scales, masks or [None] * len(styles),
                                       strict=True):
    pictures = images.pictures_of(style, "--style")
    own_masks = [None] if mask is None else images.pictures_of(mask, "--style_mask")
    if len(own_masks) == 1:
      own_masks *= len(pictures)
    _check_count("--style_mask", "mask", pictures, own_masks)
    found += [StyleSource(picture, share / len(pictures) / sum(shares), scale, own_mask)
              for picture, own_mask in zip(pictures, own_masks, strict=True)]
  return found


def _check_count(flag: str, noun: str, styles: Sequence[Source], given: Sequence[object]) -> None:
  if len(styles) != len(given):
    wanted = f"one {noun} a style, {len(styles)} in all"
    raise InputError(f"{flag}: " + expected(wanted, len(given)))


def load_style(style: StyleSource, longest: int, config: Config) -> images.Picture:
  """Loads a style at the size at which the finest level sees it.

  Args:
    style: what to load.
    longest: longest side of the result.
    config: `max_pixels` is read.
  Raises:
    InputError: it cannot be read, or would be too large.
  """
  size = images.probe_size(style.source, config.max_pixels, "--style")
  side = max(1, round(style.scale * longest))
  height, width = images.fitted_size(*size, side)
  if side > LONGEST_SIDE or height * width > config.max_pixels:
    raise InputError("--style_scale: " + expected(
        f"a style of at most {config.max_pixels} pixels (--max_pixels sets the limit)",
        f"{width}x{height}"))
  picture = images.load_picture(style.source, side, config.max_pixels, "--style")
  if side > 2 * max(size):
    note = (f"the style {picture.name} is enlarged {side / max(size):.1f} times: "
            "a smaller --style_scale is sharper")
    picture = picture._replace(notes=(*picture.notes, note))
  return picture


def size_at(size: tuple[int, int], scale: float, least: int) -> tuple[int, int]:
  """Returns the size in which a level sees a style: scaled as the level is, never too small.

  Args:
    size: height and width at the finest level.
    scale: sides of the level over those of the finest.
    least: the shorter side is no smaller where it is not so at the finest level.
  """
  scale = max(scale, min(1.0, least / min(size)))
  return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
