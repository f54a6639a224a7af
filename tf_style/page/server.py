"""The server of the page: Gradio's application behind our routes and our guard, in a thread."""

import asyncio
import errno
import socket
import threading
from pathlib import Path

import fastapi
import gradio as gr
import uvicorn

from tf_style.errors import InputError, expected
from tf_style.page import theme
from tf_style.page.guard import LARGEST_UPLOAD, Guard
from tf_style.page.layout import make_page
from tf_style.page.routes import make_routes
from tf_style.page.service import Service

LOOPBACK = frozenset(("localhost", "127.0.0.1", "[::1]"))
USUAL_PORT, _TRIED = 7860, 100


class Server:
  """The page, served until `close`.

  Attributes:
    address: where a browser finds it.
  """

  def __init__(self, service: Service, files: Path, *, host: str, port: int | None,
               password: str | None):
    """Starts it.

    Args:
      service: what the page can do.
      files: folder of Gradio's uploads.
      host: name or address of this machine that it listens at.
      port: None takes 7860 or the next free one, 0 any free one.
      password: of the user `studio`, or None on loopback.
    Raises:
      InputError: the port is taken, or the machine has no such address.
    """
    self._socket = _bound(host, port)
    number = self._socket.getsockname()[1]
    name = f"[{host.strip('[]')}]" if ":" in host else host
    local = name in LOOPBACK
    self.address = f"http://{name}:{number}/"
    app = Guard(make_app(service), LOOPBACK if local else None, password, files)
    config = uvicorn.Config(app, log_level="warning", access_log=False, ws="none",
                            timeout_graceful_shutdown=1, server_header=False)
    self._server = uvicorn.Server(config)
    self._thread = threading.Thread(target=self._run, daemon=True, name="server")
    self._thread.start()

  def _run(self) -> None:
    asyncio.run(self._server.serve(sockets=[self._socket]))

  def close(self) -> None:
    """Ends it."""
    self._server.should_exit = True
    self._thread.join(3)


def make_app(service: Service) -> fastapi.FastAPI:
  """Returns the page as an ASGI application."""

  app = fastapi.FastAPI(docs_url=None, redoc_url=None, openapi_url=None,
                        routes=make_routes(service))
  page = make_page(service)
  page.has_launched = True  # else Gradio takes files for uploads that are none
  return gr.mount_gradio_app(
      app, page, path="/", footer_links=[], run_history=False, show_error=False,
      max_file_size=LARGEST_UPLOAD, ssr_mode=False, enable_monitoring=False, pwa=False,
      mcp_server=False, theme=theme.make_theme(), css=theme.CSS, head=theme.HEAD)


def _bound(host: str, port: int | None) -> socket.socket:
  """Returns a socket that is bound to the port, or to the first free one from 7860 on."""
  family = socket.AF_INET6 if ":" in host else socket.AF_INET
  ports = range(USUAL_PORT, USUAL_PORT + _TRIED) if port is None else (port,)
  error: OSError | None = None
  for each in ports:
    made = socket.socket(family, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
      made.bind((host.strip("[]"), each))
      made.listen(128)  # so that whoever is told the address reaches it
      return made
    except OSError as refused:
      made.close()
      error = refused
      if isinstance(refused, socket.gaierror):
        break
  taken = error is not None and error.errno in (errno.EADDRINUSE, errno.EACCES)
  flag = "--port" if taken else "--host"
  raise InputError(f"{flag}: " + expected(
      "an address of this machine with a free port", f"{host}:{port or USUAL_PORT} ({error})"))
