"""What the page can do, without a browser: its runs are the command's, and go on as they do."""

import shlex
import time
from pathlib import Path

import numpy as np
import pytest
from made_styles import TINY, write_photographs
from PIL import Image
from serving import SMALL, small_service

import tf_style
from tf_style import board, run
from tf_style.errors import InputError
from tf_style.page import jobs, learning, runs, service
from tf_style.page.jobs import Job
from tf_style.page.places import SAMPLES
from tf_style.page.routes import converted
from tf_style.page.service import Service
from tf_style.pictures import color
from tf_style.watching.events import history

SECONDS = 300


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
  return tmp_path_factory.mktemp("service")


@pytest.fixture(scope="module")
def page(folder) -> Service:
  return small_service(folder)


@pytest.fixture(scope="module")
def given(folder, page) -> dict:
  photo, style = (str(page.take(str(folder / f"{name}.png"), name)) for name in ("photo", "style"))
  return {"content": photo, "style": [style], "image_size": "64", "steps": "12",
          "content_weight": "0.5"}


@pytest.fixture(scope="module")
def done(page, given) -> Job:
  return ended(page.paint(given))


def ended(job: Job) -> Job:
  assert job.wait(SECONDS)
  assert job.report.state in (jobs.DONE, jobs.STOPPED), job.report.line
  return job


def pixels(path: Path | str) -> np.ndarray:
  return np.asarray(Image.open(path))


def test_a_picture_is_the_one_that_its_command_makes(done, folder, page, monkeypatch):
  monkeypatch.chdir(folder)
  words = shlex.split(done.command_line)
  assert words[0] == "tf-style" and "--content=photo.png" in words and "--steps=12" in words
  words = [word.replace("--weights=vgg16.h5", f"--weights={folder / 'vgg16.h5'}")
           for word in words]
  assert run.main([*words[1:], "--output=command.png", "--logdir=of-the-command"]) == 0
  assert done.report.picture == page.places.logdir / done.report.run / "picture.png"
  assert np.array_equal(pixels(done.report.picture), pixels("command.png"))
  assert Image.open(done.report.picture).text == Image.open("command.png").text


def test_a_run_is_an_ordinary_one(done, page):
  of_run = page.places.run(done.report.run)
  assert {"flags.txt", "summary.json", "checkpoints", "picture.png"} <= {
      each.name for each in of_run.iterdir()}
  steps, losses = history(of_run)["loss/total"].T
  assert steps.tolist() == list(range(1, 13))
  assert [loss for _, loss in done.report.losses] == pytest.approx(losses, rel=1e-6)
  assert (done.report.percent, done.report.levels, done.previews >= 2) == (100, 2, True)


def test_stop_keeps_the_best_and_go_on_ends_as_if_nothing_had_happened(page, given):
  long = {**given, "steps": "400"}
  whole = ended(page.paint(long))
  job = page.paint(long, whole)
  while job.report.step < 3:
    time.sleep(0.002)
  page.jobs.stop(job)
  ended(job)
  assert job.report.state == jobs.STOPPED and 3 <= job.report.step < 400
  assert pixels(job.report.picture).shape == pixels(whole.report.picture).shape
  went_on = ended(page.go_on(job.report.run, 0, job))
  assert went_on.report.run == job.report.run and went_on.report.step == 400
  assert went_on.report.picture.name == "picture-2.png" and went_on.before is job
  assert np.array_equal(pixels(went_on.report.picture), pixels(whole.report.picture))
  assert went_on.command_line.splitlines()[1] == f"tf-style --resume={job.report.run}"


def test_go_on_takes_more_steps_after_the_end(page, given, done):
  more = ended(page.go_on(done.report.run, 6, done))
  assert more.report.step == 18 and more.given == done.given
  assert more.command_line.endswith("--steps=18")


@pytest.mark.parametrize(("changes", "message"), [
    ({"steps": "0"}, "--steps: expected a finite number and at least 1"),
    ({"style_loss": "nothing"}, "--style_loss: expected one of"),
    ({"content": "/nowhere/x.png"}, "received x.png"),
    ({"style_scale": "1,2"}, "--style_scale: expected one number a style, 1 in all, received 2")])
def test_what_is_wrong_is_said_before_anything_is_begun(page, given, changes, message):
  before = sorted(each.name for each in page.places.logdir.iterdir())
  with pytest.raises(InputError, match=message) as error:
    page.paint({**given, **changes})
  assert "/" not in str(error.value) and "\n" not in str(error.value)
  assert sorted(each.name for each in page.places.logdir.iterdir()) == before


def test_too_little_memory_is_foreseen(page, given, monkeypatch):
  monkeypatch.setattr(service, "memory_limit", lambda device: 10**9 + 10**6)
  with pytest.raises(InputError, match="--image_size: expected at most [0-9]+ for the 1.0 GB"):
    page.paint({**given, "image_size": "4000", "tile_size": "0"})


@pytest.mark.parametrize(("data", "message"), [
    (b"no picture", "style: expected .*, received my file.txt, which is none"),
    (b"", "received my file.txt"),
    (b"\x89PNG\r\n\x1a\n" + b"x" * 50, "received my file.txt")])
def test_a_wrong_file_is_said_without_its_folder(page, tmp_path, data, message):
  path = tmp_path / "my file.txt"
  path.write_bytes(data)
  with pytest.raises(InputError, match=message) as error:
    page.take(str(path), "style")
  assert "/" not in str(error.value).replace("style/", "")


@pytest.mark.parametrize(("ending", "kind", "exact"), [
    ("jpg", "JPEG", False), ("webp", "WEBP", False), ("tif", "TIFF", True)])
