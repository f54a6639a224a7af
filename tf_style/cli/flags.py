"""The command line: absl flags made from the fields of `Config`, read into a `Job`.

Every flag is a text and None until it is given, so that what was given can win over a preset.
"""

import dataclasses
import difflib
import os
import shutil
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from absl import flags

from tf_style.errors import InputError, expected
from tf_style.problem.inputs import Inputs
from tf_style.repaint import checkpoints
from tf_style.repaint.checkpoints import Saved
from tf_style.settings.config import Config
from tf_style.settings.fields import as_text, checked
from tf_style.settings.kinds import KINDS
from tf_style.version import __version__

INTRO = """\
tf_style repaints a picture in the manner of another: neural style transfer (Gatys et al. 2016).

  tf-style --content=photo.jpg --style=painting.jpg
  tf-style --content=photo.jpg --style=painting.jpg --output=out/print.tif --image_size=1600 \\
      --effort=best --content_weight=0.02
  tf-style --content=photo.jpg --style=one.jpg --style=two.jpg --style_blend=0.7,0.3
  tf-style --style=marble.jpg --output_size=800x600
  tf-style --flagfile=logs/RUN/flags.txt --seed=7

`python -m tf_style.run` is the same command. --flagfile=FILE reads flags from a file, one a line;
each run writes such a file. Of a flag given twice the last counts, but each --style and --style_mask is
one more, and those beside a flag file replace those in it.
Watch runs with: tensorboard --logdir=logs"""


class Flag(NamedTuple):
  """A flag of a command: its name, a word for its values, its group in the help, what it does.

  Of a flag that is `repeated` every value counts.
  """

  name: str
  values: str
  group: str
  text: str
  repeated: bool = False


class Job(NamedTuple):
  """What one command line asks for.

  Attributes:
    config: how the picture shall turn out.
    inputs: paths of pictures and masks.
    output: path of the result, or None for a name made of the pictures' names.
    logdir: folder of the runs' folders.
    verbosity: -1 without the progress bar, 0 with it, 1 with TensorFlow's messages too.
    resume: the checkpoint to go on from, or None.
  """

  config: Config
  inputs: Inputs
  output: str | None
  logdir: str
  verbosity: int
  resume: Saved | None = None

  @property
  def paths(self) -> dict[str, tuple[str, ...]]:
    """Paths of the pictures that are read, by flag."""
    inputs = self.inputs
    single = {"content": inputs.content, "content_mask": inputs.content_mask, "init_image": inputs.init_image}
    several = {"style": inputs.styles, "style_mask": inputs.style_masks}
    return {name: (str(path),) for name, path in single.items() if path is not None} | {
        name: tuple(map(str, paths)) for name, paths in several.items() if paths}


FILES = (
    Flag("content", "FILE", "The job", "the picture to repaint: JPEG, PNG, WebP, TIFF, BMP or GIF"),
    Flag("style", "FILE|FOLDER", "The job", "the picture whose manner it shall take; give it again for "
         "another to blend in; a folder is all pictures in it", repeated=True),
    Flag("content_mask", "FILE", "The job", "regions of the content that take the style from the regions of "
         "the same color in --style_mask. A gray mask is one soft matte, white against black; one with "
         "colors has a region for each"),
    Flag("style_mask", "FILE|FOLDER", "The job", "one a --style, in the same order; without any, the whole "
         "style goes to the region that --mask_keep leaves", repeated=True),
    Flag("output", "FILE", "The job", "the result, by its ending a PNG, JPEG, WebP or 16-bit TIFF "
         "(default: CONTENT-STYLE.png in the current folder, which never overwrites)"),
    Flag("logdir", "FOLDER", "The job", "each run makes a folder in it, with events for "
         "TensorBoard, a summary and the flags (default: logs)"),
    Flag("init_image", "FILE", "The job", "the picture to start from; implies --init=image"),
    Flag("resume", "FOLDER", "The job", "go on with a run from the last checkpoint in its folder, such as "
         "logs/RUN, with the flags of that run; more --steps than it had are welcome"),
    Flag("verbosity", "-1|0|1", "The job",
         "-1: no progress bar; 1: TensorFlow's own messages too (default: 0)"))
_ALWAYS = (Flag("help", "", "The job", "show this and exit"),
           Flag("version", "", "The job", "show the version and exit"))


