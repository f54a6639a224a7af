"""Writes a learned style as a folder: record, weights, pictures, SavedModel, README."""

import dataclasses
import errno
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import h5py
import keras
import numpy as np
import tensorflow as tf

from tf_style.learned.applying import SMALLEST
from tf_style.learned.network import STRIDE, Network
from tf_style.learned.record import RECORD, SAVED_MODEL, WEIGHTS, Record
from tf_style.pictures import images
from tf_style.system.files import check_empty_folder, digest_of, write_folder_atomically
from tf_style.version import __version__

EXAMPLE = "example.jpg"


class Contents(NamedTuple):
  """What a folder holds, as the attributes of `LearnedStyle` are."""

  record: Record
  network: Network
  pictures: Sequence[np.ndarray]
  example: np.ndarray | None


def write_folder(folder: str | os.PathLike[str], contents: Contents, *,
                 compact: bool = False) -> None:
  """Writes a style; arguments and errors as for `LearnedStyle.save`."""
  check_empty_folder(folder, "--output")
  target = Path(os.path.realpath(folder))
  record, network, pictures, example = contents

  def write(aside: Path) -> None:
    read_back = [_write_weights(aside / WEIGHTS, network, compact)]
    for name, picture in zip(record.pictures, pictures, strict=True):
      read_back.append(images.save_picture(aside / name, picture))
    if example is not None:
      images.save_picture(aside / EXAMPLE, example)
    if not compact:
      write_saved_model(aside / SAVED_MODEL, network)
    digests = {path.name: digest_of(path) for path in read_back}
    (aside / RECORD).write_text(dataclasses.replace(record, files=digests).as_text(), "utf-8")
    (aside / "README.md").write_text(readme(record, compact), "utf-8")
    check_empty_folder(target, "--output")

  write_folder_atomically(target, write, overwrite=False)


def _write_weights(path: Path, network: Network, compact: bool) -> Path:
  """Writes the weights as Keras does; in float16 where they shall be compact."""
  network.whole.save_weights(os.fspath(path))
  if compact:
    aside = path.with_name(f"half-{path.name}")
    with h5py.File(path) as wide, h5py.File(aside, "w") as half:
      wide.visititems(lambda name, each: _copy_half(half, name, each))
    os.replace(aside, path)
  return path


def _copy_half(half: h5py.File, name: str, each: h5py.Group | h5py.Dataset) -> None:
  if isinstance(each, h5py.Dataset):
    half.create_dataset(name, data=np.asarray(each).astype(np.float16))
  else:
    group = half.require_group(name)
    for key, value in each.attrs.items():
      group.attrs[key] = value


def write_saved_model(folder: Path, network: Network, any_size: bool = True) -> None:
  """Writes the network as a SavedModel that needs neither tf_style nor Keras, in float32.

  Its signature `paint`, which is `serving_default` too, takes `image`, uint8 [B, H, W, 3] of any
  size from 16 x 16, and, where there are several styles, `blend`, float32 [B, S]. It gives `image`,
  uint8, and `picture`, float32 in [0, 1].

  Args:
    folder: where to write it.
    network: in any precision.
    any_size: as for `endpoint`.
  Raises:
    OSError: from the system.
  """
  portable = in_float32(network)
  archive = keras.export.ExportArchive()
  archive.track(portable.whole)
  archive.add_endpoint("paint", *endpoint(portable, any_size))
  try:
    archive.write_out(os.fspath(folder), verbose=False)
  except tf.errors.OpError as error:  # a full disk is no OSError to TensorFlow
    raise OSError(errno.EIO, error.message) from error


def in_float32(network: Network) -> Network:
  """Returns a copy of a network that computes in float32."""
  portable = Network(network.shape)
  for own, theirs in zip(portable.variables, network.variables, strict=True):
    own.assign(theirs)
  return portable


def endpoint(network: Network, any_size: bool = True,
             ) -> tuple[Callable[..., dict[str, tf.Tensor]], list[tf.TensorSpec]]:
  """Returns the function of the signature `paint`, and its specs.

  Args:
    network: in float32.
    any_size: whether sides need not be multiples of 4, and the function says what is wrong with the
      shape of a picture.
  """
  styles = network.shape.styles
  seen = _checked if any_size else lambda image: image

  def one(image: tf.Tensor) -> dict[str, tf.Tensor]:
    return painted(network, seen(image), tf.ones([tf.shape(image)[0], 1]), any_size)

  def several(image: tf.Tensor, blend: tf.Tensor) -> dict[str, tf.Tensor]:
    return painted(network, seen(image), blend, any_size)

  picture = tf.TensorSpec([None, None, None, 3], tf.uint8, "image")
  shares = tf.TensorSpec([None, styles], tf.float32, "blend")
  return (one, [picture]) if styles == 1 else (several, [picture, shares])


