"""Runs of the command in processes of their own, to be stopped and killed."""

import os
import subprocess
import sys
from pathlib import Path

from made_inputs import write_picture, write_weights

from tf_style import run

SMALL = ["--network=vgg16", "--image_size=64", "--precision=float32", "--style_loss=gram",
         "--style_layers=block1_conv1,block2_conv1", "--content_layers=block2_conv1",
         "--deterministic=true"]


def write_inputs(folder: Path) -> list[str]:
  """Writes pictures and weights, and returns the flags of a small run with them."""
  return [f"--content={write_picture(folder / 'content.png')}",
          f"--style={write_picture(folder / 'style.png', seed=2)}",
          f"--weights={write_weights(folder / 'vgg16.h5')}", *SMALL]


def start(folder: Path, *argv: str) -> subprocess.Popen:
  """Starts the command in a folder; prints 'ready' first, when signals are caught."""
  program = ("import sys; from tf_style import run; command = run._run; "
             "run._run = lambda *args: print('ready', flush=True) or command(*args); "
             "run.launch('run', sys.argv[1:])")
  environment = os.environ | {"PYTHONPATH": str(Path(run.__file__).parents[1])}
  return subprocess.Popen([sys.executable, "-c", program, *argv], cwd=folder, env=environment,
                          text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def finish(folder: Path, *argv: str) -> None:
  """Runs the command to its end, which must be a good one."""
  process = start(folder, *argv)
  _, err = process.communicate()
  assert process.returncode == 0, err


def python(program: str, *argv: str, **environment: str) -> subprocess.CompletedProcess:
  """Runs a program with the package in reach; a variable `X=""` is left out of its environment."""
  root = str(Path(run.__file__).parents[1])
  variables = {**os.environ, "PYTHONPATH": root, **environment}
  return subprocess.run(
      [sys.executable, "-c", program, *argv], capture_output=True, text=True, check=False,
      env={name: value for name, value in variables.items() if value or name not in environment})