def parse(argv: Sequence[str]) -> Job:
  """Reads the command line of `tf_style.run`, without the program's name.

  Raises:
    InputError: a flag is unknown, or its value is wrong.
    SystemExit: with 0, after `--help` or `--version`.
  """
  given = read(argv, [*FILES, *config_flags()], INTRO)
  run_folder = path_of(given, "resume")
  return job_of(given) if run_folder is None else _resumed(given, checkpoints.load(run_folder))


def job_of(given: Mapping[str, Any]) -> Job:
  """Makes a job of the texts of flags, as `read` returns them.

  Raises:
    InputError: a value is wrong.
  """
  init_image = path_of(given, "init_image")
  options = {field.name: given[field.name] for field in dataclasses.fields(Config)
             if field.name in given}
  if init_image is not None and options.setdefault("init", "image") != "image":
    raise InputError(
        "--init_image: " + expected("--init=image or no --init beside it", options["init"]))
  if "weights" in options:
    options["weights"] = os.path.expanduser(options["weights"])
  inputs = Inputs(path_of(given, "content"), paths_of(given, "style"), path_of(given, "content_mask"),
                  paths_of(given, "style_mask"), init_image)
  return Job(Config.of(**options), inputs, path_of(given, "output"), path_of(given, "logdir") or "logs",
             _verbosity(given))


def _verbosity(given: Mapping[str, Any]) -> int:
  verbosity = given.get("verbosity", "0")
  if verbosity not in ("-1", "0", "1"):
    raise InputError("--verbosity: " + expected("-1, 0 or 1", verbosity))
  return int(verbosity)


def _resumed(given: Mapping[str, Any], saved: Saved) -> Job:
  """Makes the job of a saved run; what is given beside it must not change how the picture turns out.

  Pictures and weights may lie elsewhere by now: their digests are compared later.
  """
  config = saved.config
  for field in dataclasses.fields(Config):
    if field.name in given and field.name not in ("steps", "level_steps"):
      value, kept = checked(field, os.path.expanduser(given[field.name])), getattr(config, field.name)
      if field.metadata["group"] == "Watching" or field.name in ("device", "max_pixels", "weights"):
        config = dataclasses.replace(config, **{field.name: value})
      elif value not in (kept, getattr(saved.asked, field.name)):
        raise InputError(f"--{field.name}: " + expected(
            f"{as_text(kept)}, as the run to be resumed has", as_text(value)))
  for name in ("content", "style", "content_mask", "style_mask", "init_image"):
    if name in given and name not in saved.paths:
      raise InputError(f"--{name}: " + expected("none, as the run to be resumed has", as_text(given[name])))
  paths = {name: paths_of(given, name) or tuple(kept) for name, kept in saved.paths.items()}
  (logdir,), (kept_logdir,) = paths["logdir"], saved.paths["logdir"]
  if os.path.abspath(logdir) != kept_logdir:
    raise InputError("--logdir: " + expected("none beside --resume", logdir))
  single = lambda name: paths[name][0] if name in paths else None
  inputs = Inputs(single("content"), paths.get("style", ()), single("content_mask"),
                  paths.get("style_mask", ()), single("init_image"))
  return Job(_with_more_steps(config, given, saved), inputs, path_of(given, "output") or single("output"),
             logdir, _verbosity(given), saved)


def _with_more_steps(config: Config, given: Mapping[str, Any], saved: Saved) -> Config:
  """Returns the configuration with longer levels, where --steps or --level_steps ask for them."""
  fields = {field.name: field for field in dataclasses.fields(Config)}
  planned = tuple(steps for _, _, steps in saved.levels)
  wanted = checked(fields["level_steps"], given.get("level_steps", "")) or planned
  steps = checked(fields["steps"], given.get("steps", saved.asked.steps))
  if wanted == planned and steps != saved.asked.steps:
    wanted = (*planned[:-1], planned[-1] + steps - sum(planned))
  done = saved.level
  if (len(wanted) != len(planned) or wanted[:done] != planned[:done]
      or any(new < old for new, old in zip(wanted, planned, strict=True))):
    raise InputError("--steps: " + expected(
        f"at least {sum(planned)} steps ({as_text(planned)} by level, {done} levels of them done)",
        as_text(wanted)))
  return config if wanted == planned else dataclasses.replace(
      config, steps=sum(wanted), level_steps=wanted)


def paths_of(given: Mapping[str, Any], name: str) -> tuple[str, ...]:
  """Returns the paths that a flag gives, however often.

  Raises:
    InputError: one is empty or no path.
  """
  texts = given.get(name, ())
  return tuple(str(path_of({name: text}, name)) for text in ([texts] if isinstance(texts, str) else texts))


