"""The board on a real run: what TensorBoard serves, what Chromium shows, how the command ends."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import chromium
import pytest
from made_inputs import write_picture, write_weights

import tf_style
from tf_style import board, run
from tf_style.watching.events import history


@pytest.fixture(scope="module")
def logs(tmp_path_factory) -> Path:
  """The folder of one run of the command."""
  folder = tmp_path_factory.mktemp("board")
  here = os.getcwd()
  os.chdir(folder)
  try:
    assert run.main([
        f"--content={write_picture(folder / 'photo.png')}", "--network=vgg16", "--image_size=64",
        f"--style={write_picture(folder / 'waves.png', seed=2)}", "--level_steps=4,3",
        f"--weights={write_weights(folder / 'vgg16.h5')}", "--style_loss=gram", "--image_every=2",
        "--trace_graph=true"]) == 0
  finally:
    os.chdir(here)
  return folder / "logs"


def start(*argv: str) -> subprocess.Popen:
  environment = os.environ | {"PYTHONPATH": str(Path(tf_style.__file__).parents[1])}
  return subprocess.Popen([sys.executable, "-m", "tf_style.board", *argv], env=environment,
                          text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@pytest.fixture(scope="module")
def address(logs) -> Iterator[str]:
  process = start(f"--logdir={logs}", "--port=0")
  try:
    assert process.stdout is not None
    address = process.stdout.readline().strip()
    while not get(address, "plugin/scalars/tags"):  # it reads the runs in the background
      time.sleep(0.1)
    yield address
  finally:
    process.send_signal(signal.SIGINT)
    _, err = process.communicate()
  assert process.returncode == 0 and err == "TensorBoard runs until Ctrl-C at:\n"


@pytest.fixture
def name(logs) -> str:
  (folder,) = logs.iterdir()
  return folder.name


def fetch(address: str, path: str, body: Any = None, **query: object) -> bytes:
  request = urllib.request.Request(
      f"{address}data/{path}?{urllib.parse.urlencode(query)}",
      data=None if body is None else json.dumps(body).encode(),
      headers={"Content-Type": "application/json"})
  with urllib.request.urlopen(request, timeout=60) as answer:
    return answer.read()


def get(address: str, path: str, body: Any = None, **query: object) -> Any:
  return json.loads(fetch(address, path, body, **query))


def test_it_listens_on_loopback_alone(address):
  assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", address)


def test_scalars(address, logs, name):
  read = history(logs / name)
  assert set(get(address, "plugin/scalars/tags")[name]) == set(read)
  for tag in ("loss/total", "weighted/style/block5_conv1", "resources/memory_gb", "result/total"):
    served = get(address, "plugin/scalars/scalars", run=name, tag=tag)
    assert [point[1:] for point in served] == read[tag].tolist()


def test_custom_scalars(address, name):
  layout = get(address, "plugin/custom_scalars/layout")
  charts = {chart["title"]: chart["multiline"]["tag"]
            for category in layout["category"] for chart in category["chart"]}
  found = {}
  for title, tags in charts.items():
    answer = get(address, "plugin/custom_scalars/scalars", run=name, tag="|".join(tags))
    assert answer["regex_valid"]
    found[title] = set(answer["tag_to_events"])
  assert found["Terms, as they add up to the total"] == {"loss/total", "loss/content", "loss/style"}
  assert found["Style layers, raw"] == {f"raw/style/block{block}_conv1" for block in range(1, 6)}
  assert all(found.values())


def test_images(address, name):
  steps = {}
  for tag in get(address, "plugin/images/tags")[name]:
    served = get(address, "plugin/images/images", run=name, tag=tag, sample=0)
    steps[tag] = [image["step"] for image in served]
    query = dict(urllib.parse.parse_qsl(served[-1]["query"]))
    assert fetch(address, "plugin/images/individualImage", **query).startswith(b"\x89PNG")
  assert steps == {"picture/picture": [2, 4, 6, 7], "picture/content": [0], "picture/style": [0],
                   "picture/difference": [7]}


def test_texts(address, name):
  for tag, cell in {"run/configuration": "<td>image_size</td>\n<td><code>64</code></td>",
                    "run/command_line": "--trace_graph=true", "run/machine": "<td>tensorflow</td>",
                    "run/weights": "vgg16.h5"}.items():
    (entry,) = get(address, "plugin/text/text", run=name, tag=tag)
    assert cell in entry["text"]


def test_hparams(address, logs, name):
  experiment = get(address, "plugin/hparams/experiment", {"experimentName": "0"})
  names = [info["name"] for info in experiment["hparamInfos"]]
  assert names[:5] == ["content", "content_weight", "image_size", "steps", "style"]
  assert "optimizer" in names
  columns = [{"hparam": hparam} for hparam in names]
  columns += [{"metric": info["name"]} for info in experiment["metricInfos"]]
  answer = get(address, "plugin/hparams/session_groups", {
      "experimentName": "0", "allowedStatuses": ["STATUS_SUCCESS"], "startIndex": 0, "sliceSize": 9,
      "colParams": columns})
  (group,) = answer["sessionGroups"]
  assert group["name"] == name
  assert (group["hparams"]["content"], group["hparams"]["image_size"]) == ("photo", 64)
  values = {value["name"]["tag"]: value["value"] for value in group["metricValues"]}
  assert values["result/total"] == history(logs / name)["result/total"][0, 1]


def test_graph(address, name):
  assert get(address, "plugin/graphs/info")[name]["run_graph"]
  assert b"block5_conv1" in fetch(address, "plugin/graphs/graph", run=name, conceptual="false")


@pytest.mark.skipif(not (chromium.BROWSER and chromium.DRIVER), reason="no Chromium here")
def test_charts_and_pictures_are_on_the_page(address, name):
  lines = "return found.filter(path => (path.getAttribute('d') || '').length > 20).length"
  with chromium.browser() as page:
    page.open(f"{address}#timeseries")
    assert page.wait("scalar-card line-chart", "return found.length >= 6")
    titles = page.run("scalar-card [title]", "return found.map(element => element.title)")
    assert {"loss/total", "loss/style", "optimizer/step_length"} <= set(titles)
    page.open(f"{address}#custom_scalars")
    assert page.wait("vz-line-chart2", "return found.length") == 9
    assert page.wait("path.line", lines + " >= 9")
    page.open(f"{address}#images")
    assert page.wait("img", "return found.filter(image => image.naturalWidth == 64).length == 4")
    assert page.run("tf-card-heading", "return found.map(element => element.tag)") == [
        "picture/content", "picture/difference", "picture/picture", "picture/style"]
    page.open(f"{address}#text")
    assert page.wait("td code", "return found.map(element => element.innerText).includes('gram')")


def test_wrong_inputs(tmp_path, capfd):
  (tmp_path / "file").touch()
  for argv in (["--port=x"], ["--port=65536"], ["--logdir="], [f"--logdir={tmp_path}/file"],
               ["--host=x"], ["logs"]):
    assert board.main(argv) == 2, argv
    out, err = capfd.readouterr()
    assert out == "" and err.startswith("tf_style: error: ") and err.count("\n") == 1, argv


def test_a_port_that_is_taken(tmp_path):
  with socket.create_server(("127.0.0.1", 0)) as taken:
    port = taken.getsockname()[1]
    process = start(f"--logdir={tmp_path}", f"--port={port}")
    out, err = process.communicate()
  assert (process.returncode, out, err.count("\n")) == (2, "", 1)
  assert err.startswith(f"tf_style: error: --port: expected a free port, received {port} (")


def test_before_the_first_run_and_without_tensorflow(tmp_path):
  program = ("import sys; from tf_style import board; "
             f"print(board.serve({str(tmp_path / 'logs')!r}, '0'), 'tensorflow' in sys.modules)")
  environment = os.environ | {"PYTHONPATH": str(Path(tf_style.__file__).parents[1])}
  done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True,
                        text=True, check=True)
  assert re.fullmatch(r"http://127\.0\.0\.1:\d+/ False\n", done.stdout) and done.stderr == ""
  assert not list(tmp_path.iterdir())
