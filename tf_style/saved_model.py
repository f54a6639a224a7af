"""The exported extractor: a SavedModel that runs without tf_style and without Keras."""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import keras
import tensorflow as tf

from tf_style import losses
from tf_style.errors import OutputError, expected
from tf_style.features import Extractor
from tf_style.weights import Weights

_IMAGE = tf.TensorSpec([None, None, None, 3], tf.uint8, name="image")
_ONE = tf.TensorSpec([1, None, None, 3], tf.uint8, name="image")
_PAIR = [tf.TensorSpec([1, None, None, 3], tf.uint8, name=name) for name in ("image", "reference")]


def export(folder: str | os.PathLike, weights: Weights, content_layers: Sequence[str],
           style_layers: Sequence[str], pooling: str = "max") -> Path:
  """Writes the extractor, with a README of its signatures beside it, into a new folder.

  Endpoints: `serving_default` (features), `style_statistics`, `style_distance`, `content_distance`; see
  the README that is written. Preprocessing is inside: images are uint8 RGB of any size.

  Args:
    folder: is made; its parents too. It appears when it is complete.
    weights: pretrained weights.
    content_layers, style_layers: layers that the endpoints look at.
    pooling: as for `Extractor`.
  Raises:
    OutputError: the folder exists and is not empty, or cannot be written.
    InputError: a layer is unknown.
  """
  folder = Path(folder)
  if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
    raise OutputError("--output: " + expected("a new or empty folder", folder))
  extractor = Extractor(weights, (*content_layers, *style_layers), pooling)
  try:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".writing-", dir=folder.parent) as aside:
      target = Path(aside) / "model"
      _archive(extractor, tuple(content_layers), tuple(style_layers)).write_out(target, verbose=False)
      (target / "README.md").write_text(_readme(extractor, weights, pooling), "utf-8")
      os.replace(target, folder)
  except OSError as error:
    raise OutputError("--output: " + expected("a folder that can be written",
                                              f"{folder} ({error.strerror})")) from error
  return folder


def _archive(extractor: Extractor, content_layers: tuple[str, ...],
             style_layers: tuple[str, ...]) -> keras.export.ExportArchive:
  def features(image: tf.Tensor) -> dict[str, tf.Tensor]:
    return extractor(tf.cast(image, tf.float32) / 255)

  def style_statistics(image: tf.Tensor) -> dict[str, tf.Tensor]:
    found = {}
    maps = features(image)
    for name in style_layers:
      (region,) = losses.statistics(losses.feature_sums(maps[name]))
      found |= {f"{name}/gram": region.second, f"{name}/mean": region.mean,
                f"{name}/covariance": losses.covariance(region)}
    return found

  def style_distance(image: tf.Tensor, reference: tf.Tensor) -> dict[str, tf.Tensor]:
    ours, theirs = features(image), features(reference)
    parts = {}
    for name in style_layers:
      (mine,), (wanted,) = (losses.statistics(losses.feature_sums(f[name])) for f in (ours, theirs))
      parts[name] = losses.GramDistance(wanted)(mine)
    return {**parts, "total": tf.add_n(list(parts.values()))}

  def content_distance(image: tf.Tensor, reference: tf.Tensor) -> dict[str, tf.Tensor]:
    ours, theirs = features(image), features(reference)
    parts = {name: tf.reduce_mean(tf.square(ours[name] - theirs[name])) for name in content_layers}
    return {**parts, "total": tf.add_n(list(parts.values()))}

  archive = keras.export.ExportArchive()
  archive.track(extractor.model)
  archive.add_endpoint("serving_default", features, input_signature=[_IMAGE])
  if style_layers:
    archive.add_endpoint("style_statistics", style_statistics, input_signature=[_ONE])
    archive.add_endpoint("style_distance", style_distance, input_signature=_PAIR)
  if content_layers:
    archive.add_endpoint("content_distance", content_distance, input_signature=_PAIR)
  return archive


def _readme(extractor: Extractor, weights: Weights, pooling: str) -> str:
  layers = ", ".join(f"`{name}`" for name in extractor.layers)
  return f"""# Features of {weights.network.upper()} for neural style transfer

Made by tf_style. Weights: {weights.source}; {weights.licence}; SHA-256 of the arrays {weights.checksum}.
Pooling: {pooling}. Layers: {layers}. Images are uint8 RGB; preprocessing is inside.

| signature | inputs | outputs, float32 |
|---|---|---|
| `serving_default` | `image` [B, H, W, 3] | a map a layer, [B, H / stride, W / stride, C] |
| `style_statistics` | `image` [1, H, W, 3] | a style layer's `/gram` [C, C] over H W, `/mean` [C], `/covariance` [C, C] |
| `style_distance` | `image`, `reference` [1, H, W, 3] | mean((G - A)^2) / C^2 a style layer, and their sum `total` |
| `content_distance` | `image`, `reference` [1, H, W, 3], of one size | mean((F - P)^2) a content layer, and `total` |

    import tensorflow as tf
    features = tf.saved_model.load("FOLDER").signatures["serving_default"]
    maps = features(image=tf.zeros([1, 256, 256, 3], tf.uint8))

With TensorFlow Serving, which wants the model in a numbered folder (`/models/style/1`):

    curl -d '{{"signature_name": "content_distance",
              "inputs": {{"image": [[[[0, 0, 0], ...]]], "reference": [[[[9, 9, 9], ...]]]}}}}' \\
      http://localhost:8501/v1/models/style:predict
    {{"outputs": {{"block4_conv2": 12.3, "total": 12.3}}}}
"""


def check(folder: str | os.PathLike, image: tf.Tensor) -> list[str]:
  """Runs all endpoints of an exported model on one image; TensorFlow alone is used.

  Args:
    folder: what `export` wrote.
    image: [1, H, W, 3] uint8; compared with itself turned by half where an endpoint takes two.
  Returns:
    A line an output: endpoint, name, shape, mean and root mean square.
  Raises:
    OutputError: there is no SavedModel in the folder.
  """
  try:
    loaded = tf.saved_model.load(os.fspath(folder))
  except (OSError, ValueError, tf.errors.OpError) as error:
    raise OutputError("--check: " + expected("the folder of a SavedModel", folder)) from error
  lines = []
  for endpoint in sorted(loaded.signatures):
    function = loaded.signatures[endpoint]
    names = function.structured_input_signature[1]
    inputs = {"image": image, "reference": image[:, ::-1, ::-1]}
    for name, value in sorted(function(**{name: inputs[name] for name in names}).items()):
      size = float(tf.sqrt(tf.reduce_mean(tf.square(value))))
      lines.append(f"{endpoint:18} {name:26} {str(tuple(value.shape)):20} "
                   f"mean {float(tf.reduce_mean(value)):.6g}, rms {size:.6g}")
  return lines
