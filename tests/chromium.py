"""A headless Chromium, driven through ChromeDriver's HTTP interface (W3C WebDriver)."""

import base64
import contextlib
import json
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
_FLAGS = ("headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run",
          "disable-background-networking", "disable-component-update", "disable-sync",
          "window-size=1600,1400")
# All elements of the page that match a selector, those in shadow trees too.
_FIND = """
const found = [];
(function walk(root) {
  for (const element of root.querySelectorAll('*')) {
    if (element.matches(arguments[1])) found.push(element);
    if (element.shadowRoot) walk(element.shadowRoot, arguments[1]);
  }
})(document, arguments[0]);
"""


class Page:
  """The one page of a browser."""

  def __init__(self, driver: str):
    self._driver = driver
    options = {"binary": BROWSER, "args": [f"--{flag}" for flag in _FLAGS]}
    self._session = self._call("POST", "session", {
        "capabilities": {"alwaysMatch": {"goog:chromeOptions": options}}})["sessionId"]

  def open(self, address: str) -> None:
    self._command("url", {"url": "about:blank"})
    self._command("url", {"url": address})

  def run(self, selector: str, script: str) -> Any:
    """Runs JavaScript on `found`, the elements that match a selector; returns its result."""
    return self._command("execute/sync", {"script": _FIND + script, "args": [selector]})

  def wait(self, selector: str, script: str, seconds: float = 60) -> Any:
    """Runs it until it returns something true, or the time is over; returns the last result."""
    end = time.monotonic() + seconds
    while not (result := self.run(selector, script)) and time.monotonic() < end:
      time.sleep(0.2)
    return result

  def screenshot(self, path: Path) -> None:
    path.write_bytes(base64.b64decode(self._call("GET", f"session/{self._session}/screenshot")))

  def close(self) -> None:
    self._call("DELETE", f"session/{self._session}")

  def _command(self, name: str, body: Any) -> Any:
    return self._call("POST", f"session/{self._session}/{name}", body)

  def _call(self, method: str, path: str, body: Any = None) -> Any:
    request = urllib.request.Request(
        f"{self._driver}/{path}", method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=120) as answer:
      return json.loads(answer.read())["value"]


@contextlib.contextmanager
def browser() -> Iterator[Page]:
  """Starts Chromium and ends it."""
  assert DRIVER is not None
  with subprocess.Popen([DRIVER, "--port=0"], text=True, stdout=subprocess.PIPE,
                        stderr=subprocess.DEVNULL) as process:
    try:
      assert process.stdout is not None
      port = next(line.rpartition(" ")[2].strip(". \n") for line in process.stdout
                  if "started successfully on port" in line)
      page = Page(f"http://127.0.0.1:{port}")
      try:
        yield page
      finally:
        page.close()
    finally:
      process.terminate()
