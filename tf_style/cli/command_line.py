"""The command line of `tf-style`: its flags, its help, and the job that it asks for."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

from tf_style.cli import flags
from tf_style.cli.film_jobs import FILM_FLAGS, FilmJob, film_job_of, is_about_film
from tf_style.cli.film_jobs import resumed as resumed_film
from tf_style.cli.flags import Flag
from tf_style.cli.jobs import Job, job_of
from tf_style.cli.models import job_with_model
from tf_style.cli.paths import path_of
from tf_style.cli.resumed import resumed_job
from tf_style.errors import InputError, expected
from tf_style.films.settings import FilmConfig

INTRO = """\
tf_style repaints a picture in the manner of another: neural style transfer (Gatys et al. 2016).

  tf-style --content=photo.jpg --style=painting.jpg
  tf-style --content=photo.jpg --style=painting.jpg --output=out/print.tif --image_size=1600 \\
      --effort=best --content_weight=0.02
  tf-style --content=photo.jpg --style=one.jpg --style=two.jpg --style_blend=0.7,0.3
  tf-style --style=marble.jpg --output_size=800x600
  tf-style --content=photo.jpg --model=models/painting --polish=20
  tf-style --content=film.mp4 --style=painting.jpg --output=painted.mp4
  tf-style --content=photos --style=painting.jpg --output=painted
  tf-style --flagfile=logs/RUN/flags.txt --seed=7

There are six commands, each with a --help of its own (`python -m tf_style.run` works as well)
  tf-style run        this one, also without the word
  tf-style learn      a style for many pictures: learned once, then used with --model
  tf-style gallery    a sheet of small pictures that shows what one or two flags do
  tf-style export     the network as a SavedModel
  tf-style board      TensorBoard on the runs
  tf-style studio     a page in the browser that does all of that

--flagfile=FILE reads flags from a file, one a line; each run writes such a file. Of a flag given
twice the last counts, but each --content, --style and --style_mask is one more, and those beside a
flag file replace those in it."""

FILES = (
    Flag("content", "FILE|FOLDER", "The job",
         "the picture to repaint: JPEG, PNG, WebP, TIFF, BMP or GIF. A folder, a quoted pattern "
         "('photos/*.jpg') or this flag given again is many pictures, and --output a folder. Or a "
         "film: whatever FFmpeg reads, an animated GIF or WebP, or with --fps a folder of numbered "
         "frames", repeated=True),
    Flag("style", "FILE|FOLDER", "The job",
         "the picture whose manner the result takes; give it again to blend in another; "
         "a folder is all pictures in it", repeated=True),
    Flag("each_style", "BOOL", "The job",
         "every content is painted in every style separately, in a folder for each style, instead "
         "of in a blend of all (default: false)", boolean=True),
    Flag("model", "FOLDER", "The job",
         "a learned style (see tf-style learn), which paints the picture in an instant in place of "
         "--style"),
    Flag("polish", "STEPS", "The job",
         "go on from the picture of --model with so many steps of repainting, with the loss that "
         "the style was learned with unless flags say otherwise (default: 0)"),
    Flag("content_mask", "FILE|FOLDER", "The job",
         "regions of the content that take the style from the regions of the same color in "
         "--style_mask. A gray mask is one soft matte, white against black; one with colors has a "
         "region for each. Of many pictures a folder may have one for each, of the same name"),
    Flag("style_mask", "FILE|FOLDER", "The job",
         "one for each --style, in the same order; without any, the whole style goes to the region "
         "that --mask_keep leaves", repeated=True),
    Flag("content_map", "FILE", "The job",
         "a gray picture of how much of the photograph is kept where: --content_weight counts in "
         "full where it is white, and not at all where it is black"),
    Flag("style_scale_map", "FILE", "The job",
         "a gray picture of how large brush strokes are where: white as --style_scale says, "
         "mid-gray half as large, black a quarter"),
    Flag("output", "FILE|FOLDER", "The job",
         "the result, by its ending a PNG, JPEG, WebP or 16-bit TIFF; of a film MP4 (H.264), WebM "
         "(VP9), MOV (ProRes) or GIF, or a folder for PNGs, a name without an ending "
         "(default: CONTENT-STYLE.png or .mp4 in the current folder, which never overwrites); of "
         "many pictures a folder, in which names and structure are kept"),
    Flag("logdir", "FOLDER", "The job",
         "each run makes a folder in it, with events for TensorBoard, a summary and the flags "
         "(default: logs)"),
    Flag("timelapse", "FILE", "The job",
         "a film of how the picture comes to be, step by step: .mp4, .webm, .mov or .gif"),
    Flag("init_image", "FILE", "The job", "the picture to start from; implies --init=image"),
    Flag("resume", "FOLDER", "The job",
         "go on with a run from the last checkpoint in its folder, such as logs/RUN, with the "
         "flags of that run; --steps may ask for more"),
    Flag("workers", "N", "The job",
         "paint many pictures, or the shots of a film, in so many processes; needs the extra "
         "'cluster' (default: one for each GPU; without GPUs, and for a film, 1, or on a cluster "
         "one for each machine)"),
    Flag("cluster", "ADDRESS", "The job",
         "paint many pictures, or the shots of a film, on the machines of a Ray cluster; 'auto' is "
         "the one that this machine is part of"),
    Flag("verbosity", "-1|0|1", "The job",
         "-1: no progress bar; 1: TensorFlow's own messages too (default: 0)"))


def known() -> list[Flag]:
  """Returns the flags of this command."""
  return [*FILES, *flags.config_flags(), *flags.config_flags(FilmConfig)]


def read(argv: Sequence[str]) -> dict[str, Any]:
  """Reads the command line of `tf_style.run`, without the program's name, as `flags.read`.

  Raises:
    InputError: a flag is unknown.
    SystemExit: with 0, after `--help` or `--version`.
  """
  return flags.read(argv, known(), INTRO)


def parse(argv: Sequence[str]) -> Job | FilmJob:
  """Returns the job of a command line with one picture, or a film; errors are those of both."""
  given = read(argv)
  return film_job(given) if is_about_film(given) else job(given)


def job(given: Mapping[str, Any]) -> Job:
  """Returns the job of flags that ask for one picture.

  Raises:
    InputError: a value is wrong.
  """
  for name in ("workers", "cluster"):
    if name in given:
      raise InputError(f"--{name}: " + expected("several pictures beside it, or a film", "one"))
  for name in FILM_FLAGS:
    if name in given:
      raise InputError(f"--{name}: " + expected("a film as --content beside it", given[name]))
  given = {name: value for name, value in given.items() if name != "each_style"}
  if "model" in given:
    return job_with_model(given)
  if "polish" in given:
    raise InputError("--polish: " + expected("--model beside it", "none"))
  run_folder = path_of(given, "resume")
  return job_of(given) if run_folder is None else resumed_job(given, run_folder)


def film_job(given: Mapping[str, Any]) -> FilmJob:
  """Returns the job of flags that ask for a film.

  Raises:
    InputError: a value is wrong.
  """
  run_folder = path_of(given, "resume")
  if run_folder is None:
    return film_job_of(given)
  lines = flags.read([f"--flagfile={os.path.join(run_folder, 'flags.txt')}"], known(), INTRO)
  return resumed_film(given, lines)
