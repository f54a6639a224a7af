"""The start of every command: light, for it comes first."""

import importlib
import signal
import sys
from collections.abc import Sequence


def launch(command: str, argv: Sequence[str]) -> None:
  """Runs a command and exits; SIGINT while modules are loaded, or after the end, gives no traceback.

  Args:
    command: name of the module in `tf_style` whose `main` is run.
    argv: the command line without the program's name.
  """
  signal.signal(signal.SIGINT, signal.SIG_DFL)
  sys.exit(importlib.import_module(f"tf_style.{command}").main(argv))
