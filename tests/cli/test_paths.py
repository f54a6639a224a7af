"""Paths as people give them: addresses of files are read, known mistakes get a hint."""

import pytest

from tf_style.cli import paths
from tf_style.errors import InputError


@pytest.mark.parametrize("text, path", [
    ("~/a.jpg", "/home/ada/a.jpg"), ("file:///tmp/a%20b.jpg", "/tmp/a b.jpg"),
    ("FILE://localhost/a.jpg", "/a.jpg"), ("file:/a.jpg", "/a.jpg"), ("file:a.jpg", "file:a.jpg"),
    ("file:///%FF.jpg", "/\udcff.jpg"), ("a%20b.jpg", "a%20b.jpg")])
def test_texts_are_understood(text, path, monkeypatch):
  monkeypatch.setenv("HOME", "/home/ada")
  assert paths.understood(text, "content") == path


@pytest.mark.parametrize("text", ["", "a\0b", "file:///a%00b"])
def test_no_paths(text):
  with pytest.raises(InputError, match="^--content: expected a path, received '"):
    paths.path_of({"content": text}, "content")


@pytest.mark.parametrize("path, flag, message", [
    ("a.jpg,b.jpg", "style", "one path; for several give --style again"),
    ("a.jpg, none.jpg", "content", "one path, received"),
    ("*.jpg", "style", "one path, not a pattern, which the shell does not expand"),
    ("[ab].jpg", "content", "one path, not a pattern"),
    ("https://example.com/a.jpg", "content", r"a file on this machine \(download it first\)"),
    ("S3://bucket/a.jpg", "style", r"a file on this machine \(download it first\)"),
    ("data:image/png;base64,AAAA", "style", r"a file on this machine \(download it first\)"),
    ('"a.jpg"', "content", "a path without quotes around it"),
    ("'a.jpg'", "weights", "a path without quotes around it")])
def test_hints(path, flag, message, tmp_path, monkeypatch):
  monkeypatch.chdir(tmp_path)
  for name in ("a.jpg", "b.jpg"):
    (tmp_path / name).touch()
  with pytest.raises(InputError, match=f"^--{flag}: expected {message}"):
    paths.check_path(path, flag)


@pytest.mark.parametrize("name", ["a.jpg,b.jpg", "*.jpg", '"a.jpg"', "[1].jpg"])
def test_what_is_there_needs_no_hint(name, tmp_path):
  (tmp_path / name).touch()
  (tmp_path / "a.jpg").touch()
  paths.check_path(str(tmp_path / name), "content")
  paths.check_path(str(tmp_path / "none.jpg"), "content")
