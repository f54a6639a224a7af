"""Learning a style and painting with it, from the command line."""

import json
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from made_inputs import write_picture
from made_styles import TINY, write_photographs
from PIL import Image

import tf_style
from tf_style import export, learn, run
from tf_style.pictures import color

FLAGS = [*(f"--{name}={value}" for name, value in TINY.items()), "--verbosity=-1"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
  """A folder with pictures and a learned style of two."""
  made = tmp_path_factory.mktemp("learn")
  write_photographs(made / "photos")
  for seed in (1, 2):
    write_picture(made / f"style{seed}.png", seed=20 + seed)
  write_picture(made / "photo.png", 70, 90, alpha=True)
  code = learn.main([*(f"--style={made / f'style{seed}.png'}" for seed in (1, 2)),
                     f"--photos={made / 'photos'}", f"--output={made / 'model'}",
                     f"--logdir={made / 'logs'}", *FLAGS])
  assert code == 0
  return made


@pytest.fixture
def there(folder, tmp_path, monkeypatch):
  monkeypatch.chdir(tmp_path)
  return folder


def paint(folder, *argv: str, content: str = "") -> np.ndarray:
  content = content or str(folder / "photo.png")
  code = run.main([f"--model={folder / 'model'}", f"--content={content}",
                   "--output=out.png", "--image_size=original", "--precision=float32", *argv])
  assert code == 0
  return np.asarray(Image.open("out.png").convert("RGB"), np.float32) / 255


def test_a_training_leaves_a_style_and_a_record_of_itself(folder):
  style = tf_style.LearnedStyle.load(folder / "model")
  assert style.record.styles == ("style1", "style2")
  run_folder, = (folder / "logs").iterdir()
  summary = json.loads((run_folder / "summary.json").read_text())
  assert summary["steps"] == TINY["steps"] and summary["loss"] == style.record.loss
  history = tf_style.history(run_folder)
  assert list(history["loss/total"][:, 0]) == [1, 2, 3, 4]
  assert dict(history["held_out/loss"]) == pytest.approx(dict(style.record.losses), rel=1e-6)
  flags = (run_folder / "flags.txt").read_text().splitlines()
  assert f"--photos={folder / 'photos'}" in flags and "--width=8" in flags


def test_a_picture_is_painted_as_from_python(there, tmp_path):
  found = paint(there)
  style = tf_style.LearnedStyle.load(there / "model", precision="float32")
  expected = style(there / "photo.png")
  visible = np.asarray(Image.open("out.png"))[..., 3] > 0
  assert visible.mean() < 0.8  # the left third is transparent, as in the photograph
  np.testing.assert_allclose(found[visible], expected[0][visible], atol=0.6 / 255)
  assert not (tmp_path / "logs").exists()
  text = Image.open("out.png").info
  assert "style1" in str(text) and str(there) not in str(text)


def test_shares_color_strength_and_size(there):
  whole = paint(there)
  assert not np.array_equal(
      paint(there, "--style_blend=1,0"), paint(there, "--style_blend=0,1"))
  assert paint(there, "--image_size=45").shape == (35, 45, 3)
  photo = tf_style.load_picture(there / "photo.png").rgb[0]
  visible = np.asarray(Image.open(there / "photo.png"))[..., 3] > 0
  none = paint(there, "--strength=0")
  np.testing.assert_allclose(none[visible], photo[visible], atol=0.6 / 255)
  chroma = np.ptp(paint(there, "--color=content"), axis=-1)
  assert np.abs(chroma - np.ptp(photo, axis=-1))[visible].mean() < np.abs(
      np.ptp(whole, axis=-1) - np.ptp(photo, axis=-1))[visible].mean()


def test_the_photograph_s_colors_are_matched(there, tmp_path):
  opaque = write_picture(tmp_path / "opaque.png", 70, 90)
  found = paint(there, "--color=match", content=str(opaque))
  photo = tf_style.load_picture(opaque).rgb
  painted = tf_style.LearnedStyle.load(there / "model", precision="float32")(opaque)
  expected = color.match_colors(painted, photo)
  np.testing.assert_allclose(found, expected[0], atol=0.6 / 255)
  assert np.abs(expected.mean((0, 1, 2)) - photo.mean((0, 1, 2))).max() < 0.02


def test_a_film_s_colors_are_not_matched(there, capfd):
  assert run.main([f"--model={there / 'model'}", "--content=film.mp4", "--color=match"]) == 2
  assert "--color: expected style, content or luminance" in capfd.readouterr().err


def test_regions_that_are_kept(there, tmp_path):
  mask = np.zeros((70, 90, 3), np.uint8)
  mask[:, 60:] = 255
  Image.fromarray(mask).save(tmp_path / "mask.png")
  found = paint(there, f"--content_mask={tmp_path / 'mask.png'}", "--mask_keep=ffffff")
  photo = tf_style.load_picture(there / "photo.png").rgb[0]
  np.testing.assert_allclose(found[:, 61:], photo[:, 61:], atol=0.6 / 255)
  assert np.abs(found[:, 35:60] - photo[:, 35:60]).mean() > 0.02


def test_polishing_lowers_the_loss_from_where_the_network_left_it(there, tmp_path, capfd):
  paint(there, "--polish=4", "--logdir=logs", "--network=vgg16")
  err = capfd.readouterr().err
  assert "4 steps of lbfgs" in err
  run_folder, = (tmp_path / "logs").iterdir()
  totals = tf_style.history(run_folder)["loss/total"][:, 1]
  assert totals[-1] < totals[0]
  start = tf_style.history(run_folder)["raw/style/block1_conv1"][0, 1]
  assert start >= 0
  flags = (run_folder / "flags.txt").read_text()
  assert run.main([f"--flagfile={run_folder / 'flags.txt'}", "--output=again.png"]) == 0
  assert f"--model={there / 'model'}" in flags
  with Image.open("out.png") as one, Image.open("again.png") as other:
    difference = np.abs(np.asarray(one, float) - np.asarray(other, float))
  assert difference.mean() < 1


def test_styles_are_exported(there, tmp_path, capfd):
  model = f"--model={there / 'model'}"
  assert export.main([model, "--format=tflite", "--output=out.tflite"]) == 0
  assert "levels of 255" in capfd.readouterr().err
  assert (tmp_path / "out.tflite").read_bytes()[4:8] == b"TFL3"
  assert export.main([model, "--output=saved"]) == 0
  assert (tmp_path / "saved/saved_model.pb").exists()
  for argv, message in (([model], "--output: expected where to write"),
                        ([model, "--format=x", "--output=y"], "--format: expected saved_model or"),
                        ([model, "--network=vgg16"], "--network: expected no such flag"),
                        ([model, "--output=saved"], "--output: expected a new or an empty")):
    assert export.main(argv) == 2
    assert message in capfd.readouterr().err


@pytest.mark.parametrize(("argv", "message"), [
    (["--style=x.png"], "--style: expected none beside --model, received"),
    (["--tv_weight=1"], "--tv_weight: expected --polish=STEPS beside it"),
    (["--style_blend=1"], "--style_blend: expected one number a style, 2 in all"),
    (["--polish=x"], "--polish: expected a number of steps, 0 for none, received x"),
    (["--model=missing"], "--model: expected the folder of a learned style"),
    (["--model=."], "--model: expected the folder of a learned style, with style.json"),
    (["--content=missing.png"], "--output: expected a folder for the results of several pictures")])
def test_what_does_not_go_with_a_model_is_refused(there, tmp_path, capfd, argv, message):
  code = run.main([f"--model={there / 'model'}", f"--content={there / 'photo.png'}", *argv])
  err = capfd.readouterr().err
  assert code == 2 and message in err and err.count("\n") == 1
  assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("changes", "message"), [
    ({"style": None}, "--style: expected a picture to learn from"),
    ({"output": None}, "--output: expected where to write the learned style"),
    ({"output": "photos"}, "--output: expected a new or an empty folder"),
    ({"photos": "empty"}, "--photos: expected a picture or a folder of pictures"),
    ({"photos": "missing"}, "--photos: expected a picture that can be read"),
    ({"photos": "small"}, "--photos: expected sides of at least 64 pixels (--train_size)"),
    ({"style": "small/text.png"}, "--style: expected a JPEG"),
    ({"style_scale": "1,2"}, "--style_scale: expected one number a style"),
    ({"width": "3"}, "--width: expected"),
    ({"widht": "3"}, "--widht: expected a flag such as --width"),
    ({"resume": "photos"}, "beside --resume"),
    ({"strategy": "multiworker"}, "--strategy=multiworker: expected TF_CONFIG such as"),
    ({"strategy": "mirrored", "device": "cpu"}, "--device: expected auto beside several devices"),
    ({"strategy": "both"}, "--strategy: expected one of auto, one, mirrored, multiworker"),
    ({"device": "gpu:7"}, "--device: expected")])
