"""What a run writes for TensorBoard, read back with our own reader and with TensorBoard's."""

import io
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf
from made_inputs import waves, write_weights
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import tf_style
from tf_style.descent.step import Step
from tf_style.pictures import images
from tf_style.repaint.painter import stylize
from tf_style.settings.config import Config
from tf_style.vgg.network import NETWORKS
from tf_style.watching import summaries
from tf_style.watching.events import EventFile, history, last_picture
from tf_style.watching.summaries import Summaries

NAMES = ("content/block2_conv1", "style/block1_conv1", "style/block2_conv1", "tv")
SMALL = {"network": "vgg16", "image_size": 64, "precision": "float32", "style_loss": "gram",
         "content_layers": "block2_conv1", "style_layers": "block1_conv1,block2_conv1"}


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> str:
  return str(write_weights(tmp_path_factory.mktemp("weights") / "vgg16.h5"))


@pytest.fixture(scope="module")
def run(weights, tmp_path_factory) -> SimpleNamespace:
  """A finished run of two levels: its folder, its result and the records that it was shown."""
  seen = SimpleNamespace(folder=tmp_path_factory.mktemp("logs") / "run", steps=[])
  config = Config.of(**SMALL, weights=weights, level_steps=(4, 3), tv_weight=0.5, image_every=2,
                     trace_graph=True, profile=True)

  def begin(plan):
    seen.watcher = Summaries(seen.folder, plan, "tf-style '--content=a |`b.png' --steps=7")

  def on_step(step):
    seen.steps.append(step)
    seen.watcher.on_step(step)

  seen.result = stylize(waves(72, 96, 1), waves(60, 60, 2), config, on_plan=begin, on_step=on_step)
  seen.watcher.close(seen.result)
  return seen


@pytest.fixture(scope="module")
def events(run) -> EventAccumulator:
  return EventAccumulator(str(run.folder), size_guidance={"tensors": 0}).Reload()


def pictures(events: EventAccumulator, tag: str) -> dict[int, np.ndarray]:
  """Pictures [H, W, 3] uint8 of a tag by step."""
  found = {}
  for event in events.Tensors(tag):
    width, height, png = event.tensor_proto.string_val
    found[event.step] = np.asarray(Image.open(io.BytesIO(png)))
    assert found[event.step].shape[:2] == (int(height), int(width))
  return found


def test_scalars_are_those_of_the_run(run):
  read, result = history(run.folder), run.result
  assert np.array_equal(read["loss/total"][:, 0], range(1, 8))
  assert np.array_equal(read["optimizer/level"][:, 1], [0] * 4 + [1] * 3)
  for name, key in {"loss/total": "total", "optimizer/step_length": "step_length",
                    "optimizer/gradient_norm": "gradient_norm",
                    **{f"raw/{name}": name for name in NAMES}}.items():
    np.testing.assert_array_equal(read[name][:, 1], result.history[key].astype(np.float32))
  weighted = sum(read[f"weighted/{name}"][:, 1] for name in NAMES)
  terms = sum(read[f"loss/{term}"][:, 1] for term in ("content", "style", "tv"))
  np.testing.assert_allclose(weighted, read["loss/total"][:, 1], rtol=1e-5)
  np.testing.assert_allclose(terms, read["loss/total"][:, 1], rtol=1e-5)


def test_what_is_known_of_a_chunk_stands_at_its_end(run):
  read, ends = history(run.folder), [step.number for step in run.steps]
  for name in ("seconds_a_step", "steps_a_second", "memory_gb"):
    assert np.array_equal(read[f"resources/{name}"][:, 0], ends)
    assert (read[f"resources/{name}"][:, 1] > 0).all()


def test_the_outcome_is_that_of_the_written_picture(run):
  read, losses = history(run.folder), run.result.losses
  outcome = {term: read[f"result/{term}"] for term in ("total", "content", "style", "tv")}
  assert outcome["total"].tolist() == [[7, np.float32(losses["total"])]]
  assert outcome["tv"][0, 1] == pytest.approx(0.5 * losses["tv"])
  assert sum(outcome[term][0, 1] for term in ("content", "style", "tv")) == pytest.approx(
      losses["total"], rel=1e-5)
  assert read["result/seconds"][0, 1] == pytest.approx(run.result.seconds)


