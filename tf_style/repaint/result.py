"""What a run gives."""

from typing import NamedTuple

import numpy as np

from tf_style.repaint.plan import Plan


class Result(NamedTuple):
  """A finished run.

  Attributes:
    picture: [1, H, W, 3] float32 in [0, 1], whole levels of 8 bits.
    optimized: likewise, before `color` and `strength` are applied.
    losses: of that picture as 8 bits before `color` and `strength`, in float32: `total`, and each
      raw term by its name.
    history: arrays of all steps: `level`, `total`, `step_length`, `gradient_norm` and each raw
      term.
    plan: what was done, resolved.
    seconds: wall seconds from the first step to the last.
    stopped: whether `on_step` ended the run before its time.
    faults: steps whose loss or gradient was not finite.
    failed: whether the run ended before its time because its steps kept failing.
  """

  picture: np.ndarray
  optimized: np.ndarray
  losses: dict[str, float]
  history: dict[str, np.ndarray]
  plan: Plan
  seconds: float
  stopped: bool
  faults: int
  failed: bool


class Interrupted(KeyboardInterrupt):
  """A KeyboardInterrupt that came while a picture was being painted.

  Attributes:
    picture: the best one so far, [1, H, W, 3] float32 in [0, 1], at the result's size.
  """

  def __init__(self, picture: np.ndarray):
    super().__init__("interrupted; `picture` is the best one so far")
    self.picture = picture
