"""The exported extractor: it says what the package says, where neither the package nor Keras is."""

import io
import json
import os
import re
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from made_inputs import waves, write_picture, write_weights

from tf_style import export
from tf_style.losses.gram import gram_distance
from tf_style.losses.statistics import feature_sums, statistics
from tf_style.serving import saved_model
from tf_style.settings.config import Config
from tf_style.vgg.extractor import Extractor
from tf_style.vgg.weights import load_weights

CONTENT, STYLE = "block2_conv2", ("block1_conv1", "block2_conv1")
LAYERS = (*STYLE, CONTENT)
FLAGS = ["--network=vgg16", f"--content_layers={CONTENT}", f"--style_layers={','.join(STYLE)}",
         "--pooling=average"]
WITHOUT = """
import sys
class Without:
  def __init__(self, finder, names):
    self.finder, self.names = finder, names
  def find_spec(self, name, *more):
    return None if name.split(".")[0] in self.names else self.finder.find_spec(name, *more)
  def __getattr__(self, name):
    return getattr(self.finder, name)
def hide(*names):
  sys.meta_path[:] = [Without(finder, names) for finder in sys.meta_path]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
  """Holds `model`, what the command wrote, beside its weights and a picture."""
  folder = tmp_path_factory.mktemp("export")
  write_weights(folder / "vgg16.h5")
  write_picture(folder / "picture.png", 40, 56)
  assert export.main([*FLAGS, f"--weights={folder}/vgg16.h5", f"--output={folder}/model"]) == 0
  return folder


@pytest.fixture(scope="module")
def signatures(folder):
  return tf.saved_model.load(str(folder / "model")).signatures


@pytest.fixture(scope="module")
def extractor(folder) -> Extractor:
  return Extractor(load_weights("vgg16", str(folder / "vgg16.h5")), LAYERS, "average")


@pytest.fixture(scope="module")
def pictures() -> np.ndarray:
  return np.stack([waves(40, 56, seed) for seed in (1, 2)])


@pytest.fixture(scope="module")
def maps(extractor, pictures) -> dict[str, np.ndarray]:
  return {name: value.numpy() for name, value in extractor(pictures / np.float32(255)).items()}


def assert_close(found, wanted):
  """Holds the largest difference against the largest value: 1e-5 of it is allowed."""
  found, wanted = np.asarray(found), np.asarray(wanted)
  assert found.shape == wanted.shape and found.dtype == np.float32
  assert np.abs(found - wanted).max() <= 1e-5 * np.abs(wanted).max()


def python(program: str, *argv: str) -> subprocess.CompletedProcess:
  environment = os.environ | {
      "PYTHONPATH": str(Path(export.__file__).parents[1]), "TF_CPP_MIN_LOG_LEVEL": "2"}
  return subprocess.run([sys.executable, "-c", WITHOUT + program, *argv], env=environment,
                        capture_output=True, text=True, check=False)


def test_endpoints_have_named_inputs_and_outputs(signatures):
  inputs = {name: {key: (spec.dtype, spec.shape.as_list()) for key, spec
                   in function.structured_input_signature[1].items()}
            for name, function in signatures.items()}
  single = (tf.uint8, [1, None, None, 3])
  assert inputs == {
      "features": {"image": (tf.uint8, [None, None, None, 3])},
      "serving_default": {"image": (tf.uint8, [None, None, None, 3])},
      "style_statistics": {"image": single},
      "style_distance": {"image_a": single, "image_b": single},
      "content_distance": {"image_a": single, "image_b": single}}
  outputs = {name: set(function.structured_outputs) for name, function in signatures.items()}
  assert outputs == {
      "features": set(LAYERS), "serving_default": set(LAYERS),
      "style_statistics": {f"{layer}_{part}" for layer in STYLE
                           for part in ("gram", "mean", "covariance")},
      "style_distance": {*STYLE, "total"}, "content_distance": {CONTENT, "total"}}


def test_features_where_neither_the_package_nor_keras_can_be_imported(folder, pictures, maps):
  np.save(folder / "pictures.npy", pictures)
  done = python("""
