"""What stands between the network and the page: who may ask, for what, and how much at once."""

import asyncio
import base64
import hmac
import json
import os
import re
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any, NamedTuple

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

USER = "studio"
LARGEST_UPLOAD = 200 * 2**20  # bytes
_LARGEST_CALL = 4 * 2**20
_WRONG_PASSWORD_S = 0.5
# All that the page itself asks for; Gradio can do more.
_PAGE = re.compile(
    r"/|/(picture|photograph|mask|run|sheet)/[\w.-]+|/config/?|/theme\.css|/favicon\.ico|/manifest\.json"
    r"|/robots\.txt|/(assets|static|svelte)/[\w@./-]+"
    r"|/gradio_api/(info|startup-events|theme\.css|app_id|user|login_check|token)/?"
    r"|/gradio_api/(heartbeat/\w+|queue/data|upload_progress|file=.+)")
_CALLS = re.compile(r"/gradio_api/(queue/join|cancel|reset|upload)/?")
_UPLOAD = "/gradio_api/upload"
_HEADERS = {
    "content-security-policy":
        "default-src 'self' data: blob:; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
        "style-src 'self' 'unsafe-inline'; form-action 'self'; base-uri 'self'; "
        "frame-ancestors 'none'; object-src 'none'",
    "x-content-type-options": "nosniff", "referrer-policy": "no-referrer"}


class Refusal(NamedTuple):
  """An answer in place of the page's."""

  status: int
  text: str


class Guard:
  """An ASGI application around the page's."""

  def __init__(self, app: Application, hosts: frozenset[str] | None, password: str | None,
               files: Path):
    """Begins.

    Args:
      app: the page.
      hosts: names that the page is asked for by, without ports; None takes any, which only a
        password makes safe.
      password: of the user `studio`, or None.
      files: the folder of uploads, of which alone Gradio may serve files.
    """
    self._app, self._hosts, self._files = app, hosts, files.resolve()
    given = None if password is None else f"{USER}:{password}".encode()
    self._expected = given and b"Basic " + base64.b64encode(given)

  async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
      await self._app(scope, receive, send)
      return
    if scope["type"] != "http":
      await send({"type": "websocket.close", "code": 1008})
      return
    headers = {name.lower(): value for name, value in scope["headers"]}
    refusal = self._refusal(scope, headers)
    if refusal is None and not self._knows(headers):
      await asyncio.sleep(_WRONG_PASSWORD_S)
      refusal = Refusal(401, f"expected the user {USER} and the password of this page")
    if refusal is None:
      receive, refusal = await self._bounded(scope, headers, receive)
    if refusal is not None:
      await _answer(send, refusal)
      return
    await self._app(scope, receive, _with_headers(send))

  def _refusal(self, scope: Scope, headers: dict[bytes, bytes]) -> Refusal | None:
    """Returns why a request is refused by its head alone, or None."""
    host = headers.get(b"host", b"").decode("latin-1").lower()
    if self._hosts is not None and re.sub(r":\d+$", "", host) not in self._hosts:
      return Refusal(403, "expected a request to this machine by its own name")
    origin = headers.get(b"origin", b"").decode("latin-1").lower()
    if origin and re.sub("^https?://", "", origin) != host:
      return Refusal(403, "expected a request from this page")
    site, mode = headers.get(b"sec-fetch-site", b""), headers.get(b"sec-fetch-mode", b"")
    if site == b"cross-site" and mode != b"navigate":
      return Refusal(403, "expected a request from this page")
    method, path = scope["method"], scope["path"]
    if ".." in path or "\\" in path or not path.isprintable():
      return Refusal(404, "there is no such page")
    if method == "POST" and _CALLS.fullmatch(path):
      return None
    if method not in ("GET", "HEAD") or not _PAGE.fullmatch(path):
      return Refusal(404, "there is no such page")
    _, sign, file = path.partition("/gradio_api/file=")
    if sign and not self._is_upload(file):
      return Refusal(404, "there is no such file")
    return None

  def _knows(self, headers: dict[bytes, bytes]) -> bool:
    if self._expected is None:
      return True
    return hmac.compare_digest(headers.get(b"authorization", b""), self._expected)

  async def _bounded(self, scope: Scope, headers: dict[bytes, bytes], receive: Receive,
                     ) -> tuple[Receive, Refusal | None]:
    """Returns what receives the body, which is checked whole where it is a call, and bounded."""
    is_upload = scope["path"].rstrip("/") == _UPLOAD
    limit = LARGEST_UPLOAD if is_upload else _LARGEST_CALL
    refusal = Refusal(413, f"expected at most {limit // 2**20} MB")
    length = headers.get(b"content-length", b"0")
    if not length.isdigit() or int(length) > limit:
      return receive, refusal
    if is_upload:
      return _counting(receive, limit), None
    body = b""
    while True:
      message = await receive()
      body += message.get("body", b"")
      if len(body) > limit:
        return receive, refusal
      if not message.get("more_body"):
        break
    if body and not self._is_call(body):
      return receive, Refusal(400, "expected a call of this page")
    return _replayed(body, receive), None

  def _is_call(self, body: bytes) -> bool:
    """Whether a body is JSON in which every file is an upload, neither another nor an address."""
    try:
      return isinstance(parsed := json.loads(body), dict) and self._is_local(parsed)
    except (ValueError, RecursionError):
      return False

  def _is_local(self, value: Any) -> bool:
    if isinstance(value, dict):
      path = value.get("path")
      if path is not None and not (isinstance(path, str) and self._is_upload(path)):
        return False
      return all(map(self._is_local, value.values()))
    return all(map(self._is_local, value)) if isinstance(value, list) else True

  def _is_upload(self, path: str) -> bool:
    return os.path.isabs(path) and Path(path).resolve().is_relative_to(self._files)


def _counting(receive: Receive, limit: int) -> Receive:
  """Returns a receiver that ends, as if the sender had gone, where a body is too long."""
  seen = 0

  async def counted() -> Message:
    nonlocal seen
    message = await receive()
    seen += len(message.get("body", b""))
    return message if seen <= limit else {"type": "http.disconnect"}

  return counted


def _replayed(body: bytes, receive: Receive) -> Receive:
  done = False

  async def again() -> Message:
    nonlocal done
    if done:
      return await receive()
    done = True
    return {"type": "http.request", "body": body, "more_body": False}

  return again


def _with_headers(send: Send) -> Send:
  async def sent(message: Message) -> None:
    if message["type"] == "http.response.start":
      extra = [(name.encode(), value.encode()) for name, value in _HEADERS.items()]
      message = {**message, "headers": [*message.get("headers", ()), *extra]}
    await send(message)

  return sent


async def _answer(send: Send, refusal: Refusal) -> None:
  headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
  if refusal.status == 401:
    headers.append((b"www-authenticate", b'Basic realm="studio", charset="UTF-8"'))
  await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
  await send({"type": "http.response.body", "body": refusal.text.encode()})
