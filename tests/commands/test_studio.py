"""The command that serves the page: what it says, what it refuses, how it ends."""

import importlib.util
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

import tf_style
from tf_style import studio


@pytest.mark.parametrize(("argv", "message"), [
    (["--port=x"], "--port: expected a number from 0 to 65535, received x"),
    (["--port=65536"], "--port: expected a number from 0 to 65535, received 65536"),
    (["--host=0.0.0.0"], "--password: expected one beside --host=0.0.0.0, received none"),
    (["--password=short"], "--password: expected at least 8 characters, received 5"),
    (["--host=256.1.1.1", "--password=a long secret"],
     "--host: expected an address of this machine with a free port"),
    (["--open=perhaps"], "--open: expected true or false, received perhaps"),
    (["--share"], "--share: expected a flag"),
    (["--logdir="], "--logdir: expected a path, received ''"),
    (["photo.jpg"], "expected flags alone")])
def test_wrong_flags_are_a_line_and_leave_nothing(argv, message, tmp_path, monkeypatch, capfd):
  monkeypatch.chdir(tmp_path)
  assert studio.main(argv) == 2
  out, err = capfd.readouterr()
  line, = err.splitlines()
  assert out == "" and line.startswith(f"tf_style: error: {message}")
  assert list(tmp_path.iterdir()) == []


def test_without_the_extra_the_line_says_how_to_install_it(monkeypatch, capfd):
  monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
  assert studio.main([]) == 2
  assert capfd.readouterr().err == (
      "tf_style: error: expected the extra studio (pip install 'tf_style[studio]'), received "
      "none\n")


def test_it_serves_until_it_is_interrupted(tmp_path):
  environment = os.environ | {"PYTHONPATH": str(Path(tf_style.__file__).parents[1])}
  process = subprocess.Popen(
      [sys.executable, "-m", "tf_style.studio", "--port=0", f"--logdir={tmp_path / 'logs'}"],
      env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
  try:
    assert process.stdout is not None
    address = process.stdout.readline().strip()
    assert address.startswith("http://127.0.0.1:")
    with urllib.request.urlopen(address) as answer:
      assert answer.status == 200 and b"tf_style studio" in answer.read()
  finally:
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)
  assert process.returncode == 0
  assert err.splitlines()[0] == "The page is served until Ctrl-C at:"
  assert "Traceback" not in err and not (tmp_path / "logs").exists()
