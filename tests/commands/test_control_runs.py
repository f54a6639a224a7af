"""Controls by place in real runs: folders, films, runs that go on, masks that are given back."""

from pathlib import Path

import film_kinds
import numpy as np
import pytest
from made_folders import crop, small_flags
from made_inputs import write_picture, write_weights
from PIL import Image

from tf_style import run
from tf_style.films.opening import open_film


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> str:
  return str(write_weights(tmp_path_factory.mktemp("weights") / "vgg16.h5"))


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
  """A photograph, a style and a map, a ramp from black to white."""
  crop(1).save(tmp_path / "photo.png")
  write_picture(tmp_path / "style.png", 60, 50, seed=9)
  Image.fromarray(np.tile(np.uint8(np.linspace(0, 255, 90)), (60, 1))).save(tmp_path / "map.png")
  monkeypatch.chdir(tmp_path)
  return tmp_path


def paint(weights: str, *more: str, **options) -> int:
  return run.main(["--style=style.png", *small_flags(weights=weights, **options), *more])


def pixels(path: Path | str) -> np.ndarray:
  return np.asarray(Image.open(path))


def only(pattern: str) -> Path:
  (found,) = Path().glob(pattern)
  return found


@pytest.mark.parametrize("control", [
    "--tileable", "--guide=auto", "--texture=0.5", "--output_size=48x32"])
def test_a_folder_is_painted_as_single_runs_are(control, here, weights):
  (here / "photos").mkdir()
  for number in (2, 3):
    crop(number).save(here / f"photos/{number}.png")
  assert paint(weights, "--content=photos", "--output=out", control) == 0
  assert paint(weights, "--content=photos/3.png", "--output=single.png", control) == 0
  assert sorted(path.name for path in (here / "out").iterdir()) == ["2.png", "3.png"]
  np.testing.assert_array_equal(pixels("out/3.png"), pixels("single.png"))
  if control == "--output_size=48x32":
    assert pixels("out/2.png").shape == pixels("out/3.png").shape == (32, 48, 3)


def test_a_film_takes_the_directions_of_its_frames(here, weights):
  film_kinds.write(here / "film.mp4")
  shallow = {"neighbor_layers": "block1_conv2,block2_conv1", "neighbor_weight": 20,
             "frame_steps": 2}
  for way in ("style", "content"):
    assert paint(weights, "--content=film.mp4", f"--stroke_direction={way}", "--end=0.12",
                 f"--output={way}.mp4", **shallow) == 0
  one, other = ([frame.rgb for frame in open_film(f"{way}.mp4").frames()]
                for way in ("style", "content"))
  assert len(one) == len(other) == 3
  assert not np.array_equal(one[0], other[0])


@pytest.mark.parametrize("flag", ["content_map", "style_scale_map"])
def test_a_run_with_a_map_goes_on_as_if_it_had_not_stopped(flag, here, weights, capfd):
  argv = ["--content=photo.png", f"--{flag}=map.png", "--learning_rate_decay=1"]
  assert paint(weights, *argv, "--output=whole.png", level_steps=(6,)) == 0
  assert paint(weights, *argv, "--output=part.png", level_steps=(3,)) == 0
  folder = only("logs/*-part")
  assert run.main([f"--resume={folder}", "--level_steps=6", "--output=more.png"]) == 0
  np.testing.assert_array_equal(pixels("more.png"), pixels("whole.png"))
  Image.fromarray(255 - pixels("map.png")).save("map.png")
  assert run.main([f"--resume={folder}", "--level_steps=9"]) == 2
  assert "that the run began with" in capfd.readouterr().err


@pytest.mark.parametrize("fit", ["crop", "extend"])
def test_masks_that_were_found_on_a_canvas_are_those_of_the_canvas(fit, here, weights):
  argv = ["--content=photo.png", "--output_size=64x32", f"--fit={fit}"]
  assert paint(weights, *argv, "--guide=auto", "--output=found.png") == 0
  folder = only("logs/*-found")
  assert pixels(folder / "content_mask.png").shape[:2] == (32, 64)
  assert paint(weights, *argv, f"--content_mask={folder}/content_mask.png",
               f"--style_mask={folder}/style_mask-1.png", "--output=given.png") == 0
  np.testing.assert_array_equal(pixels("given.png"), pixels("found.png"))
