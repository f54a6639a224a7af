"""What can be looked at of a job: a table of its items, and sheets of the results."""

import csv
import math
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tf_style.errors import InputError, one_line
from tf_style.many.items import Item
from tf_style.many.manifest import DONE, Record
from tf_style.pictures import images, sheet
from tf_style.system import files

TABLE = "items.csv"
_SIDE = 160  # pixels of a picture on a sheet
_A_SHEET = 100  # pictures


def write_table(folder: Path, rows: Sequence[tuple[Item, Record | None]]) -> None:
  """Writes a line for each item: its name, state, seconds, loss, content and what is wrong.

  Raises:
    OSError: from the system.
  """
  def write(path: Path) -> None:
    with open(path, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
      table = csv.writer(file)
      table.writerow(("item", "state", "seconds", "loss", "content", "error"))
      table.writerows(_row(item, record) for item, record in rows)

  files.write_atomically(folder / TABLE, write)


def _row(item: Item, record: Record | None) -> tuple[Any, ...]:
  if record is None:
    return item.name, "waiting", "", "", item.content, ""
  loss = "" if record.loss is None else f"{record.loss:.6g}"
  return item.name, record.state, f"{record.seconds:.3f}", loss, item.content, record.error


def write_sheets(folder: Path, output: Path, rows: Sequence[tuple[Item, Record | None]],
                 changed: Collection[str]) -> None:
  """Writes sheet.jpg, and sheet-2.jpg and so on where there are more than 100 items.

  Args:
    folder: of the job.
    output: of the results.
    rows: items with what became of them; a result that cannot be read leaves its place blank.
    changed: names of items; sheets without any of them are left as they are.
  Raises:
    OSError: from the system.
  """
  for number, first in enumerate(range(0, len(rows), _A_SHEET), start=1):
    part = rows[first:first + _A_SHEET]
    if not any(item.name in changed for item, _ in part):
      continue
    columns = math.ceil(math.sqrt(len(part)))
    cells = [_cell(output, item, record) for item, record in part]
    lines = [cells[start:start + columns] for start in range(0, len(cells), columns)]
    name = "sheet.jpg" if number == 1 else f"sheet-{number}.jpg"
    images.save_picture(folder / name, sheet.contact_sheet(lines, _SIDE, _SIDE))


def _cell(output: Path, item: Item, record: Record | None) -> tuple[str, np.ndarray | None]:
  name = one_line(item.name)
  if record is None or record.state != DONE:
    return f"{name} ({record.state if record else 'waiting'})", None
  try:
    shown: np.ndarray | None = images.load_picture(output / item.name, _SIDE).rgb
  except InputError:
    shown = None
  return name if record.loss is None else f"{name} {record.loss:.4g}", shown
