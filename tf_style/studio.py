"""The command that serves a page for artists in the browser."""

import sys

from tf_style.cli.launch import launch

if __name__ == "__main__":
  launch("studio", sys.argv[1:])  # and exits: before the imports below, which take a while

import contextlib
import importlib.util
import os
import tempfile
import threading
import webbrowser
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tf_style import board
from tf_style.cli import console, flags
from tf_style.cli.paths import path_of
from tf_style.errors import InputError, expected
from tf_style.system import files
from tf_style.system.signals import Signals

INTRO = """\
Serves a page in the browser: drop a photograph and a style, and watch the picture come to be.

  tf-style studio --open
  tf-style studio --host=0.0.0.0 --password=SECRET     for other machines too: user studio

Nothing leaves this machine. Runs go to the log folder, as those of the other commands do."""

_OWN = (
    flags.Flag("logdir", "FOLDER", "The page",
               "the folder of the runs' folders and of uploads (default: logs)"),
    flags.Flag("port", "N", "The page",
               "0 takes a free one (default: 7860 or the next free one)"),
    flags.Flag("open", "", "The page", "open the page in the browser", boolean=True),
    flags.Flag("host", "NAME", "The page",
               "the address to listen at; other than loopback it needs --password "
               "(default: 127.0.0.1)"),
    flags.Flag("password", "TEXT", "The page", "that the user studio is asked for"))
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]", "::1")
_SHORTEST_PASSWORD = 8
_SAVING_S = 60  # that jobs get at the end


def main(argv: Sequence[str]) -> int:
  """Runs the command until it is interrupted and returns its exit code, 2 for a wrong input."""
  with Signals():  # whose first one raises KeyboardInterrupt, which `launch` has turned off
    return console.exit_code(lambda: _run(argv))


def _run(argv: Sequence[str]) -> None:
  given = flags.read(argv, _OWN, INTRO)
  logdir = path_of(given, "logdir") or "logs"
  files.check_folder(logdir, "--logdir")
  port, host, password = _port(given), given.get("host", "127.0.0.1"), given.get("password")
  if host not in _LOOPBACK and password is None:
    raise InputError("--password: " + expected(f"one beside --host={host}", "none"))
  if password is not None and len(password) < _SHORTEST_PASSWORD:
    raise InputError("--password: " + expected(
        f"at least {_SHORTEST_PASSWORD} characters", f"{len(password)}"))
  opens = flags.is_true(given, "open")
  if importlib.util.find_spec("gradio") is None:
    raise InputError(expected("the extra studio (pip install 'tf_style[studio]')", "none"))
  with tempfile.TemporaryDirectory(prefix="tf_style-studio-") as folder:
    _serve(logdir, Path(folder), host=host, port=port, password=password, opens=opens)


def _port(given: Mapping[str, Any]) -> int | None:
  port = given.get("port", "")
  if port and not (port.isdecimal() and int(port) < 65536):
    raise InputError("--port: " + expected("a number from 0 to 65535", port))
  return int(port) if port else None


def _serve(logdir: str, folder: Path, *, host: str, port: int | None, password: str | None,
           opens: bool) -> None:
  """Serves the page until a signal comes; jobs then end with the pictures that they have."""
  os.environ |= {"GRADIO_ANALYTICS_ENABLED": "False", "GRADIO_TEMP_DIR": os.fspath(folder),
                 "HF_HUB_OFFLINE": "1", "GRADIO_RUN_HISTORY": "False"}
  from tf_style.page.server import Server
  from tf_style.page.service import Service
  local = host in _LOOPBACK  # TensorBoard listens there alone
  service = Service(logdir, serve_board=board.serve if local else None)
  server = Server(service, folder, host=host, port=port, password=password)
  console.say("The page is served until Ctrl-C at:")
  console.answer(server.address)
  service.warm_up()
  if opens:
    webbrowser.open(server.address)
  with contextlib.suppress(KeyboardInterrupt):
    threading.Event().wait()
  console.say("ending: jobs save what they have")
  service.jobs.close(_SAVING_S)
  server.close()
