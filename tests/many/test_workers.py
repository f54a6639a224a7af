"""Workers: items of one that dies go to others, each result comes once; on a real cluster too."""

import itertools
import sys
import types
from pathlib import Path

import pytest
from made_folders import BAD, results, small, write_folder
from made_inputs import write_picture, write_weights

import tf_style
from tf_style.errors import InputError
from tf_style.films.settings import FilmConfig
from tf_style.many import workers
from tf_style.many.folders import make_setup, paint_folder, source_of
from tf_style.many.items import Item
from tf_style.many.parcel import Footage, pack, unpack
from tf_style.many.setup import Setup, Style
from tf_style.many.tasks import Painted
from tf_style.many.workers import Workers


class Died(Exception):
  """As Ray says that a worker is gone."""


class FakeRay(types.ModuleType):
  """As much of Ray as a job uses: actors whose every N-th task finds them dead."""

  def __init__(self, nodes: list[dict[str, float]], dies: frozenset[int] = frozenset()):
    super().__init__("ray")
    self._nodes, self._dies, self._count = nodes, dies, itertools.count(1)
    self.asked: list[dict] = []
    self.at_once: list[int] = []
    self.exceptions = types.SimpleNamespace(RayTaskError=ZeroDivisionError, RayError=Died)
    self.killed: list = []

  def is_initialized(self):
    return True

  def nodes(self):
    return [{"Alive": True, "Resources": resources} for resources in self._nodes]

  def put(self, value):
    return value

  def remote(self, **asked):
    self.asked.append(asked)
    return lambda kind: types.SimpleNamespace(remote=lambda *_: self._actor())

  def _actor(self):
    actor = types.SimpleNamespace(dead=False)
    made = lambda what: types.SimpleNamespace(remote=lambda *given: _Call(actor, what, given))
    actor.ready, actor.paint, actor.leave = made("ready"), made("paint"), made("leave")
    return _Hashed(actor)

  def wait(self, references, num_returns, timeout):
    self.at_once.append(sum(reference.what == "paint" for reference in references))
    return references[:num_returns], references[num_returns:]

  def get(self, reference):
    if reference.what == "paint":
      if not reference.actor.dead and next(self._count) in self._dies:
        reference.actor.dead = True
      if reference.actor.dead:
        raise Died("the worker died")
      return Painted(reference.given[0].content[:4], {"total": 1.0})
    return None

  def kill(self, actor):
    self.killed.append(actor)


class _Call:
  def __init__(self, actor, what, given):
    self.actor, self.what, self.given = actor, what, given


class _Hashed:
  """An actor, which is a key of dictionaries."""

  def __init__(self, parts):
    self.__dict__.update(vars(parts))


@pytest.fixture
def setup(tmp_path) -> Setup:
  style = str(write_picture(tmp_path / "style.png"))
  return Setup(small(), (Style("", (style,), (), (1.0,)),))


def items(folder: Path, count: int) -> list[Item]:
  made = [write_picture(folder / f"{number}.png", seed=number) for number in range(count)]
  (folder / "bad.png").mkdir()
  return [*(Item(path.name, str(path), 0, None) for path in made),
          Item("bad.png", str(folder / "bad.png"), 0, None)]


@pytest.mark.parametrize("dies", [frozenset(), frozenset({1}), frozenset({4, 9})])
def test_every_item_comes_once_whoever_dies(dies, setup, tmp_path, monkeypatch):
  ray = FakeRay([{"CPU": 2.0}, {"CPU": 2.0}], dies)
  monkeypatch.setitem(sys.modules, "ray", ray)
  pool = Workers(setup, None, None)
  found = list(pool.results(items(tmp_path, 12), None))
  assert sorted(item.name for item, _, _ in found) == sorted(
      [*(f"{number}.png" for number in range(12)), "bad.png"])
  errors = {item.name: painted.error for item, _, painted in found if painted.error}
  assert list(errors) == ["bad.png"] and "received the folder" in errors["bad.png"]
  assert max(ray.at_once) <= 4 and len(ray.asked) == 2 + len(dies)
  pool.close()
  assert len(ray.killed) >= 2


def test_an_item_that_kills_its_workers_is_given_up(setup, tmp_path, monkeypatch):
  ray = FakeRay([{"CPU": 1.0}], frozenset(range(1, 100)))
  monkeypatch.setitem(sys.modules, "ray", ray)
  found = list(Workers(setup, 1, None).results(items(tmp_path, 1)[:1], None))
  assert found[0][2].error.endswith("its worker died, 3 times") and len(found) == 1


@pytest.mark.parametrize("nodes, count, workers_, share", [
    ([{"CPU": 4.0}, {"CPU": 4.0}], None, 2, (4, 0)), ([{"CPU": 4.0}], 2, 2, (2, 0)),
    ([{"CPU": 4.0}], 3, 3, (1, 0)), ([{"CPU": 2.0}], 9, 2, (1, 0)),
    ([{"CPU": 8.0, "GPU": 2.0}, {"CPU": 4.0, "GPU": 1.0}], None, 3, (1, 1)),
    ([{"CPU": 8.0, "GPU": 2.0}], 1, 1, (1, 1)), ([{"CPU": 4.0}, {"CPU": 1.0}], None, 2, (2, 0))])
def test_what_workers_ask_for(nodes, count, workers_, share, setup):
  assert workers._shares(FakeRay(nodes), setup, count) == (workers_, share)