def test_pictures(run, events):
  plan, final = run.result.plan, images.to_uint8(run.result.picture)
  shown = pictures(events, "picture/picture")
  assert [(step, picture.shape) for step, picture in shown.items()] == [
      (2, (34, 45, 3)), (4, (34, 45, 3)), (6, (48, 64, 3)), (7, (48, 64, 3))]
  np.testing.assert_array_equal(shown[7], final)
  content = images.to_uint8(plan.content.rgb)
  np.testing.assert_array_equal(pictures(events, "picture/content")[0], content)
  np.testing.assert_array_equal(
      pictures(events, "picture/style")[0], images.to_uint8(plan.styles[0].rgb))
  difference = pictures(events, "picture/difference")[7].astype(float)
  expected = 127.5 + (final.astype(float) - content) / 2
  assert np.abs(difference - expected).max() <= 1
  edges = history(run.folder)["optimizer/gamut_edge"]
  assert edges[-1].tolist() == [7, np.float32(np.isin(final, [0, 255]).any(axis=-1).mean())]


def test_the_last_picture_is_read_back(run, tmp_path):
  shown = np.asarray(Image.open(io.BytesIO(last_picture(run.folder))))
  assert np.array_equal(shown, images.to_uint8(run.result.picture))
  assert last_picture(run.folder, "picture/nothing") is None and last_picture(tmp_path) is None


def test_texts(run, events):
  text = {tag: events.Tensors(f"run/{tag}")[0].tensor_proto.string_val[0].decode()
          for tag in ("command_line", "configuration", "machine", "weights")}
  assert text["command_line"] == "    tf-style \\\n    '--content=a |`b.png' \\\n    --steps=7"
  assert "| tv_weight | `0.5` |" in text["configuration"]
  assert "| style_layers | `block1_conv1, block2_conv1` |" in text["configuration"]
  assert f"| tensorflow | `{tf.__version__}` |" in text["machine"]
  assert "| levels | `45x34, 64x48` |" in text["machine"]
  assert run.result.plan.weights.checksum in text["weights"]


def test_graph_of_one_step(events):
  graph = tf.compat.v1.GraphDef.FromString(events.Graph().SerializeToString())
  scopes = {node.name.partition("/")[0] for node in graph.node}
  assert {"picture", "loss", "gradient_tape"} <= scopes and "while" not in scopes


def test_profile(run):
  assert list(run.folder.glob("plugins/profile/*/*.xplane.pb"))


def made_step(number: int, count: int, names=NAMES, picture=None) -> Step:
  raw = np.arange(count * len(names), dtype=np.float32).reshape(count, -1)
  return Step(number, 100, 0, 1, 8, 8, names, np.ones(len(names), np.float32), raw.sum(axis=1), raw,
              np.ones(count), np.ones(count), 1.0, 1.0, 0.1, lambda: picture, lambda: None)


def made_plan(rgb: np.ndarray, **options) -> SimpleNamespace:
  picture = images.Picture(rgb, None, "made", ())
  return SimpleNamespace(
      config=Config.of(**options), levels=[], device="/CPU:0",
      content=picture, styles=(picture,), regions=None,
      weights=SimpleNamespace(network=NETWORKS["vgg16"], source="", checksum="", licence=""))


@pytest.mark.parametrize("every, steps", [(1, range(1, 11)), (4, [4, 8]), (0, [])])
def test_summary_every(every, steps, tmp_path):
  watcher = Summaries(tmp_path, made_plan(np.zeros((1, 8, 8, 3)), summary_every=every), "tf-style")
  for number, count in ((1, 1), (3, 2), (9, 6), (10, 1)):
    watcher.on_step(made_step(number, count))
  watcher.close(None)
  total = history(tmp_path).get("loss/total", np.zeros((0, 2)))
  assert total[:, 0].tolist() == list(steps)


def test_large_pictures_are_shown_shrunk(tmp_path):
  large = np.full((1, 600, 1500, 3), 0.5, np.float32)
  Summaries(tmp_path, made_plan(large), "tf-style").close(None)
  events = EventAccumulator(str(tmp_path), size_guidance={"tensors": 0}).Reload()
  assert pictures(events, "picture/content")[0].shape == (410, 1024, 3)


