"""The command that writes the extractor as a SavedModel, and checks one."""

import os
import sys
from collections.abc import Sequence

from tf_style import console, flags, images, machine
from tf_style.config import Config
from tf_style.errors import InputError, expected

_INTRO = """\
Writes VGG's features as a SavedModel that runs without tf_style and without Keras.

  python -m tf_style.export --output=extractor
  python -m tf_style.export --check=extractor --image=photo.jpg"""

_OWN = (
    flags.Flag("output", "FOLDER", "The job", "a new folder for the SavedModel and its README"),
    flags.Flag("check", "FOLDER", "The job",
               "prints shape, mean and root mean square of all outputs of a SavedModel for --image"),
    flags.Flag("image", "FILE", "The job", "the picture to check with"))
_CONFIG = ("network", "weights", "pooling", "content_layers", "style_layers", "preset")


def main(argv: Sequence[str]) -> int:
  """Runs the command and returns its exit code, 2 for a wrong input."""
  return console.exit_code(lambda: _run(argv))


def _run(argv: Sequence[str]) -> None:
  config_flags = [flag for flag in flags.config_flags() if flag.name in _CONFIG]
  given = flags.read(argv, [*_OWN, *config_flags], _INTRO)
  if ("output" in given) == ("check" in given):
    raise InputError(expected("either --output=FOLDER or --check=FOLDER", "both" if given else "neither"))
  config = Config.of(**{name: given[name] for name in _CONFIG if name in given})
  if "output" in given:
    _export(os.path.expanduser(given["output"]), config)
  else:
    _check(given["check"], given.get("image"))


def _export(folder: str, config: Config) -> None:
  machine.start_tensorflow()
  from tf_style import saved_model
  from tf_style.weights import load_weights
  weights = load_weights(config.network, config.weights)
  if weights.note:
    console.say(weights.note)
  saved_model.export(folder, weights, config.content_layers, config.style_layers, config.pooling)
  console.answer(folder)


def _check(folder: str, image: str | None) -> None:
  if image is None:
    raise InputError("--image: " + expected("a picture to check with", "none"))
  picture = images.to_uint8(images.load_picture(image, flag="--image").rgb)[None]
  tf = machine.start_tensorflow()
  from tf_style import saved_model
  print("\n".join(saved_model.check(folder, tf.constant(picture))))


if __name__ == "__main__":
  sys.exit(main(sys.argv[1:]))
