"""The command, end to end on small pictures: what it writes, what it says, how it is repeated."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from made_inputs import write_picture, write_weights
from PIL import Image

from tf_style import run
from tf_style.cli import console
from tf_style.pictures import images

SMALL = ["--network=vgg16", "--image_size=64", "--precision=float32", "--seed=3",
         "--style_layers=block1_conv1,block2_conv1", "--content_layers=block2_conv1"]


@pytest.fixture(scope="module")
def inputs(tmp_path_factory) -> Path:
  folder = tmp_path_factory.mktemp("inputs")
  write_picture(folder / "content.png", alpha=True)
  write_picture(folder / "style.jpg", seed=2)
  write_weights(folder / "vgg16.h5")
  return folder


def command(inputs: Path, *more: str) -> list[str]:
  return [f"--content={inputs}/content.png", f"--style={inputs}/style.jpg",
          f"--weights={inputs}/vgg16.h5", *SMALL, *more]


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
  monkeypatch.chdir(tmp_path)
  return tmp_path


def python(*argv: str) -> subprocess.CompletedProcess:
  environment = os.environ | {"PYTHONPATH": str(Path(run.__file__).parents[1])}
  return subprocess.run([sys.executable, *argv], env=environment, capture_output=True, text=True,
                        check=False)


def test_a_run_does_without_keras(inputs, here):
  """Whose import takes as long as TensorFlow's."""
  program = ("import sys; from tf_style import run; "
             "print(run.main(sys.argv[1:]), 'keras' in sys.modules)")
  done = python("-c", program, *command(inputs, "--steps=2", "--output=a.png"))
  assert done.stdout.splitlines()[-1] == "0 False", done.stderr


def only(folder: Path, pattern: str) -> Path:
  (found,) = folder.glob(pattern)
  return found


def pixels(path: Path) -> np.ndarray:
  return np.asarray(Image.open(path))


def test_a_run_and_its_repetition(inputs, here, capfd):
  assert run.main(command(inputs, "--steps=4", "--levels=2", "--output=new/a.png")) == 0
  out, err = capfd.readouterr()
  assert out == "new/a.png\n"
  assert err.startswith("45x34 -> 64x48, 4 steps of adam on CPU:0 in float32, file vgg16.h5; about")
  assert re.search(r"^100 %  4/4  loss \S+  level 2 of 2, 64x48  \d+ s in all$", err, re.M)
  assert re.search(r"^wrote new/a.png: loss \S+, 4 steps in \S+ s; more in logs/\S+$", err, re.M)

  summary = json.loads(only(here, "logs/*-a/summary.json").read_text())
  assert summary["output"] == "a.png" and summary["steps"] == 4 and not summary["stopped"]
  assert [level["width"] for level in summary["levels"]] == [45, 64]
  assert summary["losses"]["total"] > 0 and "style/block2_conv1" in summary["losses"]
  assert summary["configuration"]["seed"] == 3 and summary["device"] == "/CPU:0"
  assert len(summary["weights"]["checksum"]) == 64 and summary["peak_memory_bytes"] > 2**27
  assert set(summary["versions"]) == {"tf_style", "python", "tensorflow", "keras", "numpy"}

  picture = Image.open("new/a.png")
  assert picture.size == (64, 48) and picture.mode == "RGBA"
  assert pixels("new/a.png")[:, :16, 3].max() == 0 and pixels("new/a.png")[:, 24:, 3].min() == 255
  carried = json.loads(picture.text["Description"])
  assert carried["losses"] == summary["losses"]
  assert carried["configuration"]["weights"] == "vgg16.h5"
  assert os.sep not in json.dumps(carried).replace("/block", "").replace("content/", "")

  flag_file = only(here, "logs/*-a/flags.txt").resolve()
  (here / "elsewhere").mkdir()
  os.chdir(here / "elsewhere")
  assert run.main([f"--flagfile={flag_file}"]) == 0
  assert capfd.readouterr().out == "content-style.png\n"
  np.testing.assert_array_equal(pixels("content-style.png"), pixels(here / "new/a.png"))


def test_several_styles_and_masks_are_repeated_and_resumed(inputs, here, capfd):
  Image.fromarray(np.repeat(np.uint8([[[255, 0, 0]], [[0, 0, 255]]]), 40, 1)).save("mask.png")
  argv = command(inputs, f"--style={inputs}/content.png", "--content_mask=mask.png",
                 "--style_mask=mask.png", "--style_mask=mask.png", "--style_scale=0.5,1",
                 "--style_blend=3,1", "--steps=4")
  assert run.main([*argv, "--output=a.png"]) == 0
  assert run.main(argv) == 0
  assert capfd.readouterr().out.endswith("content-style-content.png\n")
  flag_file = only(here, "logs/*-a/flags.txt")
  assert run.main([f"--flagfile={flag_file}", "--output=b.png"]) == 0
  assert run.main([f"--resume={flag_file.parent}", "--steps=6", "--output=c.png"]) == 0
  np.testing.assert_array_equal(pixels("a.png"), pixels("b.png"))
  assert pixels("a.png").shape == pixels("c.png").shape
  Image.fromarray(np.full((40, 40, 3), (255, 0, 0), np.uint8)).save("mask.png")
  assert run.main([f"--resume={flag_file.parent}"]) == 2
  assert "expected the masks that the run began with" in capfd.readouterr().err