def test_names_that_are_no_text(tmp_path):
  """Bytes of a Linux file name that are not UTF-8 break neither the files nor the page."""
  folder = tmp_path / os.fsdecode(b"run-\xff")
  plan = made_plan(np.zeros((1, 8, 8, 3)), weights=os.fsdecode(b"\xff.h5"))
  watcher = Summaries(folder, plan, os.fsdecode(b"tf-style '--content=\xff\n.png'"))
  watcher.on_step(made_step(1, 1))
  watcher.close(None)
  assert history(folder)["loss/total"].tolist() == [[1, 6]]


def test_gamut_edge():
  picture = np.full((1, 2, 2, 3), 0.5, np.float32)
  picture[0, 0, 0, 1], picture[0, 1, 1] = 1, 0
  assert summaries.gamut_edge(picture) == 0.5


def test_values_stay_in_their_cells():
  table = summaries.markdown_table({"path": "a|b`c\nd", "none": ""})
  assert table.splitlines()[2:] == ["| path | `a\\|b'c\\nd` |", "| none |  |"]


def test_history_is_public_and_says_what_is_missing(tmp_path):
  assert tf_style.history is history
  with pytest.raises(tf_style.InputError, match="expected the folder of a run"):
    history(tmp_path)


def test_history_of_a_resumed_run_and_of_a_file_cut_off(tmp_path):
  for values in ({1: 1.0, 2: 2.0, 3: 3.0}, {3: 33.0, 4: 4.0, 5: 5.0}):
    file = EventFile(tmp_path)
    for step, value in values.items():
      file.scalars(step, {"x": value})
    file.close()
  last = max(tmp_path.iterdir())
  last.write_bytes(last.read_bytes()[:-3])
  assert history(tmp_path)["x"].tolist() == [[1, 1], [2, 2], [3, 33], [4, 4]]


@pytest.mark.parametrize("damage", [
    lambda data: data[:-200] + bytes([data[-200] ^ 255]) * 200,
    lambda data: data + b"\xff" * 40, lambda data: data + b"\x05" + bytes(11) + b"\xff" * 9])
def test_history_of_a_damaged_file(damage, tmp_path):
  """What stands before the damage is read."""
  file = EventFile(tmp_path)
  for step in range(1, 101):
    file.scalars(step, {"x": step})
  file.close()
  (path,) = tmp_path.iterdir()
  path.write_bytes(damage(path.read_bytes()))
  steps, values = history(tmp_path)["x"].T
  assert len(steps) >= 90 and steps[:90].tolist() == values[:90].tolist() == list(range(1, 91))


def test_history_loads_no_tensorflow(tmp_path):
  file = EventFile(tmp_path)
  file.scalars(1, {"x": 2.0})
  file.close()
  program = ("import sys, tf_style; print(tf_style.history(sys.argv[1])['x'].tolist(), "
             "'tensorflow' in sys.modules)")
  done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True,
                        text=True, check=True)
  assert done.stdout == "[[1.0, 2.0]] False\n"


KILLED = """
import sys
import numpy as np
from made_inputs import waves
from test_summaries import SMALL
from tf_style.repaint.painter import stylize
from tf_style.settings.config import Config
from tf_style.watching.summaries import Summaries

def begin(plan):
  global watcher
  watcher = Summaries(sys.argv[1], plan, "tf-style")

def on_step(step):
  watcher.on_step(step)
  print(step.number, flush=True)

config = Config.of(**SMALL, weights=sys.argv[2], steps=100000, levels=1)
stylize(waves(72, 96, 1), waves(60, 60, 2), config, on_plan=begin, on_step=on_step)
"""


def test_a_killed_run_keeps_its_events(weights, tmp_path):
  """All steps of which the loop has told are there: a chunk lasts half a second, or one step."""
  paths = [*map(str, Path(__file__).parents[:2]), str(Path(tf_style.__file__).parents[1])]
  process = subprocess.Popen(
      [sys.executable, "-c", KILLED, str(tmp_path), weights], text=True, stdout=subprocess.PIPE,
      stderr=subprocess.DEVNULL, env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)})
  assert process.stdout is not None
  try:
    told = next(number for number in map(int, process.stdout) if number > 5)
  finally:
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
  steps = history(tmp_path)["loss/total"][:, 0]
  assert steps.tolist() == list(range(1, len(steps) + 1)) and len(steps) >= told
