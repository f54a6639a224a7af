"""Paints the items of a job in several processes, on this machine or on a cluster, through Ray.

Each worker is an actor on one device: a GPU, or a share of the processors. Items, which are
pictures or parts of a film, and results travel as bytes, so machines need no folder in common. Two
items at most wait at a worker. The items of a worker that dies go to the others.
"""

import collections
import importlib.util
import os
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any, NamedTuple, Protocol

from absl import logging

from tf_style.errors import InputError, expected
from tf_style.many.actor import Actor
from tf_style.many.job import OnItem
from tf_style.many.parcel import Footage, Parcel, pack
from tf_style.many.setup import Setup
from tf_style.many.stamps import Stamps
from tf_style.many.tasks import Painted, task_of

_AT_A_WORKER = 2  # items: one in work, one that waits
_TRIES = 3  # for an item whose worker dies
_LOOK_S = 0.5
_GOODBYE_S = 2.0
_PATIENCE_S = 300.0  # for a worker, where there is none: a busy machine starts one in minutes


def is_installed() -> bool:
  """Whether Ray is there."""
  return importlib.util.find_spec("ray") is not None


def check_installed() -> None:
  """Checks that Ray is there.

  Raises:
    InputError: it is not.
  """
  if not is_installed():
    raise InputError("--workers: " + expected(
        "Ray, which starts them (pip install 'tf_style[cluster]')", "none"))


class Item(Protocol):
  """What a worker is given, once it is turned into a task.

  Attributes:
    name: which no other item has.
    content: path, for messages.
  """

  @property
  def name(self) -> str: ...

  @property
  def content(self) -> str: ...


class Share(NamedTuple):
  """What a worker asks for: processors, and GPUs."""

  cpus: int
  gpus: int


class _Sent(NamedTuple):
  """An item that is at a worker; without one, the worker itself, which is starting."""

  worker: Any
  item: Item | None
  stamps: Stamps


