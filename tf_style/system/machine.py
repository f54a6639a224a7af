"""TensorFlow on this machine: its quiet import, and the settings that a run relies on."""

import contextlib
import ctypes
import importlib.metadata
import importlib.util
import os
import platform
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tf_style.errors import InputError, expected
from tf_style.system import host
from tf_style.version import __version__


def start_tensorflow(verbose: bool = False, *, keras: bool = False) -> Any:
  """Imports TensorFlow for a command, without TensorFlow's noise on stderr.

  TensorFlow imports Keras, and Keras scikit-learn and Matplotlib where they are installed, which
  together take as long as TensorFlow itself: without need it stays out.

  The first import writes to file descriptor 2 from C++ before it looks at any log level, so the
  descriptor itself is turned to a buffer. The buffer is printed if the import fails, or if
  `verbose`. Only a command may do that: the descriptor belongs to the whole process.

  Args:
    verbose: whether TensorFlow's noise is printed.
    keras: whether the command uses Keras, as learned styles do.
  Returns:
    The module.
  Raises:
    InputError: see `import_tensorflow`.
  """
  if verbose:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "0")
  without = contextlib.nullcontext() if keras else _left_out("keras")
  with _quiet_stderr(verbose), without:
    tf = import_tensorflow()
    tf.config.list_physical_devices("GPU")  # makes noise the first time
  tf.get_logger().setLevel("INFO" if verbose else "ERROR")
  return tf


def import_tensorflow() -> Any:
  """Imports TensorFlow.

  Of the process this changes only environment variables: TensorFlow's log level if it is not set,
  and Keras' backend if Keras is not imported yet.

  Returns:
    The module.
  Raises:
    InputError: TensorFlow does not start with the user's keras.json.
  """
  os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
  if "keras" not in sys.modules:
    os.environ["KERAS_BACKEND"] = "tensorflow"
  if "tensorflow" not in sys.modules:
    _load_cusolver()
  try:
    import tensorflow as tf
  except (AssertionError, AttributeError, TypeError, ValueError) as error:
    settings = Path(os.environ.get("KERAS_HOME") or "~/.keras").expanduser() / "keras.json"
    if not settings.exists():
      raise
    raise InputError(  # TensorFlow reads it, too, and asserts what it expects
        expected(f"settings that Keras accepts in {settings}", repr(error))) from error
  return tf


def prepare() -> None:
  """Applies the settings of TensorFlow that a run relies on, whoever imported TensorFlow.

  float32 is computed as float32: with TF32's 10 bits of mantissa an H100 was a tenth faster, and
  losses were 2 % off. GPU memory is taken as it is needed, unless TensorFlow uses the GPUs
  already. Threads allocate from one arena. A second call changes nothing.

  Raises:
    InputError: a run cannot work in this program; see `host`.
  """
  tf = import_tensorflow()
  host.check_program()
  tf.config.experimental.enable_tensor_float_32_execution(False)
  for gpu in tf.config.list_physical_devices("GPU"):
    with contextlib.suppress(RuntimeError, ValueError):  # in use, or divided, by the program
      tf.config.experimental.set_memory_growth(gpu, True)
  _share_one_arena()


def versions() -> dict[str, str]:
  """Returns the versions of what decides the numbers of a run."""
  import numpy as np
  import tensorflow as tf
  return {"tf_style": __version__, "python": platform.python_version(),
          "tensorflow": tf.__version__, "keras": importlib.metadata.version("keras"),
          "numpy": np.__version__}


@contextlib.contextmanager
def _left_out(name: str) -> Iterator[None]:
  """Makes a module that was not imported yet look as if it were not installed, to all threads."""
  if name in sys.modules:
    yield
    return
  sys.modules[name] = None  # type: ignore[assignment]
  try:
    yield
  finally:
    sys.modules.pop(name, None)


@contextlib.contextmanager
def _quiet_stderr(verbose: bool) -> Iterator[None]:
  """Keeps what arrives at file descriptor 2, and prints it if `verbose` or after an exception."""
  _open_stderr()
  _write_stderr("")
  kept = os.dup(2)
  with tempfile.TemporaryFile() as noise:
    os.dup2(noise.fileno(), 2)
    shown = verbose
    try:
      yield
    except InputError:
      raise
    except Exception:
      shown = True
      raise
    finally:
      os.dup2(kept, 2)
      os.close(kept)
      if shown:
        noise.seek(0)
        _write_stderr(noise.read().decode(errors="replace"))


def _open_stderr() -> None:
  """Opens descriptor 2 if closed: another file would get its number, and TensorFlow's lines."""
  try:
    os.fstat(2)
  except OSError:
    handle = os.open(os.devnull, os.O_WRONLY)
    if handle != 2:
      os.dup2(handle, 2)
      os.close(handle)


def _write_stderr(text: str) -> None:
  with contextlib.suppress(AttributeError, OSError, ValueError):  # None, broken, closed
    sys.stderr.write(text)
    sys.stderr.flush()


def _load_cusolver() -> None:
  """Opens cuSOLVER of the extra `gpu`: TensorFlow 2.21 does not look into its package's folder."""
  spec = importlib.util.find_spec("nvidia")
  for folder in (spec and spec.submodule_search_locations) or ():
    for path in Path(folder).glob("cusolver/lib/libcusolver.so.*"):
      with contextlib.suppress(OSError):
        ctypes.CDLL(str(path))


def _share_one_arena() -> None:
  """Makes glibc's threads allocate from one arena: what one thread frees another can take."""
  with contextlib.suppress(AttributeError, OSError, TypeError):  # other systems than Linux
    ctypes.CDLL(None).mallopt(-8, 1)  # M_ARENA_MAX