def test_a_texture_is_made_repeated_and_resumed(inputs, here, capfd):
  argv = [*command(inputs, "--output_size=60x40", "--steps=4")[1:]]
  assert run.main(argv) == 0
  assert capfd.readouterr().out == "style.png\n"
  folder = only(here, "logs/*-style")
  assert run.main([f"--flagfile={folder}/flags.txt", "--output=b.png"]) == 0
  np.testing.assert_array_equal(pixels("style.png"), pixels("b.png"))
  assert run.main([f"--resume={folder}", "--steps=6", "--output=c.png"]) == 0
  assert pixels("c.png").shape == (40, 60, 3)


def test_the_default_name_never_overwrites(inputs, here, capfd):
  (here / "content-style.png").write_text("mine")
  saved = []
  original = images.save_picture

  def save_picture(*args):
    saved.append(original(*args))
    return saved[-1]

  with pytest.MonkeyPatch.context() as patch:
    patch.setattr(images, "save_picture", save_picture)
    assert run.main(command(inputs, "--steps=3", "--save_every=1", "--verbosity=-1")) == 0
  assert (here / "content-style.png").read_text() == "mine"
  assert saved == [Path("content-style-2.png")] * 3
  out, err = capfd.readouterr()
  assert out == "content-style-2.png\n" and "%" not in err


def test_a_picture_saved_on_the_way_has_the_final_size(inputs, here, monkeypatch):
  sizes = []
  monkeypatch.setattr(images, "save_picture", lambda path, rgb, *_: sizes.append(rgb.shape) or path)
  assert run.main(command(inputs, "--level_steps=2,2", "--save_every=1", "--output=a.jpg")) == 0
  assert sizes == [(1, 48, 64, 3)] * 4


def test_pictures_on_the_way_are_numbered(inputs, here):
  """Beside the result; a file of somebody else's stays."""
  Path("out").mkdir()
  Path("out/a-000002.png").write_text("mine")
  assert run.main(command(inputs, "--steps=5", "--levels=1", "--save_every=2", "--save_numbered",
                          "--output=out/a.png")) == 0
  assert sorted(path.name for path in Path("out").iterdir()) == [
      "a-000002-2.png", "a-000002.png", "a-000004.png", "a.png"]
  assert Path("out/a-000002.png").read_text() == "mine"
  assert pixels("out/a-000004.png").shape == pixels("out/a-000002-2.png").shape == (48, 64, 4)


def test_a_run_that_was_moved_goes_on_where_it_is(inputs, here, capfd):
  """With its pictures, weights and output; its flag file names the new places."""
  (here / "old").mkdir()
  for path in inputs.iterdir():
    (here / "old" / path.name).write_bytes(path.read_bytes())
  argv = command(here / "old", "--steps=3", "--levels=1", "--verbosity=-1")
  assert run.main([*argv, "--logdir=old/logs", "--output=old/out/a.png"]) == 0
  (here / "old").rename(here / "new")
  folder = only(here, "new/logs/*")
  before = pixels("new/out/a.png")
  capfd.readouterr()
  assert run.main([f"--resume={folder.relative_to(here)}", "--steps=9", "--verbosity=-1"]) == 0
  out, err = capfd.readouterr()
  assert out == f"{here}/new/out/a.png\n" and not (here / "old").exists()
  assert err.startswith(f"this run was moved from {here}/old/logs to {here}/new/logs; its files "
                        "are now new/content.png, new/style.jpg, new/out/a.png\n")
  assert not np.array_equal(pixels("new/out/a.png"), before)
  lines = (folder / "flags.txt").read_text().splitlines()
  for line in (f"--content={here}/new/content.png", f"--style={here}/new/style.jpg",
               f"--weights={here}/new/vgg16.h5", f"--logdir={here}/new/logs"):
    assert line in lines


def test_a_moved_run_whose_picture_is_gone_says_how_to_name_it(inputs, here, capfd):
  write_picture(here / "photo.png")
  argv = [f"--content={here}/photo.png", *command(inputs, "--steps=3", "--levels=1")[1:]]
  assert run.main([*argv, "--output=a.png"]) == 0
  folder = only(here, "logs/*")
  (here / "photo.png").rename(here / "elsewhere.png")
  capfd.readouterr()
  assert run.main([f"--resume={folder}", "--steps=4"]) == 2
  assert capfd.readouterr().err == (
      "tf_style: error: --content: expected the file that the run began with (--content=FILE says "
      f"where it is now), received {here}/photo.png, where there is none\n")
  assert run.main([f"--resume={folder}", "--steps=4", "--content=elsewhere.png"]) == 0
  assert f"--content={here}/elsewhere.png" in (folder / "flags.txt").read_text().splitlines()


