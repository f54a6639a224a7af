"""Films by the command: what is written and said, wrong inputs, going on, full disks."""

import json
import signal
from pathlib import Path

import film_kinds
import numpy as np
import processes
import pytest
from made_inputs import write_picture
from test_disk import fill, small_drive  # noqa: F401 - a fixture

from tf_style import run
from tf_style.films import extra
from tf_style.films.opening import open_film
from tf_style.pictures.images import load_picture
from tf_style.watching.events import history


@pytest.fixture(scope="module")
def film(tmp_path_factory) -> Path:
  return film_kinds.write(tmp_path_factory.mktemp("film") / "film.mp4")


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
  monkeypatch.chdir(tmp_path)
  return tmp_path


def only(folder: Path, pattern: str) -> Path:
  (found,) = folder.glob(pattern)
  return found


def test_a_film_is_painted_by_a_learned_style(film, here, capfd):
  assert run.main([f"--content={film}", "--model=oil", "--image_size=original"]) == 0
  out, err = capfd.readouterr()
  assert out == "film-oil.mp4\n"
  assert err.startswith("10 frames of 64x48 at 25 a second, painted at 64x48\n")
  assert "\nframe 5 of 10  " in err and "\nframe 10 of 10  0 s left\nwrote film-oil.mp4: " in err
  painted = open_film("film-oil.mp4")
  assert [frame.time for frame in painted.frames()] == film_kinds.stamps_of(film)
  np.testing.assert_array_equal(film_kinds.sound_of(Path("film-oil.mp4")),
                                film_kinds.sound_of(film))
  folder = only(here, "logs/*-film-oil")
  names = {path.name.partition(".")[0] for path in folder.iterdir()}
  assert names == {"events", "film", "flags", "frames"} and not (folder / "frames").exists()
  figures = history(folder)
  assert figures["film/trust"].shape == (10, 2) and figures["film/trust"][1:, 1].min() > 0.5
  assert run.main([f"--flagfile={folder}/flags.txt"]) == 0
  assert capfd.readouterr().out == "film-oil-2.mp4\n"


def test_a_film_is_repainted(film, here, capfd, vgg16_weights):
  write_picture(here / "style.png", 64, 64)
  assert run.main([
      f"--content={film}", "--style=style.png", "--output=out.webm", "--image_size=48",
      "--end=0.12", "--network=vgg16", "--preset=statistics", "--steps=4", "--levels=1",
      "--frame_steps=2",
      "--precision=float32", "--style_layers=block1_conv1", "--content_layers=block2_conv1"]) == 0
  assert "3 frames of 64x48 at 25 a second, painted at 48x36" in capfd.readouterr().err
  frames = list(open_film("out.webm").frames())
  assert len(frames) == 3 and frames[0].rgb.shape == (36, 48, 3)
  figures = history(only(here, "logs/*-out"))
  assert "loss/anchor" in figures and len(figures["loss/total"]) == 3


@pytest.mark.full
def test_workers_paint_the_film_of_one_process(here, capfd):
  """Two shots by two workers: the same frames, but for the order of sums."""
  pytest.importorskip("ray")
  shots = [film_kinds.picture(index) for index in range(6)]
  shots += [np.ascontiguousarray(255 - picture[::-1]) for picture in shots[:5]]
  film_kinds.write(here / "shots.mp4", shots)
  flags = ["--content=shots.mp4", "--model=oil", "--precision=float32"]
  for name, more in (("one", []), ("two", ["--workers=2"])):
    assert run.main([*flags, f"--output={name}", *more]) == 0
  assert "wrote two: 11 frames" in capfd.readouterr().err
  names = sorted(path.name for path in (here / "one").iterdir())
  assert names == sorted(path.name for path in (here / "two").iterdir()) and len(names) == 11
  for name in names:
    one, two = (np.float32(load_picture(here / folder / name).rgb) for folder in ("one", "two"))
    assert np.abs(one - two).mean() < 0.5 / 255
  started = [history(only(here, f"logs/*-{name}"))["film/begins_shot"] for name in ("one", "two")]
  assert sorted(map(tuple, started[0])) == sorted(map(tuple, started[1]))