@pytest.mark.parametrize("asked, gpus, installed, count", [
    (None, 2, True, 2), (None, 2, False, None), (1, 2, True, None), (None, 1, True, None),
    (2, 0, True, 2), (3, 2, True, 3)])
def test_where_a_job_is_painted(asked, gpus, installed, count, setup, monkeypatch):
  """Several GPUs have a worker each, where Ray is there and nothing else was asked for."""
  import tensorflow as tf

  from tf_style.many import here
  monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: ["gpu"] * gpus)
  monkeypatch.setattr(workers, "is_installed", lambda: installed)
  monkeypatch.setattr(workers, "Workers", lambda setup, count, cluster: ("workers", count))
  monkeypatch.setattr(here, "Here", lambda setup: ("workers", None))
  assert source_of(setup, asked)() == ("workers", count)


def test_without_ray_a_line_says_what_to_install(setup, monkeypatch):
  monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
  with pytest.raises(InputError, match=r"\(pip install 'tf_style\[cluster\]'\), received none$"):
    source_of(setup, workers=2)


def test_a_parcel_has_all_files(tmp_path):
  (tmp_path / "here").mkdir()
  (tmp_path / "masks").mkdir()
  style = str(write_picture(tmp_path / "style.png"))
  mask = str(write_picture(tmp_path / "masks/m.png", seed=3))
  start = str(write_picture(tmp_path / "start.jpg", seed=4))
  setup = Setup(small(weights=str(write_weights(tmp_path / "w.h5"))), (
      Style("", (style, str(tmp_path / "masks")), (mask, mask), (1.0,)),), start)
  there = unpack(pack(setup), str(tmp_path / "here")).setup
  same = lambda ours, theirs: Path(ours).read_bytes() == Path(theirs).read_bytes()
  (of_there,) = there.styles
  assert same(of_there.pictures[0], style) and same(f"{of_there.pictures[1]}/m.png", mask)
  assert same(of_there.masks[1], mask) and same(there.init_image, start)
  assert same(there.config.weights, setup.config.weights)
  assert Path(there.config.weights).name == "w.h5"
  for path in (*of_there.pictures, there.init_image, there.config.weights):
    assert path.startswith(str(tmp_path / "here"))


def test_a_parcel_has_the_film(setup, tmp_path):
  (tmp_path / "here").mkdir()
  film, mask = tmp_path / "film.mp4", str(write_picture(tmp_path / "m.png", seed=3))
  film.write_bytes(b"film")
  footage = Footage(str(film), mask, FilmConfig.of(start=1))
  there = unpack(pack(setup, footage), str(tmp_path / "here")).film
  assert Path(there.path).read_bytes() == b"film" and there.path.startswith(str(tmp_path / "here"))
  assert Path(there.content_mask).read_bytes() == Path(mask).read_bytes()
  assert there.settings == footage.settings and there.path.endswith("film.mp4")


def test_a_parcel_has_the_learned_style(tmp_path):
  there = unpack(pack(make_setup([], [], None, model="oil")), str(tmp_path)).setup
  assert Path(there.model).name == "oil" and there.model.startswith(str(tmp_path))
  assert there.styles[0].pictures == (f"{there.model}/style-1-style.jpg",)
  assert tf_style.LearnedStyle.load(there.model).record.styles


@pytest.fixture
def folder(tmp_path, monkeypatch):
  pytest.importorskip("ray")
  write_picture(tmp_path / "style.png", 60, 50, seed=9)
  write_weights(tmp_path / "vgg16.h5")
  monkeypatch.chdir(tmp_path)
  return tmp_path


def check_same(folder: Path, found: list[tf_style.Finished], **options) -> None:
  """Checks that the losses are those of this process, as far as numbers of threads allow."""
  losses = lambda finished: {item.number: item.loss for item in finished if not item.error}
  alone = losses(paint_folder(
      "photos", "alone", "style.png", small(weights="vgg16.h5", **options)))
  assert losses(found) == pytest.approx(alone, rel=0.05)
  assert results(folder / "out").keys() == results(folder / "alone").keys()


@pytest.mark.full
def test_two_workers_on_this_machine(folder):
  write_folder(folder / "photos", 6, 2)
  found = list(paint_folder("photos", "out", "style.png", small(weights="vgg16.h5"), workers=2))
  assert sorted(item.number for item in found) == list(range(1, 9))
  assert sum(bool(item.error) for item in found) == 2
  check_same(folder, found)


@pytest.mark.full
def test_a_node_of_a_cluster_is_killed(folder, capfd):
  """Of two on loopback: all is finished, and nothing twice."""
  from ray.cluster_utils import Cluster
  write_folder(folder / "photos", 40, 1)
  steps = {"level_steps": (60,)}
  cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
  try:
    node = cluster.add_node(num_cpus=1)
    found = []
    for item in paint_folder("photos", "out", "style.png", small(weights="vgg16.h5", **steps),
                             cluster=cluster.address):
      found.append(item)
      if len(found) == 8:
        cluster.remove_node(node, allow_graceful=False)
  finally:
    cluster.shutdown()
  assert sorted(item.number for item in found) == list(range(1, 42))
  assert [item.content.name for item in found if item.error] == [list(BAD)[0]]
  assert len(results(folder / "out")) == 40
  check_same(folder, found, **steps)
