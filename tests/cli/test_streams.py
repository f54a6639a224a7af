"""Standard streams that are closed, gone, full or None: a run is done all the same."""

import os
import subprocess
import sys
from pathlib import Path

import processes
import pytest
from PIL import Image

import tf_style
from tf_style.cli import console, streams

ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(tf_style.__file__).parents[1])}


def shell(command: str, folder: Path) -> subprocess.CompletedProcess:
  return subprocess.run(["bash", "-c", command], cwd=folder, env=ENVIRONMENT, capture_output=True,
                        text=True, check=False)


@pytest.mark.parametrize("closed, out", [
    ("", "out\n"), ("<&-", "out\n"), ("2>&-", "out\n"), ("<&- 2>&-", "out\n"), (">&-", ""),
    ("<&- >&- 2>&-", "")])
def test_no_file_takes_the_number_of_a_stream(closed, out, tmp_path):
  program = ("import sys; from tf_style.cli import streams; streams.fill(); "
             "file = open('a.txt', 'w'); file.write(str(file.fileno())); "
             "print('out'); print('error', file=sys.stderr, flush=True); sys.stdin.read(0)")
  done = shell(f'{sys.executable} -c "{program}" {closed}', tmp_path)
  assert (done.returncode, done.stdout) == (0, out), done.stderr
  assert int((tmp_path / "a.txt").read_text()) >= 3


@pytest.mark.parametrize("redirection", [
    "<&- >&- 2>&-", "2>/dev/full",
    pytest.param("2>&-", marks=pytest.mark.full), pytest.param(">&-", marks=pytest.mark.full),
    pytest.param("2> >(true)", marks=pytest.mark.full)])
def test_a_run_is_done_without_streams(redirection, tmp_path):
  flags = " ".join(processes.write_inputs(tmp_path))
  done = shell(f"{sys.executable} -m tf_style {flags} --steps=2 --output=a.png --save_every=1 "
               f"--checkpoint_every=1e-9 {redirection}", tmp_path)
  assert done.returncode == 0, done.stderr
  with Image.open(tmp_path / "a.png") as image:
    image.load()
    assert image.size == (64, 48)
  (folder,) = (tmp_path / "logs").iterdir()
  assert {path.name.partition(".")[0] for path in folder.iterdir()} == {
      "checkpoints", "events", "flags", "summary"}
  for path in folder.rglob("*"):
    assert path.is_dir() or b"wrote a.png" not in path.read_bytes()


def test_a_result_that_nobody_can_be_told_is_a_failure(tmp_path):
  """Of a full disk the line on stderr says so; Python adds nothing at its end."""
  program = ("import sys; from tf_style.cli import console; "
             "sys.exit(console.exit_code(lambda: console.answer('a.png')))")
  done = shell(f'{sys.executable} -c "{program}" >/dev/full', tmp_path)
  assert done.returncode == console.FAILED
  assert done.stderr == ("tf_style: error: the system refuses: "
                         "[Errno 28] No space left on device\n")


@pytest.mark.parametrize("words", ["--help", "gallery --help", "--version"])
def test_help_on_a_full_disk(words, tmp_path):
  done = shell(f"{sys.executable} -m tf_style {words} >/dev/full", tmp_path)
  assert (done.returncode, done.stderr.count("\n")) == (1, 1)


@pytest.mark.parametrize("name", ["stdout", "stderr"])
def test_streams_that_are_none_in_this_process(name, monkeypatch):
  monkeypatch.setattr(sys, name, None)
  console.say("nobody hears it")
  console.answer("a.png")
  streams.drop_broken()
  assert getattr(sys, name) is None


def test_a_stream_that_was_closed_in_this_process(monkeypatch, tmp_path):
  file = open(tmp_path / "log", "w")  # noqa: SIM115
  file.close()
  monkeypatch.setattr(sys, "stderr", file)
  console.say("nobody hears it")
  assert not sys.stderr.closed
  sys.stderr.close()


def test_a_bug_of_a_writer_is_not_hidden():
  with pytest.raises(ValueError, match="of ours"):
    console.attempt(lambda: (_ for _ in ()).throw(ValueError("of ours")))