def _checked(image: tf.Tensor) -> tf.Tensor:
  """Checks what signatures leave unchecked: the number of channels, and the size."""
  image = tf.ensure_shape(image, [None, None, None, 3])
  size = tf.shape(image)
  check = tf.debugging.Assert(tf.reduce_min(size[1:3]) >= SMALLEST, [
      f"expected pictures of at least {SMALLEST} x {SMALLEST} pixels, received", size], 4)
  with tf.control_dependencies([check]):
    return tf.identity(image)


def paint_any(network: Network, picture: tf.Tensor, shares: tf.Tensor) -> tf.Tensor:
  """Paints pictures whose sides need not be multiples of 4, in a graph."""
  size = tf.shape(picture)
  rest = -size[1:3] % STRIDE
  whole = tf.pad(picture, [[0, 0], [0, rest[0]], [0, rest[1]], [0, 0]], "REFLECT")
  whole.set_shape([None, None, None, 3])  # which padding has forgotten
  return network.whole([whole, shares])[0][:, :size[1], :size[2]]


def painted(network: Network, image: tf.Tensor, blend: tf.Tensor,
            any_size: bool = True) -> dict[str, tf.Tensor]:
  """Paints pictures uint8 [B, H, W, 3] by shares [B, S] of any sum, in a graph."""
  picture = tf.cast(image, tf.float32) / 255.0
  shares = blend / tf.maximum(tf.reduce_sum(blend, 1, keepdims=True), 1e-6)
  result = paint_any(network, picture, shares) if any_size else network.whole([picture, shares])[0]
  levels = tf.cast(tf.clip_by_value(result * 255.0 + 0.5, 0.0, 255.0), tf.uint8)
  return {"image": levels, "picture": result}


def readme(record: Record, compact: bool = False) -> str:
  """Returns the README of the folder."""
  several = len(record.styles) > 1
  names = ", ".join(record.styles)
  blend = ", blend=tf.constant([[{}]])".format(
      ", ".join(f"{1 / len(record.styles):.2g}" for _ in record.styles)) if several else ""
  served = "" if compact else _SERVED.format(
      blend=blend, also=_BLEND.format(styles=len(record.styles)) if several else "",
      inputs='"instances"' if not several else '"inputs"',
      smallest=SMALLEST)
  flag = " --style_blend=" + ",".join(["1"] * len(record.styles)) if several else ""
  return _README.format(
      names=names, version=__version__, steps=record.steps, loss=f"{record.loss:.6g}", flag=flag,
      photographs=record.photographs, network=record.objective.network.upper(), served=served)


_README = """\
# A learned style: {names}

Learned by tf_style {version} in {steps} steps from {photographs} photographs, with the loss of a
repaint by {network}. Loss on photographs held out: {loss}. `style.json` says all settings.

```sh
tf-style --model=FOLDER --content=photo.jpg{flag}
```

```python
import tf_style

style = tf_style.LearnedStyle.load("FOLDER")
tf_style.save_picture("painted.png", style("photo.jpg"))
```
{served}
## Licence

The network was trained on the pictures of the style in this folder and on photographs, with a loss
that VGG's weights define (Simonyan and Zisserman, CC BY 4.0). VGG's weights are no part of it, and
of the photographs only what `example.jpg` shows, where there is one. Whoever passes it on answers
for the rights in the style. The code of tf_style is under the Apache License 2.0.
"""

_SERVED = """
## With TensorFlow alone

`saved_model` needs neither tf_style nor Keras. Its signature `paint`, `serving_default` too, takes
`image`, uint8 `[B, H, W, 3]` of any size from {smallest} x {smallest} pixels{also}, and gives
`image`, uint8, and `picture`, float32 in [0, 1].

```python
import tensorflow as tf

model = tf.saved_model.load("FOLDER/saved_model")
image = tf.io.decode_jpeg(tf.io.read_file("photo.jpg"), channels=3)[None]
painted = model.signatures["paint"](image=image{blend})["image"]
tf.io.write_file("painted.png", tf.io.encode_png(painted[0]))
```

TensorFlow Serving mounts that folder as version 1 of a model:

```sh
docker run -p 8501:8501 -e MODEL_NAME=style \\
    -v "$PWD/FOLDER/saved_model:/models/style/1" tensorflow/serving
```

A request is a JSON object with the rows of pixels under {inputs}, posted to
`/v1/models/style:predict`; gRPC is faster.
"""
_BLEND = ", and `blend`, float32 `[B, {styles}]`, the shares of the styles"
