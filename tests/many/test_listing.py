"""What --content names: files, folders, patterns; and what results are called."""

import os
from pathlib import Path

import pytest

from tf_style.errors import InputError
from tf_style.many import items
from tf_style.many.listing import Found, absolute, find, is_several
from tf_style.many.setup import Style

ONE = [Style("", (), (), (1.0,))]


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
  for name in ("photos/b.jpg", "photos/a.PNG", "photos/notes.txt", "photos/.hidden.jpg",
               "photos/2024/c.heic", "photos/.cache/d.jpg", "one,two.jpg", "three[1].jpg"):
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).touch()
  monkeypatch.chdir(tmp_path)
  return tmp_path


def names(*paths: str, output: str = "out") -> list[str]:
  return [found.name for found in find(paths, output)]


def test_a_folder_keeps_its_structure(here):
  found = find(["photos"], "out")
  assert [each.name for each in found] == ["a.PNG", "b.jpg", "2024/c.heic"]
  assert found[2].path == str(here / "photos/2024/c.heic")
  assert names("photos/") == names(str(here / "photos")) == names("photos")


@pytest.mark.parametrize("pattern, found", [
    ("photos/*", ["a.PNG", "b.jpg"]), ("photos/*.jpg", ["b.jpg"]),
    ("*/*/*", ["photos/2024/c.heic"]),
    ("photos/**/*", ["2024/c.heic", "a.PNG", "b.jpg"]), ("photos/[ab].*", ["a.PNG", "b.jpg"])])
def test_patterns(pattern, found, here):
  assert names(pattern) == found and is_several([pattern])


def test_files_with_commas_or_given_again(here):
  assert names("photos/a.PNG,photos/b.jpg") == ["a.PNG", "b.jpg"]
  assert names("photos/b.jpg", "one,two.jpg", "three[1].jpg") == [
      "b.jpg", "one,two.jpg", "three[1].jpg"]
  assert names("photos/b.jpg", "photos") == ["b.jpg", "a.PNG", "2024/c.heic"]  # each once
  assert absolute("photos/a.PNG, photos/b.jpg") == f"{here}/photos/a.PNG,{here}/photos/b.jpg"


@pytest.mark.parametrize("paths, several", [
    (["photos/b.jpg"], False), (["one,two.jpg"], False), (["three[1].jpg"], False),
    (["none.jpg"], False), (["none.jpg,other.jpg"], False), ([], False), (["photos"], True),
    (["*.jpg"], True), (["photos/a.PNG,photos/b.jpg"], True), (["photos/b.jpg"] * 2, True)])
def test_what_is_one_picture_stays_one(paths, several, here):
  assert is_several(paths) == several


def test_results_are_never_contents(here):
  (here / "out").mkdir()
  (here / "out/one,two.jpg").touch()
  assert names("*.jpg", "*/*.jpg") == ["one,two.jpg", "three[1].jpg", "photos/b.jpg"]


@pytest.mark.parametrize("path, output, message", [
    ("photos/2024/c.heic/none", "out", "--content: expected a picture that can be read"),
    ("*.gif", "out", "--content: expected a pattern that a picture matches, received *.gif"),
    ("photos/.cache", "photos/.cache/out", "--output: expected a folder outside"),
    ("photos", "photos", "--output: expected a folder outside --content=photos"),
    ("photos", "photos/new/out", "--output: expected a folder outside --content=photos"),
    ("empty", "out", "--content: expected a folder with pictures, received empty without any")])
def test_wrong_ones(path, output, message, here):
  (here / "empty").mkdir()
  with pytest.raises(InputError) as error:
    find([path], output)
  assert str(error.value).startswith(message)


@pytest.mark.parametrize("name, style, result", [
    ("a.JPG", "", "a.JPG"), ("2024/c.heic", "", "2024/c.png"), ("a.b.gif", "", "a.b.png"),
    ("a.tif", "oil", "oil/a.tif"), ("x/y.webp", "oil", "oil/x/y.webp"), ("a.bmp", "", "a.png")])
def test_names_of_results(name, style, result):
  assert items.result_name(name, style) == result


def test_every_content_with_every_style():
  styles = [Style(name, (f"{name}.jpg",), (), (1.0,)) for name in ("oil", "ink")]
  found = [Found("/p/a.jpg", "a.jpg"), Found("/p/b.bmp", "b.bmp")]
  made = items.make_items(found, styles, None)
  assert [(item.name, item.style) for item in made] == [
      ("oil/a.jpg", 0), ("oil/b.png", 0), ("ink/a.jpg", 1), ("ink/b.png", 1)]


def test_two_results_of_one_name():
  found = [Found("/p/a.bmp", "a.bmp"), Found("/q/a.png", "a.png")]
  with pytest.raises(InputError, match=r"/p/a.bmp and /q/a.png, which both give a.png$"):
    items.make_items(found, ONE, None)


def test_a_folder_of_masks(tmp_path):
  (tmp_path / "x").mkdir()
  (tmp_path / "x/a.png").touch()
  found = [Found("/p/x/a.jpg", "x/a.jpg"), Found("/p/b.jpg", "b.jpg")]
  masks = [item.mask for item in items.make_items(found, ONE, str(tmp_path))]
  assert masks == [str(tmp_path / "x/a.png"), str(tmp_path / "b.jpg")]
  assert not os.path.exists(masks[1])  # the item fails, and says so


@pytest.mark.parametrize("output, message", [
    ("out.png", "a folder, for there are several results, received out.png"),
    ("photos/notes.txt", "received photos/notes.txt, which is a file"),
    ("photos/notes.txt/out", "expected a folder to write into")])
def test_wrong_outputs(output, message, here):
  with pytest.raises(InputError, match=message):
    items.check_output(output)
