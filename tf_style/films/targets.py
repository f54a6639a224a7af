"""Where a painted film goes, checked before anything is loaded or painted."""

from pathlib import Path

from tf_style.films import writing
from tf_style.films.settings import FilmConfig
from tf_style.system import files


def check_target(path: Path, settings: FilmConfig) -> None:
  """Checks that the result can be written.

  Args:
    path: its ending is a film's, or it has none and is a folder for PNGs.
    settings: `crf` is read.
  Raises:
    InputError: it cannot.
  """
  writing.check_output(path, None if settings.crf < 0 else settings.crf)
  if path.suffix:
    files.check_writable(path)
  else:
    files.check_empty_folder(path, "--output")
