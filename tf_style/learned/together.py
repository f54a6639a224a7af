"""Who shares a batch: one device, those of this machine, or several machines (tf.distribute).

Each takes as large a part of the batch, and gradients are averaged, so the loss of a batch is the
same however many there are.
"""

import json
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from tf_style.errors import InputError, expected
from tf_style.learned.settings import LearnConfig

if TYPE_CHECKING:
  import tensorflow as tf

_VARIABLE = "TF_CONFIG"  # of the environment, as tf.distribute reads it
_KINDS = "chief", "worker"
_EXAMPLE = ('TF_CONFIG such as {"cluster": {"worker": ["host:port", "host:port"]}, '
            '"task": {"type": "worker", "index": 0}}')


class Place(NamedTuple):
  """A process among those that train together.

  Attributes:
    rank: 0 is the one that writes.
    processes: how many there are.
  """

  rank: int
  processes: int


ALONE = Place(0, 1)


def place_of(config: LearnConfig, environment: Mapping[str, str] = os.environ) -> Place:
  """Returns this process's place, as TF_CONFIG gives it.

  Raises:
    InputError: TF_CONFIG is missing where several machines are asked for, or wrong, or the batch
      has no equal parts.
  """
  text = environment.get(_VARIABLE, "")
  if config.strategy not in ("auto", "multiworker"):
    return ALONE
  if config.strategy == "auto" and text in ("", "{}"):
    return ALONE
  place = _place(text)
  if config.batch % place.processes:
    raise InputError("--batch: " + expected(
        f"a multiple of {place.processes}, the processes in {_VARIABLE}", config.batch))
  return place


def _place(text: str) -> Place:
  try:
    values = json.loads(text)
    kind, index = str(values["task"]["type"]), int(values["task"]["index"])
    counts = {name: len(values["cluster"].get(name, ())) for name in _KINDS}
    if index not in range(counts[kind]):
      raise ValueError("no such task")
  except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
    raise InputError("--strategy=multiworker: " + expected(_EXAMPLE, text or "none")) from error
  return Place(index + (counts["chief"] if kind == "worker" else 0), sum(counts.values()))


def make_strategy(config: LearnConfig, place: Place, device: str) -> "tf.distribute.Strategy":
  """Returns TensorFlow's strategy; for several machines, before anything else starts TensorFlow.

  Args:
    config: `strategy`, `device` and `batch` are read.
    place: of this process.
    device: TensorFlow's name of the device that is trained on where there are not several.
  Raises:
    InputError: there are no such devices, or the batch has no equal parts.
  """
  import tensorflow as tf
  several = config.strategy in ("mirrored", "multiworker") or place.processes > 1
  if several and config.device != "auto":
    raise InputError("--device: " + expected("auto beside several devices", config.device))
  gpus = len(tf.config.list_physical_devices("GPU"))
  spread = (config.strategy, config.device) == ("auto", "auto") and gpus > 1 and (
      config.batch % gpus == 0)
  if place.processes > 1 or config.strategy == "multiworker":
    strategy: Any = tf.distribute.MultiWorkerMirroredStrategy()
  elif several or spread:
    logical = [each.name for each in tf.config.list_logical_devices(device[1:4])]
    if len(logical) < 2:
      raise InputError("--strategy=mirrored: " + expected("several devices", device[1:]))
    strategy = tf.distribute.MirroredStrategy(logical)
  else:
    return tf.distribute.get_strategy()
  if config.batch % strategy.num_replicas_in_sync:
    raise InputError("--batch: " + expected(
        f"a multiple of {strategy.num_replicas_in_sync}, the devices", config.batch))
  return strategy
