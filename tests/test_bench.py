"""The benchmark runs and says what it promises to say; how long anything takes is not looked at."""

import json
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from made_inputs import waves

from tf_style.pictures import images
from tf_style.settings.config import Config

LAB = Path(__file__).parents[1] / "bin" / "lab"


@pytest.fixture(autouse=True)
def lab(monkeypatch):
  monkeypatch.syspath_prepend(LAB)


def measured(folder: Path, *argv: str) -> dict:
  import bench
  bench.main(["--quick", f"--json={folder / 'bench.json'}", *argv])
  return json.loads((folder / "bench.json").read_text())


def test_convergence_has_the_mark_and_the_plot(tmp_path, capsys):
  found = measured(tmp_path, "convergence", "--ways=L-BFGS", f"--plot={tmp_path / 'plot.png'}")
  assert {"network", "checksum", "tensorflow", "processor", "cores"} <= found.keys()
  pair = found["convergence"]["pairs"]["photo+style"]
  assert {"mark", "evaluations", "seconds", "seconds_with_setup"} <= pair["plain"].keys()
  assert {"reached", "evaluations", "seconds", "seconds_with_setup"} <= pair["L-BFGS"].keys()
  assert (tmp_path / "plot.png").stat().st_size < 100_000
  printed = capsys.readouterr().out
  assert found["checksum"][:12] in printed.splitlines()[0] and "| photo+style |" in printed


@pytest.mark.full
def test_all_sections(tmp_path):
  found = measured(tmp_path)
  assert {"float32", "bfloat16"} == found["steps"]["peak"].keys()
  assert {"tf_style float32", "plain float32"} <= found["steps"]["shares"].keys()
  assert {"gram", "covariance", "wasserstein", "mixed"} == found["steps"]["parts"]["of_gram"].keys()
  assert {"network", "64"} == found["steps"]["sizes"].keys()
  assert "weights" in found["startup"]["seconds"]
  assert found["memory"]["vgg16, adam"]["peak"] > 0
  assert {"adam", "lbfgs"} == found["watching"]["checkpoint_seconds"].keys()


def test_the_plain_loop_has_the_very_same_loss(vgg16_weights):
  from bench_plain import PlainLoop, tv_weight
  from bench_tools import OneLevel
  content, style, other = (np.float32(waves(48, 64, seed)[None] / 255) for seed in range(3))
  config = Config.of(network="vgg16", style_loss="gram", tv_weight=tv_weight(content), tile_size=0,
                     precision="float32")
  plain = float(PlainLoop(vgg16_weights, "float32", content, style).loss(tf.constant(other)))
  ours = OneLevel(vgg16_weights, config, content, style).value(other)
  assert plain == pytest.approx(ours, rel=1e-4)


def test_the_first_step_counts_as_a_usual_one():
  from bench_convergence import stepping_seconds
  assert stepping_seconds([9.0, 10.0, 11.0, 13.0]) == pytest.approx([1, 2, 3, 5])


def test_a_run_for_the_figures_is_made_once_and_recorded(tmp_path, monkeypatch):
  import figures
  monkeypatch.setattr(figures, "TABLE", tmp_path / "FIGURES.md")
  monkeypatch.setattr(figures, "KEPT", tmp_path)
  run = figures.Run("photo+style", {"network": "vgg16", "image_size": 64, "steps": 2})
  made = figures.Studio().picture(run)
  monkeypatch.setattr(figures.tf_style, "stylize", None)
  np.testing.assert_array_equal(figures.Studio().picture(run), made)
  assert f"| photo+style | `{run.flags}` | total " in figures.TABLE.read_text("utf-8")


def test_looks_are_compared_in_the_same_seconds(tmp_path, monkeypatch, capsys):
  import looks
  monkeypatch.setattr("sys.argv", [
      "looks.py", "--size=128", "--pairs=photo+style", "--ways=default,one size",
      f"--pictures={tmp_path}", "steps=2"])
  looks.main()
  rows = [line.split(" | ") for line in capsys.readouterr().out.splitlines()
          if "photo+style" in line]
  assert [row[1] for row in rows] == ["default", "one size"] and rows[0][2] == "2"
  assert (tmp_path / "photo+style.png").exists()


@pytest.mark.full
def test_tiles(tmp_path):
  found = measured(tmp_path, "tiles")["tiles"]
  assert {"whole", "tiles of 32"} == found["in_turns"]["seconds"].keys()
  assert found["160"]["peak"] > 0


@pytest.mark.full
def test_folders(tmp_path):
  found = measured(tmp_path, "folders")["folders"]
  assert {"repaint", "draft", "learned"} == found.keys() and 0 < found["repaint"]["rest"] < 1


