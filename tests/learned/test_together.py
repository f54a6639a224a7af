"""Devices and processes that share a batch: the losses of one device; what is wrong, in a line."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from made_inputs import write_picture
from made_styles import TINY, tiny, write_photographs

from tf_style.errors import InputError
from tf_style.learned import checkpoints, data
from tf_style.learned.learning import learn_style
from tf_style.learned.together import ALONE, Place, make_strategy, place_of

ROOT = Path(__file__).parents[2]
PROGRAM = Path(__file__).with_name("training_together.py")


def config_of_tasks(rank: int, ports: list[int], kind: str = "worker") -> str:
  return json.dumps({"cluster": {kind: [f"127.0.0.1:{port}" for port in ports]},
                     "task": {"type": kind, "index": rank}})


def free_ports(count: int) -> list[int]:
  listening = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
  ports = [each.getsockname()[1] for each in listening]
  for each in listening:
    each.close()
  return ports


def start(arguments: list[str], tasks: str | None, folder: Path) -> subprocess.Popen:
  variables = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"}
  if tasks:
    variables["TF_CONFIG"] = tasks
  return subprocess.Popen([sys.executable, *arguments], env=variables, cwd=folder, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def losses(process: subprocess.Popen) -> dict[str, list[float]]:
  out, err = process.communicate(timeout=500)
  assert process.returncode == 0, err
  return json.loads(out.splitlines()[-1])


@pytest.fixture(scope="module")
def of_one_device(tmp_path_factory):
  folder = tmp_path_factory.mktemp("one")
  return losses(start([str(PROGRAM), "one", str(folder / "photos")], None, folder))


def test_two_devices_have_the_losses_of_one(tmp_path, of_one_device):
  found = losses(start([str(PROGRAM), "mirrored", str(tmp_path / "photos")], None, tmp_path))
  assert len(found["totals"]) == 20
  for name, expected in of_one_device.items():
    np.testing.assert_allclose(found[name], expected, rtol=1e-4)


def test_two_processes_have_the_losses_of_one(tmp_path, of_one_device):
  ports = free_ports(2)
  both = [start([str(PROGRAM), "multiworker", str(tmp_path / f"photos{rank}")],
                config_of_tasks(rank, ports), tmp_path) for rank in (0, 1)]
  for found in map(losses, both):
    for name, expected in of_one_device.items():
      np.testing.assert_allclose(found[name], expected, rtol=1e-4)


def test_a_killed_worker_leaves_a_message_and_a_checkpoint(tmp_path):
  write_photographs(tmp_path / "photos")
  write_picture(tmp_path / "style.png", seed=2)
  ports = free_ports(2)
  program = "import sys; from tf_style import learn; learn.launch('learn', sys.argv[1:])"
  flags = [f"--{name}={value}" for name, value in {
      **TINY, "steps": 5000, "image_every": 10000, "checkpoint_every": 1000}.items()]
  both = [start(["-c", program, "--style=style.png", "--photos=photos", "--output=model",
                 "--verbosity=-1", *flags], config_of_tasks(rank, ports), tmp_path)
          for rank in (0, 1)]
  deadline = time.monotonic() + 300
  while time.monotonic() < deadline and all(each.poll() is None for each in both):
    if any(path.stat().st_size > 20_000 for path in tmp_path.glob("logs/*/events*")):
      break
    time.sleep(0.1)
  both[1].send_signal(signal.SIGKILL)
  both[1].communicate()
  _, err = both[0].communicate(timeout=300)
  said = err.strip().splitlines()[-1]
  assert both[0].returncode == 1 and "Traceback" not in err, err
  assert "tf_style: error: another process is gone after" in said
  run_folder, = (tmp_path / "logs").iterdir()
  assert f"to go on: tf-style learn --resume=logs/{run_folder.name}" in said
  saved = checkpoints.load(run_folder)
  done = int(saved.state["step"])
  assert 0 < done < 5000 and f"after {done} steps" in said
  assert not (tmp_path / "model").exists()
  style = learn_style(tmp_path / "style.png", tmp_path / "photos", resume=saved,
                      on_step=lambda step: True)
  assert style.record.losses[-1][0] > done


def test_places_are_read_from_the_environment():
  ports = [1, 2, 3, 4]
  assert place_of(tiny(), {}) == place_of(tiny(strategy="one"), {"TF_CONFIG": "x"}) == ALONE
  assert place_of(tiny(batch=8), {"TF_CONFIG": config_of_tasks(2, ports)}) == Place(2, 4)
  both = {"cluster": {"chief": ["a:1"], "worker": ["b:1", "c:1"]},
          "task": {"type": "worker", "index": 1}}
  assert place_of(tiny(batch=3), {"TF_CONFIG": json.dumps(both)}) == Place(2, 3)


@pytest.mark.parametrize("tasks", [
    "", "{", "[]", "{}", '{"cluster": {"worker": []}}', config_of_tasks(4, [1, 2]),
    config_of_tasks(0, [1], "ps"), "[" * 100_000])
def test_wrong_places_are_refused(tasks):
  with pytest.raises(InputError, match='--strategy=multiworker: expected TF_CONFIG such as {"cl'):
    place_of(tiny(strategy="multiworker"), {"TF_CONFIG": tasks})


def test_a_batch_has_equal_parts():
  with pytest.raises(InputError, match="--batch: expected a multiple of 3, the processes in TF_C"):
    place_of(tiny(batch=4), {"TF_CONFIG": config_of_tasks(0, [1, 2, 3])})


def test_several_devices_are_refused_where_there_is_one():
  with pytest.raises(InputError, match="--strategy=mirrored: expected several devices, received"):
    make_strategy(tiny(strategy="mirrored"), ALONE, "/CPU:0")
  with pytest.raises(InputError, match="--device: expected auto beside several devices"):
    make_strategy(tiny(strategy="mirrored", device="cpu"), ALONE, "/CPU:0")


def test_processes_share_the_crops_of_a_step(tmp_path):
  sources = sorted(write_photographs(tmp_path / "photos", 6).iterdir())
  made = data.Photographs(sources, longest_side=128, least_side=32)
  whole = data.Crops(made, 32, 4, seed=1)
  parts = [whole._replace(place=Place(rank, 2)) for rank in (0, 1)]
  np.testing.assert_array_equal(
      np.concatenate([part.at(9) for part in parts]), whole.at(9))
  batch = next(parts[1].dataset(9, 10).as_numpy_iterator())
  np.testing.assert_array_equal(batch, whole.at(9)[2:])
