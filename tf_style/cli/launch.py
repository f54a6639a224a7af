"""The start of every command: light, for it comes first."""

import gc
import importlib
import signal
import sys
from collections.abc import Sequence
from typing import NoReturn

from tf_style.cli import streams

# Allocations between two searches for garbage: with Python's 700, TensorFlow's import and tracing
# spend a second on searches that find nothing.
_GARBAGE_THRESHOLDS = 100_000, 50, 50


def launch(command: str, argv: Sequence[str]) -> NoReturn:
  """Runs a command and exits; SIGINT before it starts or after its end gives no traceback.

  Args:
    command: name of the module in `tf_style` whose `main` is run.
    argv: the command line without the program's name.
  """
  gc.set_threshold(*_GARBAGE_THRESHOLDS)
  streams.fill()
  if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
  sys.exit(importlib.import_module(f"tf_style.{command}").main(argv))


def refuse(what: str, received: str) -> NoReturn:
  """Says in a line what was expected, and exits with the code of a wrong input."""
  streams.fill()
  from tf_style.cli import console
  from tf_style.errors import expected
  console.say(f"tf_style: error: {expected(what, received)}")
  sys.exit(console.WRONG_INPUT)
