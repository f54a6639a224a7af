"""Checkpoints: a resumed run is the uninterrupted one; what does not fit is refused."""

import json
import random
import shutil
import time
from pathlib import Path

import numpy as np
import processes
import pytest
from made_inputs import waves, write_picture
from PIL import Image

import tf_style
from tf_style import run
from tf_style.cli import command_line, console
from tf_style.cli.jobs import Job
from tf_style.descent import loop as descent
from tf_style.errors import InputError
from tf_style.problem.inputs import Inputs
from tf_style.repaint import checkpoints, painter
from tf_style.repaint.checkpoints import Checkpoints
from tf_style.repaint.plan import make_plan
from tf_style.repaint.result import Result
from tf_style.settings.config import Config

CONTENT, STYLE = waves(72, 96, 1), waves(80, 80, 2)
SMALL = {"network": "vgg16", "image_size": 64, "level_steps": (7, 6), "precision": "float32",
         "style_loss": "gram", "style_layers": ("block1_conv1", "block2_conv1"),
         "content_layers": ("block2_conv1",), "deterministic": True, "checkpoint_every": 1e-9}


def stylize(folder: Path | None = None, stop: int = 0, resume=None, **options) -> Result:
  """Runs on two small pictures, saving each chunk into `folder`; stops after the step `stop`."""
  config = resume.config if resume else Config.of(**SMALL | options)
  saver = []

  def on_step(step):
    if saver:
      saver[0].on_step(step, step.number == stop)
    return step.number == stop

  def on_plan(plan):
    if folder:
      saver.append(Checkpoints(folder, plan, config, {"logdir": [str(folder.parent)]}))

  return painter.stylize(CONTENT, STYLE, config, on_plan=on_plan, on_step=on_step, resume=resume)


@pytest.fixture(autouse=True)
def single_steps(monkeypatch):
  """Chunks of one step, so that a run can be stopped after each."""
  monkeypatch.setattr(descent, "_CHUNK_S", 0)


@pytest.mark.parametrize("stops, options", [
    ((1, 7, 9), {"optimizer": "adam"}),
    ((10,), {"optimizer": "lbfgs", "lbfgs_memory": 3, "precision": "bfloat16"}),
    ((9,), {"optimizer": "adam", "init": "noise", "seed": 5, "tile_size": 48}),
    ((22,), {"optimizer": "adam", "level_steps": (), "steps": 60, "levels": 2, "tolerance": 0.9})],
    ids=["adam", "lbfgs", "tiles", "tolerance"])
def test_resumed_is_uninterrupted(stops, options, tmp_path, monkeypatch):
  whole = stylize(**options)
  for stop in stops:
    folder = tmp_path / str(stop)
    assert stylize(folder, stop, **options).stopped
    with monkeypatch.context() as patch:
      patch.setattr(descent, "_CHUNK_S", 0.5)  # chunks end elsewhere
      resumed = stylize(resume=checkpoints.load(folder))
    np.testing.assert_array_equal(resumed.picture, whole.picture)
    assert resumed.losses == whole.losses and not resumed.stopped
    assert list(resumed.history) == list(whole.history)
    for name, values in whole.history.items():
      np.testing.assert_array_equal(resumed.history[name], values, name)


def test_a_finished_run_takes_more_steps(tmp_path):
  stylize(tmp_path)
  saved = checkpoints.load(tmp_path)
  assert saved.level_ends and saved.level == 1
  resumed = stylize(resume=saved._replace(config=Config.of(**SMALL | {"level_steps": (7, 11)})))
  assert len(resumed.history["total"]) == 18
  assert list(np.bincount(resumed.history["level"])) == [7, 11]


def test_two_are_kept_and_no_rubbish(tmp_path):
  (tmp_path / "checkpoints" / ".writing-x").mkdir(parents=True)
  stylize(tmp_path)
  assert sorted(path.name for path in (tmp_path / "checkpoints").iterdir()) == ["000012", "000013"]


def test_a_damaged_one_gives_way_to_the_one_before(tmp_path):
  stylize(tmp_path)
  for number, name in (("000013", "state.index"), ("000012", "run.json")):
    path = tmp_path / "checkpoints" / number / name
    path.write_bytes(path.read_bytes()[:-2])
    if number == "000013":
      assert checkpoints.load(tmp_path).folder.name == "000012"
  with pytest.raises(InputError, match="expected a checkpoint that is whole"):
    checkpoints.load(tmp_path)


@pytest.mark.parametrize("rounds", [40, pytest.param(400, marks=pytest.mark.full)])
def test_mutated_checkpoints(rounds, tmp_path):
  stylize(tmp_path / "run")
  shutil.rmtree(tmp_path / "run/checkpoints/000012")
  whole = {path: path.read_bytes() for path in (tmp_path / "run/checkpoints/000013").iterdir()}
  for seed in range(rounds):
    chance = random.Random(seed)
    path = chance.choice(sorted(whole))
    mutated = bytearray(whole[path])
    for _ in range(chance.choice([1, 1, 8])):
      mutated[chance.randrange(len(mutated))] = chance.randrange(256)
    path.write_bytes(mutated[:chance.choice([len(mutated), chance.randrange(len(mutated))])])
    if path.read_bytes() != whole[path]:
      with pytest.raises(InputError):
        checkpoints.load(tmp_path / "run")
    path.write_bytes(whole[path])
  checkpoints.load(tmp_path / "run")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
  """Of a finished run in `logs/RUN`; its pictures and weights lie beside."""
  folder = tmp_path_factory.mktemp("run")
  argv = [*processes.write_inputs(folder), f"--logdir={folder}/logs", f"--output={folder}/a.png",
          "--level_steps=3,2", "--verbosity=-1"]
  assert run.main(argv) == console.DONE
  (logged,) = (folder / "logs").iterdir()
  return logged.rename(folder / "logs/RUN")


