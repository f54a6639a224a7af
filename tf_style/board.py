"""The command that starts TensorBoard on the runs."""

import os
import sys
import time
from collections.abc import Sequence

from tf_style import console, files, flags
from tf_style.errors import InputError, expected

_INTRO = """\
Starts TensorBoard on the runs, for this machine alone, and keeps all pictures of long runs.

  python -m tf_style.board --logdir=logs"""

_OWN = (flags.Flag("logdir", "FOLDER", "The job", "the folder of the runs' folders (default: logs)"),
        flags.Flag("port", "N", "The job", "0 takes a free one (default: 6006 or the next free one)"))


def main(argv: Sequence[str]) -> int:
  """Runs the command until it is interrupted and returns its exit code, 2 for a wrong input."""
  return console.exit_code(lambda: _run(argv))


def _run(argv: Sequence[str]) -> None:
  given = flags.read(argv, _OWN, _INTRO)
  logdir = os.path.expanduser(given.get("logdir", "logs"))
  files.check_folder(logdir, "--logdir")
  port = given.get("port", "")
  if port and not (port.isdigit() and int(port) < 65536):
    raise InputError("--port: " + expected("a number from 0 to 65535", port))
  from tensorboard import program
  board = program.TensorBoard()
  board.configure(argv=["tensorboard", f"--logdir={logdir}", "--host=127.0.0.1",
                        "--samples_per_plugin=images=200", *([f"--port={port}"] if port else [])])
  try:
    address = board.launch()
  except program.TensorBoardServerException as error:
    raise InputError("--port: " + expected("a free port", f"{port} ({error})")) from error
  console.say("TensorBoard runs until Ctrl-C")
  print(address, flush=True)
  try:
    while True:
      time.sleep(3600)
  except KeyboardInterrupt:
    console.say("stopped")


if __name__ == "__main__":
  sys.exit(main(sys.argv[1:]))
