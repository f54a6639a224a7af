"""The gallery: one cell is what the same flags give, the sheet grows, wrong values cost nothing."""

import signal
from pathlib import Path

import numpy as np
import pytest
from made_inputs import write_picture, write_weights
from PIL import Image

from tf_style import gallery
from tf_style.cli import command_line, flags
from tf_style.pictures import images
from tf_style.repaint import plan as plans
from tf_style.repaint.painter import Painter, stylize
from tf_style.system import machine
from tf_style.vgg import weights

SMALL = ["--network=vgg16", "--image_size=64", "--precision=float32", "--steps=3", "--levels=1",
         "--style_loss=gram", "--style_layers=block1_conv1,block2_conv1",
         "--content_layers=block2_conv1"]
HEIGHT, WIDTH, MARGIN = 48, 64, 8


@pytest.fixture(scope="module")
def inputs(tmp_path_factory) -> Path:
  folder = tmp_path_factory.mktemp("inputs")
  write_picture(folder / "content.png")
  write_picture(folder / "style.png", seed=2)
  write_picture(folder / "other.png", seed=3)
  write_weights(folder / "vgg16.h5")
  return folder


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
  monkeypatch.chdir(tmp_path)
  return tmp_path


def argv(inputs: Path, *more: str) -> list[str]:
  return [f"--content={inputs}/content.png", f"--style={inputs}/style.png",
          f"--weights={inputs}/vgg16.h5", *SMALL, *more]


def cells(path: str, columns: int, rows: int = 1) -> list[list[np.ndarray]]:
  """[H, W, 3] uint8 of each place of a sheet, whatever its captions take."""
  pixels = np.asarray(Image.open(path))
  down, across = (pixels.shape[0] - MARGIN) // rows, WIDTH + MARGIN
  assert pixels.shape[1] == columns * across + MARGIN
  return [[pixels[MARGIN + row * down:][:HEIGHT, MARGIN + column * across:][:, :WIDTH]
           for column in range(columns)] for row in range(rows)]


def test_a_gallery(inputs, here, capfd, monkeypatch):
  """Each cell has its own values; the network is loaded once; the sheet grows by a cell a time."""
  loads, sheets = [], []
  load, save = weights.load_weights, images.save_picture
  monkeypatch.setattr(weights, "load_weights", lambda *args: loads.append(args) or load(*args))
  monkeypatch.setattr(plans, "load_weights", lambda *args: pytest.fail("loaded again"))

  def save_picture(*args, **options):
    sheets.append(save(*args, **options))
    sheets[-1].rename(f"{len(sheets)}.png")
    return Path("gallery.png")

  monkeypatch.setattr(images, "save_picture", save_picture)
  assert gallery.main(argv(inputs, "--columns=strength=0.5,1", "--rows=--style_scale=0.5, 2")) == 0
  out, err = capfd.readouterr()
  assert out == "gallery.png\n" and len(loads) == 1
  lines = err.splitlines()
  assert lines[0].startswith("1/4  strength=0.5 style_scale=0.5: loss ")
  assert lines[0].endswith(" left")
  assert lines[-2].startswith("4/4  strength=1 style_scale=2: loss ") and "left" not in lines[-2]
  assert lines[-1] == "wrote gallery.png: 4 of 4 pictures"
  blanks = [sum(len(np.unique(cell)) == 1 for row in cells(f"{n}.png", 2, 2) for cell in row)
            for n in range(1, 5)]
  assert blanks == [3, 2, 1, 0]
  monkeypatch.setattr(plans, "load_weights", load)
  job = command_line.parse(argv(inputs, "--style_scale=0.5", "--effort=draft"))
  alone = stylize(job.inputs.content, job.inputs.styles, job.config)
  last = cells("4.png", 2, 2)
  np.testing.assert_array_equal(last[0][1], images.to_uint8(alone.picture))
  assert len({cell.tobytes() for row in last for cell in row}) == 4


def test_defaults_are_a_draft_of_256_pixels():
  words = ["--content=a.png", "--style=b.png", "--columns=seed=1,2"]
  given = flags.read(words, gallery._known(), "")
  ((first, second),) = gallery._cells(given)
  assert (first.job.config.effort, first.job.config.image_size) == ("draft", 256)
  assert (first.job.config.seed, second.job.config.seed) == (1, 2)
  assert first.caption == "seed=1"
  given["image_size"] = "100"
  assert gallery._cells(given)[0][0].job.config.image_size == 100
  given = {"content": "a.png", "style": "b.png", "columns": "effort=draft,best"}
  assert [cell.job.config.effort for cell in gallery._cells(given)[0]] == ["draft", "best"]


def test_semicolons_separate_values_with_commas():
  given = {"content": "a.png", "style": ["b.png", "c.png"],
           "columns": "style_blend=0.7,0.3;0.3,0.7",
           "rows": "style_layers=shallow;block1_conv1,block2_conv1"}
  rows = gallery._cells(given)
  assert [cell.job.config.style_blend for cell in rows[0]] == [(0.7, 0.3), (0.3, 0.7)]
  assert [row[0].job.config.style_layers[-1] for row in rows] == ["block3_conv1", "block2_conv1"]
  assert rows[1][0].caption == "style_blend=0.7,0.3\nstyle_layers=block1_conv1,block2_conv1"


def test_pictures_may_change():
  rows = gallery._cells(
      {"content": "a.png", "columns": "style=b/c.png,d", "rows": "content_mask=m.png,n.png"})
  inputs = [[cell.job.inputs for cell in row] for row in rows]
  assert [[(*each.styles, each.content_mask) for each in row] for row in inputs] == [
      [("b/c.png", "m.png"), ("d", "m.png")], [("b/c.png", "n.png"), ("d", "n.png")]]
  assert rows[1][0].caption == "style=c.png\ncontent_mask=n.png"


