"""Folders at the command line: the pictures of single runs, exit codes, signals and kills."""

import os
import random
import re
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import processes
import pytest
from made_folders import GOOD, crop, results, small_flags, write_folder, write_inputs
from made_inputs import write_picture, write_weights
from PIL import Image
from test_disk import small_drive  # noqa: F401 - a fixture

from tf_style import run
from tf_style.cli import console, folders

OIL = "tf_style/samples/styles/oil"


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> str:
  return str(write_weights(tmp_path_factory.mktemp("weights") / "vgg16.h5"))


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
  """Six photographs and two bad files in `photos`, a style, and a mask."""
  write_inputs(tmp_path)
  Image.fromarray(np.repeat(np.uint8([[[255, 0, 0]], [[0, 0, 255]]]), 40, 1)).save(
      tmp_path / "mask.png")
  monkeypatch.chdir(tmp_path)
  return tmp_path


def flags(weights: str, **options) -> list[str]:
  return ["--style=style.png", *small_flags(weights=weights, **options)]


def test_a_job_and_its_repetition(here, weights, capfd):
  argv = ["--content=photos", "--output=out", *flags(weights)]
  assert run.main(argv) == console.FAILED
  out, err = capfd.readouterr()
  assert out == "out\n" and sorted(results(here / "out")) == GOOD
  lines = err.splitlines()
  assert re.fullmatch(r"8 pictures, 8 of them to be painted; results in out, more in logs/out-\w+",
                      lines[0])
  assert re.fullmatch(r"1 of 8  00.png: loss \S+, \S+ s  .* left", lines[1])
  assert lines[5] == "5 of 8  empty.png: failed" + lines[5].partition("failed")[2]
  assert [line.partition(": --content: expected")[0] for line in lines[-3:-1]] == [
      "failed: empty.png", "failed: text.jpg"]
  assert re.fullmatch(r"6 of 8 pictures are in out, 2 failed; table and sheet in logs/out-\w+",
                      lines[-1])
  first = {path: path.stat().st_mtime_ns for path in (here / "out").rglob("*.*")}

  for name in ("text.jpg", "empty.png"):
    crop(30).save(here / "photos" / name)
  (flag_file,) = (here / "logs").glob("*/flags.txt")
  (here / "elsewhere").mkdir()
  os.chdir(here / "elsewhere")
  assert run.main([f"--flagfile={flag_file}"]) == console.DONE  # the same job, from elsewhere
  _, err = capfd.readouterr()
  assert err.startswith("8 pictures, 2 of them to be painted;")
  assert sorted(results(here / "out")) == sorted([*GOOD, "empty.png", "text.jpg"])
  assert {path: path.stat().st_mtime_ns for path in first} == first
  assert run.main([f"--flagfile={flag_file}", "--verbosity=-1"]) == console.DONE
  assert "8 pictures, all of them are finished;" in capfd.readouterr().err


@pytest.mark.parametrize("more", [
    ["--color=content", "--strength=0.7", "--init=noise", "--seed=5"],
    ["--content_mask=mask.png", "--mask_keep=0000ff", "--style_scale=0.8", "--style=other.png"],
], ids=["color", "masks"])
def test_results_are_those_of_single_runs(more, here, weights, capfd):
  """Byte for byte, metadata and all; transparency too."""
  write_picture(here / "photos/clear.png", 50, 60, alpha=True)
  write_picture(here / "other.png", 40, 60, seed=5)
  names = ["01.jpg", "below/02.bmp", "clear.png"]
  argv = [*flags(weights), *more]
  assert run.main([*(f"--content=photos/{name}" for name in names), "--output=out", *argv]) == 0
  found = results(here / "out")
  assert list(found) == ["01.jpg", "02.png", "clear.png"]
  for name, result in zip(names, found, strict=True):
    assert run.main([f"--content=photos/{name}", f"--output=single/{result}", *argv]) == 0
    assert found[result] == (here / "single" / result).read_bytes(), name


@pytest.mark.parametrize("more", [
    ["--color=luminance"], pytest.param(
        ["--polish=3", "--image_size=original", "--tile_size=0"], marks=pytest.mark.full)],
    ids=["model", "polish"])
