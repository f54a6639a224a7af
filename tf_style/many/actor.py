"""A worker: a warm painter in a process of its own, perhaps on another machine."""

import dataclasses
import tempfile
from typing import TYPE_CHECKING, Any

from tf_style.many.parcel import Parcel, unpack
from tf_style.system import machine

if TYPE_CHECKING:
  from tf_style.many.painting import ItemPainter


class Actor:
  """Paints tasks, one at a time."""

  def __init__(self, parcel: Parcel, cpus: int, gpu: bool):
    """Starts TensorFlow, with as many threads as the worker has processors; loads nothing yet.

    Args:
      parcel: the setup of the job, with its files.
      cpus: processors of the worker.
      gpu: whether it has a GPU, which is the only one that it sees.
    """
    self._folder = tempfile.TemporaryDirectory(prefix="tf_style-worker-")
    setup, _, self._film = unpack(parcel, self._folder.name)
    tf = machine.start_tensorflow(keras=setup.model is not None)
    tf.config.threading.set_intra_op_parallelism_threads(cpus)
    tf.config.threading.set_inter_op_parallelism_threads(cpus)
    config = dataclasses.replace(setup.config, device="gpu:0" if gpu else "cpu")
    self._setup = setup._replace(config=config)
    self._painter: ItemPainter | None = None

  def ready(self) -> None:
    """Loads the network.

    Raises:
      InputError: the weights, the learned style or the device is wrong.
    """
    from tf_style.many.painting import ItemPainter
    self._painter = ItemPainter(self._setup)

  def paint(self, task: Any) -> Any:
    """Paints an item: a `Task`, to a `Painted`."""
    assert self._painter is not None, "the worker is ready"
    return self._painter.paint(task)

  def leave(self) -> None:
    """Removes what the worker has written."""
    self._folder.cleanup()