hide("tf_style", "keras", "tf_keras")
import numpy as np, tensorflow as tf
folder = sys.argv[1]
model = tf.saved_model.load(folder + "/model")
maps = model.signatures["serving_default"](image=tf.constant(np.load(folder + "/pictures.npy")))
np.savez(folder + "/maps.npz", **maps)
for name in ("tf_style", "keras"):
  try:
    __import__(name)
  except ImportError as error:
    print(error)
""", str(folder))
  assert done.stdout == "No module named 'tf_style'\nNo module named 'keras'\n", done.stderr
  found = np.load(folder / "maps.npz")
  assert set(found) == set(LAYERS)
  for name in LAYERS:
    assert_close(found[name], maps[name])


def test_statistics_are_those_of_numpy(signatures, pictures, maps):
  found = signatures["style_statistics"](image=tf.constant(pictures[:1]))
  for name in STYLE:
    rows = maps[name][0].reshape(-1, maps[name].shape[-1]).astype(np.float64)
    assert_close(found[f"{name}_gram"], rows.T @ rows / len(rows))
    assert_close(found[f"{name}_mean"], rows.mean(0))
    assert_close(found[f"{name}_covariance"], np.cov(rows.T, bias=True))


def test_distances_are_those_of_the_package(signatures, pictures, maps):
  pair = {"image_a": tf.constant(pictures[:1]), "image_b": tf.constant(pictures[1:])}
  found = signatures["style_distance"](**pair)
  wanted = []
  for name in STYLE:
    first, second = (statistics(feature_sums(tf.constant(maps[name][i:i + 1])))[0] for i in (0, 1))
    wanted.append(gram_distance(first, second)[0])
    assert_close(found[name], wanted[-1])
  assert_close(found["total"], np.mean(wanted))
  found = signatures["content_distance"](**pair)
  assert_close(found[CONTENT], np.mean((maps[CONTENT][0] - maps[CONTENT][1]) ** 2))
  assert found["total"] == found[CONTENT]


def test_distances_to_itself_are_zero_and_sizes_may_differ_in_style(signatures, pictures):
  one, part = tf.constant(pictures[:1]), tf.constant(pictures[:1, :21, :34])
  for name in ("style_distance", "content_distance"):
    assert float(signatures[name](image_a=one, image_b=one)["total"]) == 0
  assert float(signatures["style_distance"](image_a=one, image_b=part)["total"]) > 0


@pytest.mark.parametrize("endpoint, shapes, message", [
    ("features", [(1, 1, 9, 3)], "at least 2 x 2 pixels, received"),
    ("features", [(1, 9, 9, 1)], r"\[1,9,9,1\] is not compatible"),
    ("style_statistics", [(2, 9, 9, 3)], r"\[2,9,9,3\] is not compatible"),
    ("style_distance", [(1, 9, 9, 3), (2, 9, 9, 3)], r"\[2,9,9,3\] is not compatible"),
    ("content_distance", [(1, 9, 9, 3), (1, 2, 2, 3)], "two pictures of one size, received")])
def test_wrong_pictures_are_refused(signatures, endpoint, shapes, message):
  names = ["image"] if len(shapes) == 1 else ["image_a", "image_b"]
  pictures = {name: tf.zeros(shape, tf.uint8) for name, shape in zip(names, shapes, strict=True)}
  with pytest.raises(tf.errors.InvalidArgumentError, match=message):
    signatures[endpoint](**pictures)


def test_as_a_layer_of_keras(folder, pictures, maps):
  picture = keras.Input((None, None, 3), dtype="uint8")
  layer = keras.layers.TFSMLayer(str(folder / "model"), call_endpoint="serving_default")
  found = keras.Model(picture, layer(picture))(tf.constant(pictures))
  for name in LAYERS:
    assert_close(found[name], maps[name])


def test_through_saved_model_cli(folder, pictures, maps, tmp_path):
  tool = Path(sys.executable).parent / "saved_model_cli"
  if not tool.exists():
    pytest.skip("this TensorFlow came without saved_model_cli")
  model = [f"--dir={folder}/model", "--tag_set=serve", "--signature_def=serving_default"]
  np.save(tmp_path / "image.npy", pictures)

  def call(*argv: str) -> str:
    return subprocess.run([tool, *argv], capture_output=True, text=True, check=True).stdout

  shown = call("show", *model)
  assert "['image'] tensor_info:\n      dtype: DT_UINT8\n      shape: (-1, -1, -1, 3)" in shown
  assert f"outputs['{CONTENT}'] tensor_info:\n      dtype: DT_FLOAT" in shown
  call("run", *model, f"--inputs=image={tmp_path}/image.npy", f"--outdir={tmp_path}/maps")
  for name in LAYERS:
    assert_close(np.load(tmp_path / "maps" / f"{name}.npy"), maps[name])


def test_the_readme_beside_it(folder, signatures, monkeypatch, capsys):
  """Its tables name every endpoint and output; its request, run, gets the answer that it states."""
  text = (folder / "model" / "README.md").read_text("utf-8")
  assert all(f"`{name}`" in text for name in (*signatures, *LAYERS))
  assert f"| `{CONTENT}` | `[B, H/2, W/2, 128]` |" in text
  weights = load_weights("vgg16", str(folder / "vgg16.h5"))
  assert all(fact in text for fact in (weights.source, weights.checksum, weights.licence))
  assert str(folder) not in text

  def serve(url, data):
    """Answers as TensorFlow Serving does to a request in columns."""
    assert url == "http://localhost:8501/v1/models/extractor:predict"
    request = json.loads(data)
    inputs = {name: tf.constant(value, tf.uint8) for name, value in request["inputs"].items()}
    outputs = signatures[request["signature_name"]](**inputs)
    values = {name: value.numpy().tolist() for name, value in outputs.items()}
    return io.BytesIO(json.dumps({"outputs": values}).encode())

  monkeypatch.setattr(urllib.request, "urlopen", serve)
  programs = re.findall(r"```python\n(.+?)```", text, re.S)
  exec(next(code for code in programs if "urlopen" in code), {})
  found = eval(capsys.readouterr().out)["outputs"]
  stated = json.loads(re.search(r"```json\n(.+?)```", text, re.S)[1])["outputs"]
  assert found == pytest.approx(stated, rel=1e-5)


def test_check_prints_all_endpoints_and_needs_no_keras(folder, signatures):
  done = python("""
