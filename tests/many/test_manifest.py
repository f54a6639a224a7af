"""The journal of a job: what was noted is there again, whatever happened to the last line."""

import hashlib
import os
from pathlib import Path

import pytest

from tf_style.errors import InputError, OutputError
from tf_style.many.items import Item
from tf_style.many.manifest import DONE, FAILED, FILE, WRITING, Manifest, Record
from tf_style.many.pending import find_pending
from tf_style.many.setup import digest
from tf_style.many.stamps import stamp

FACTS = {"steps": "4", "style": "abc"}
SETTINGS = digest(FACTS)


def begun(folder: Path) -> Manifest:
  manifest = Manifest(folder / "job", folder / "out")
  manifest.begin()
  return manifest


def write_content(folder: Path, name: str = "a.png", data: bytes = b"content") -> Item:
  (folder / name).write_bytes(data)
  return Item(name, str(folder / name), 0, None)


def done(item: Item, state: str = DONE, data: bytes = b"result") -> Record:
  content = stamp(item.content, Path(item.content).read_bytes())
  return Record(item.name, state, SETTINGS, (content,),
                (hashlib.sha256(data).hexdigest(), len(data)), 2.5, {"total": 2.5, "x": "inf"}, 1.5)


def write_result(folder: Path, data: bytes = b"result", name: str = "a.png") -> Path:
  (folder / "out").mkdir(exist_ok=True)
  (folder / "out" / name).write_bytes(data)
  return folder / "out" / name


@pytest.mark.parametrize("tail", [b"", b'{"item": "b.png", "sta', b"\0\0\0", b"{}\n[]\nnone\n"])
def test_it_is_read_back(tail, tmp_path):
  item = write_content(tmp_path)
  manifest = begun(tmp_path)
  manifest.settings(SETTINGS, FACTS)
  manifest.note(done(item))
  manifest.close()
  with open(tmp_path / "job" / FILE, "ab") as file:
    file.write(tail)
  for _ in range(2):  # the second reads what the first has written anew
    again = begun(tmp_path)
    assert again.record("a.png") == done(item) and again.facts == {SETTINGS: FACTS}
    assert again.record("b.png") is None
    assert again.is_own("a.png", write_result(tmp_path))
    assert not again.is_own("a.png", write_result(tmp_path, b"retouched"))
    assert not again.is_own("a.png", tmp_path) and not again.is_own("b.png", tmp_path / "a.png")
    again.close()


def test_earlier_results_stay_its_own(tmp_path):
  item = write_content(tmp_path)
  manifest = begun(tmp_path)
  manifest.note(done(item))
  manifest.note(done(item, WRITING, b"new"))
  manifest.note(done(item)._replace(state=FAILED, result=None, error="expected"))
  manifest.close()
  again = begun(tmp_path)
  assert all(again.is_own("a.png", write_result(tmp_path, data)) for data in (b"result", b"new"))
  again.close()


def test_one_process_at_a_time(tmp_path):
  manifest = begun(tmp_path)
  with pytest.raises(InputError, match="a folder that no other process fills"):
    begun(tmp_path)
  manifest.close()
  begun(tmp_path).close()


def test_another_format_is_refused(tmp_path):
  (tmp_path / "job").mkdir()
  (tmp_path / "job" / FILE).write_text('{"format": 9}\n')
  with pytest.raises(InputError, match="a job of format 1, received .*, of format 9"):
    Manifest(tmp_path / "job", tmp_path)


def look(folder: Path, item: Item, facts=FACTS):
  return find_pending([item], Manifest(folder / "job", folder / "out"), folder / "out", [facts])


@pytest.fixture
def finished(tmp_path) -> Item:
  """An item whose result is there."""
  item = write_content(tmp_path)
  manifest = begun(tmp_path)
  manifest.settings(SETTINGS, FACTS)
  manifest.note(done(item))
  manifest.close()
  write_result(tmp_path)
  return item


def test_what_is_finished_stays(finished, tmp_path):
  assert look(tmp_path, finished) == ((), (), ())
  os.utime(finished.content, (1, 1))  # the same by its digest
  assert look(tmp_path, finished).items == ()
  write_result(tmp_path, b"retouched by hand")
  assert look(tmp_path, finished).items == ()


def test_what_changed_is_painted_anew_and_said_in_a_line(finished, tmp_path):
  found = look(tmp_path, finished, {"steps": "5", "style": "abd", "seed": "1"})
  assert found.items == (finished,)
  assert found.notes == (
      "painted anew: 1 whose settings changed (seed none -> 1, steps 4 -> 5, style)",)
  write_content(tmp_path, data=b"CONTENT")
  assert look(tmp_path, finished).notes == ("painted anew: 1 whose files changed",)
  write_content(tmp_path)
  assert look(tmp_path, finished).items == ()
  (tmp_path / "out/a.png").unlink()
  assert look(tmp_path, finished).notes == ("painted anew: 1 whose results are gone",)


def test_a_retouched_result_is_not_painted_over(finished, tmp_path):
  write_result(tmp_path, b"retouched by hand")
  with pytest.raises(OutputError, match="has the name of a result .* which holds a.png$"):
    look(tmp_path, finished, {"steps": "5"})


@pytest.mark.parametrize("result, completed", [(b"result", True), (None, False)])
def test_killed_around_the_renaming(result, completed, tmp_path):
  item = write_content(tmp_path)
  manifest = begun(tmp_path)
  manifest.note(done(item, WRITING))
  manifest.close()
  if result is not None:
    write_result(tmp_path, result)
  found = look(tmp_path, item)
  assert bool(found.completed) == completed and bool(found.items) != completed


def test_files_of_others_are_named(tmp_path):
  item = write_content(tmp_path)
  write_result(tmp_path)
  with pytest.raises(OutputError, match="which holds a.png$"):
    look(tmp_path, item)
  (tmp_path / "out/a.png").unlink()
  (tmp_path / "out/a.png").symlink_to("nowhere")
  with pytest.raises(OutputError, match="which holds a.png$"):
    look(tmp_path, item)
