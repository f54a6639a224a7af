"""Which items are still to be painted, and what has changed since they were."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tf_style.errors import OutputError, expected
from tf_style.many.items import Item
from tf_style.many.manifest import DONE, WRITING, Manifest, Record
from tf_style.many.setup import digest
from tf_style.many.stamps import Stamp
from tf_style.system import files


class Pending(NamedTuple):
  """What is to be done.

  Attributes:
    items: to be painted.
    completed: records of results that were written just before the process was killed.
    notes: one line on what has changed, or none.
  """

  items: tuple[Item, ...]
  completed: tuple[Record, ...]
  notes: tuple[str, ...]


def find_pending(items: Sequence[Item], manifest: Manifest, output: Path,
                 facts: Sequence[Mapping[str, str]]) -> Pending:
  """Compares items with the manifest and the files; writes nothing.

  Args:
    items: of the job.
    manifest: what is known of them.
    output: folder of the results.
    facts: of the settings of each style.
  Raises:
    OutputError: a file that this job has not written has the name of a result.
  """
  digests = [digest(dict(each)) for each in facts]
  pending: list[Item] = []
  completed: list[Record] = []
  counts = {"settings": 0, "files": 0, "gone": 0}
  changed: set[str] = set()
  for item in items:
    record, path = manifest.record(item.name), output / item.name
    if record is not None and record.state == WRITING and _is_result(path, record):
      completed.append(record)
      record = record._replace(state=DONE)
    if record is None or record.state != DONE:
      pending.append(item)
    elif why := _outdated(item, record, path, digests[item.style]):
      pending.append(item)
      counts[why] += 1
      if why == "settings":
        changed |= _differences(manifest.facts.get(record.settings, {}), facts[item.style])
  _check_names(pending, manifest, output)
  return Pending(tuple(pending), tuple(completed), tuple(_notes(counts, changed)))


def _is_result(path: Path, record: Record) -> bool:
  return (record.result is not None and path.is_file()
          and files.digest_of(path) == record.result[0])


def _outdated(item: Item, record: Record, path: Path, settings: str) -> str:
  """Returns why a finished item is painted anew, or ''."""
  if record.settings != settings:
    return "settings"
  paths = [item.content] + ([] if item.mask is None else [item.mask])
  if len(record.content) != len(paths) or not all(
      Stamp(*stamp).holds(each) for stamp, each in zip(record.content, paths, strict=True)):
    return "files"
  return "" if os.path.lexists(path) else "gone"


def _differences(before: Mapping[str, str], now: Mapping[str, str]) -> set[str]:
  """Returns in words which settings differ; files by their flags alone."""
  names = [name for name in {**before, **now} if before.get(name, "") != now.get(name, "")]
  of_files = ("style", "style_mask", "init_image", "weights", "model")
  return {name if name in of_files else
          f"{name} {before.get(name) or 'none'} -> {now.get(name) or 'none'}" for name in names}


def _check_names(pending: Sequence[Item], manifest: Manifest, output: Path) -> None:
  taken = [item.name for item in pending if os.path.lexists(output / item.name)
           and not manifest.is_own(item.name, output / item.name)]
  if taken:
    more = f" and {len(taken) - 1} more" if len(taken) > 1 else ""
    raise OutputError("--output: " + expected(
        "a folder where no file of others has the name of a result (another --output, or the "
        "--logdir of the job that wrote it)", f"{output}, which holds {taken[0]}{more}"))


def _notes(counts: Mapping[str, int], changed: set[str]) -> list[str]:
  said = {"settings": f"whose settings changed ({', '.join(sorted(changed))})",
          "files": "whose files changed", "gone": "whose results are gone"}
  parts = [f"{count} {said[why]}" for why, count in counts.items() if count]
  return [f"painted anew: {', '.join(parts)}"] if parts else []
