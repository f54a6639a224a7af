"""The exported extractor: a SavedModel with preprocessing inside, used without this package."""

import errno
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import tensorflow as tf

from tf_style.losses.content import squared_error_sum
from tf_style.losses.gram import gram_distance
from tf_style.losses.statistics import Statistics, covariance, feature_sums, statistics
from tf_style.system.files import check_empty_folder, write_folder_atomically
from tf_style.version import __version__
from tf_style.vgg.extractor import AVERAGE_FACTORS, Extractor
from tf_style.vgg.weights import Weights


class Endpoint(NamedTuple):
  """A function of uint8 pictures [batch, H, W, 3] to named float32 tensors.

  Attributes:
    name: under which it is served.
    function: what is traced.
    inputs: names of its pictures.
    batch: how many pictures each input is; None for any number.
    text: what it computes, in Markdown.
  """

  name: str
  function: Callable[..., dict[str, tf.Tensor]]
  inputs: tuple[str, ...]
  batch: int | None
  text: str

  @property
  def signature(self) -> list[tf.TensorSpec]:
    return [tf.TensorSpec((self.batch, None, None, 3), tf.uint8, name) for name in self.inputs]


class Exported:
  """A network and the endpoints that are made of it.

  Attributes:
    extractor: gives the features of all layers.
    layers: all layers by name.
    smallest: pixels that a picture's shorter side has at least.
  """

  def __init__(self, weights: Weights, content_layers: Sequence[str], style_layers: Sequence[str],
               pooling: str = "max"):
    """Builds the network.

    Args:
      weights: pretrained weights; they name the network.
      content_layers: Keras layer names, for `content_distance`; none leaves that endpoint out.
      style_layers: the same for `style_statistics` and `style_distance`.
      pooling: as `Extractor` has it.
    Raises:
      InputError: a layer is not of this network.
    """
    self._content_layers, self._style_layers = tuple(content_layers), tuple(style_layers)
    self.weights, self.pooling = weights, pooling
    self.extractor = Extractor(
        weights, self._content_layers + self._style_layers, pooling, portable=True)
    table = weights.network.layers
    self.layers = [layer for name, layer in table.items() if name in self.extractor.layers]
    self.smallest = self.layers[-1].stride

  def endpoints(self) -> list[Endpoint]:
    """Returns the endpoints; the first is `serving_default` too."""
    found = [Endpoint("features", self.features, ("image",), None, _FEATURES)]
    if self._style_layers:
      names = ", ".join(f"`{name}`" for name in self._style_layers)
      found += [
          Endpoint("style_statistics", self.style_statistics, ("image",), 1,
                   _STATISTICS.format(names)),
          Endpoint("style_distance", self.style_distance, ("image_a", "image_b"), 1,
                   _STYLE_DISTANCE.format(names))]
    if self._content_layers:
      names = ", ".join(f"`{name}`" for name in self._content_layers)
      found.append(Endpoint("content_distance", self.content_distance, ("image_a", "image_b"), 1,
                            _CONTENT_DISTANCE.format(names)))
    return found

  def features(self, image: tf.Tensor) -> dict[str, tf.Tensor]:
    """Returns the activations [B, H / stride, W / stride, C] of every layer."""
    size = tf.shape(_rgb(image))
    smallest = f"{self.smallest} x {self.smallest}"
    check = tf.debugging.Assert(tf.reduce_min(size[1:3]) >= self.smallest, [
        f"expected pictures of at least {smallest} pixels, received", size], 4)
    with tf.control_dependencies([check]):
      return self.extractor(tf.cast(_rgb(image), tf.float32) / 255.0)

  def style_statistics(self, image: tf.Tensor) -> dict[str, tf.Tensor]:
    """Returns `<layer>_gram` [C, C], `<layer>_mean` [C] and `<layer>_covariance` [C, C]."""
    found: dict[str, tf.Tensor] = {}
    for name, stats in self._statistics(image).items():
      found |= {f"{name}_gram": stats.second[0], f"{name}_mean": stats.mean[0],
                f"{name}_covariance": covariance(stats)[0]}
    return found

  def style_distance(self, image_a: tf.Tensor, image_b: tf.Tensor) -> dict[str, tf.Tensor]:
    """Returns the Gram distance of two pictures at each style layer, and their mean as `total`."""
    statistics_b = self._statistics(image_b)
    return _with_total({name: gram_distance(statistics_b[name], stats)[0]
                        for name, stats in self._statistics(image_a).items()})

  def content_distance(self, image_a: tf.Tensor, image_b: tf.Tensor) -> dict[str, tf.Tensor]:
    """Returns mean((F_a - F_b)^2) at each content layer, and their mean as `total`."""
    size_a, size_b = tf.shape(_rgb(image_a, 1)), tf.shape(_rgb(image_b, 1))
    check = tf.debugging.Assert(tf.reduce_all(size_a == size_b), [
        "expected two pictures of one size, received", size_a, "and", size_b], 4)
    with tf.control_dependencies([check]):
      features_a, features_b = self.features(image_a), self.features(image_b)
    return _with_total({
        name: squared_error_sum(features_a[name], features_b[name])[0]
        / tf.cast(tf.size(features_a[name]), tf.float32) for name in self._content_layers})

  def _statistics(self, image: tf.Tensor) -> dict[str, Statistics]:
    features = self.features(_rgb(image, 1))
    return {name: statistics(feature_sums(features[name]))[0]
            for name in self._style_layers}