@pytest.mark.parametrize("size, asked, expected, flags", [
    ((1200, 20), "original", (1200, 20), []),
    pytest.param((20, 1200), "original", (20, 1200), ["--optimizer=lbfgs"], marks=pytest.mark.full),
    pytest.param((3000, 16), "original", (3000, 16), ["--tile_size=128"], marks=pytest.mark.full),
    pytest.param((75, 101), "original", (75, 101), [], marks=pytest.mark.full),
    ((75, 101), "133", (99, 133), ["--levels=3", "--pooling=average"]),
    ((200, 131), "67", (67, 44), ["--levels=2", "--optimizer=lbfgs", "--tile_size=48"]),
], ids=str)
def test_any_size(size, asked, expected, flags, inputs, here):
  """Thin ones, up and down, sides that no stride divides, through all five blocks."""
  write_picture(here / "photo.png", size[1], size[0])
  assert run.main([f"--content={here}/photo.png", f"--style={inputs}/style.jpg", "--network=vgg16",
                   f"--weights={inputs}/vgg16.h5", f"--image_size={asked}", "--steps=3",
                   "--output=a.png", *flags]) == 0
  assert Image.open("a.png").size == expected


def test_a_picture_too_thin_for_the_network_is_refused(inputs, here, capfd):
  write_picture(here / "line.png", 15, 3000)
  assert run.main([f"--content={here}/line.png", f"--style={inputs}/style.jpg", "--network=vgg16",
                   f"--weights={inputs}/vgg16.h5", "--image_size=original"]) == 2
  assert "expected sides of at least 16 pixels" in capfd.readouterr().err
  assert [path.name for path in here.iterdir()] == ["line.png"]


def test_init_image(inputs, here):
  """Nothing draws the picture away from its start where all weights are 0."""
  write_picture(here / "start.png", 48, 64, seed=5)
  assert run.main(command(inputs, "--init_image=start.png", "--steps=1", "--content_weight=0",
                          "--style_weight=0", "--output=a.png")) == 0
  assert np.abs(pixels("a.png")[..., :3].astype(int) - pixels("start.png")).max() <= 1


@pytest.mark.parametrize("name", ["two\n--lines.png", "caf\udce9.png"])
def test_a_flag_file_says_which_path_it_cannot_hold(inputs, here, name):
  write_picture(here / name)
  assert run.main([*command(inputs, "--steps=1")[1:], f"--content={name}"]) == 0
  text = only(here, "logs/*/flags.txt").read_text()
  assert f"# no flag file can hold this: {f'--content={here}/{name}'!a}\n" in text


def test_a_process_of_its_own_is_quiet(inputs, here):
  """No start-up noise of TensorFlow; the picture's path alone on stdout."""
  done = python("-m", "tf_style.run", *command(inputs, "--steps=2"))
  assert (done.returncode, done.stdout) == (0, "content-style.png\n")
  lines = done.stderr.splitlines()
  assert lines[0].startswith("64x48, 2 steps") and lines[-1].startswith("wrote content-style.png")
  assert all(" %  " in line for line in lines[1:-1])


def test_both_commands_give_the_same_help():
  module = python("-m", "tf_style.run", "--help")
  script = python("-c", "from tf_style.__main__ import cli; cli()", "--help")
  assert module.returncode == script.returncode == 0 and module.stderr == script.stderr == ""
  assert module.stdout == script.stdout and "--content=FILE" in module.stdout


@pytest.mark.parametrize("name", ["gallery", "export", "board", "run"])
def test_commands_after_the_program_answer_help(name):
  start = time.monotonic()
  done = python("-m", "tf_style", name, "--help")
  assert done.returncode == 0 and done.stderr == "" and f"tf-style {name}" in done.stdout
  assert time.monotonic() - start < 3  # a fifth of a second where the machine is quiet


def test_an_unknown_command_is_answered_with_the_names_of_all():
  done = python("-m", "tf_style", "galery", "--help")
  assert (done.returncode, done.stdout) == (2, "")
  assert done.stderr == (
      "tf_style: error: expected a command (run, learn, gallery, export, board, studio) or flags "
      "such as --content=FILE, received galery\n")


class ResourceExhaustedError(Exception):
  """Named like TensorFlow's."""


@pytest.mark.parametrize("error, code, said", [
    (OSError(28, "No space left on device", "a.png"), 1, "No space left on device"),
    (MemoryError(), 1, "not enough memory"),
    (ResourceExhaustedError("OOM when allocating\ntensor"), 1, "not enough memory"),
    (KeyboardInterrupt(), 130, "interrupted")])
def test_what_the_machine_does_is_one_line(error, code, said, capsys):
  def fail():
    raise error
  assert console.exit_code(fail) == code
  err = capsys.readouterr().err
  assert err.count("\n") == 1 and said in err


def test_a_bug_is_not_hidden():
  with pytest.raises(ZeroDivisionError):
    console.exit_code(lambda: 1 / 0)
