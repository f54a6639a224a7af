"""The folder of a learned style: read back, without TensorFlow's neighbors, and damaged."""

import json
import shutil

import numpy as np
import pytest
from made_inputs import waves
from made_styles import learn
from processes import python

import tf_style
from tf_style.errors import InputError, OutputError
from tf_style.learned import record as records
from tf_style.learned.style import LearnedStyle
from tf_style.pictures import images

PICTURE = waves(45, 62, 3)


@pytest.fixture(scope="module")
def style(tmp_path_factory) -> LearnedStyle:
  return learn(tmp_path_factory.mktemp("learned"), styles=2)


@pytest.fixture(scope="module")
def saved(style, tmp_path_factory):
  folder = tmp_path_factory.mktemp("saved") / "style"
  style.save(folder)
  return folder


@pytest.fixture
def copy(saved, tmp_path):
  return shutil.copytree(saved, tmp_path / "copy")


def test_a_style_is_read_back(style, saved):
  loaded = tf_style.LearnedStyle.load(saved, precision="float32")
  np.testing.assert_array_equal(loaded(PICTURE, (1, 3)), style(PICTURE, (1, 3)))
  assert loaded.record.losses == style.record.losses
  assert loaded.record.objective.network == "vgg16"
  for mine, theirs in zip(loaded.pictures, style.pictures, strict=True):
    assert mine.shape == theirs.shape and np.abs(mine - theirs).mean() < 0.03  # JPEG
  assert {path.name for path in saved.iterdir()} == {
      "style.json", "network.weights.h5", "saved_model", "README.md", "example.jpg",
      *loaded.record.pictures}
  assert str(saved.parent) not in (saved / "style.json").read_text()


def test_tensorflow_alone_runs_it(style, saved, tmp_path):
  np.save(tmp_path / "picture.npy", np.stack([PICTURE, PICTURE[::-1]]))
  done = python(
      "import sys, numpy as np, tensorflow as tf\n"
      "model = tf.saved_model.load(sys.argv[1])\n"
      "image = tf.constant(np.load(sys.argv[2]))\n"
      "blend = tf.constant([[1., 1.], [0., 2.]])\n"
      "found = model.signatures['serving_default'](image=image, blend=blend)\n"
      "assert 'tf_style' not in sys.modules\n"
      "np.savez(sys.argv[3], **{name: each.numpy() for name, each in found.items()})\n",
      str(saved / "saved_model"), str(tmp_path / "picture.npy"), str(tmp_path / "found.npz"))
  assert done.returncode == 0, done.stderr
  with np.load(tmp_path / "found.npz") as found:
    assert found["image"].dtype == np.uint8 and found["image"].shape == (2, 45, 62, 3)
    np.testing.assert_allclose(found["picture"][:1], style(PICTURE), atol=1e-5)
    np.testing.assert_allclose(found["picture"][1:], style(PICTURE[::-1], (0, 1)), atol=1e-5)
    for levels, picture in zip(found["image"], found["picture"], strict=True):
      np.testing.assert_array_equal(levels, images.to_uint8(picture[None]))


def test_a_compact_folder_is_small_and_nearly_the_same(style, saved, tmp_path):
  style.save(tmp_path / "compact", compact=True)
  small = (tmp_path / "compact/network.weights.h5").stat().st_size
  assert small < 0.8 * (saved / "network.weights.h5").stat().st_size
  assert not (tmp_path / "compact/saved_model").exists()
  loaded = LearnedStyle.load(tmp_path / "compact", precision="float32")
  assert np.abs(loaded(PICTURE) - style(PICTURE)).max() < 0.02


def test_a_folder_that_is_taken_stays(style, saved):
  with pytest.raises(OutputError, match="--output: expected a new or an empty folder"):
    style.save(saved)


@pytest.mark.parametrize("name", ["network.weights.h5", "style-1-picture.jpg", "style.json"])
def test_damaged_folders_are_refused(copy, name):
  path = next(copy.glob(name.replace("picture", "*")))
  data = bytearray(path.read_bytes())
  data[len(data) // 2] ^= 255
  path.write_bytes(data)
  with pytest.raises(InputError, match="--model: expected"):
    LearnedStyle.load(copy)
  path.unlink()
  with pytest.raises(InputError, match="--model: expected"):
    LearnedStyle.load(copy)


def test_other_records_are_refused(copy):
  path = copy / "style.json"
  values = json.loads(path.read_text())
  for change in ({"format": 99}, {"kind": "other"}, {"styles": ["one"]}, {"losses": 3},
                 {"learning": {"width": 7000}}, {"files": {"../x": ""}}, {"more": 1}):
    path.write_text(json.dumps(values | change))
    with pytest.raises(InputError, match="--model: expected"):
      records.read_record(copy)
  (copy / "style.json").write_text("[]")
  with pytest.raises(InputError, match="the folder of a learned style, with style.json"):
    records.read_record(copy)


def test_what_is_no_learned_style_is_refused(tmp_path):
  for name in (tmp_path, tmp_path / "nothing"):
    with pytest.raises(InputError, match="--model: expected the folder of a learned style"):
      LearnedStyle.load(name)
