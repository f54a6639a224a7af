"""The command that starts TensorBoard on the runs."""

import sys

from tf_style.cli.launch import launch

if __name__ == "__main__":
  launch("board", sys.argv[1:])  # and exits: before the imports below, which take a while

import contextlib
import io
import os
import threading
import types
from collections.abc import Sequence

from tf_style.cli import console, flags
from tf_style.errors import InputError, expected
from tf_style.system.signals import Signals

_INTRO = """\
Starts TensorBoard on the runs, for this machine alone, and keeps all pictures of long runs.

  tf-style board --logdir=logs"""

_OWN = (
    flags.Flag(
        "logdir", "FOLDER", "The job", "the folder of the runs' folders (default: logs)"),
    flags.Flag(
        "port", "N", "The job", "0 takes a free one (default: 6006 or the next free one)"))


def main(argv: Sequence[str]) -> int:
  """Runs the command until it is interrupted and returns its exit code, 2 for a wrong input."""
  with Signals():  # whose first one raises KeyboardInterrupt, which `launch` has turned off
    return console.exit_code(lambda: _run(argv))


def _run(argv: Sequence[str]) -> None:
  given = flags.read(argv, _OWN, _INTRO)
  logdir = os.path.expanduser(given.get("logdir", "logs"))
  port = given.get("port", "")
  if not logdir or "\0" in logdir or (os.path.exists(logdir) and not os.path.isdir(logdir)):
    raise InputError("--logdir: " + expected("a folder", f"'{logdir}'"))
  if port and not (port.isdecimal() and int(port) < 65536):
    raise InputError("--port: " + expected("a number from 0 to 65535", port))
  address = serve(logdir, port)
  if not os.path.isdir(logdir) or not os.listdir(logdir):
    console.say(f"no runs in {logdir} yet; they appear as they come")
  console.say("TensorBoard runs until Ctrl-C at:")
  console.answer(address)
  with contextlib.suppress(KeyboardInterrupt):
    threading.Event().wait()


def serve(logdir: str, port: str = "") -> str:
  """Starts TensorBoard in a thread of this process, on loopback, and returns its address.

  Args:
    logdir: folder of the runs' folders; it need not exist yet.
    port: a number; 0 takes a free one, and nothing takes 6006 or the next free one.
  Raises:
    InputError: the port is taken.
  """
  # Where TensorBoard finds a module of this name, it does without TensorFlow, which takes seconds.
  sys.modules.setdefault("tensorboard.compat.notf", types.ModuleType("notf"))
  from tensorboard import program
  board = program.TensorBoard()
  board.configure(argv=["tensorboard", f"--logdir={logdir}", "--host=127.0.0.1",
                        "--samples_per_plugin=images=200", *([f"--port={port}"] if port else [])])
  try:
    with contextlib.redirect_stderr(io.StringIO()):  # a note on how it loads its data
      return board.launch()
  except program.TensorBoardServerException as error:
    raise InputError("--port: " + expected("a free port", f"{port} ({error.msg})")) from error
