"""The three standard streams, which services and windowed programs close or do not have."""

import os
import sys

_STREAMS = (("stdin", "r"), ("stdout", "w"), ("stderr", "w"))


def fill() -> None:
  """Opens the null device in place of each standard stream that is not there.

  Else the next file that the process opens would take its number, and get what is written to it.
  """
  for number, (name, mode) in enumerate(_STREAMS):
    try:
      os.fstat(number)
    except OSError:
      _turn_to_null(number)
    if getattr(sys, name) is None:
      stream = open(number, mode, encoding="utf-8", closefd=False)  # noqa: SIM115 - it stays open
      setattr(sys, name, stream)


def drop_broken() -> None:
  """Turns stdout and stderr to the null device where nobody takes what is written to them.

  A reader may have gone, a terminal been closed, a disk be full.
  """
  for name in ("stdout", "stderr"):
    stream = getattr(sys, name)
    try:
      stream.flush()
    except AttributeError:  # there is no such stream
      continue
    except ValueError:  # it was closed
      setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - it stays open
    except OSError:
      _turn_to_null(stream.fileno())


def _turn_to_null(number: int) -> None:
  null = os.open(os.devnull, os.O_RDWR)
  if null != number:
    os.dup2(null, number)
    os.close(null)
  os.set_inheritable(number, True)