WRONG = [
    (["--workers=0"], "--workers: expected a number of at least 1, received 0"),
    (["--workers=two"], "--workers: expected a number of at least 1, received two"),
    (["--content=tone.m4a"], "--content: expected a film, received tone.m4a, which holds no pict"),
    (["--content=text.mp4"], "--content: expected a film that FFmpeg reads, received text.mp4"),
    (["--content=none.mp4"], "--content: expected a film that is there, received none.mp4"),
    (["--start=9"], "--start: expected a time before the end of the film (0.4 seconds), received"),
    (["--start=3", "--end=2"], "--end: expected a time after --start=3.0, received 2.0"),
    (["--output=a.xyz"], "--output: expected a name ending in .mp4, .webm, .mov, .gif, or a fol"),
    (["--output=a.png"], "--output: expected a name ending in .mp4"),
    (["--output=a.mov", "--crf=20"], "--crf: expected an --output that ends in .mp4, .webm"),
    (["--output=film.mp4"], "--output: expected another file than --content, received film.mp4"),
    (["--output=full"], "--output: expected a new or an empty folder, received full"),
    (["--polish=5"], "--polish: expected none for a film, received 5"),
    (["--fps=x"], "--fps: expected a number, received x"),
    (["--segments=-1"], "--segments: expected a finite number and at least 0 and at most 1000000"),
    (["--segments=abc"], "--segments: expected a whole number, received abc"),
    (["--start=1:99:x"], "--start: expected seconds, or HOURS:MINUTES:SECONDS, received 1:99:x"),
    (["--max_pixels=196608", "--image_size=1024"], "--image_size: expected frames of at most 19"),
    (["--model=none"], "--model: "),
    (["--resume=logs"], "--resume: expected the folder of a run")]


@pytest.mark.parametrize(("flags", "message"), WRONG, ids=lambda each: str(each)[:40])
def test_wrong_inputs_are_answered_by_a_line(flags, message, film, here, capfd):
  (here / "film.mp4").write_bytes(film.read_bytes())
  (here / "text.mp4").write_text("no film")
  (here / "full").mkdir()
  (here / "full/one").touch()
  make_tone(here / "tone.m4a", film)
  before = sorted(here.rglob("*"))
  given = {"content": "--content=film.mp4", "model": "--model=oil"}
  given |= {flag[2:].partition("=")[0]: flag for flag in flags}
  argv = list(given.values()) if "resume" not in given else flags
  assert run.main(argv) == 2
  err = capfd.readouterr().err
  assert err.startswith(f"tf_style: error: {message}") and err.count("\n") == 1
  assert [path for path in sorted(here.rglob("*")) if "logs" not in path.parts] == before


def make_tone(path: Path, film: Path) -> None:
  """Writes the sound of a film alone."""
  av = film_kinds.av
  with av.open(str(film)) as source, av.open(str(path), "w", format="mp4") as target:
    stream = target.add_stream_from_template(source.streams.audio[0])
    for packet in source.demux(source.streams.audio[0]):
      if packet.pts is not None:
        packet.stream = stream
        target.mux(packet)


def test_flags_of_films_need_a_film(here, capfd):
  write_picture(here / "photo.png")
  assert run.main(["--content=photo.png", "--model=oil", "--crf=20"]) == 2
  assert "--crf: expected a film as --content beside it, received 20" in capfd.readouterr().err


def test_without_the_extra_its_name_is_said(film, here, capfd, monkeypatch):
  def gone(name):
    raise ImportError(f"No module named '{name}'")
  monkeypatch.setattr(extra.importlib, "import_module", gone)
  assert run.main([f"--content={film}", "--model=oil"]) == 2
  assert "pip install 'tf_style[film]'" in capfd.readouterr().err


def test_a_codec_that_is_missing_is_said(film, here, capfd, monkeypatch):
  av = film_kinds.av
  monkeypatch.setattr(av, "codecs_available", av.codecs_available - {"libx264"})
  assert run.main([f"--content={film}", "--model=oil", "--output=a.mp4"]) == 2
  err = capfd.readouterr().err
  assert "expected an ending whose encoder this PyAV has (.webm, .mov, .gif), received a.mp4" in err