def test_wrong_inputs_are_one_line(tmp_path, monkeypatch, capfd, changes, message):
  monkeypatch.chdir(tmp_path)
  write_photographs(tmp_path / "photos", 1)
  write_picture(tmp_path / "style.png")
  (tmp_path / "empty").mkdir()
  (tmp_path / "small").mkdir()
  write_picture(tmp_path / "small/small.png", 40, 90)
  (tmp_path / "small/text.png").write_text("no picture")
  before = sorted(tmp_path.rglob("*"))
  given = {"style": "style.png", "photos": "photos", "output": "model", **TINY, **changes}
  code = learn.main([f"--{name}={value}" for name, value in given.items() if value is not None])
  err = capfd.readouterr().err
  lines = [line for line in err.splitlines() if "could not be downloaded" not in line]
  assert code == 2 and message in lines[-1] and len(lines) == 1, err
  assert sorted(tmp_path.rglob("*")) == before


def test_sigint_leaves_the_best_network_and_the_training_goes_on(folder, tmp_path):
  program = "import sys; from tf_style import learn; learn.launch('learn', sys.argv[1:])"
  process = subprocess.Popen(
      [sys.executable, "-c", program, f"--style={folder / 'style1.png'}",
       f"--photos={folder / 'photos'}", "--output=first", *FLAGS, "--steps=400",
       "--image_every=1000", "--deterministic=true"],
      cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
  deadline = time.monotonic() + 120
  while time.monotonic() < deadline and process.poll() is None:
    if any(path.stat().st_size > 20_000 for path in tmp_path.glob("logs/*/events*")):
      break
    time.sleep(0.1)
  process.send_signal(signal.SIGINT)
  out, err = process.communicate(timeout=120)
  assert process.returncode == 130, err
  assert out.strip() == "first" and "to go on: tf-style learn --resume=logs/" in err
  assert tf_style.LearnedStyle.load(tmp_path / "first").record.styles == ("style1",)
  run_folder, = (path for path in (tmp_path / "logs").iterdir())
  from tf_style.learned import checkpoints
  assert 0 < checkpoints.load(run_folder).state["step"] < 400
  shutil.rmtree(run_folder / "training")
  assert learn.main([f"--resume={run_folder}", "--output=second"]) == 2
