"""Films, painted: steadier than frame by frame, resumed as if nothing had been, written whole."""

from fractions import Fraction
from pathlib import Path

import film_kinds
import numpy as np
import pytest
import scenes
from PIL import Image

import tf_style
from tf_style.errors import InputError
from tf_style.films import frames
from tf_style.films.blend import as_crisp, blended
from tf_style.films.coherence import Expected
from tf_style.films.job import FilmJob
from tf_style.films.opening import is_film, open_film
from tf_style.films.painters import Painted, Repainter
from tf_style.films.painting import paint_film, paint_frames
from tf_style.films.settings import FilmConfig
from tf_style.films.warp import warped
from tf_style.pictures import images
from tf_style.settings.config import Config

COUNT = 5


@pytest.fixture(scope="module")
def film(tmp_path_factory) -> Path:
  pictures = [images.to_uint8(scenes.frame(index)) for index in range(COUNT)]
  return film_kinds.write(tmp_path_factory.mktemp("film") / "pan.mp4", pictures)


def unsteadiness(pictures: list[np.ndarray]) -> float:
  """Returns the mean difference along the true motion, where nothing was hidden."""
  found = []
  for index in range(1, len(pictures)):
    back, seen = scenes.truth(index, index - 1)
    found.append(np.abs(warped(pictures[index - 1], back) - pictures[index])[0][seen].mean())
  return float(np.mean(found))


def test_a_learned_style_is_steadier_than_frame_by_frame(film, tmp_path):
  alone, held = ([each.picture for each in paint_film(
      film, model="oil", config=Config.of(image_size="original", coherence=coherence),
      output=tmp_path / f"{coherence}.mp4")] for coherence in (0, 1))
  assert len(held) == COUNT and unsteadiness(held) < 0.65 * unsteadiness(alone)
  np.testing.assert_array_equal(held[0], alone[0])
  written = open_film(str(tmp_path / "1.mp4"))
  for frame, picture in zip(written.frames(), held, strict=True):
    assert np.abs(frame.rgb / 255 - picture[0]).mean() < 0.05
  assert written.about.sounds == 1


def test_a_repaint_is_steadier_than_frame_by_frame(film, vgg16_weights, monkeypatch):
  monkeypatch.setattr("tf_style.films.painters.load_weights", lambda *_: vgg16_weights)
  config = Config.of(network="vgg16", preset="statistics", steps=16, levels=1, precision="float32",
                     image_size="original", optimizer="lbfgs", content_layers=("block2_conv2",),
                     style_layers=("block1_conv1", "block2_conv1"))
  pictures = {}
  for coherence in (0, 1):
    settings = FilmConfig.of(frame_steps=4, end=0.12)
    each = list(paint_film(film, scenes.sample("waves", 80, 112), Config.of(
        **{**config.as_dict(), "coherence": coherence}), settings=settings))
    pictures[coherence] = [frame.picture for frame in each]
    assert [frame.begins_shot for frame in each] == [True, *[not coherence] * 2]
    assert ("anchor" in each[1].losses) == bool(coherence)
  assert unsteadiness(pictures[1]) < 0.5 * unsteadiness(pictures[0])


def test_a_film_goes_on_as_if_nothing_had_happened(film, tmp_path):
  config = Config.of(image_size="original")
  once = list(paint_film(film, model="oil", config=config))
  painting = paint_film(film, model="oil", config=config, folder=tmp_path / "run")
  for _ in range(2):
    next(painting)
  painting.close()
  rest = list(paint_film(film, model="oil", config=config, folder=tmp_path / "run",
                         output=tmp_path / "out.mp4"))
  assert [frame.number for frame in rest] == [2, 3, 4]
  for one, other in zip(once[2:], rest, strict=True):
    np.testing.assert_array_equal(one.picture, other.picture)
  assert len(list(open_film(str(tmp_path / "out.mp4")).frames())) == COUNT


def test_nothing_unfinished_has_the_name_of_the_result(film, tmp_path):
  painting = paint_film(film, model="oil", output=tmp_path / "out.mp4")
  next(painting)
  painting.close()
  assert list(tmp_path.iterdir()) == []