@pytest.mark.full
def test_workers(tmp_path):
  pytest.importorskip("ray")
  found = measured(tmp_path, "workers")["workers"]
  assert found["speed_up"]["ratio"] > 0 and found["killed_node"]["begun_anew"] >= 0


def test_a_clip_has_the_motion_that_flow_finds(tmp_path):
  import film_scenes
  pytest.importorskip("cv2")
  pan = film_scenes.pan(*(np.float32(waves(96, 128, seed)[None] / 255) for seed in range(2)),
                        4, 48, 64, step=(0, 2))
  for number, picture in enumerate(pan.pictures):
    images.save_picture(tmp_path / "film" / f"{number}.png", picture)
  clip = film_scenes.clip(f"{tmp_path / 'film'}@0.04", 3, 64)
  assert clip.name == "film" and len(clip.pictures) == 3 and len(clip.back) == 2
  assert film_scenes.unsteadiness(clip, clip.pictures) < 0.02


@pytest.fixture
def pair_measures(vgg16_weights):
  from measures import Measures
  content, style = (np.float32(waves(96, 128, seed)[None] / 255) for seed in range(2))
  return content, style, Measures(vgg16_weights).pair(content, style)


def test_the_content_itself_keeps_all_of_it_and_reaches_nothing(pair_measures):
  content, _, judge = pair_measures
  found = judge(content)
  assert [found[kind] for kind in ("vgg", "pooled", "random", "patches")] == pytest.approx([0] * 4)
  assert found["edges"] == pytest.approx(1) and found["cosine"] == pytest.approx(1, abs=1e-4)
  assert found["self_similarity"] == pytest.approx(0, abs=1e-6)


def test_the_style_itself_reaches_all_of_it(pair_measures):
  _, style, judge = pair_measures
  found = judge(style)
  assert [found[kind] for kind in ("vgg", "pooled", "random", "patches")] == pytest.approx([1] * 4)
  assert found["edges"] < 0.5 and found["self_similarity"] > 0.1 and found["cosine"] < 0.8


def test_white_paper_that_turns_gray_and_scribbles_on_it_are_seen():
  from measures import paper_and_marks
  content, style = np.full((2, 1, 96, 128, 3), 0.8, np.float32)
  content[:, 60:], style[:, :24] = 0.2, 0.1
  style[:, 24:] = 0.95
  white = np.where(content > 0.5, np.float32(0.95), np.float32(0.1))
  gray, scribbled = white * np.float32(0.9), white.copy()
  scribbled[:, :40:4] = 0.3
  assert paper_and_marks(white, content, style) == pytest.approx((1, 0), abs=1e-6)
  assert paper_and_marks(gray, content, style) == pytest.approx((0.9, 0), abs=1e-6)
  paper, marks = paper_and_marks(scribbled, content, style)
  assert paper < 0.9 and marks > 0.1
  assert paper_and_marks(white, content, 0.5 * style) == (None, None)


def test_pairs_are_painted_judged_and_a_missing_picture_harms_no_other(
    tmp_path, monkeypatch, capsys):
  import evaluate
  monkeypatch.setattr("sys.argv", [
      "evaluate.py", "--size=64", "--pairs=nothing+style,photo+style",
      "--ways=one:steps=1,two:steps=2", f"--json={tmp_path / 'all.json'}",
      f"--pictures={tmp_path}"])
  assert evaluate.main() == 1
  found = json.loads((tmp_path / "all.json").read_text())
  row = found["pairs"]["photo+style"]["two"]
  assert found["pairs"]["nothing+style"] == {}
  assert row["steps"] == 2 and {*evaluate.COLUMNS} < row.keys()
  assert found["comparison"]["two"]["edges"]["pairs"] == 1
  assert (tmp_path / "two, tuning.png").exists()
  assert "failed: LookupError" in capsys.readouterr().out
  monkeypatch.setattr("sys.argv", [
      "evaluate.py", "--size=64", "--pairs=photo+style", f"--judge={tmp_path / 'two'}",
      f"--json={tmp_path / 'again.json'}"])
  assert evaluate.main() == 0
  again = json.loads((tmp_path / "again.json").read_text())["pairs"]["photo+style"]["two"]
  assert again["seconds"] is None and again["edges"] == pytest.approx(row["edges"], abs=1e-6)


def test_twenty_pairs_are_ten_for_tuning_and_ten_held_out():
  import pairs
  assert [len(pairs.chosen(half)) for half in ("all", "tuning", "heldout")] == [20, 10, 10]
  assert pairs.picture("facade", 64, None).shape == (1, 48, 64, 3)