def test_sizes_may_change_and_the_default_name_never_overwrites(inputs, here, capfd):
  (here / "gallery.png").write_text("mine")
  given = [flag for flag in argv(inputs) if "size" not in flag]
  assert gallery.main([*given, "--columns=image_size=64,32", "--verbosity=-1"]) == 0
  out, err = capfd.readouterr()
  assert (out, err) == ("gallery-2.png\n", "wrote gallery-2.png: 2 of 2 pictures\n")
  assert (here / "gallery.png").read_text() == "mine" and len(list(here.iterdir())) == 2
  small = cells("gallery-2.png", 2)[0][1]
  assert np.all(small[:, :16] == 255) and np.all(small[:12] == 255)
  assert small[12:36, 16:48].std() > 10


@pytest.mark.parametrize("more, said", [
    ([], "--columns: expected a flag with its values (--columns=FLAG=X,X), received none"),
    (["--columns=seed"], "--columns: expected a flag with its values, FLAG=X,X, received 'seed'"),
    (["--columns=seed="], "--columns: expected a flag with its values, FLAG=X,X, received 'seed='"),
    (["--columns=sed=1"],
     "--columns: expected the name of a flag of tf-style (--help lists them), received"),
    (["--columns=output=a.png"], "--columns: expected the name of a flag of tf-style"),
    (["--columns=seed=1", "--rows=seed=2"],
     "--rows: expected another flag than seed, which --columns has"),
    (["--columns=steps=1,2"],
     "--columns: expected a flag that is not given beside it, or no --steps"),
    (["--columns=seed=1,x"], "--seed: expected a whole number, received x"),
    (["--columns=seed=1,,2"], "--seed: expected a whole number, received "),
    (["--columns=style_blend=1;1,2"],
     "--style_blend: expected one number a style, 1 in all, received 2"),
    (["--columns=seed=1", "--rows=color=match,sepia"], "--color: expected one of style"),
    (["--columns=init_image=none.png"], "--init_image: expected a picture that can be read"),
    (["--columns=seed=1", "--output=a.gif"], "--output: expected a name ending in .png"),
    (["--columns=seed=1", "--output=INPUTS/style.png"],
     "--output: expected another file than --style"),
    (["--columns=seed=1", "--resume=logs"], "--resume: expected a flag"),
    (["--columns=style_scale=1,200"], "--style_scale: expected a finite number"),
])
def test_wrong_before_tensorflow(more, said, inputs, here, capfd, monkeypatch):
  monkeypatch.setattr(machine, "start_tensorflow", lambda verbose: pytest.fail("too late"))
  check(argv(inputs, *more), said, inputs, here, capfd)


@pytest.mark.parametrize("more, said", [
    (["--columns=style_scale=1,0.01"], "--style_scale: expected sides of at least 2 pixels"),
    (["--columns=content_mask=INPUTS/content.png"], "--style_mask: expected a mask for each style"),
    (["--columns=device=cpu,gpu:99"], "--device: expected"),
    (["--columns=network=vgg19"], "--weights: expected weights of vgg19")])
def test_wrong_before_the_first_step(more, said, inputs, here, capfd, monkeypatch):
  monkeypatch.setattr(Painter, "__call__", lambda *_, **__: pytest.fail("too late"))
  given = [flag for flag in argv(inputs) if "network" not in flag or "network" not in more[0]]
  check([*given, *more], said, inputs, here, capfd)


def check(given, said, inputs, here, capfd):
  state = lambda: {path: path.stat().st_mtime_ns for path in inputs.iterdir()}
  before = state()
  assert gallery.main([flag.replace("INPUTS", str(inputs)) for flag in given]) == 2
  out, err = capfd.readouterr()
  assert out == "" and err.startswith("tf_style: error: ") and err.count("\n") == 1
  assert said in err
  assert not list(here.iterdir()) and before == state()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("at", [1, 2])
def test_a_signal_leaves_what_is_done(number, at, inputs, here, capfd, monkeypatch):
  """In the second cell, and before the first step of the first, where nothing is."""
  original, calls = Painter.__call__, []

  def paint(painter, *given, **options):
    calls.append(given)
    if len(calls) == at:
      signal.raise_signal(number)
    return original(painter, *given, **options)

  monkeypatch.setattr(Painter, "__call__", paint)
  assert gallery.main(argv(inputs, "--columns=seed=1,2,3")) == 128 + number
  out, err = capfd.readouterr()
  if at == 1:
    assert (out, err) == ("", "tf_style: interrupted\n") and not list(here.iterdir())
    return
  assert out == "gallery.png\n" and err.endswith("wrote gallery.png: 1 of 3 pictures\n")
  (row,) = cells("gallery.png", 3)
  assert [len(np.unique(cell)) == 1 for cell in row] == [False, True, True]


@pytest.mark.parametrize("error, code", [(MemoryError(), 1), (ZeroDivisionError(), None)])
def test_an_error_loses_nothing_that_is_done(error, code, inputs, here, capfd, monkeypatch):
  original, calls = Painter.__call__, []

  def paint(painter, *given, **options):
    calls.append(given)
    if len(calls) == 2:
      raise error
    return original(painter, *given, **options)

  monkeypatch.setattr(Painter, "__call__", paint)
  if code is None:
    with pytest.raises(ZeroDivisionError):
      gallery.main(argv(inputs, "--columns=seed=1,2"))
  else:
    assert gallery.main(argv(inputs, "--columns=seed=1,2")) == code
  assert len(np.unique(cells("gallery.png", 2)[0][0])) > 50
  assert [path.name for path in here.iterdir()] == ["gallery.png"]
