"""SIGINT, SIGTERM, SIGHUP: a picture and a checkpoint, or one line before the first step."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import processes
import pytest
from PIL import Image

from tf_style.repaint import checkpoints
from tf_style.system.signals import Signals


def test_the_first_is_noted_and_the_second_has_its_default():
  before = signal.getsignal(signal.SIGTERM)
  with Signals() as signals:
    signals.stepping = True
    signal.raise_signal(signal.SIGTERM)
    assert signals.received == signal.SIGTERM
    assert signal.getsignal(signal.SIGTERM) == signal.getsignal(signal.SIGINT) == signal.SIG_DFL
    signal.raise_signal(signal.SIGHUP)  # which comes right after another one and ends nothing
    assert signals.received == signal.SIGTERM
  assert signal.getsignal(signal.SIGTERM) is before


def test_before_the_first_step_it_interrupts():
  with pytest.raises(KeyboardInterrupt), Signals():
    signal.raise_signal(signal.SIGINT)
  assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_what_is_ignored_stays_ignored(number):
  before = signal.signal(number, signal.SIG_IGN)
  try:
    with Signals() as signals:
      signal.raise_signal(number)
      assert signals.received == 0
      other = signal.SIGTERM if number != signal.SIGTERM else signal.SIGINT
      signals.stepping = True
      signal.raise_signal(other)
      assert signals.received == other and signal.getsignal(number) == signal.SIG_IGN
    assert signal.getsignal(number) == signal.SIG_IGN
  finally:
    signal.signal(number, before)


def test_launch_leaves_an_ignored_interrupt_alone(tmp_path):
  """As a shell starts what stands in the background of a script."""
  program = ("import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_IGN); "
             "from tf_style.cli import launch; module = type(os)('m'); "
             "sys.modules['tf_style.probe'] = module; "
             "module.main = lambda argv: signal.getsignal(signal.SIGINT) == signal.SIG_IGN; "
             "launch.launch('probe', [])")
  environment = os.environ | {"PYTHONPATH": str(Path(checkpoints.__file__).parents[2])}
  done = subprocess.run([sys.executable, "-c", program], env=environment, check=False)
  assert done.returncode == 1


def test_a_thread_leaves_signals_alone():
  def enter():
    with Signals() as signals:
      seen.append(signals.received)

  seen: list[int] = []
  thread = threading.Thread(target=enter)
  thread.start()
  thread.join()
  assert seen == [0]


@pytest.fixture(scope="module")
def argv(tmp_path_factory) -> list[str]:
  return [*processes.write_inputs(tmp_path_factory.mktemp("inputs")), "--level_steps=2000,200"]


def check(folder: Path, process, number: int) -> bool:
  """Checks what a stopped process left behind; returns whether that was a picture."""
  out, err = process.communicate(timeout=100)
  assert process.returncode == 128 + number, err
  assert "Traceback" not in err and "Error" not in err
  if not out:
    assert err.endswith("tf_style: interrupted\n")
    assert not [path for path in folder.rglob("*") if path.is_file()]
    return False
  with Image.open(folder / out.strip()) as image:
    image.load()
    assert image.size == (64, 48)
  (run_folder,) = (folder / "logs").iterdir()
  assert {path.name.partition(".")[0] for path in run_folder.iterdir()} == {
      "checkpoints", "events", "flags", "summary"}
  saved = checkpoints.load(run_folder)
  if "stopped after" in err:
    assert f"stopped after {len(saved.history['total'])} of 2200 steps" in err
    assert ("at level 1 of 2: a picture of 45x34, enlarged" in err) == (saved.level == 0)
    assert f"to go on: tf-style --resume={run_folder.relative_to(folder)}\n" in err
  return True


@pytest.mark.parametrize("number", [
    signal.SIGINT, signal.SIGHUP, pytest.param(signal.SIGTERM, marks=pytest.mark.full)])
@pytest.mark.parametrize(
    "sign, pictured", [("ready", False), ("steps of", False), ("level 1", True)])
def test_stopped_while(sign, pictured, number, argv, tmp_path):
  """Before TensorFlow is there, while the first level is compiled, and while it is going on."""
  process = processes.start(tmp_path, *argv)
  assert process.stdout.readline() == "ready\n"
  while sign != "ready" and sign not in process.stderr.readline():
    pass
  process.send_signal(number)
  assert check(tmp_path, process, number) == pictured


@pytest.mark.parametrize("command", [
    ["-m", "tf_style.run"], ["-m", "tf_style"], ["-c", "from tf_style.__main__ import cli; cli()"]])
def test_stopped_while_modules_are_loaded(command, tmp_path):
  """No traceback: here the first of them that takes long sends the signal."""
  (tmp_path / "numpy.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n")
  environment = os.environ | {"PYTHONPATH": f"{tmp_path}:{Path(checkpoints.__file__).parents[2]}"}
  done = subprocess.run([sys.executable, *command, "--help"], env=environment,
                        capture_output=True, text=True, check=False)
  assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", "")


def test_a_second_one_ends_at_once(argv, tmp_path):
  process = processes.start(tmp_path, *argv)
  while "level 1" not in process.stderr.readline():
    pass
  for _ in range(2000):
    process.send_signal(signal.SIGTERM)
    time.sleep(0.01)
    if process.poll() is not None:
      break
  process.communicate()
  assert process.returncode == -signal.SIGTERM


@pytest.mark.parametrize(
    "seed", [1, *(pytest.param(seed, marks=pytest.mark.full) for seed in range(2, 21))])
def test_stopped_at_a_random_moment(seed, argv, tmp_path):
  chance = random.Random(seed)
  number = chance.choice([signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
  process = processes.start(tmp_path, *argv, "--level_steps=200,100", "--save_every=10")
  assert process.stdout.readline() == "ready\n"
  time.sleep(chance.uniform(0, 14))
  if process.poll() is None:
    process.send_signal(number)
  out, err = process.communicate(timeout=100)
  assert process.returncode in (0, 128 + number, -number), err
  assert "Traceback" not in err
  if process.returncode != -number:  # which is for the blink of an eye after all was written
    assert bool(out) != err.endswith("tf_style: interrupted\n")
  for path in tmp_path.glob("*.png"):
    Image.open(path).load()
  assert not list(tmp_path.glob(".writing-*"))
