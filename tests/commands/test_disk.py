"""Disks that are full, forbidden or gone: the run goes on, and its picture is saved and named."""

import errno
import os
import shutil
import subprocess
from pathlib import Path

import processes
import pytest
from PIL import Image

from tf_style import run
from tf_style.cli import console
from tf_style.cli.watchers import Watchers
from tf_style.pictures import images
from tf_style.repaint import checkpoints
from tf_style.system import files


@pytest.fixture(scope="module")
def inputs(tmp_path_factory) -> list[str]:
  return [*processes.write_inputs(tmp_path_factory.mktemp("inputs")), "--level_steps=6,6",
          "--checkpoint_every=1e-9", "--save_every=4"]


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
  (tmp_path / "home").mkdir()
  (tmp_path / "here").mkdir()
  monkeypatch.setenv("HOME", str(tmp_path / "home"))
  monkeypatch.chdir(tmp_path / "here")
  return tmp_path / "here"


@pytest.fixture
def small_drive(request, tmp_path):
  """A drive of 64 KiB, or of the size that a test gives."""
  drive = tmp_path / "drive"
  drive.mkdir()
  size = f"size={getattr(request, 'param', '64k')}"
  mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(drive)],
                           capture_output=True, check=False)
  if mounted.returncode:
    pytest.skip("only root may mount a small drive")
  yield drive
  subprocess.run(["umount", "-l", str(drive)], check=True)


def fill(drive: Path) -> None:
  with pytest.raises(OSError), open(drive / "filling", "wb", buffering=0) as file:
    while True:
      file.write(bytes(1024))


def saved_picture(capfd) -> tuple[Path, str]:
  """Returns where the picture is, as stdout says, and what was said on stderr."""
  out, err = capfd.readouterr()
  path = Path(out.removesuffix("\n"))
  with Image.open(path) as image:
    image.load()
    assert image.size == (64, 48)
  assert f"wrote {path}: loss" in err and "Traceback" not in err
  return path, err


def test_a_full_drive_under_the_output(inputs, here, small_drive, capfd):
  fill(small_drive)
  code = run.main([*inputs, f"--output={small_drive}/a.png"])
  path, err = saved_picture(capfd)
  assert code == console.FAILED
  assert path.parent.parent == Path("logs") and path.name == "a.png"
  assert f"error: {small_drive}/a.png cannot be written: [Errno 28] No space left on device" in err
  assert err.count("cannot be written, the run goes on") == 1  # said once, though tried three times
  assert os.listdir(small_drive) == ["filling"]


def test_a_full_drive_under_the_logs(inputs, here, small_drive, capfd):
  fill(small_drive)
  assert run.main([*inputs, f"--logdir={small_drive}/logs", "--output=a.png"]) == console.DONE
  path, err = saved_picture(capfd)
  assert path == Path("a.png")
  assert "events cannot be written, the run goes on" in err
  assert "checkpoints cannot be written, the run goes on" in err


@pytest.mark.parametrize("small_drive, kept", [("64k", 0), ("700k", 2)], indirect=["small_drive"])
def test_a_small_drive_under_the_checkpoints(kept, inputs, here, small_drive, capfd, monkeypatch):
  """The second has room for two, not for three, so that the older one must go first."""
  original = files.make_run_folder

  def make_run_folder(*args):
    folder = original(*args)
    (folder / "checkpoints").symlink_to(small_drive)
    return folder

  monkeypatch.setattr(files, "make_run_folder", make_run_folder)
  assert run.main([*inputs, "--output=a.png"]) == console.DONE
  _, err = saved_picture(capfd)
  assert ("checkpoints cannot be written, the run goes on" in err) == (not kept)
  assert len(os.listdir(small_drive)) == kept


def test_full_drives_everywhere_but_at_home(inputs, here, small_drive, capfd, monkeypatch):
  fill(small_drive)
  monkeypatch.chdir(small_drive)
  code = run.main([*inputs, "--output=a.png", "--logdir=logs"])
  path, _ = saved_picture(capfd)
  assert code == console.FAILED and path == here.parent / "home/a.png"


def test_no_place_at_all(inputs, here, capfd, monkeypatch):
  def refuse(*_):
    raise OSError(errno.EDQUOT, "Disk quota exceeded")
  monkeypatch.setattr(images, "save_picture", refuse)
  assert run.main([*inputs, "--output=a.png"]) == console.FAILED
  err = capfd.readouterr().err
  assert "tf_style: error: the system refuses: [Errno 122] Disk quota exceeded" in err


def during_a_run(monkeypatch, action) -> None:
  """Does something after the third chunk of a run."""
  original, seen = Watchers.on_step, []

  def on_step(self, step):
    seen.append(step.number)
    if len(seen) == 3:
      action()
    return original(self, step)

  monkeypatch.setattr(Watchers, "on_step", on_step)


def test_folders_that_vanish_are_made_again(inputs, here, capfd, monkeypatch):
  (here / "out").mkdir()
  during_a_run(monkeypatch, lambda: [shutil.rmtree(here / name) for name in ("out", "logs")])
  assert run.main([*inputs, "--output=out/a.png"]) == console.DONE
  path, _ = saved_picture(capfd)
  assert path == Path("out/a.png")
  (run_folder,) = (here / "logs").iterdir()
  assert (run_folder / "summary.json").exists() and checkpoints.load(run_folder).level_ends


def test_a_folder_that_becomes_a_file(inputs, here, capfd, monkeypatch):
  def swap():
    for name in ("out", "logs"):
      shutil.rmtree(here / name)
      (here / name).write_text("in the way")

  (here / "out").mkdir()
  during_a_run(monkeypatch, swap)
  code = run.main([*inputs, "--output=out/a.png"])
  path, err = saved_picture(capfd)
  assert code == console.FAILED and path == here / "a.png"
  assert "[Errno 20] Not a directory" in err or "[Errno 17] File exists" in err


def test_a_drive_that_has_room_again(inputs, here, small_drive, capfd, monkeypatch):
  fill(small_drive)
  during_a_run(monkeypatch, (small_drive / "filling").unlink)
  assert run.main([*inputs, f"--output={small_drive}/a.png"]) == console.DONE
  assert saved_picture(capfd)[0] == small_drive / "a.png"


def test_two_runs_at_once(inputs, here):
  """On one log folder, one output and one default name: two folders, one picture, two names."""
  for argv in ([*inputs, "--output=a.png"], inputs):
    both = [processes.start(here, *argv) for _ in range(2)]
    for process in both:
      _, err = process.communicate()
      assert process.returncode == 0, err
  assert len(list((here / "logs").iterdir())) == 4
  names = {"a.png", "content-style.png", "content-style-2.png"}
  assert {path.name for path in here.iterdir()} == {"logs"} | names
  for name in names:
    Image.open(here / name).load()
