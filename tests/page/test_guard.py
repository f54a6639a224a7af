"""Hostile requests are refused, and the job in progress is none the worse for it."""

import base64
import http.client
import json
import os
import threading
import time
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from serving import served, small_service
from starlette.testclient import TestClient

from tf_style.errors import InputError
from tf_style.page.jobs import Job
from tf_style.page.server import Server, make_app

PASSWORD = "a long secret"
RIGHT = "Basic " + base64.b64encode(f"studio:{PASSWORD}".encode()).decode()


class Place(NamedTuple):
  """The page, without and with a password, and a job in progress."""

  port: int
  locked: int
  job: Job
  free: threading.Event
  files: str


def slow(free: threading.Event):
  def work(job: Job) -> None:
    while not free.wait(0.01):
      job.show(step=job.report.step + 1)

  return work


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Iterator[Place]:
  folder, other = (tmp_path_factory.mktemp(name) for name in ("open", "locked"))
  service, locked, free = small_service(folder), small_service(other), threading.Event()
  job = service.jobs.put(Job(slow(free), {}), "test")
  with served(service, folder) as one, served(locked, other, PASSWORD) as two:
    yield Place(*(int(each.address.rstrip("/").rpartition(":")[2]) for each in (one, two)),
                job, free, str(folder / "gradio"))
    free.set()


def ask(port: int, method: str, path: str, body: bytes = b"", **headers: str,
        ) -> tuple[int, bytes]:
  """Sends a request as it stands: nothing of the path is tidied up."""
  connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
  try:
    connection.putrequest(method, path, skip_host="Host" in headers, skip_accept_encoding=True)
    for name, value in {"Content-Length": str(len(body)), **headers}.items():
      connection.putheader(name.replace("_", "-"), value)
    connection.endheaders()
    connection.send(body)
    answer = connection.getresponse()
    return answer.status, answer.read()
  finally:
    connection.close()


def call(path: str) -> bytes:
  """A call that names a file, as the page's own calls do."""
  file = {"path": path, "meta": {"_type": "gradio.FileData"}}
  return json.dumps({"data": [file], "fn_index": 0, "session_hash": "x"}).encode()


ORIGIN, JOIN = "http://evil.example", "/gradio_api/queue/join"
JSON = {"Content_Type": "application/json"}
HOSTILE = {
    "up from the root": ("GET", "/../../../../etc/passwd", b"", {}, 404),
    "escaped dots": ("GET", "/%2e%2e/%2e%2e/etc/passwd", b"", {}, 404),
    "a file of the system": ("GET", "/gradio_api/file=/etc/passwd", b"", {}, 404),
    "a file of the package": ("GET", "/gradio_api/file=tf_style/studio.py", b"", {}, 404),
    "up from the uploads": ("GET", "/gradio_api/file=../../etc/passwd", b"", {}, 404),
    "an address as a file": ("GET", "/gradio_api/file=http://127.0.0.1/x", b"", {}, 404),
    "a proxy": ("GET", "/gradio_api/proxy=http://127.0.0.1/x", b"", {}, 404),
    "a backslash": ("GET", "/assets/..%5c..%5cpasswd", b"", {}, 404),
    "a null character": ("GET", "/picture/%00.png", b"", {}, 404),
    "a picture by a path": ("GET", "/picture/..%2f..%2fetc%2fpasswd.png", b"", {}, 404),
    "a picture of nobody": ("GET", "/picture/AAAAAAAAAAAA.png", b"", {}, 404),
    "a mask of nobody": ("GET", "/mask/AAAAAAAAAAAA.png", b"", {}, 404),
    "Gradio's calls by name": ("POST", "/gradio_api/call/_paint", b"{}", JSON, 404),
    "Gradio's runs by name": ("POST", "/gradio_api/run/predict", b"{}", JSON, 404),
    "Gradio's monitor": ("GET", "/monitoring", b"", {}, 404),
    "Gradio's editor": ("POST", "/gradio_api/vibe-edit", b"{}", JSON, 404),
    "Gradio's recordings": ("POST", "/gradio_api/process_recording", b"x", {}, 404),
    "another method": ("DELETE", "/", b"", {}, 404),
    "a tunnel": ("CONNECT", "/", b"", {}, 404),
    "another name of this machine": ("GET", "/", b"", {"Host": "evil.example"}, 403),
    "a name that only begins well": ("GET", "/", b"", {"Host": "localhost.evil.example"}, 403),
    "no name": ("GET", "/", b"", {"Host": ""}, 403),
    "another origin": ("POST", JOIN, call("x"), {"Origin": ORIGIN, **JSON}, 403),
    "no origin's": ("POST", JOIN, call("x"), {"Origin": "null", **JSON}, 403),
    "another site": ("GET", "/config", b"", {"Sec_Fetch_Site": "cross-site"}, 403),
    "an upload from another origin": ("POST", "/gradio_api/upload", b"x", {"Origin": ORIGIN}, 403),
    "a huge upload": ("POST", "/gradio_api/upload", b"", {"Content_Length": str(2**40)}, 413),
    "a length that is none": ("POST", "/gradio_api/upload", b"", {"Content_Length": "-5"}, 413),
    "a huge call": ("POST", JOIN, b" " * (5 * 2**20), JSON, 413),
    "no JSON": ("POST", JOIN, b"\xff\xfe", JSON, 400),
    "deep JSON": ("POST", JOIN, b"[" * 100_000, JSON, 400),
    "a file that was not uploaded": ("POST", JOIN, call("/etc/passwd"), JSON, 400),
    "a file up from the uploads": ("POST", JOIN, call("{files}/../photo.png"), JSON, 400),
    "a file by its name alone": ("POST", JOIN, call("photo.png"), JSON, 400),
    "an address to fetch": ("POST", JOIN, call("http://127.0.0.1/x"), JSON, 400),
    "an address in disguise": ("POST", JOIN, call("\u0020HTTPS://x").replace(
        b"HTTPS", b"\\u0048TTPS"), JSON, 400)}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_requests_are_refused(place, name):
  method, path, body, headers, status = HOSTILE[name]
  before, body = place.job.report.step, body.replace(b"{files}", place.files.encode())
  try:
    answer = ask(place.port, method, path, body, **headers)
  except (ConnectionError, http.client.HTTPException):
    answer = (status, b"")  # cut off, which refuses as well
  assert answer[0] in (status, 400) and b"root:" not in answer[1]
  assert b"Traceback" not in answer[1] and b"/site-packages/" not in answer[1]
  end = time.monotonic() + 20
  while place.job.report.step <= before and time.monotonic() < end:
    time.sleep(0.01)
  assert place.job.report.step > before and not place.job.ended
  assert ask(place.port, "GET", "/")[0] == 200