def path_of(given: Mapping[str, Any], name: str) -> str | None:
  """Returns the path that a flag gives, or None where it was not given.

  Raises:
    InputError: it is empty or no path.
  """
  if name not in given:
    return None
  if not given[name] or "\0" in given[name]:
    raise InputError(f"--{name}: " + expected("a path", f"'{given[name]}'"))
  return os.path.expanduser(given[name])


def config_flags() -> list[Flag]:
  """Returns a flag for each field of `Config`."""
  made = []
  for field in dataclasses.fields(Config):
    facts = field.metadata
    default = _default_text(field.default)
    made.append(Flag(
        field.name, "|".join(facts["choices"]) if "choices" in facts else KINDS[facts["kind"]].placeholder,
        facts["group"], facts["help"] + (f" (default: {default})" if default else "")))
  return made


def _default_text(value: Any) -> str:
  items = value if isinstance(value, tuple) else (value,)
  return ", ".join(f"{item:.3g}" if isinstance(item, float) else as_text(item) for item in items)


def read(argv: Sequence[str], known: Sequence[Flag], intro: str) -> dict[str, Any]:
  """Reads flags, flag files among them, and answers `--help` and `--version`.

  Args:
    argv: the command line without the program's name.
    known: the flags there are.
    intro: how the help begins.
  Returns:
    The text of each flag that was given, by its name; a list of texts where it is repeated.
  Raises:
    InputError: a flag is unknown or has no value, or there are words that are no flags.
    SystemExit: with 0, after `--help` or `--version`.
  """
  values = flags.FlagValues()
  values.set_gnu_getopt(True)
  for flag in known:
    define: Any = flags.DEFINE_multi_string if flag.repeated else flags.DEFINE_string
    define(flag.name, None, flag.text, flag_values=values)
  for flag in _ALWAYS:
    flags.DEFINE_boolean(flag.name, False, flag.text, values, short_name=flag.name[0])
  try:
    words = values(["tf_style", *argv])[1:]
  except flags.UnrecognizedFlagError as error:
    raise InputError(f"--{error.flagname}: " + _nearest(error.flagname, known)) from error
  except (flags.CantOpenFlagFileError, UnicodeError) as error:
    reason = str(error).rpartition("Unable to open flagfile: ")[2]
    raise InputError("--flagfile: " + expected("a text file of flags", reason)) from error
  except flags.Error as error:
    raise InputError(str(error)) from error
  if values["help"].value or values["version"].value:
    version = f"tf_style {__version__}"
    print(help_text([*known, *_ALWAYS], intro) if values["help"].value else version)
    raise SystemExit(0)
  if words:
    raise InputError(expected("flags alone, such as --content=FILE", f"'{words[0]}'"))
  given = {flag.name: values[flag.name].value for flag in known if values[flag.name].value is not None}
  beside = _without_flag_files(argv)
  if len(beside) < len(argv):
    given |= {name: value for name, value in read(beside, known, intro).items() if isinstance(value, list)}
  return given


def _without_flag_files(argv: Sequence[str]) -> list[str]:
  kept, words = [], iter(argv)
  for word in words:
    if word in ("--flagfile", "-flagfile"):
      next(words, None)
    elif not word.startswith(("--flagfile=", "-flagfile=")):
      kept.append(word)
  return kept


def _nearest(name: str, known: Iterable[Flag]) -> str:
  near = difflib.get_close_matches(name, [flag.name for flag in (*known, *_ALWAYS)])
  hint = f" such as {' or '.join(f'--{other}' for other in near)}" if near else ""
  return expected(f"a flag{hint} (--help lists them)", "an unknown one")


def help_text(known: Sequence[Flag], intro: str, width: int | None = None) -> str:
  """Returns the help: flags by group, wrapped to the terminal, 80 to 100 columns."""
  width = width or min(100, max(80, shutil.get_terminal_size().columns))
  lines = [intro]
  for group in dict.fromkeys(flag.group for flag in known):
    lines += ["", f"{group}:"]
    for flag in known:
      if flag.group == group:
        lines += _help_lines(flag, width)
  return "\n".join(lines)


def _help_lines(flag: Flag, width: int, column: int = 30) -> list[str]:
  head = f"  --{flag.name}" + (f"={flag.values}" if flag.values else "")
  lines = textwrap.wrap(flag.text, width - column, break_on_hyphens=False)
  lines = [" " * column + line for line in lines]
  if len(head) + 2 > column:
    return [head, *lines]
  return [head.ljust(column) + lines[0].strip(), *lines[1:]]
