"""What the user gives wrong is answered on one line, with exit code 2, and nothing is written."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from made_inputs import write_picture, write_weights
from PIL import Image

from tf_style import run

GOOD = {"content": "good.png", "style": "style.jpg", "weights": "vgg16.h5", "network": "vgg16",
        "image_size": "64", "steps": "1"}


@pytest.fixture(scope="module")
def inputs(tmp_path_factory) -> Path:
  folder = tmp_path_factory.mktemp("inputs")
  picture = write_picture(folder / "good.png")
  write_picture(folder / "style.jpg", seed=2)
  write_picture(folder / "thin.png", height=1, width=90)
  weights = write_weights(folder / "vgg16.h5")
  (folder / "empty.jpg").touch()
  (folder / "text.png").write_text("this is no picture")
  (folder / "page.jpg").write_text("<html>404</html>")
  (folder / "truncated.png").write_bytes(picture.read_bytes()[:3000])
  style = (folder / "style.jpg").read_bytes()
  (folder / "truncated.jpg").write_bytes(style[:len(style) // 2])
  (folder / "head.png").write_bytes(picture.read_bytes()[:20])
  Image.fromarray(np.full((40, 40), np.nan, np.float32)).save(folder / "nan.tif")
  Image.new("1", (12_000, 12_000)).save(folder / "huge.png")
  (folder / "folder").mkdir()
  Image.new("RGB", (40, 40), "red").save(folder / "red.png")
  halves = np.repeat(np.uint8([[[255, 0, 0]], [[0, 0, 255]]]), 40, 1)
  Image.fromarray(halves).save(folder / "halves.png")
  os.mkfifo(folder / "pipe.png")
  (folder / "dangling.png").symlink_to("nowhere.png")
  (folder / "loop.png").symlink_to("loop.png")
  (folder / "link.png").symlink_to("good.png")
  (folder / "bad.h5").write_bytes(weights.read_bytes()[:5000])
  (folder / "text.h5").write_text("no weights")
  (folder / "empty.h5").touch()
  (folder / "noise.onnx").write_bytes(np.random.default_rng(0).bytes(5000))
  (folder / "flags.txt").write_text("--steps=1\n--stile=x.png\n")
  (folder / "binary.txt").write_bytes(b"\xff\xfe\0\0")
  (folder / "nul.txt").write_bytes(b"--output=a\0b.png\n")
  return folder


def snapshot(folder: Path) -> dict:
  return {path: path.lstat().st_mtime_ns for path in folder.rglob("*")}


def flags(**changes: str | None) -> list[str]:
  return [f"--{name}={value}" for name, value in (GOOD | changes).items() if value is not None]


# What is given wrong, and what the line must contain. None leaves a flag out.
PICTURES = [
    ({"content": None}, "--content: expected the path of a picture"),
    ({"content": None, "style": None}, "--content: expected the path of a picture"),
    ({"style": "folder"},
     "--style: expected a picture or a folder of pictures, received folder without any"),
    ({"style_mask": "good.png"}, "--content_mask: expected a mask that --style_mask pairs up with"),
    ({"content_mask": "missing.png"}, "--content_mask: expected a picture that can be read"),
    ({"content_mask": "good.png", "style": None},
     "--content_mask: expected a style for its regions"),
    ({"mask_keep": "000000"}, "--content_mask: expected a mask with the colors of --mask_keep"),
    ({"content": None, "output_size": "50x60", "init": "content"},
     "--init: expected noise, image or auto"),
    ({"style": None, "init": "content"}, "--init: expected noise, image or auto without --style"),
    ({"content": ""}, "--content: expected a path"),
    ({"content": "missing.jpg"}, "--content: expected a picture that can be read, received"),
    ({"style": "missing.jpg"}, "--style: expected"),
    ({"content": "two\nlines.jpg"}, "received two\\nlines.jpg"),
    ({"content": "x" * 300}, "--content: expected"),
    ({"content": "empty.jpg"}, "--content: expected a JPEG, PNG"),
    ({"content": "text.png"}, "--content: expected a JPEG, PNG"),
    ({"style": "page.jpg"}, "--style: expected a JPEG, PNG"),
    ({"content": "head.png"}, "--content: expected"),
    ({"content": "folder"}, "--output: expected a folder for the results of several pictures"),
    ({"style": "pipe.png"}, "--style: expected a picture file"),
    ({"content": "/dev/zero"}, "--content: expected a picture file"),
    ({"content": "dangling.png"}, "--content: expected a picture that can be read"),
    ({"content": "loop.png"}, "--content: expected a picture that can be read"),
    ({"style": "huge.png"}, "12000 x 12000"),
    ({"init_image": "missing.png"}, "--init_image: expected a picture that can be read"),
    ({"init_image": "good.png", "init": "noise"}, "--init_image: expected --init=image"),
]
OUTPUTS = [
    ({"output": "folder"}, "--output: expected"),
    ({"output": "a.gif"}, "--output: expected a name ending in .png"),
    ({"output": "a"}, "--output: expected a name ending in .png"),
    ({"output": ""}, "--output: expected a path"),
    ({"output": "good.png/a.png"}, "--output: expected a folder to write into"),
    ({"output": "/proc/none/a.png"}, "--output: expected"),
    ({"output": "dangling.png/a.png"}, "--output: expected"),
    ({"output": "x" * 300 + ".png"}, "--output: expected a file name"),
    ({"output": "good.png"}, "--output: expected another file than --content"),
    ({"output": "./folder/../good.png"}, "--output: expected another file than --content"),
    ({"output": "link.png"}, "--output: expected another file than --content"),
    ({"output": "style.jpg"}, "--output: expected another file than --style"),
    ({"output": "a.webp", "image_size": "20000"}, "--output: expected at most 16383 pixels a side"),
    ({"logdir": "good.png"}, "--logdir: expected a folder"),
    ({"logdir": "good.png/logs"}, "--logdir: expected a folder"),
    ({"logdir": ""}, "--logdir: expected a path"),
    ({"flagfile": "nul.txt"}, "--output: expected a path, received 'a\\x00b.png'"),
]
VALUES = [
    ({"style_blend": "1,2"}, "--style_blend: expected one number a style, 1 in all, received 2"),
    ({"style_blend": "0"}, "--style_blend: expected a number above 0"),
    ({"style_blend": "-1"}, "--style_blend: expected a finite number and at least 0"),
    ({"style_scale": "1,2"}, "--style_scale: expected one number a style, 1 in all, received 2"),
    ({"style_scale": "0"}, "--style_scale: expected a finite number and more than 0"),
    ({"output_size": "64"}, "--output_size: expected WIDTHxHEIGHT in pixels"),
    ({"output_size": "64x0"}, "--output_size: expected WIDTHxHEIGHT in pixels"),
    ({"mask_keep": "black"}, "--mask_keep: expected colors as six hexadecimal digits"),
    ({"content_layers": "conv4_2"}, "--content_layers: expected layers of vgg16 (block1_conv1, "),
    ({"style_layers": "block3_conv4"}, "--style_layers: expected layers of vgg16 (block1_conv1, "),
    ({"style_layers": "block1_conv1,block1_conv1"}, "--style_layers: expected each layer once"),
    ({"style_layers": "", "content_layers": ""}, "--style_layers: expected at least one"),
    ({"style_layer_weights": "1,1"}, "--style_layer_weights: expected 5 numbers"),
    ({"style_layer_weights": "1,-1,1,1,1"}, "--style_layer_weights: expected a finite number"),
    ({"style_layer_weights": "a,b"}, "--style_layer_weights: expected numbers with commas"),
    ({"optimizer": "sgd"}, "--optimizer: expected one of adam, lbfgs, received sgd"),
    ({"network": "vgg99"}, "--network: expected one of"),
    ({"pooling": "avg"}, "--pooling: expected one of max, average"),
    ({"preset": "monet"}, "--preset: expected one of default"),
    ({"effort": "max"}, "--effort: expected one of draft"),
    ({"init": "blur"}, "--init: expected one of auto, content"),
    ({"color": "sepia"},
     "--color: expected one of style, content, luminance, match, received sepia"),
    ({"color": "match", "init": "recolored"},
     "--init: expected auto, content, noise, style or image"),
    ({"color": "luminance", "init": "recolored"},
     "--init: expected auto, content, noise, style or image"),
    ({"strength": "1.5"},
     "--strength: expected a finite number and at least 0 and at most 1, received 1.5"),
    ({"strength": "half"}, "--strength: expected a number, received half"),
    ({"padding": "mirror"}, "--padding: expected one of zero, replicate, received mirror"),
    ({"precision": "float8"}, "--precision: expected one of auto"),
    ({"content_weight": "-1"}, "--content_weight: expected a finite number and at least 0"),
    ({"style_weight": "nan"}, "--style_weight: expected a finite number"),
    ({"tv_weight": "inf"}, "--tv_weight: expected a finite number"),
    ({"learning_rate": "0"}, "--learning_rate: expected a finite number and more than 0"),
    ({"learning_rate": "fast"}, "--learning_rate: expected a number, received fast"),
    ({"steps": "0"}, "--steps: expected a finite number and at least 1"),
    ({"steps": "-5"}, "--steps: expected"),
    ({"steps": "1e3"}, "--steps: expected a whole number, received 1e3"),
    ({"steps": "10000000"}, "--steps: expected"),
    ({"level_steps": "5,0"}, "--level_steps: expected"),
    ({"seed": "-1"}, "--seed: expected"),
    ({"image_size": "0"}, "--image_size: expected"),
    ({"image_size": "1000000"}, "--image_size: expected"),
    ({"image_size": "large"}, "--image_size: expected a number of pixels or 'original'"),
    ({"max_pixels": "6000"}, "(--max_pixels sets the limit), received good.png with 96 x 72"),
    ({"save_every": "-1"}, "--save_every: expected"),
    ({"verbosity": "loud"}, "--verbosity: expected -1, 0 or 1"),
    ({"stpes": "3"}, "--stpes: expected a flag such as --steps"),
    ({"flagfile": "none.txt"}, "--flagfile: expected a text file of flags, received [Errno 2]"),
    ({"flagfile": "folder"}, "--flagfile: expected a text file of flags"),
    ({"flagfile": "flags.txt"}, "--stile: expected a flag such as --style"),
    ({"flagfile": "binary.txt"}, "--flagfile: expected a text file of flags"),
    ({"help": "perhaps"}, "--help: expected true or false, received perhaps"),
]
# These are known only when TensorFlow is there or the pictures are decoded.
LATE = [
    ({"content_mask": "halves.png"},
     "--style_mask: expected a mask for each style, or --mask_keep for all"),
    ({"content_mask": "halves.png", "mask_keep": "00ff00"},
     "--mask_keep: expected colors of --content_mask"),
    ({"content_mask": "halves.png", "style_mask": "red.png"},
     "--style_mask: expected regions of the colors"),
    ({"style_scale": "0.05"}, "--style_scale: expected sides of at least 16 pixels"),
    ({"content": "truncated.png"}, "--content: expected a picture that can be read"),
    ({"style": "truncated.jpg"}, "--style: expected a picture that can be read"),
    ({"content": "nan.tif"}, "--content: expected a picture that can be read"),
    ({"image_size": "8"}, "--image_size: expected sides of at least 16 pixels"),
    ({"content": "thin.png"}, "--image_size: expected sides of at least 16 pixels"),
    ({"device": "gpu:99"}, "--device: expected"),
    ({"device": "tpu"}, "--device: expected auto, cpu or gpu:N, received tpu"),
    ({"weights": "missing.h5"}, "--weights: expected"),
    ({"weights": "folder"}, "--weights: expected"),
    ({"weights": "empty.h5"}, "--weights: expected"),
    ({"weights": "text.h5"}, "--weights: expected"),
    ({"weights": "bad.h5"}, "--weights: expected an undamaged HDF5 file"),
    ({"weights": "noise.onnx"}, "--weights: expected"),
    ({"weights": "good.png"}, "--weights: expected"),
    ({"network": "vgg19"}, "--weights: expected weights of vgg19, received those of vgg16"),
    ({"init": "image"}, "--init_image: expected a picture with --init=image"),
]
WORDS = [
    (["good.png", "style.jpg"], "expected flags alone, such as --content=FILE, received 'good."),
    (["--content=good.png", "--style"], "style"),
    ([], "--content: expected the path of a picture"),
]


def name(case: dict) -> str:
  return ", ".join(f"{key}={str(value)[:20]!r}" for key, value in case.items())


def check(argv: list[str], said: str, folder: Path, capfd, monkeypatch) -> None:
  monkeypatch.chdir(folder)
  before = snapshot(folder)
  code = run.main(argv)
  out, err = capfd.readouterr()
  assert (code, out) == (2, ""), err
  assert err.startswith("tf_style: error: ") and err.count("\n") == 1 and err.endswith("\n")
  assert said in err and len(err) < 1000
  assert snapshot(folder) == before


@pytest.mark.parametrize("case, said", PICTURES + OUTPUTS + VALUES, ids=lambda v: name(v)
                         if isinstance(v, dict) else "")
def test_before_tensorflow(case, said, inputs, capfd, monkeypatch):
  monkeypatch.setattr("tf_style.system.machine.start_tensorflow",
                      lambda verbose: pytest.fail("too late"))
  check(flags(**case), said, inputs, capfd, monkeypatch)


@pytest.mark.parametrize("case, said", LATE, ids=lambda v: name(v) if isinstance(v, dict) else "")
def test_before_the_first_step(case, said, inputs, capfd, monkeypatch):
  check(flags(**case), said, inputs, capfd, monkeypatch)


@pytest.mark.parametrize("argv, said", WORDS)
def test_command_lines_of_another_shape(argv, said, inputs, capfd, monkeypatch):
  check(argv, said, inputs, capfd, monkeypatch)


@pytest.mark.parametrize("flag", ["output", "logdir"])
def test_a_folder_without_permission(flag, inputs, capfd, monkeypatch, tmp_path):
  tmp_path.chmod(0o500)
  folder = "/proc/self" if os.geteuid() == 0 else tmp_path  # root may write everywhere else
  check(flags(**{flag: f"{folder}/a.png"}), f"--{flag}: expected", inputs, capfd, monkeypatch)


@pytest.mark.parametrize("case", [{"content": "none.jpg"}, {"weights": "bad.h5"}, {"steps": "0"}],
                         ids=name)
def test_as_a_process(case, inputs):
  before = snapshot(inputs)
  environment = os.environ | {"PYTHONPATH": str(Path(run.__file__).parents[1])}
  done = subprocess.run([sys.executable, "-m", "tf_style.run", *flags(**case)], cwd=inputs,
                        env=environment, capture_output=True, text=True, check=False)
  assert (done.returncode, done.stdout) == (2, "")
  assert done.stderr.startswith("tf_style: error: ") and done.stderr.count("\n") == 1
  assert snapshot(inputs) == before