hide("keras", "tf_keras")
from tf_style import export
sys.exit(export.main(sys.argv[1:]))
""", f"--check={folder}/model", f"--image={folder}/picture.png")
  assert (done.returncode, done.stderr) == (0, "")
  heads = [line for line in done.stdout.splitlines() if not line.startswith(" ")]
  assert heads == ["features(image)", "style_statistics(image)", "style_distance(image_a, image_b)",
                   "content_distance(image_a, image_b)", "serving_default(image)"]
  lines = re.findall(r"^  \S+ +\[.*\] +mean \S+ +sha256 [0-9a-f]{16}$", done.stdout, re.M)
  assert len(lines) == sum(len(function.structured_outputs) for function in signatures.values())
  assert f"  {CONTENT}             [1, 20, 28, 128]" in done.stdout


def test_layers_left_out_leave_endpoints_out(folder):
  weights = load_weights("vgg16", str(folder / "vgg16.h5"))
  names = lambda *layers: [e.name for e in saved_model.Exported(weights, *layers).endpoints()]
  assert names((), ("block1_conv1",)) == ["features", "style_statistics", "style_distance"]
  only_content = saved_model.Exported(weights, ("block1_conv1",), ())
  assert [e.name for e in only_content.endpoints()] == ["features", "content_distance"]
  assert '"signature_name": "content_distance"' in saved_model.readme(only_content)


@pytest.mark.parametrize("argv, message", [
    ([], "--output: expected where to write the model"),
    (["--output=new", "--pooling=mean"], "--pooling: expected one of max, average"),
    (["--output=new", "--style_layers=block6_conv1"], "--style_layers: expected layers of"),
    (["--output=new", "--network=vgg16", "--style_layers=block4_conv4"], "--style_layers: exp"),
    (["--output=new", "--style_layers=", "--content_layers="], "at least one style or content"),
    (["--output=new", "--weights=missing.h5"], "--weights: expected"),
    (["--output=new", "--image=a.png"], "--image: expected no such flag beside --output"),
    (["--output=new", "--check=full"], "--output: expected no such flag beside --check"),
    (["--output="], "--output: expected a path"),
    (["--output=full"], "--output: expected a new or an empty folder, received full"),
    (["--output=file"], "--output: expected a new or an empty folder, received file"),
    (["--output=file/new"], "--output: expected"),
    (["--check=full"], "--image: expected a picture to check with"),
    (["--check=full", "--image=missing.png"], "--image: expected a picture that can be read"),
    (["--check=full", "--image=a.png"], "--check: expected the folder of a SavedModel"),
    (["--check=missing", "--image=a.png"], "--check: expected the folder of a SavedModel"),
    (["--check=damaged", "--image=a.png"], "--check: expected the folder of a SavedModel"),
    (["--check=model", "--image=thin.png"], "[expected pictures of at least 2 x 2 pixels"),
    (["--layers=block1_conv1"], "--layers: expected a flag")])
def test_wrong_inputs_get_one_line(folder, tmp_path, monkeypatch, capfd, argv, message):
  monkeypatch.chdir(tmp_path)
  (tmp_path / "full").mkdir()
  (tmp_path / "full" / "saved_model.pb").write_bytes(b"\xff\xff")
  (tmp_path / "file").touch()
  write_picture(tmp_path / "a.png")
  write_picture(tmp_path / "thin.png", 1, 9)
  (tmp_path / "model").symlink_to(folder / "model")
  shutil.copytree(folder / "model", tmp_path / "damaged")
  variables = tmp_path / "damaged/variables/variables.data-00000-of-00001"
  variables.write_bytes(variables.read_bytes()[:1000])
  before = sorted(tmp_path.rglob("*"))
  assert export.main(argv) == 2
  out, err = capfd.readouterr()
  assert out == "" and err.startswith("tf_style: error: ") and err.count("\n") == 1
  assert message in err
  assert sorted(tmp_path.rglob("*")) == before


def test_a_failure_while_writing_leaves_nothing(folder, tmp_path, monkeypatch, capfd):
  def fail(*args, **kwargs):
    raise tf.errors.ResourceExhaustedError(None, None, "No space left on device")

  monkeypatch.setattr(tf.saved_model, "save", fail)
  argv = [*FLAGS, f"--weights={folder}/vgg16.h5", f"--output={tmp_path}/new"]
  assert export.main(argv) == 1
  assert capfd.readouterr().err.endswith("No space left on device\n")
  assert not any(tmp_path.iterdir())


def test_an_empty_folder_is_taken_and_a_full_one_kept(folder, tmp_path):
  weights = load_weights("vgg16", str(folder / "vgg16.h5"))
  exported = saved_model.Exported(weights, ("block1_conv1",), ())
  (tmp_path / "real").mkdir()
  (tmp_path / "link").symlink_to("real")
  saved_model.write_saved_model(tmp_path / "link", exported)
  assert (tmp_path / "real" / "saved_model.pb").is_file() and (tmp_path / "link").is_symlink()
  with pytest.raises(ValueError, match="new or an empty folder"):
    saved_model.write_saved_model(tmp_path / "real", exported)
  assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "real"]
  assert (tmp_path / "real").stat().st_mode & 0o777 == 0o777 & ~os.umask(os.umask(0o22))


def test_each_weight_is_stored_once(folder, extractor):
  stored = (folder / "model/variables/variables.data-00000-of-00001").stat().st_size
  wanted = sum(4 * np.prod(weight.shape) for weight in extractor.variables)
  assert wanted <= stored < wanted + 20_000


def test_help_needs_no_tensorflow():
  done = python("""
hide("tensorflow", "keras")
from tf_style import export
export.main(["--help"])
""")
  assert done.returncode == 0 and done.stderr == ""
  assert all(f"  --{name}=" in done.stdout for name in
             ("output", "check", "image", "network", "weights", "pooling", "content_layers"))


@pytest.mark.full
def test_the_default_layers_on_trained_weights(vgg19_weights, tmp_path):
  config = Config.of()
  exported = saved_model.Exported(vgg19_weights, config.content_layers, config.style_layers)
  saved_model.write_saved_model(tmp_path / "model", exported)
  picture = waves(96, 128, 1)[None]
  found = tf.saved_model.load(str(tmp_path / "model")).signatures["serving_default"](
      image=tf.constant(picture))
  for name, wanted in exported.extractor(picture / np.float32(255)).items():
    assert_close(found[name], wanted)