def test_there_are_thirty():
  assert len(HOSTILE) >= 30


def test_gradio_itself_refuses_files_that_were_not_uploaded(tmp_path):
  """The guard apart: a call that it would not let through is refused where the event runs."""
  os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
  page = make_app(small_service(tmp_path))
  with TestClient(page) as client:
    config = client.get("/config").json()
    drop, = (each["id"] for each in config["components"]
             if each["props"].get("elem_id") == "photograph-file")
    event, = (each["id"] for each in config["dependencies"] if [drop, "upload"] in each["targets"])
    path = str(tmp_path / "photo.png")
    body = json.loads(call(path)) | {"fn_index": event, "session_hash": "hostile"}
    assert client.post(JOIN, json=body).json()["event_id"]
    answer = client.get("/gradio_api/queue/data?session_hash=hostile").text
  ends = [line for line in answer.splitlines() if "process_completed" in line]
  assert json.loads(ends[0].removeprefix("data:"))["success"] is False
  assert not list(tmp_path.glob("logs/uploads/*"))


@pytest.mark.parametrize("headers", [
    {}, {"Authorization": "Basic " + base64.b64encode(b"studio:wrong").decode()},
    {"Authorization": "Basic " + base64.b64encode(f"admin:{PASSWORD}".encode()).decode()},
    {"Authorization": "Bearer x"}])
@pytest.mark.parametrize("path", ["/", "/picture/x.png"])
def test_without_the_password_nothing_is_told(place, headers, path):
  status, body = ask(place.locked, "GET", path, **headers)
  assert status == 401 and body == (
      b"expected the user studio and the password of this page")


def test_with_the_password_all_is(place):
  assert ask(place.locked, "GET", "/", Authorization=RIGHT)[0] == 200
  assert ask(place.locked, "POST", JOIN, call("x"), Origin=ORIGIN, Authorization=RIGHT)[0] == 403


@pytest.mark.parametrize("host", ["localhost", "::1", "[::1]"])
def test_all_names_of_loopback_are_answered_and_no_other(tmp_path, host):
  with served(small_service(tmp_path), tmp_path, host=host) as server:
    name, _, port = server.address.removeprefix("http://").rstrip("/").rpartition(":")
    assert name == ("localhost" if host == "localhost" else "[::1]")
    for asked, status in ((name, 200), ("evil.example", 403)):
      connection = http.client.HTTPConnection(name.strip("[]"), int(port), timeout=20)
      connection.request("GET", "/", headers={"Host": f"{asked}:{port}"})
      assert connection.getresponse().status == status


def test_answers_forbid_what_is_outside(place):
  connection = http.client.HTTPConnection("127.0.0.1", place.port, timeout=20)
  connection.request("GET", "/")
  policy = connection.getresponse().headers["content-security-policy"]
  assert "default-src 'self' data: blob:" in policy and "http" not in policy


@pytest.mark.parametrize(("host", "port", "message"), [
    ("256.1.1.1", 0, "--host: expected an address of this machine"),
    ("127.0.0.1", -1, "--port: expected an address of this machine with a free port")])
def test_a_port_that_is_taken_is_said(place, tmp_path, host, port, message):
  port = place.locked if port == -1 else port
  with pytest.raises(InputError, match=message):
    Server(small_service(tmp_path), tmp_path, host=host, port=port, password=None)