def test_a_part_at_another_rate(film):
  job = open_film(str(film))
  chosen = lambda **how: [(float(frame.time), float(frame.duration))
                          for frame in frames.chosen(job, FilmConfig.of(**how))]
  assert chosen(start=0.08) == [(0, 0.04), (0.04, 0.04), (0.08, 0.04)]
  assert chosen(start=0.04, end=0.12) == [(0, 0.04), (0.04, 0.04)]
  assert chosen(fps=12.5) == [(0, 0.08), (0.08, 0.08), (0.16, 0.08)]
  assert len(chosen(fps=1000)) == COUNT
  assert frames.count(job, FilmConfig.of()) == COUNT
  assert frames.count(job, FilmConfig.of(fps=12.5)) in (2, 3)
  with pytest.raises(InputError, match=r"--start: expected a time before the end.*received 9"):
    chosen(start=9)


def test_a_far_start_is_found_by_searching(tmp_path):
  path = film_kinds.write(tmp_path / "long.mp4", [
      film_kinds.picture(index) for index in range(150)], options={"g": "20"})
  whole = list(open_film(str(path)).frames())
  late = list(open_film(str(path)).frames(Fraction(4)))
  assert [frame.time for frame in late] == [frame.time for frame in whole if frame.time >= 4]
  np.testing.assert_array_equal(late[0].rgb, whole[100].rgb)


def test_the_blend_follows_trust_and_agreement():
  made = np.full((1, 40, 40, 3), 0.5, np.float32)
  near, far = made + 0.02, made + 0.4
  everywhere = np.ones((1, 40, 40, 1), np.float32)
  np.testing.assert_allclose(blended(made, Expected(near, everywhere), 1), 0.5 + 0.02 * 0.94,
                             atol=1e-3)
  np.testing.assert_allclose(blended(made, Expected(far, everywhere), 1), made, atol=1e-3)
  np.testing.assert_array_equal(blended(made, Expected(near, 0 * everywhere), 1), made)
  np.testing.assert_array_equal(blended(made, Expected(near, everywhere), 0), made)


def test_a_mean_of_strokes_gets_their_contrast_back():
  """Waves and the same waves a quarter of their length on: the mean has .71 of their height."""
  x = np.arange(96)
  waves = lambda shift: np.float32(
      0.5 + 0.2 * np.sin(2 * np.pi * (x + shift) / 8))[None, :, None] * np.ones((96, 1, 3), "f")
  mean = (waves(0) + waves(2)) / 2
  inner = np.s_[24:-24, 24:-24]
  assert mean[inner].std() == pytest.approx(0.71 * waves(0)[inner].std(), rel=0.02)
  assert as_crisp(mean, waves(0))[inner].std() == pytest.approx(waves(0)[inner].std(), rel=0.03)
  np.testing.assert_allclose(as_crisp(mean, mean), mean, atol=1e-6)


def test_colors_are_finished_after_the_memory(film, tmp_path):
  """With the photograph's chroma in the result, the next frame goes by the picture before that."""
  config = Config.of(image_size="original", color="content")
  list(paint_film(film, model="oil", config=config, settings=FilmConfig.of(end=0.06),
                  folder=tmp_path))
  names = {path.name for path in (tmp_path / "frames").iterdir()}
  assert names == {"000001.png", "000002.png", ".optimized-000001.png", ".optimized-000002.png"}


def test_what_is_a_film(film, tmp_path):
  (tmp_path / "folder").mkdir()
  scenes_, still = tmp_path / "moving.gif", tmp_path / "still.gif"
  first, second = (Image.fromarray(film_kinds.picture(index)) for index in (0, 5))
  first.save(scenes_, save_all=True, append_images=[second])
  first.save(still)
  assert is_film(str(film), None) and is_film(str(film), "out.png")
  assert is_film(str(scenes_), None) and is_film(str(scenes_), "out.webm")
  assert not is_film(str(scenes_), "out.png") and not is_film(str(still), None)
  folder = str(tmp_path / "folder")
  assert is_film(folder, "out.mp4") and is_film(folder, None, asked=True)
  assert not is_film(folder, "out") and not is_film(None, "out.mp4")


def test_a_painter_that_stops_ends_the_film(film):
  stops = lambda frame, expected, on_step=None: Painted(frame, frame, {}, stopped=True)
  job = FilmJob(open_film(str(film)), stops, Config.of(), FilmConfig.of())
  assert list(paint_frames(job)) == []


def test_the_public_face():
  assert tf_style.paint_film is paint_film and tf_style.FilmConfig is FilmConfig
  assert Repainter.__call__.__annotations__