def _rgb(image: tf.Tensor, batch: int | None = None) -> tf.Tensor:
  """Checks what signatures leave unchecked: the number of channels and of pictures."""
  return tf.ensure_shape(image, (batch, None, None, 3))


def _with_total(distances: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
  return distances | {"total": tf.add_n(list(distances.values())) / len(distances)}


def write_saved_model(folder: str | os.PathLike, exported: Exported) -> None:
  """Writes the model and a README beside it as `folder`, which appears only when it is complete.

  Args:
    folder: must not exist or be empty; the folders above it are made.
    exported: what to write.
  Raises:
    OutputError: the folder is taken.
    OSError: from the system; nothing is left behind.
  """
  target = Path(os.path.realpath(folder))

  def write(aside: Path) -> None:
    module = tf.Module()
    module.extractor = exported.extractor
    endpoints = exported.endpoints()
    signatures = {each.name: tf.function(each.function, each.signature, autograph=False)
                  for each in endpoints}
    signatures["serving_default"] = signatures[endpoints[0].name]
    try:
      tf.saved_model.save(module, str(aside), signatures)
    except tf.errors.OpError as error:  # a full disk is no OSError to TensorFlow
      raise OSError(errno.EIO, error.message) from error
    (aside / "README.md").write_text(readme(exported), "utf-8")
    check_empty_folder(target, "--output")

  write_folder_atomically(target, write, overwrite=False)


def readme(exported: Exported) -> str:
  """Returns the README of the folder, whose worked example is computed here."""
  weights, endpoints = exported.weights, exported.endpoints()
  rows = [f"| `{layer.name}` | `[B, {_over('H', layer.stride)}, {_over('W', layer.stride)}, "
          f"{layer.channels}]` |" for layer in exported.layers]
  sections = []
  for endpoint in endpoints:
    batch = endpoint.batch or "B"
    inputs = " and ".join(f"`{name}`" for name in endpoint.inputs)
    sections.append(f"### `{endpoint.name}`\n\nIn: {inputs}, uint8 `[{batch}, H, W, 3]`. "
                    f"{endpoint.text}")
    if endpoint.name == "features":
      sections[-1] += "\n\n| output | shape |\n|---|---|\n" + "\n".join(rows)
  served = next(endpoint for endpoint in endpoints if len(endpoint.inputs) == 2)
  side = 2 * exported.smallest
  red, blue = (tf.tile(tf.constant(color, tf.uint8, (1, 1, 1, 3)), (1, side, side, 1))
               for color in ((255, 0, 0), (0, 0, 255)))
  answer = {name: float(f"{float(value):.6g}")
            for name, value in served.function(red, blue).items()}
  return _README.format(
      network=weights.network.name.upper(), version=__version__, tensorflow=tf.__version__,
      smallest=exported.smallest, pooling=_pooling(exported), sections="\n\n".join(sections),
      layer=exported.layers[0].name, side=side, endpoint=served.name,
      answer=json.dumps({"outputs": dict(sorted(answer.items()))}, indent=4),
      source=weights.source, checksum=weights.checksum, licence=weights.licence)


def _pooling(exported: Exported) -> str:
  factors = [f"{AVERAGE_FACTORS[name]:.6g}" for name in exported.extractor.operations
             if name in AVERAGE_FACTORS and exported.pooling == "average"]
  scaled = f", the pools in turn multiplied by {', '.join(factors)}" if factors else ""
  return exported.pooling + scaled


def _over(side: str, stride: int) -> str:
  return side if stride == 1 else f"{side}/{stride}"


_FEATURES = """\
Out: the activations of each layer, after its ReLU, on the scale that \
pixels of 0 to 255 give. Divisions round down. It is `serving_default` too."""
_STATISTICS = """\
Out: the statistics of the picture's texture, for each layer of {}, \
with C its channels and F its activations as one row a position:

| output | shape | |
|---|---|---|
| `<layer>_gram` | `[C, C]` | FᵀF / number of positions |
| `<layer>_mean` | `[C]` | mean of the rows of F |
| `<layer>_covariance` | `[C, C]` | gram - mean meanᵀ |"""
_STYLE_DISTANCE = """\
Sizes may differ. Out: for each layer of {}, a scalar of its name, \
mean((G_a - G_b)²) / C² with G the gram above (Gatys et al. 2016, eq. 4, without their factor \
1/4); and `total`, the mean of these."""
_CONTENT_DISTANCE = """\
Both of one size. Out: for each layer of {}, a scalar of its name, \
mean((F_a - F_b)²); and `total`, the mean of these."""

_README = """\
# {network} as an extractor: features, texture statistics and distances of pictures

A SavedModel, written by tf_style {version} with TensorFlow {tensorflow}. To use it, TensorFlow is
enough. Pictures are RGB, 0 to 255, of any size from {smallest} x {smallest} pixels;
preprocessing is inside. Pooling: {pooling}.

## Endpoints

All outputs are float32.

{sections}

## From Python, Keras and a shell

```python
import tensorflow as tf

model = tf.saved_model.load("FOLDER")
image = tf.io.decode_jpeg(tf.io.read_file("photo.jpg"), channels=3)[None]
maps = model.signatures["serving_default"](image=image)
maps["{layer}"]

layer = tf.keras.layers.TFSMLayer("FOLDER", call_endpoint="serving_default")
layer(image)["{layer}"]
```

```sh
saved_model_cli show --dir=FOLDER --all
saved_model_cli run --dir=FOLDER --tag_set=serve --signature_def=serving_default \\
    --inputs=image=image.npy --outdir=maps
```

## From TensorFlow Serving

A served model has numbered versions, so mount this folder where the server expects version 1:

```sh
docker run -p 8501:8501 -e MODEL_NAME=extractor \\
    -v "$PWD/FOLDER:/models/extractor/1" tensorflow/serving
```

A request, here for a red and a blue picture of {side} x {side} pixels, is a JSON object posted to
`/v1/models/extractor:predict`:

```python
import json
import urllib.request

red, blue = ([[[color] * {side}] * {side}] for color in ([255, 0, 0], [0, 0, 255]))
request = {{"signature_name": "{endpoint}", "inputs": {{"image_a": red, "image_b": blue}}}}
answer = urllib.request.urlopen(
    "http://localhost:8501/v1/models/extractor:predict", json.dumps(request).encode())
print(json.load(answer))
```

The answer, up to rounding:

```json
{answer}
```

`serving_default` answers a row a picture: `{{"instances": [picture, picture]}}` gives
`{{"predictions": [maps, maps]}}`. Maps are long in JSON: take gRPC for large pictures.

## Weights

{source}. SHA-256 of the arrays: `{checksum}`.
Licence: {licence}.
"""
