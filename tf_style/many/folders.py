"""Folders of pictures from Python: a generator of finished items."""

import os
from collections.abc import Callable, Generator, Sequence

from tf_style.errors import InputError, expected
from tf_style.learned import painting, record
from tf_style.many import workers as elsewhere
from tf_style.many.items import check_output, make_items
from tf_style.many.job import Finished, Job, OnItem, Source
from tf_style.many.listing import find
from tf_style.many.setup import Setup, Style, styles_apart
from tf_style.settings.config import Config
from tf_style.system import files, machine

Path = str | os.PathLike[str]
Paths = Path | Sequence[Path]


def paint_folder(content: Paths, output: Path, style: Paths = (), config: Config | None = None, *,
                 model: Path | None = None, polish: int = 0, content_mask: Path | None = None,
                 style_mask: Paths = (), init_image: Path | None = None, each_style: bool = False,
                 logdir: Path = "logs", workers: int | None = None, cluster: str | None = None,
                 on_step: OnItem | None = None) -> Generator[Finished, None, None]:
  """Paints many pictures, and goes on where an earlier call with this `output` ended.

      for item in tf_style.paint_folder("photos", "painted", "painting.jpg"):
        print(item.number, item.total, item.output, item.error or item.loss)

  Each result is that of a single run with these settings. What is finished is not painted again
  unless its files or the settings changed; bad files are tried again. A break ends the job: what
  was yielded is finished, and the next call goes on.

  Args:
    content: a folder (with all in it), a pattern, a picture, or several of these.
    output: the folder of the results. Names, structure and endings are those of the content; what
      cannot be written in its format is a PNG. Nothing that the job has not written is overwritten.
    style: pictures, or folders of them, blended as in a single run.
    config: settings of all.
    model: the folder of a learned style, in place of `style`.
    polish: steps of repainting after it.
    content_mask: of all pictures, or a folder with a mask of the same name for each.
    style_mask: one for each style, or none.
    init_image: the picture to start from where `config.init` is `image`.
    each_style: whether every picture is painted in each style separately, in a folder of its own.
    logdir: in which the job has a folder: manifest, table, sheet, events for TensorBoard.
    workers: processes that paint; more than one need the extra `cluster`. None is this process, or
      one for each GPU where there are several, or for each device of `cluster`.
    cluster: address of a Ray cluster; None is this machine.
    on_step: is told of an item and a `Step`, in this process; a true value ends the job.
  Returns:
    A generator of the items that this call deals with, as they are finished.
  Raises:
    InputError: what all pictures have in common is wrong; nothing was written.
    OSError: the system takes no results; those before are as they were.
  """
  setup = make_setup(
      _listed(style), _listed(style_mask), config, model=_text(model),
      polish=polish, init_image=_text(init_image), each_style=each_style)
  job = make_job(_listed(content), setup, output=os.fspath(output),
                 content_mask=_text(content_mask), logdir=logdir)
  return job.run(source_of(setup, workers, cluster), on_step)


def make_setup(styles: Sequence[str], style_masks: Sequence[str], config: Config | None, *,
               model: str | None = None, polish: int = 0, init_image: str | None = None,
               each_style: bool = False, scaled: bool | None = None) -> Setup:
  """Returns what all items have in common; arguments are those of `paint_folder`.

  Args:
    scaled: whether the styles of a learned style are seen as large as its network saw them; None:
      where `config` is None.
  Raises:
    InputError: they do not go together.
  """
  absolute = lambda paths: tuple(map(os.path.abspath, paths))
  init_image = init_image and os.path.abspath(init_image)
  if model is None:
    if polish:
      raise InputError("--polish: " + expected("--model beside it", "none"))
    config = config or Config.of()
    apart = styles_apart(styles, style_masks, config) if each_style else (
        Style("", absolute(styles), absolute(style_masks), config.style_scale),)
    return Setup(config, apart, init_image)
  if styles or style_masks or each_style:
    raise InputError("--style: " + expected("none beside --model", ", ".join(styles) or "others"))
  folder = record.find(model)
  learned = record.read_record(folder)
  pictures = [os.fspath(record.checked_file(folder, learned, name)) for name in learned.pictures]
  scaled = config is None if scaled is None else scaled
  config = config or painting.config_of(learned, polish)
  style = Style("", absolute(pictures), (), config.style_scale)
  return Setup(config, (style,), init_image, os.path.abspath(folder), polish, scaled)


def make_job(contents: Sequence[str], setup: Setup, *, output: str, content_mask: str | None,
             logdir: Path, flags: str = "") -> Job:
  """Finds the pictures, and returns the job; nothing is written.

  Args:
    contents, output, content_mask, logdir: as for `paint_folder`.
    setup: what all have in common.
    flags: the text of a flag file that repeats the job.
  Raises:
    InputError: nothing is found, or something does not go together.
  """
  check_output(output)
  files.check_folder(logdir, "--logdir")
  found = find(contents, output)
  setup.check(content_mask)
  return Job(make_items(found, setup.styles, content_mask), setup, output=output, logdir=logdir,
             flags=flags)


def source_of(setup: Setup, workers: int | None = None,
              cluster: str | None = None) -> Callable[[], Source]:
  """Returns what opens the painters of a job: in this process, or workers of their own.

  Raises:
    InputError: there are to be none, or what starts them is not installed.
  """
  if workers is not None and workers < 1:
    raise InputError("--workers: " + expected("a number of at least 1", workers))
  if (workers or 1) > 1 or cluster is not None:
    elsewhere.check_installed()
    return lambda: elsewhere.Workers(setup, workers, cluster)
  return lambda: _here(setup, alone=workers is not None)


def _here(setup: Setup, alone: bool) -> Source:
  """Opens a painter in this process, or where several GPUs may be used, a worker for each."""
  tf = machine.import_tensorflow()
  gpus = len(tf.config.list_physical_devices("GPU"))
  if not alone and gpus > 1 and setup.config.device == "auto" and elsewhere.is_installed():
    return elsewhere.Workers(setup, gpus, None)
  from tf_style.many.here import Here
  return Here(setup)


def _listed(paths: Paths) -> tuple[str, ...]:
  given = (paths,) if isinstance(paths, (str, os.PathLike)) else tuple(paths)
  return tuple(os.fspath(path) for path in given)


def _text(path: Path | None) -> str | None:
  return None if path is None else os.fspath(path)