def test_a_film_that_is_stopped_goes_on(film, here, capfd):
  whole = ["--model=oil", "--image_size=original", "--deterministic=true"]
  assert run.main([f"--content={film}", *whole, "--output=whole"]) == 0
  process = processes.start(here, f"--content={film}", *whole, "--output=parts")
  for line in process.stderr:
    if line.startswith("frame"):
      process.send_signal(signal.SIGINT)
      break
  _, err = process.communicate()
  folder = only(here, "logs/*-parts")
  assert process.returncode == 130 and "nothing is written yet\nto go on: tf-style --resume=" in err
  assert not (here / "parts").exists()
  kept = (folder / "frames.jsonl").read_text().splitlines()
  assert 1 <= len(kept) < 10
  assert run.main([f"--resume={folder}", "--steps=9"]) == 2
  assert run.main([f"--resume={folder}"]) == 0
  assert f"{len(kept)} are done" in capfd.readouterr().err
  for one, other in zip(sorted(Path("whole").iterdir()), sorted(Path("parts").iterdir()),
                        strict=True):
    assert one.name == other.name and one.read_bytes() == other.read_bytes()


def test_a_film_that_was_changed_is_not_gone_on_with(film, here, capfd):
  copy = here / "copy.mp4"
  copy.write_bytes(film.read_bytes())
  assert run.main([f"--content={copy}", "--model=oil", "--output=a.gif", "--end=0.1"]) == 0
  folder = only(here, "logs/*-a")
  film_kinds.write(copy, sounds=())
  assert run.main([f"--resume={folder}", "--output=b.gif"]) == 2
  assert "--resume: expected the film that the film was begun with" in capfd.readouterr().err
  assert json.loads((folder / "film.json").read_text())["settings"]["coherence"] == 1


@pytest.mark.parametrize("small_drive", ["300k"], indirect=True)
def test_a_full_disk_ends_it_and_space_lets_it_go_on(film, here, capfd, small_drive):  # noqa: F811
  flags = [f"--content={film}", "--model=oil", "--image_size=original", f"--logdir={small_drive}"]
  fill_up_to(small_drive, 60_000)
  assert run.main([*flags, "--output=a.mp4"]) == 1
  err = capfd.readouterr().err
  assert "to go on: tf-style --resume=" in err and "the system refuses: " in err
  assert not (here / "a.mp4").exists()
  (small_drive / "filling").unlink()
  assert run.main([f"--resume={only(small_drive, '*-a')}"]) == 0
  assert len(list(open_film("a.mp4").frames())) == 10


def fill_up_to(drive: Path, left: int) -> None:
  fill(drive)
  with open(drive / "filling", "rb+") as file:
    file.truncate((drive / "filling").stat().st_size - left)


def test_the_making_of_a_picture_is_a_film(here, capfd):
  write_picture(here / "photo.png", 48, 64)
  write_picture(here / "style.png", 64, 64, seed=2)
  small = ["--content=photo.png", "--style=style.png", "--network=vgg16", "--image_size=64",
           "--precision=float32", "--preset=statistics", "--levels=2", "--steps=6",
           "--style_layers=block1_conv1", "--content_layers=block2_conv1", "--output=a.png"]
  assert run.main([*small, "--timelapse=making.mp4"]) == 0
  assert "\nwrote making.mp4\n" in capfd.readouterr().err
  frames = list(open_film("making.mp4").frames())
  assert len(frames) == 1 + 6 + 50 and frames[0].rgb.shape == (48, 64, 3)
  result = np.asarray(film_kinds.Image.open("a.png").convert("RGB"))
  assert np.abs(np.float32(frames[-1].rgb) - result).mean() < 12
  assert np.abs(np.float32(frames[0].rgb) - result).mean() > 12
  for flags, message in ((["--timelapse=a.png"], "a name ending in .mp4"),
                         (["--timelapse=no.mp4", "--resume=logs"], "none beside --resume")):
    assert run.main([*small, *flags] if "--resume=logs" not in flags else flags) == 2
    assert f"--timelapse: expected {message}" in capfd.readouterr().err