def parse(folder: Path, *argv: str) -> Job:
  return command_line.parse([f"--resume={folder}", *argv])


def test_what_is_resumed(folder):
  job = parse(folder, "--image_every=7", "--verbosity=-1", "--steps=9", "--style_loss=gram")
  home = folder.parents[1]
  assert (job.inputs.content, job.output) == (f"{home}/content.png", f"{home}/a.png")
  assert job.config.level_steps == (3, 6) and job.config.image_every == 7
  assert parse(folder, "--level_steps=3,4").config.steps == 7
  from_file = parse(folder, f"--flagfile={folder}/flags.txt", "--steps=200")
  assert from_file.config == parse(folder).config


@pytest.mark.parametrize("argv, message", [
    ("--seed=4", "--seed: expected 0, as the run to be resumed has, received 4"),
    ("--style_loss=covariance", "--style_loss: expected gram, as .* received covariance"),
    ("--steps=4", "--steps: expected at least 5 steps .* received 3,1"),
    ("--level_steps=4,4", "--steps: expected at least 5 steps"),
    ("--level_steps=9", "--steps: expected at least 5 steps"),
    ("--logdir=elsewhere", "--logdir: expected none beside --resume"),
    ("--resume=.", "--resume: expected the folder of a run, with checkpoints, received .")])
def test_flags_that_do_not_go_with_a_resumed_run(folder, argv, message):
  with pytest.raises(InputError, match=message):
    parse(folder, argv)


def test_another_picture_or_network_is_refused(folder, tmp_path, capfd):
  write_picture(tmp_path / "other.png", seed=9)
  for flag, name in (("content", "content picture"), ("style", "style picture")):
    assert run.main([f"--resume={folder}", f"--{flag}={tmp_path}/other.png"]) == console.WRONG_INPUT
    assert f"expected the {name} that the run began with" in capfd.readouterr().err
  saved = checkpoints.load(folder)
  inputs = Inputs.of(*saved.paths["content"], saved.paths["style"])
  plan = make_plan(inputs, saved.config)
  saved.check(plan)
  with pytest.raises(InputError, match="expected the network that the run began with"):
    saved.check(plan._replace(weights=plan.weights._replace(checksum="0" * 64)))


def test_another_version_is_refused(folder, tmp_path):
  shutil.copytree(folder, tmp_path / "RUN")
  for path in tmp_path.rglob("run.json"):
    path.write_text(json.dumps(json.loads(path.read_text()) | {"version": "9.9"}))
  message = f"tf_style {tf_style.__version__}, .* received one of tf_style 9.9"
  with pytest.raises(InputError, match=message):
    checkpoints.load(tmp_path / "RUN")


def test_a_run_that_goes_on_is_not_resumed_beside_it(folder, capfd):
  saved = checkpoints.load(folder)
  inputs = Inputs.of(*saved.paths["content"], saved.paths["style"])
  plan = make_plan(inputs, saved.config)
  first = Checkpoints(folder, plan, saved.config, saved.paths)
  assert run.main([f"--resume={folder}"]) == console.WRONG_INPUT
  assert "expected a run that has ended" in capfd.readouterr().err
  first.close()


@pytest.mark.parametrize("kills", [3, pytest.param(20, marks=pytest.mark.full)])
def test_killed_at_random_moments(kills, tmp_path):
  """SIGKILL, and on from the last checkpoint each time: the uninterrupted run's very picture."""
  inputs = [*processes.write_inputs(tmp_path), f"--logdir={tmp_path}/logs", "--level_steps=400,400",
            "--checkpoint_every=0.2", f"--output={tmp_path}/killed.png"]
  processes.finish(
      tmp_path, *inputs, f"--output={tmp_path}/whole.png", f"--logdir={tmp_path}/other")
  argv, chance, resumed = inputs, random.Random(kills), 0
  whole_ones = lambda: sorted(tmp_path.glob("logs/*/checkpoints/[0-9]*"))  # and no part of one
  for kill in range(kills):
    process = processes.start(tmp_path, *argv)
    assert process.stdout is not None and process.stdout.readline() == "ready\n"
    time.sleep(chance.uniform(0, 15))
    while kill == kills - 1 and process.poll() is None and not whole_ones():
      time.sleep(0.1)  # however slow the machine is, the last kill finds something to go on from
    process.kill()
    process.communicate()
    if found := whole_ones():
      argv, resumed = [f"--resume={found[-1].parents[1]}"], resumed + 1
  processes.finish(tmp_path, *argv)
  assert resumed
  np.testing.assert_array_equal(*(np.asarray(Image.open(tmp_path / f"{name}.png"))
                                  for name in ("killed", "whole")))