def test_other_formats_have_the_picture_and_its_metadata(done, tmp_path, ending, kind, exact):
  path = tmp_path / f"x.{ending}"
  path.write_bytes(converted(done.report.picture, ending))
  assert Image.open(path).format == kind
  tags = Image.open(path).tag_v2 if ending == "tif" else Image.open(path).getexif()
  assert tags[270] == Image.open(done.report.picture).text["Description"]
  found = tf_style.load_picture(path).rgb
  wanted = tf_style.load_picture(done.report.picture).rgb
  assert np.abs(found - wanted).max() == 0 if exact else np.abs(found - wanted).mean() < 0.03


def test_runs_are_found_opened_and_put_away(page, done, given):
  found = {each.name: each for each in runs.found(page.places, set())}
  one = found[done.report.run]
  assert one.can_go_on and one.steps in (12, 18) and one.loss > 0
  opened = page.reopen(done.report.run)
  assert opened.ended and opened.report.picture.parent.name == done.report.run
  wanted = {**SMALL, **given, "steps": str(one.steps)}
  assert {name: opened.given[name] for name in wanted} == wanted
  assert runs.thumbnail(page.places.run(done.report.run))[:2] == b"\xff\xd8"
  copy = page.places.logdir / "copied"
  copy.mkdir()
  (copy / "flags.txt").write_text("--photos=x\n")
  with pytest.raises(InputError, match="--photos: expected a flag"):
    runs.asked_for(copy)
  assert [each.state for each in runs.found(page.places, {"copied"}) if each.name == "copied"] == [
      "goes on"]
  page.places.move_to_trash("copied")
  assert "copied" not in {each.name for each in runs.found(page.places, set())}


def test_a_sheet_has_a_picture_for_each_pair_of_values(page, given):
  job = ended(page.explore(given, ("content_weight", "0.5,5"), ("strength", "0.5,1")))
  assert [dict(flags) for flags, _ in job.report.cells] == [
      {"content_weight": weight, "strength": strength}
      for strength in ("0.5", "1") for weight in ("0.5", "5")]
  assert len({jpeg for _, jpeg in job.report.cells}) == 4
  for columns, rows, message in (
      (("nothing", "1"), ("", ""), "columns: expected the name of a setting, received nothing"),
      (("levels", ""), ("", ""), "columns: expected 1 to 6 values of levels"),
      (("levels", "1,2"), ("levels", "1"), "rows: expected another setting than levels"),
      (("levels", "1,x"), ("", ""), "--levels: expected a whole number, received x")):
    with pytest.raises(InputError, match=message):
      page.explore(given, columns, rows)


def test_a_learned_style_is_shown_as_the_command_paints_it(page, given, tmp_path, monkeypatch):
  monkeypatch.chdir(tmp_path)
  oil = SAMPLES / "styles/oil"
  shown = page.shown.picture(str(oil), given["content"], size=96, mode="content", strength=0.5,
                             blend=())
  assert run.main([f"--model={oil}", f"--content={given['content']}", "--image_size=96",
                   "--color=content", "--strength=0.5", "--output=x.png"]) == 0
  assert np.abs(shown[0] * 255 - pixels("x.png")).max() <= 0.51
  plain = page.shown.picture(str(oil), given["content"], size=96, mode="style", strength=1,
                             blend=())
  content = tf_style.load_picture(given["content"], 96).rgb
  assert np.array_equal(shown, color.finished("content", 0.5, plain, content))
  with pytest.raises(InputError, match="--color: expected one of style, content, luminance"):
    page.shown.picture(str(oil), given["content"], size=96, mode="x", strength=1, blend=())


@pytest.mark.full
def test_polish_goes_on_from_a_learned_style(page, given):
  wanted = {"content": given["content"], "model": str(SAMPLES / "styles/oil"), "polish": "2",
            "image_size": "64"}
  plain = Service(str(page.places.logdir))
  job = ended(plain.paint(wanted))
  assert job.report.step == 2 and pixels(job.report.picture).shape == (48, 64, 3)
  assert "--model=oil" in job.command_line
  with pytest.raises(InputError, match="--resume: expected the folder of a run"):
    plain.go_on(job.report.run, 2, job)


@pytest.mark.full
def test_a_style_is_learned_from_uploads(page, given, folder):
  photos = sorted(map(str, write_photographs(folder / "photos").iterdir()))
  texts = {name: str(value) for name, value in TINY.items()}
  asked = {**texts, "style": given["style"], "weights": str(folder / "vgg16.h5")}
  job = ended(page.learn("my-style", asked, photos))
  assert job.report.model == page.places.models / "my-style"
  assert job.report.line.startswith("learned my-style: loss ")
  assert learning.styles_of(page.places.model("my-style")) == ("style",)
  assert job.report.preview[:2] == b"\xff\xd8" and job.report.step == 4
  for name in ("my-style", "oil", "../x", "", "a b"):
    with pytest.raises(InputError, match="name: expected a new name"):
      page.learn(name, asked, photos)


@pytest.mark.full
def test_with_the_default_look_and_real_weights_too(tmp_path, monkeypatch):
  """Samples and defaults: the page's picture is the command's, to the last bit."""
  page = Service(str(tmp_path / "logs"), serve_board=board.serve)
  job = ended(page.paint({
      "content": str(SAMPLES / "cat.jpg"), "style": [str(SAMPLES / "glass.jpg")],
      "image_size": "160", "steps": "12"}))
  monkeypatch.chdir(SAMPLES)
  output = tmp_path / "command.png"
  assert run.main([*shlex.split(job.command_line)[1:], f"--output={output}",
                   f"--logdir={tmp_path / 'other'}"]) == 0
  assert np.array_equal(pixels(job.report.picture), pixels(output))
  assert page.board_address().startswith("http://") and page.board_address() == (
      page.board_address())
