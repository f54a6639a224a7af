"""What the loop tells its watchers after a chunk of steps."""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

if TYPE_CHECKING:
  from tf_style.descent.loop import Descent


class Step(NamedTuple):
  """What the loop tells its watchers after a chunk of steps.

  Attributes:
    number: steps (evaluations of loss and gradient) done in the run, all levels counted.
    steps: steps the run will take if nothing stops it.
    level: index of the pyramid level, from 0.
    levels: number of levels.
    height, width: size of this level in pixels.
    names: [N] names of the raw terms, such as `style/block1_conv1`, `content/block4_conv2`, `tv`.
    weights: [N] what each raw term is multiplied by.
    totals: [n] losses of the chunk's n steps, oldest first; the last is that of step `number`.
    raw: [n, N] their raw terms.
    step_lengths: [n] learning rate (Adam) or line-search step (L-BFGS).
    gradient_norms: [n] Euclidean norms of the gradient by the optimizer's variable.
    best_loss: lowest loss of this level so far.
    seconds: wall seconds since the run's first step.
    seconds_a_step: of this chunk.
    picture: returns the best picture so far, [1, H, W, 3] float32 in [0, 1], at this level's size,
      with `color` and `strength` applied.
    state: returns the `Descent` of this level, with its trackable state.
    level_ends: whether this was the level's last chunk.
    precision: of the features.
    faults: steps of the run so far whose loss or gradient was not finite.
    history: returns arrays of all steps so far, as in `Result`.
  """

  number: int
  steps: int
  level: int
  levels: int
  height: int
  width: int
  names: tuple[str, ...]
  weights: np.ndarray
  totals: np.ndarray
  raw: np.ndarray
  step_lengths: np.ndarray
  gradient_norms: np.ndarray
  best_loss: float
  seconds: float
  seconds_a_step: float
  picture: Callable[[], np.ndarray]
  state: Callable[[], "Descent"]
  level_ends: bool = False
  precision: str = "float32"
  faults: int = 0
  history: Callable[[], dict[str, np.ndarray]] = dict


class OnStep(Protocol):
  """Called after every chunk; a true return value asks the run to stop with its best picture."""

  def __call__(self, step: Step) -> bool | None: ...
