"""How the pictures of a job are painted: what all of them have in common."""

import dataclasses
import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tf_style.errors import InputError, expected
from tf_style.learned.record import RECORD
from tf_style.pictures import images
from tf_style.problem.inputs import Inputs, style_sources
from tf_style.settings.config import Config
from tf_style.settings.fields import as_text
from tf_style.system import files
from tf_style.version import __version__

# What does not decide how a picture turns out, beside the group Watching.
_ELSEWHERE = ("device", "max_pixels", "tile_size", "effort", "preset", "weights")


class Style(NamedTuple):
  """What goes into one picture.

  Attributes:
    name: of the folder of its results; empty where there is one style.
    pictures: paths.
    masks: a path for each, or none.
    scale: `style_scale` of the configuration.
  """

  name: str
  pictures: tuple[str, ...]
  masks: tuple[str, ...]
  scale: tuple[float, ...]


class Setup(NamedTuple):
  """What the pictures of a job have in common.

  Attributes:
    config: settings of all.
    styles: each of them goes with every picture.
    init_image: the picture to start from, or None.
    model: folder of a learned style that paints the pictures, or None.
    polish: steps of repainting after it.
    scaled: whether styles are seen as large as the learned style's network saw them.
  """

  config: Config
  styles: tuple[Style, ...]
  init_image: str | None = None
  model: str | None = None
  polish: int = 0
  scaled: bool = False

  def check(self, content_mask: str | None) -> None:
    """Checks, before any picture is looked at, what all have in common.

    Args:
      content_mask: of the pictures, or None.
    Raises:
      InputError: a style, a mask or the picture to start from is wrong, or they do not go together.
    """
    limit, weights = self.config.max_pixels, self.config.weights
    if weights not in ("auto", "imagenet") and not os.path.isfile(weights):
      raise InputError("--weights: " + expected("auto, imagenet or a file of weights", weights))
    for style in self.styles:
      config = dataclasses.replace(self.config, style_scale=style.scale)
      Inputs.of("a picture", style.pictures, content_mask=content_mask, style_mask=style.masks,
                init_image=self.init_image).check(config)
      for flag, paths in (("--style", style.pictures), ("--style_mask", style.masks)):
        for path in paths:
          for each in images.pictures_of(path, flag):
            images.probe_size(each, limit, flag)
    if self.init_image is not None:
      images.probe_size(self.init_image, limit, "--init_image")

  def facts(self, style: Style) -> dict[str, str]:
    """Returns all that decides how a picture turns out, beside itself and its mask, by flag.

    Files are named by their digests.
    """
    facts = {field.name: as_text(getattr(self.config, field.name))
             for field in dataclasses.fields(Config)
             if field.metadata["group"] != "Watching" and field.name not in _ELSEWHERE}
    facts |= {"style_scale": as_text(style.scale), "version": __version__,
              "style": _digests(style.pictures), "style_mask": _digests(style.masks),
              "init_image": _digests([self.init_image] if self.init_image else []),
              "weights": self.config.weights if self.config.weights in ("auto", "imagenet")
              else _digests([self.config.weights])}
    if self.model is not None:
      facts |= {"model": files.digest_of(Path(self.model) / RECORD), "polish": str(self.polish)}
    return facts


def digest(facts: dict[str, str]) -> str:
  """Returns one digest of all facts."""
  return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def styles_apart(pictures: Sequence[str], masks: Sequence[str], config: Config,
                 ) -> tuple[Style, ...]:
  """Returns each picture as a style of its own, those in folders too.

  Args:
    pictures, masks: paths, as for --style and --style_mask.
    config: `style_scale` is dealt out.
  Raises:
    InputError: numbers do not match, there is no style, or two have one name.
  """
  if config.style_blend:
    raise InputError("--style_blend: " + expected(
        "none beside --each_style", as_text(config.style_blend)))
  if not pictures:
    raise InputError("--each_style: " + expected("styles beside it (--style=FILE)", "none"))
  found: dict[str, Style] = {}
  for source in style_sources(Inputs((), tuple(pictures), None, tuple(masks)), config):
    path = os.fspath(str(source.source))
    name = files.safe_name(Path(path).stem)
    if name in found:
      raise InputError("--style: " + expected(
          "styles of different names, after which the folders of their results are called",
          f"{found[name].pictures[0]} and {path}"))
    own = () if source.mask is None else (os.path.abspath(str(source.mask)),)
    found[name] = Style(name, (os.path.abspath(path),), own, (source.scale,))
  return tuple(found.values())


def _digests(paths: Sequence[str]) -> str:
  """Returns the digest of files, and of the pictures in folders."""
  return ",".join(files.digest_of(each)[:16] for path in paths
                  for each in map(str, images.pictures_of(path, "--style")))
