"""What a run can do without: where the system refuses it, the run says so once and goes on."""

from collections.abc import Callable

from tf_style.cli import console


class Attempts:
  """Remembers what was refused, so that it is not said again and again."""

  def __init__(self, before_saying: Callable[[], None]):
    """Makes a record of nothing refused.

    Args:
      before_saying: called before anything is said, to wipe away a progress bar.
    """
    self._before_saying = before_saying
    self._refused: set[str] = set()

  def tried(self, what: str, action: Callable[[], object]) -> bool:
    """Does something, and returns whether that went well.

    Args:
      what: the name of what is written.
      action: writes it; may raise OSError or an error of TensorFlow's.
    """
    import tensorflow as tf
    try:
      action()
    except (OSError, tf.errors.OpError) as error:
      if what not in self._refused:
        self._refused.add(what)
        self._before_saying()
        console.say(f"{what} cannot be written, the run goes on: {error}")
      return False
    self._refused.discard(what)
    return True

  def refused(self, what: str) -> bool:
    """Returns whether the last attempt of that name failed."""
    return what in self._refused
