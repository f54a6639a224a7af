"""Folders: what is kept, what is found by name, what is never reached or shown."""

import pytest

from tf_style.errors import InputError
from tf_style.page.places import SAMPLES, Places


@pytest.fixture
def places(tmp_path) -> Places:
  made = Places(str(tmp_path / "my logs"))
  for name in ("run-1", "run-2"):
    (made.logdir / name).mkdir(parents=True)
    (made.logdir / name / "flags.txt").write_text("--levels=2\n")
  (tmp_path / "flags.txt").write_text("")
  return made


@pytest.mark.parametrize("name", [
    "", ".", "..", "../my logs", "run-1/..", "run-1/../..", "/etc", "run-1\0", ".hidden", "uploads",
    "models", "nothing", None, 3, ["run-1"], "run-1\n", "%2e%2e", "C:\\", "run-1/flags.txt"])
def test_only_runs_are_found(places, name):
  places.uploads.mkdir()
  (places.uploads / "flags.txt").write_text("")
  with pytest.raises(InputError, match="expected the name of a run in the log folder"):
    places.run(name)
  with pytest.raises(InputError, match="expected the name of a learned style"):
    places.model(name)
  assert places.run("run-1") == places.logdir / "run-1"


def test_an_upload_is_kept_once_under_its_name(places, tmp_path):
  for folder in ("a", "b"):
    (tmp_path / folder).mkdir()
    (tmp_path / folder / "my photo?.jpg").write_bytes(b"same")
  first, second = (places.keep(tmp_path / folder / "my photo?.jpg") for folder in ("a", "b"))
  assert first == second and first.name == "my_photo_.jpg" and first.read_bytes() == b"same"
  assert first.parents[1] == places.uploads
  assert places.keep(tmp_path / "a" / "my photo?.jpg", "../../x.jpg").parents[1] == places.uploads


def test_a_run_goes_to_the_trash_beside_the_log_folder(places):
  target = places.move_to_trash("run-1")
  assert target == places.trash / "run-1" and (target / "flags.txt").is_file()
  assert places.trash.parent == places.logdir.parent and not (places.logdir / "run-1").exists()
  (places.logdir / "run-1").mkdir()
  (places.logdir / "run-1" / "flags.txt").write_text("")
  assert places.move_to_trash("run-1").name == "run-1-2"


def test_messages_name_files_and_no_folders(places):
  path = places.uploads / "0123456789abcdef" / "x.jpg"
  assert places.shown(f"expected a picture, received {path} (no)") == (
      "expected a picture, received x.jpg (no)")
  assert places.shown(f"received {SAMPLES}/photo.jpg and /home/me/secret/y.png, a/b") == (
      "received photo.jpg and y.png, a/b")


def test_shipped_and_learned_styles_are_found(places):
  assert set(places.model_names()) == {"oil"}
  (places.models / "mine").mkdir(parents=True)
  (places.models / "mine" / "style.json").write_text("{}")
  assert places.model("mine") == places.models / "mine" and places.model("oil").parent.name == (
      "styles")
