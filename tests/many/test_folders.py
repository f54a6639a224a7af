"""Folders of pictures, painted in this process: the same as single runs, each one once."""

import csv
import gc
from pathlib import Path

import numpy as np
import pytest
from made_folders import GOOD, crop, results, small, write_inputs
from made_inputs import write_picture, write_weights
from test_painter import resident, traces

import tf_style
from tf_style.many.folders import make_setup, paint_folder, source_of
from tf_style.many.here import Here
from tf_style.many.items import Item
from tf_style.many.painting import ItemPainter
from tf_style.many.tasks import task_of
from tf_style.pictures import images


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> str:
  return str(write_weights(tmp_path_factory.mktemp("weights") / "vgg16.h5"))


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
  """Six photographs and two bad files in `photos`, and the style."""
  write_inputs(tmp_path)
  monkeypatch.chdir(tmp_path)
  return tmp_path




def paint(weights: str, **options) -> list[tf_style.Finished]:
  config = small(weights=weights, **options.pop("config", {}))
  return list(paint_folder("photos", "out", "style.png", config, **options))


def test_a_job(folder, weights):
  found = paint(weights)
  assert [item.number for item in found] == list(range(1, 9)) and {i.total for i in found} == {8}
  assert [item.content.name for item in found if item.error] == ["empty.png", "text.jpg"]
  assert "which is none: a text file" in found[5].error and found[5].loss is None
  assert sorted(results(folder / "out")) == GOOD
  (job,) = (folder / "logs").iterdir()
  assert {path.name.partition(".")[0] for path in job.iterdir()} == {
      "events", "items", "manifest", "sheet"}
  with open(job / "items.csv", encoding="utf-8") as file:
    rows = {row["item"]: row for row in csv.DictReader(file)}
  assert [row["state"] for row in rows.values()].count("done") == 6
  for item in found:
    row = rows[item.output.relative_to((folder / "out").resolve()).as_posix()]
    assert (row["error"], row["content"]) == (item.error, str(item.content))
    assert item.error or float(row["loss"]) == pytest.approx(item.loss, rel=1e-5)
  history = tf_style.history(job)
  totals = dict(history["result/total"])
  assert totals == pytest.approx({i.number: i.loss for i in found if not i.error}, rel=1e-6)
  assert "raw/style/block1_conv1" in history and len(history["result/seconds"]) == 8
  sheet = images.load_picture(job / "sheet.jpg").rgb
  assert sheet.shape[2] == 3 * 168 + 8
  shown = sheet[0, 8:168, 8:168].reshape(-1, 3)
  result = images.load_picture(folder / "out/00.png").rgb.reshape(-1, 3)
  assert np.abs(result.mean(0) - shown[shown.min(1) < 0.97].mean(0)).max() < 0.1


def test_on_step_ends_the_job(folder, weights):
  seen = []

  def on_step(item, step):
    seen.append((item.name, step.number, step.steps))
    return item.name == "03.png"

  assert [item.number for item in paint(weights, on_step=on_step)] == [1, 2]
  assert set(seen) >= {("00.png", 4, 4), ("01.jpg", 4, 4)} and seen[-1][0] == "03.png"
  assert sorted(results(folder / "out")) == GOOD[:2]


def test_every_content_with_every_style(folder, weights):
  write_picture(folder / "ink.png", 50, 50, seed=4)
  config = small(weights=weights, style_scale=(1.0, 0.5))
  found = list(paint_folder(["photos/00.png", "photos/04.jpg"], "out", ["style.png", "ink.png"],
                            config, each_style=True))
  assert [(item.style, item.output.name) for item in found] == [
      ("style", "00.png"), ("style", "04.jpg"), ("ink", "00.png"), ("ink", "04.jpg")]
  for item in found:
    alone = tf_style.stylize(item.content, f"{item.style}.png", small(
        weights=weights, style_scale=1.0 if item.style == "style" else 0.5))
    assert alone.losses["total"] == item.loss
    if item.output.suffix == ".png":
      np.testing.assert_array_equal(images.load_picture(item.output).rgb, alone.picture)


def tasks(folder: Path, count: int):
  for number in range(count):
    crop(number).save(folder / "photos" / f"x{number}.png")
    yield task_of(Item("x.png", str(folder / f"photos/x{number}.png"), number % 2, None))[0]


def test_the_network_is_loaded_and_traced_once(folder, weights):
  write_picture(folder / "ink.png", 50, 50, seed=4)
  painter = ItemPainter(make_setup(["style.png", "ink.png"], [], small(weights=weights),
                                   each_style=True))
  counts = [painter.paint(task).error or traces(painter._painter) for task in tasks(folder, 5)]
  assert counts[0] == counts[-1] and counts[0][0] == 1
  painter.close()


@pytest.mark.full
def test_memory_is_steady(folder, weights):
  """Less than 200 kB a picture after the fiftieth; until then each new size takes its own."""
  painter = ItemPainter(make_setup(["style.png"], [], small(weights=weights)))
  taken = []
  for task in tasks(folder, 100):
    assert not painter.paint(task._replace(style=0)).error
    gc.collect()
    taken.append(resident())
  painter.close()
  assert (taken[-1] - taken[49]) / 50 < 200e3


@pytest.mark.parametrize("arguments, message", [
    ({"workers": 0}, "--workers: expected a number of at least 1, received 0"),
    ({"style": "none.png"}, "--style: expected a picture that can be read"),
    ({"content_mask": "none.png"}, "--content_mask: expected a picture that can be read"),
    ({"style_mask": "style.png"}, "--content_mask: expected a mask that --style_mask pairs up"),
    ({"polish": 3}, "--polish: expected --model beside it"),
    ({"model": "none"}, "--style: expected none beside --model"),
    ({"output": "style.png"}, "--output: expected a folder, for there are several results"),
    ({"logdir": "style.png"}, "--logdir: expected a folder"),
    ({"style": (), "each_style": True}, "--each_style: expected styles beside it"),
    ({"style": ["style.png", "photos/../style.png"], "each_style": True},
     "--style: expected styles of different names")])
def test_wrong_arguments(arguments, message, folder, weights):
  given = {"content": "photos", "output": "out", "style": "style.png",
           "config": small(weights=weights)} | arguments
  before = sorted(path.name for path in folder.iterdir())
  with pytest.raises(tf_style.InputError) as error:
    list(paint_folder(**given))
  assert str(error.value).startswith(message)
  assert sorted(path.name for path in folder.iterdir()) == before


def test_one_worker_is_this_process(folder, weights):
  source = source_of(make_setup(["style.png"], [], small(weights=weights)))()
  assert isinstance(source, Here)
  source.close()