class Workers:
  """The actors of one job."""

  def __init__(self, setup: Setup, count: int | None, cluster: str | None, *,
               film: Footage | None = None, kind: type[Actor] = Actor,
               task_of: Callable[[Any], tuple[Any, Stamps]] = task_of):
    """Starts Ray or joins a cluster, and starts the actors.

    Args:
      setup: of the job.
      count: of the actors; None is one for each GPU, or machine where there are none.
      cluster: address; None is this machine alone.
      film: whose frames are painted; None for pictures.
      kind: of the actors.
      task_of: turns an item into what its actor is given, and stamps of its files.
    Raises:
      InputError: the cluster does not answer.
    """
    import ray
    self._kind, self._task_of = kind, task_of
    self._ray = ray
    self._began_ray = not ray.is_initialized()
    if self._began_ray:
      _join(cluster)
    self._parcel = ray.put(
        Parcel(setup, {}, film) if cluster is None else pack(setup, film))
    self._count, self._share = _shares(ray, setup, count)
    self._sent: dict[Any, _Sent] = {}
    self._load: collections.Counter[Any] = collections.Counter()
    self._ready: list[Any] = []
    self._tries: collections.Counter[str] = collections.Counter()
    self._seen = time.monotonic()
    for _ in range(self._count):
      self._start()

  def results(self, items: Sequence[Item], on_step: OnItem | None,
              ) -> Generator[tuple[Any, Stamps, Any], None, None]:
    """Yields items as they are painted, in whatever order; `on_step` is not told of their steps."""
    del on_step
    return self.work(collections.deque(items))

  def work(self, waiting: collections.deque[Any],
           ) -> Generator[tuple[Any, Stamps, Any], None, None]:
    """Yields items with what became of them, in whatever order.

    Args:
      waiting: the items; the caller may add to them meanwhile.
    """
    while waiting or any(sent.item for sent in self._sent.values()):
      yield from self._hand_out(waiting)
      done, _ = self._ray.wait(list(self._sent), num_returns=1, timeout=_LOOK_S)
      for reference in done:
        if result := self._take(reference, waiting):
          yield result
      self._check_alive()

  def close(self) -> None:
    """Ends the actors, and Ray where it was started here."""
    workers = {sent.worker for sent in self._sent.values()} | set(self._ready)
    self._ray.wait([worker.leave.remote() for worker in self._ready] or [self._parcel],
                   num_returns=max(1, len(self._ready)), timeout=_GOODBYE_S)
    for worker in workers:
      self._ray.kill(worker)
    self._sent.clear()
    if self._began_ray:
      self._ray.shutdown()

  def _start(self) -> None:
    """Asks for an actor; it gets items when it is ready."""
    share = self._share
    kind: Any = self._ray.remote(num_cpus=share.cpus, num_gpus=share.gpus, max_restarts=0)(
        self._kind)
    worker = kind.remote(self._parcel, share.cpus, bool(share.gpus))
    self._sent[worker.ready.remote()] = _Sent(worker, None, ())

  def _hand_out(self, waiting: collections.deque[Any]) -> Iterator[tuple[Any, Stamps, Any]]:
    """Gives items to the workers with room for them; yields those that cannot be read."""
    while waiting and self._ready:
      worker = min(self._ready, key=lambda each: self._load[each])
      if self._load[worker] >= _AT_A_WORKER:
        return
      item = waiting.popleft()
      try:
        task, stamps = self._task_of(item)
      except InputError as error:
        yield item, (), Painted(error=str(error))
        continue
      self._sent[worker.paint.remote(task)] = _Sent(worker, item, stamps)
      self._load[worker] += 1

  def _take(self, reference: Any, waiting: collections.deque[Any],
            ) -> tuple[Any, Stamps, Any] | None:
    """Takes what a worker gave back; the items of one that died wait again."""
    if reference not in self._sent:  # of a worker whose death was seen at another item
      return None
    worker, item, stamps = self._sent.pop(reference)
    try:
      painted = self._ray.get(reference)
    except self._ray.exceptions.RayTaskError as error:  # a fault of the program, not of a machine
      cause = getattr(error, "cause", None)
      raise cause if isinstance(cause, InputError) else error from None
    except self._ray.exceptions.RayError as error:
      return self._bury(worker, _Sent(worker, item, stamps), waiting, error)
    self._seen = time.monotonic()
    if item is None:
      self._ready.append(worker)
      return None
    self._load[worker] -= 1
    return item, stamps, painted

  def _bury(self, worker: Any, lost: _Sent, waiting: collections.deque[Any],
            error: Exception) -> tuple[Any, Stamps, Any] | None:
    """Lets a worker go that died, and asks for another; returns an item that was tried enough."""
    logging.warning("a worker died (%s); its pictures go to the others",
                    str(error).splitlines()[0][:100])
    if worker in self._ready:
      self._ready.remove(worker)
    of_worker = [reference for reference, sent in self._sent.items() if sent.worker is worker]
    queued = [self._sent.pop(reference).item for reference in of_worker]
    waiting.extendleft(item for item in reversed(queued) if item is not None)
    self._ray.kill(worker)  # of which perhaps only the way to it is broken
    self._load.pop(worker, None)
    self._start()
    if lost.item is None:
      return None
    self._tries[lost.item.name] += 1
    if self._tries[lost.item.name] >= _TRIES:
      return lost.item, lost.stamps, Painted(
          error=f"{lost.item.content}: its worker died, {_TRIES} times")
    waiting.appendleft(lost.item)
    return None

  def _check_alive(self) -> None:
    if self._ready:
      self._seen = time.monotonic()
    elif time.monotonic() - self._seen > _PATIENCE_S:
      raise OSError(f"no worker in {_PATIENCE_S:.0f} s: the cluster has no {self._share} free")


def _join(cluster: str | None) -> None:
  """Starts Ray on this machine, or joins a cluster."""
  import ray
  os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
  os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
  quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR",
                           "configure_logging": True}
  if cluster is None:
    ray.init(address="local", include_dashboard=False, num_cpus=os.cpu_count(), **quiet)
    return
  try:
    ray.init(address=cluster, **quiet)
  except (ConnectionError, ValueError, RuntimeError, TimeoutError) as error:
    raise InputError("--cluster: " + expected(
        "the address of a Ray cluster that this machine is part of (ray start)",
        f"{cluster} ({str(error).splitlines()[0]})")) from error


def _shares(ray: Any, setup: Setup, count: int | None) -> tuple[int, Share]:
  """Returns how many workers there are, and what each of them asks for."""
  nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
  gpus = int(sum(node.get("GPU", 0) for node in nodes))
  if gpus and setup.config.device != "cpu":
    return min(count or gpus, gpus), Share(1, 1)
  machines = [int(node.get("CPU", 0)) for node in nodes if node.get("CPU", 0) >= 1]
  if not machines:
    raise InputError("--cluster: " + expected("machines with processors or GPUs", "none"))
  count = min(count or len(machines), sum(machines))
  # The largest share that lets all of them run at once, each on one machine.
  share = max(cpus for cpus in range(1, max(machines) + 1)
              if cpus == 1 or sum(have // cpus for have in machines) >= count)
  return count, Share(share, 0)
