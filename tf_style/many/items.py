"""The items of a job: a content, a style, and where the result goes."""

import os
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from tf_style.errors import InputError, OutputError, expected
from tf_style.many.listing import Found
from tf_style.many.setup import Style
from tf_style.pictures import images
from tf_style.pictures.encode import ENDINGS
from tf_style.system import files


class Item(NamedTuple):
  """One picture to be painted.

  Attributes:
    name: of the result below the folder of results, with slashes; no two items share it.
    content: absolute path.
    style: place in the setup's styles.
    mask: absolute path of the regions of the content, or None.
  """

  name: str
  content: str
  style: int
  mask: str | None


def make_items(found: Sequence[Found], styles: Sequence[Style], mask: str | None) -> list[Item]:
  """Makes an item of every picture with every style, one style after the other.

  Args:
    found: the pictures.
    styles: of the setup.
    mask: a file for all, or a folder that has one for each, of the same name but for the ending.
  Raises:
    InputError: two results would have one name.
  """
  masks = _masks(found, mask)
  items: dict[str, Item] = {}
  for number, style in enumerate(styles):
    for picture in found:
      name = result_name(picture.name, style.name)
      item = Item(name, picture.path, number, masks.get(picture.name))
      if name in items:
        raise InputError("--content: " + expected(
            "pictures whose results have different names",
            f"{items[name].content} and {item.content}, which both give {name}"))
      items[name] = item
  return list(items.values())


def result_name(name: str, style: str) -> str:
  """Returns the name of a result: that of the content, but PNG where no such format is written.

  Args:
    name: of the content, with slashes.
    style: of the folder of the style's results, or ''.
  """
  path = PurePosixPath(style, name)
  return str(path if path.suffix.lower() in ENDINGS else path.with_suffix(".png"))


def _masks(found: Sequence[Found], mask: str | None) -> dict[str, str]:
  """Returns the mask of each picture, by its name.

  A folder that lacks one names the file that is missing, so that its item fails with that name.
  """
  if mask is None:
    return {}
  if not os.path.isdir(mask):
    images.probe_size(mask, flag="--content_mask")
    return dict.fromkeys((picture.name for picture in found), os.path.abspath(mask))
  there = {path.relative_to(mask).with_suffix("").as_posix(): os.path.abspath(path)
           for path in Path(mask).rglob("*") if path.is_file()}
  missing = os.path.abspath(mask)
  return {picture.name: there.get(str(PurePosixPath(picture.name).with_suffix("")),
                                  os.path.join(missing, picture.name)) for picture in found}


def check_output(output: str | os.PathLike[str]) -> None:
  """Checks that results can be put into a folder, which need not be there yet.

  Raises:
    OutputError: it is a file, is called like a picture, or cannot be written into.
  """
  path = Path(output)
  if path.suffix.lower() in ENDINGS and not path.is_dir():
    raise OutputError("--output: " + expected("a folder, for there are several results", output))
  if path.exists() and not path.is_dir():
    raise OutputError("--output: " + expected("a folder, for there are several results",
                                              f"{output}, which is a file"))
  files.check_folder(path, "--output")
