"""A sheet of small pictures over the values of two settings, as a job of the page."""

from collections.abc import Mapping
from typing import Any

from tf_style.cli import checks
from tf_style.cli.jobs import Job as Asked
from tf_style.cli.jobs import job_of
from tf_style.errors import InputError, expected
from tf_style.page import asking
from tf_style.page.jobs import Job
from tf_style.page.painters import Painters
from tf_style.page.previews import small_jpeg

DRAFT = {"effort": "draft", "image_size": "256"}
_MOST_VALUES = 6
_PIXELS = 320


def axes() -> list[str]:
  """Returns the settings that a sheet can go over."""
  names = [field.name for fields in asking.advanced_fields().values() for field in fields]
  return ["content_weight", "style_scale", "color", "strength", *(
      name for name in names if name not in ("content_weight", "style_scale", "strength"))]


def cells_of(given: Mapping[str, Any], columns: tuple[str, str], rows: tuple[str, str],
             ) -> list[tuple[dict[str, str], Asked]]:
  """Returns the settings of each place, row by row, and what is asked for there.

  Args:
    given: texts of all other flags; effort and size are a draft's.
    columns, rows: a setting, and its values with commas, or with semicolons, between.
  Raises:
    InputError: a value is wrong, or there are too many.
  """
  fixed = {**given, **DRAFT, "verbosity": "-1"}
  across, down = _values("columns", *columns), _values("rows", *rows)
  if columns[0] == rows[0]:
    raise InputError("rows: " + expected(f"another setting than {rows[0]}", rows[0]))
  found = []
  for second in down:
    for first in across:
      asked = job_of({**fixed, **first, **second})
      checks.check_pictures(asked)
      found.append(({**first, **second}, asked))
  return found


def _values(axis: str, name: str, text: str) -> list[dict[str, str]]:
  if not name:
    return [{}]
  if name not in axes():
    raise InputError(f"{axis}: " + expected("the name of a setting", name))
  values = [each.strip() for each in text.split(";" if ";" in text else ",") if each.strip()]
  if not 1 <= len(values) <= _MOST_VALUES:
    raise InputError(f"{axis}: " + expected(f"1 to {_MOST_VALUES} values of {name}", text))
  return [{name: value} for value in values]


def explore(job: Job, cells: list[tuple[dict[str, str], Asked]], painters: Painters) -> None:
  """Does the job: paints the places one after the other.

  Raises:
    InputError: a picture, the weights or a setting is wrong.
  """
  made: list[tuple[dict[str, str], bytes]] = [(flags, b"") for flags, _ in cells]
  job.show(cells=tuple(made), steps=len(cells), line="a sheet of drafts")
  for index, (flags, asked) in enumerate(cells):
    paint, inputs = painters.painter(asked.inputs, asked.config), asked.inputs
    result = paint(inputs.content, content_mask=inputs.content_mask,
                   on_step=lambda step: job.stopping)
    if job.stopping:
      return
    made[index] = flags, small_jpeg(result.picture, _PIXELS)
    job.show(cells=tuple(made), step=index + 1, percent=100 * (index + 1) // len(cells))
