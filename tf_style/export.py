"""The command that writes the extractor, or a learned style, for use without this package."""

import sys

from tf_style.cli.launch import launch

if __name__ == "__main__":
  launch("export", sys.argv[1:])  # and exits: before the imports below, which take a while

import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tf_style.cli import console, flags
from tf_style.cli.paths import path_of, understood
from tf_style.errors import InputError, expected
from tf_style.learned.record import find, read_record
from tf_style.pictures import images
from tf_style.settings.config import Config
from tf_style.system import files, machine

INTRO = """\
Writes what VGG sees in pictures, and how it compares them, as a SavedModel, which needs neither
tf_style nor Keras. A README with its endpoints lies beside it.

  tf-style export --output=extractor
  tf-style export --output=extractor --network=vgg16 --style_layers=block1_conv1
  tf-style export --check=extractor --image=photo.jpg
  tf-style export --model=models/painting --format=tflite --output=painting.tflite

--check runs all endpoints on a picture, those of two on it and its mirror image, and prints shape,
mean and checksum of each output. Checksums agree on one machine, means on all.

--model writes a learned style instead: as a SavedModel, or as a TFLite file in float16, which is
checked against the network first. Sides of pictures for it are multiples of 4."""

_OWN = (
    flags.Flag("output", "FOLDER|FILE", "The job",
               "where to write the model: a new or an empty folder; a file for tflite"),
    flags.Flag("model", "FOLDER", "The job", "a learned style to write"),
    flags.Flag("format", "saved_model|tflite", "The job", "of --model (default: saved_model)"),
    flags.Flag("check", "FOLDER", "The job", "a model to run on --image instead of writing one"),
    flags.Flag("image", "FILE", "The job", "the picture for --check, shrunk to 512 pixels"))
_CONFIG = ("network", "weights", "pooling", "content_layers", "style_layers")
_FORMATS = ("saved_model", "tflite")
_LONGEST_SIDE = 512


def main(argv: Sequence[str]) -> int:
  """Runs the command and returns its exit code, 2 for a wrong input, which leaves nothing behind.

  Args:
    argv: the command line without the program's name.
  """
  return console.stoppable(lambda _: _run(argv))


def _run(argv: Sequence[str]) -> None:
  known = [flag._replace(group="The model") for flag in flags.config_flags()
           if flag.name in _CONFIG]
  given = flags.read(argv, [*_OWN, *known], INTRO)
  output, check, image = (path_of(given, name) for name in ("output", "check", "image"))
  goes_along: tuple[str, ...] = _CONFIG
  job = "model" if "model" in given else "output" if check is None else "check"
  if job != "output":
    goes_along = ("output", "format") if job == "model" else ("image",)
  for name in given:
    if name not in (job, *goes_along):
      raise InputError(f"--{name}: " + expected(f"no such flag beside --{job}", given[name]))
  if "model" in given:
    _write_style(str(path_of(given, "model")), given.get("format", "saved_model"), output)
  elif output is not None:
    _write(output, given)
  elif check is None:
    raise InputError("--output: " + expected("where to write the model (--output=FOLDER)", "none"))
  elif image is None:
    raise InputError("--image: " + expected("a picture to check with (--image=FILE)", "none"))
  else:
    print("\n".join(_check(check, image)))


def _write(folder: str, given: Mapping[str, str]) -> None:
  options = {name: given[name] for name in _CONFIG if name in given}
  if "weights" in options:
    options["weights"] = understood(options["weights"], "weights")
  config = Config.of(**options)
  files.check_empty_folder(folder, "--output")
  console.show_log(0)
  machine.start_tensorflow()
  from tf_style.serving import saved_model
  from tf_style.vgg import weights
  loaded = weights.load_weights(config.network, config.weights)
  if loaded.note:
    console.say(loaded.note)
  console.show_log(-1)  # TensorFlow has much to say on saving
  saved_model.write_saved_model(folder, saved_model.Exported(
      loaded, config.content_layers, config.style_layers, config.pooling))
  console.answer(folder)


def _write_style(model: str, kind: str, output: str | None) -> None:
  if kind not in _FORMATS:
    raise InputError("--format: " + expected(" or ".join(_FORMATS), kind))
  if output is None:
    raise InputError("--output: " + expected("where to write the model (--output=PATH)", "none"))
  read_record(find(model))
  (files.check_writable if kind == "tflite" else files.check_empty_folder)(output, "--output")
  console.show_log(-1)  # TensorFlow has much to say on saving
  machine.start_tensorflow(keras=True)
  from tf_style.learned import folder, lite
  from tf_style.learned.style import LearnedStyle
  style = LearnedStyle.load(model, precision="float32", device="cpu")
  if kind == "tflite":
    side = _LONGEST_SIDE // 2
    picture = images.to_uint8(images.resize(style.pictures[0], side, side))[None]
    difference = lite.write_lite(output, style.network, picture)
    console.say(f"wrote {output}: colors differ by {255 * difference:.2g} levels of 255 on average")
  else:
    files.write_folder_atomically(
        Path(os.path.realpath(output)),
        lambda aside: folder.write_saved_model(aside, style.network), overwrite=False)
  console.answer(output)


def _check(folder: str, image: str) -> list[str]:
  longest = min(_LONGEST_SIDE, max(images.probe_size(image, flag="--image")))
  picture = images.to_uint8(images.load_picture(image, longest, flag="--image").rgb)[None]
  tf = machine.start_tensorflow()
  try:
    signatures = tf.saved_model.load(folder).signatures
  except Exception as error:  # what it raises depends on where the damage is
    raise InputError("--check: " + expected(
        "the folder of a SavedModel", f"{folder} ({str(error).partition(chr(10))[0]})")) from error
  inputs = {"image": picture, "image_a": picture, "image_b": picture[:, :, ::-1]}
  lines: list[str] = []
  for name, endpoint in signatures.items():
    wanted = sorted(endpoint.structured_input_signature[1])
    if not set(wanted) <= set(inputs):
      raise InputError("--check: " + expected(
          f"inputs among {', '.join(inputs)}", f"{', '.join(wanted)} at {name}"))
    try:
      outputs = endpoint(**{key: tf.constant(inputs[key]) for key in wanted})
    except tf.errors.InvalidArgumentError as error:
      raise InputError("--image: " + expected(
          "a picture that the model takes", f"{image} ({_reason(error)})")) from error
    lines += [f"{name}({', '.join(wanted)})"]
    lines += [_line(key, value.numpy()) for key, value in sorted(outputs.items())]
  return lines


def _reason(error: Any) -> str:
  """Returns the line of TensorFlow's message that says what is wrong with the values."""
  lines = error.message.splitlines()
  return next((line for line in lines if "expected" in line), lines[0])


def _line(name: str, value: np.ndarray) -> str:
  if not np.isfinite(value).all():
    raise InputError("--check: " + expected("a model of finite values", f"others at {name}"))
  checksum = hashlib.sha256(value.astype("<f4").tobytes()).hexdigest()[:16]
  shape, mean = str(list(value.shape)), value.mean(dtype=np.float64)
  return f"  {name:24} {shape:20} mean {mean:<12.6g} sha256 {checksum}"