def test_a_learned_style(more, here, capfd):
  argv = ["--model=oil", "--precision=float32", *more]
  if "--polish=3" in more:
    argv += ["--deterministic", *(flag for flag in small_flags() if "layers" in flag)]
    argv += ["--style_loss=gram", "--style_layer_weights=.5,.5", "--content_layer_weights=1"]
  assert run.main(["--content=photos/*0*.*", "--output=out", *argv]) == 0
  found = results(here / "out")
  assert sorted(found) == ["00.png", "01.jpg", "03.png", "04.jpg"]
  assert run.main(["--content=photos/04.jpg", "--output=single.jpg", *argv]) == 0
  assert found["04.jpg"] == (here / "single.jpg").read_bytes()


WRONG = [
    (["--content=photos"], "--output: expected a folder for the results of several pictures"),
    (["--content=photos", "--output=out.png"], "--output: expected a folder, for there are"),
    (["--content=photos", "--output=style.png"], "--output: expected a folder, for there are"),
    (["--content=photos", "--output=photos/out"], "--output: expected a folder outside --content"),
    (["--content=*.gif", "--output=out"], "--content: expected a pattern that a picture matches"),
    (["--content=empty", "--output=out"], "--content: expected a folder with pictures"),
    (["--content=photos/00.png", "--content=none.png", "--output=out"],
     "--content: expected a picture that can be read, received none.png"),
    (["--content=photos/00.png", "--content=same/00.png", "--output=out"],
     "--content: expected pictures whose results have different names"),
    (["--content=photos", "--output=mine"], "--output: expected a folder where no file of others"),
    (["--content=photos", "--output=out", "--resume=logs/x"],
     "--resume: expected none beside several pictures"),
    (["--content=photos", "--output=out", "--workers=0"], "--workers: expected a number of at"),
    (["--content=photos", "--output=out", "--each_style=maybe"], "--each_style: expected"),
    (["--content=photos", "--output=out", "--each_style", "--style_blend=1"],
     "--style_blend: expected none beside --each_style"),
    (["--content=photos", "--output=out", "--model=oil"], "--style: expected none beside --model"),
    (["--content=photos", "--output=out", "--style=none.png"], "--style: expected a picture that"),
    (["--content=photos/00.png", "--workers=2"], "--workers: expected several pictures beside it"),
    (["--content=photos", "--output=out", "--weights=none.h5"], "--weights: expected"),
    (["--content=photos", "--output=out", "--logdir=style.png"], "--logdir: expected a folder")]


@pytest.mark.parametrize("more, message", WRONG, ids=lambda each: " ".join(each)[-50:])
def test_wrong_inputs(more, message, here, weights, capfd):
  for name in ("empty", "same", "mine"):
    (here / name).mkdir()
  for name in ("same/00.png", "mine/01.jpg"):
    crop(1).save(here / name)
  before = results(here)
  assert run.main([*flags(weights), *more]) == console.WRONG_INPUT
  out, err = capfd.readouterr()
  assert out == "" and len(err.splitlines()) <= 2  # of wrong weights: what would be done, first
  assert err.splitlines()[-1].startswith(f"tf_style: error: {message}")
  assert results(here) == before


@pytest.mark.parametrize("small_drive", ["16k"], indirect=True)
def test_a_full_drive_and_room_again(small_drive, here, weights, capfd):  # noqa: F811
  argv = ["--content=photos", f"--output={small_drive}/out", *flags(weights)]
  assert run.main(argv) == console.FAILED
  _, err = capfd.readouterr()
  assert err.splitlines()[-1].startswith(
      "tf_style: error: the system refuses: [Errno 28] No space left on device")
  assert "Traceback" not in err
  done = results(small_drive / "out")
  assert 0 < len(done) < 6 and list(done) == GOOD[:len(done)]
  subprocess.run(["mount", "-o", "remount,size=1m", str(small_drive)], check=True)
  assert run.main(argv) == console.FAILED  # for bad files alone
  assert "6 of 8 pictures are in" in capfd.readouterr().err
  assert sorted(results(small_drive / "out")) == GOOD
  assert done.items() <= results(small_drive / "out").items()


