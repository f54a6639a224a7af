"""What a command says and how it ends: plain words on stderr, one line an error, the exit code."""

import logging as python_logging
import os
import sys
from collections.abc import Callable

from absl import flags, logging

from tf_style.cli import streams
from tf_style.errors import InputError, WorkerLost, one_line
from tf_style.system.signals import Signals

DONE, FAILED, WRONG_INPUT, INTERRUPTED = 0, 1, 2, 130


def show_log(verbosity: int) -> None:
  """Shows what this package logs, as plain lines on stderr.

  Args:
    verbosity: absl's level: -1 warnings, 0 information too, 1 everything.
  """
  flags.FLAGS.mark_as_parsed()  # absl would warn of it: the command line is read elsewhere
  logging.use_absl_handler()
  logging.get_absl_handler().setFormatter(python_logging.Formatter("%(message)s"))
  logging.set_verbosity(verbosity)
  if verbosity < 1:  # of a damaged file they say in many lines what the error says in one
    for decoder in ("tifffile", "imagecodecs"):
      python_logging.getLogger(decoder).setLevel(python_logging.CRITICAL)


def say(text: str) -> None:
  """Tells the user something, on one line of stderr, where there is one that takes it."""
  if sys.stderr is not None:
    attempt(lambda: print(one_line(text), file=sys.stderr, flush=True))


def attempt(write: Callable[[], object]) -> None:
  """Does something that writes to stderr; a stream that is broken is turned to the null device."""
  try:
    write()
  except OSError:
    streams.drop_broken()
  except ValueError as error:
    if "closed file" not in str(error):
      raise
    streams.drop_broken()


def answer(path: str | os.PathLike) -> None:
  """Gives a path as the command's result, on stdout, byte for byte, for scripts to use."""
  if sys.stdout is None:
    return
  if hasattr(sys.stdout, "buffer"):
    sys.stdout.buffer.write(os.fsencode(path) + b"\n")
  else:  # a notebook's
    sys.stdout.write(f"{os.fspath(path)}\n")
  sys.stdout.flush()


def exit_code(command: Callable[[], int | None]) -> int:
  """Runs a command and returns its exit code; what went wrong is said on one line.

  Args:
    command: raises `InputError` where the user gave something wrong; may return a code of its own.
  Returns:
    0 when done, 2 for a wrong input, 1 where the machine failed (disk, memory), 130 when
    interrupted.
  """
  try:
    return command() or DONE
  except BrokenPipeError:  # who reads stdout has seen enough
    streams.drop_broken()
    return DONE
  except KeyboardInterrupt:
    say("tf_style: interrupted")
    return INTERRUPTED
  except Exception as error:
    line = line_of(error)
    if line is None:
      raise
    if isinstance(error, OSError):
      streams.drop_broken()
    say(f"tf_style: error: {line}")
    return WRONG_INPUT if isinstance(error, InputError) else FAILED


def line_of(error: Exception) -> str | None:
  """Returns what a user is told of an error, or None where it is one of the program's."""
  if isinstance(error, (InputError, WorkerLost)):
    return str(error)
  if isinstance(error, OSError):
    return f"the system refuses: {error}"
  if isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError":
    return ("there is not enough memory; ways out: a smaller --image_size, "
            "--precision=bfloat16, or --device=cpu")
  return None


def stoppable(command: Callable[[Signals], int | None]) -> int:
  """Runs a command that ends in order when a signal comes, and returns its exit code.

  Args:
    command: as for `exit_code`; says by `Signals.stepping` when there is something to save.
  Returns:
    As `exit_code`, but 130 after SIGINT, 143 after SIGTERM and 129 after SIGHUP.
  """
  with Signals() as signals:
    try:
      code = exit_code(lambda: command(signals))
    except Exception:
      if signals.stepping or not signals.received:
        raise
      say("tf_style: interrupted")  # in an import, which made another error of it
  return 128 + signals.received if signals.received else code
