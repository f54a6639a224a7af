"""What is checked of a job before TensorFlow is loaded: pictures by their heads, and the output."""

import os
from pathlib import Path

from tf_style.cli.jobs import Job
from tf_style.cli.paths import check_path
from tf_style.errors import InputError, OutputError, expected
from tf_style.films.writing import FORMATS, check_codec
from tf_style.pictures import images
from tf_style.system import files


def check_pictures(job: Job) -> tuple[int, int]:
  """Checks that the pictures can be read and go together; returns the result's height and width.

  Raises:
    InputError: the first thing that is wrong.
  """
  config = job.config
  for flag, paths in (job.paths | {"weights": (config.weights,)}).items():
    for path in paths:
      check_path(path, flag)
  job.inputs.check(config)
  for flag, paths in job.paths.items():
    for path in paths:
      several = flag in ("style", "style_mask")
      for picture in images.pictures_of(path, f"--{flag}") if several else [path]:
        images.probe_size(picture, config.max_pixels, f"--{flag}")
  if config.output_shape:
    return config.output_shape
  size = images.probe_size(str(job.inputs.content), config.max_pixels)
  return size if config.image_size == "original" else images.fitted_size(
      *size, int(config.image_size))


def check_output(output: Path, height: int, width: int) -> None:
  """Checks that a picture of that size can be written there.

  Raises:
    OutputError: it cannot.
  """
  images.check_output_name(output)
  images.check_output_size(output, height, width)
  files.check_writable(output)


def check_spares(output: Path, job: Job) -> None:
  """Checks that what is written overwrites nothing that is read.

  Raises:
    OutputError: it would.
  """
  if not output.exists():
    return
  for flag, paths in (job.paths | {"weights": (job.config.weights,)}).items():
    for path in paths:
      if os.path.exists(path) and os.path.samefile(output, path):
        raise OutputError("--output: " + expected(f"another file than --{flag}", output))


def check_timelapse(job: Job) -> None:
  """Checks that the film of the making can be written, where one is asked for.

  Raises:
    InputError: it cannot.
  """
  if job.timelapse is None:
    return
  if job.model is not None and not job.polish:
    raise InputError("--timelapse: " + expected("--polish beside --model", "none"))
  path = Path(job.timelapse)
  if path.suffix.lower() not in FORMATS:
    raise InputError("--timelapse: " + expected(f"a name ending in {', '.join(FORMATS)}", path))
  check_codec(path, "--timelapse")
  files.check_writable(path, "--timelapse")