@pytest.mark.full
@pytest.mark.parametrize("small_drive", ["16k"], indirect=True)
def test_a_full_drive_under_the_logs(small_drive, here, weights, capfd):  # noqa: F811
  argv = ["--content=photos", "--output=out", f"--logdir={small_drive}", *flags(weights)]
  assert run.main(argv) == console.FAILED
  _, err = capfd.readouterr()
  assert "Traceback" not in err and "No space left on device" in err
  subprocess.run(["mount", "-o", "remount,size=1m", str(small_drive)], check=True)
  assert run.main(argv) == console.FAILED
  assert sorted(results(here / "out")) == GOOD


def start(folder: Path, weights: str, **options):
  return processes.start(folder, "--content=photos", "--output=out", *flags(weights, **options))


@pytest.mark.parametrize("number", [
    signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.full)])
def test_a_signal_keeps_what_is_finished(number, here, weights):
  process = start(here, weights, level_steps=(150,))
  while "2 of 8" not in process.stderr.readline():
    pass
  time.sleep(0.3)
  process.send_signal(number)
  out, err = process.communicate(timeout=60)
  assert process.returncode == 128 + number, err
  assert "stopped; the same command goes on" in err and "Traceback" not in err
  (table,) = (here / "logs").glob("*/items.csv")
  states = [line.split(",")[1] for line in table.read_text().splitlines()[1:]]
  done = states.count("done")
  assert 2 <= done < 6 and states.count("waiting") == 8 - done - states.count("failed")
  assert sorted(results(here / "out")) == GOOD[:done]


def test_a_signal_before_anything_is_written(here, weights, capfd, monkeypatch):
  before = results(here)
  monkeypatch.setattr(folders, "source_of", lambda *_: lambda: signal.raise_signal(signal.SIGTERM))
  assert run.main(["--content=photos", "--output=out", *flags(weights)]) == 128 + signal.SIGTERM
  assert capfd.readouterr().err.endswith("\ntf_style: interrupted\n")
  assert results(here) == before


def kill_often(folder: Path, weights: str, times: int, seed: int, **options) -> list[str]:
  """Kills a job again and again at random moments, then lets it end; returns all that was said."""
  chance, said = random.Random(seed), []
  for _ in range(times):
    process = start(folder, weights, **options)
    assert process.stdout.readline() == "ready\n"
    while "of them" not in (line := process.stderr.readline()) and line:
      pass
    time.sleep(chance.uniform(1.5, 12))
    process.kill()
    said.append(process.communicate()[1])
    for path in (folder / "out").rglob("*.*"):  # nothing unfinished has a final name
      if path.is_file() and not path.name.startswith("."):
        Image.open(path).load()
  process = start(folder, weights, **options)
  _, err = process.communicate()
  assert process.returncode == console.FAILED, err
  return [*said, err]


def check_killed(folder: Path, weights: str, said: list[str], good: list[str], **options) -> None:
  """Checks that nothing was done twice but what was in work, and that pictures are the same."""
  assert sorted(results(folder / "out")) == good
  loss = r"^\d+ of \d+  (\S+): loss"
  painted = [name for err in said for name in re.findall(loss, err, re.M)]
  assert len(painted) == len(set(painted))
  assert len(good) - len(painted) <= len(said)  # killed between the writing and the saying
  argv = ["--content=photos", "--output=again", "--logdir=other", *flags(weights, **options)]
  processes.start(folder, *argv).communicate()
  assert results(folder / "again") == results(folder / "out")


def test_killed_twice(here, weights):
  options = {"level_steps": (40,)}
  check_killed(here, weights, kill_often(here, weights, 2, 1, **options), GOOD, **options)


@pytest.mark.full
def test_fifty_photographs_killed_ten_times(here, weights):
  write_folder(here / "many", 50)
  for path in list((here / "many").rglob("*.*")):
    if path.is_file():
      path.rename(here / "photos" / path.relative_to(here / "many"))
  for name in ("00.png", "01.jpg", "03.png"):
    (here / "photos" / name).write_bytes(b"bad")
  for name in ("text.jpg", "empty.png"):
    (here / "photos" / name).unlink()
  options = {"level_steps": (40,)}
  said = kill_often(here, weights, 10, 2, **options)
  good = sorted(results(here / "out"))
  assert len(good) == 47 and "47 of 50 pictures are in out, 3 failed" in said[-1]
  check_killed(here, weights, said, good, **options)
