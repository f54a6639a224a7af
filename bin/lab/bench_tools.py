"""What the benchmark's sections share: timing in turns, tables, pictures, a step to be timed."""

import dataclasses
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

import tf_style
from tf_style.descent.adam import Adam
from tf_style.descent.lbfgs import LBFGS
from tf_style.descent.loop import Descent
from tf_style.descent.parameters import FourierSigmoid, Pixels
from tf_style.pictures import images
from tf_style.problem.inputs import Inputs
from tf_style.problem.loaded import load
from tf_style.problem.problem import Problem
from tf_style.settings.config import Config
from tf_style.vgg.extractor import Extractors
from tf_style.vgg.weights import Weights, graft_vgg19

SAMPLES = Path(tf_style.__file__).parent / "samples"


class Bench(NamedTuple):
  """What a section is given.

  Attributes:
    weights: pretrained, of the network that there is.
    precision: that `auto` chooses here.
    quick: whether sizes and counts are tiny, to see that all runs.
    data: a folder of the user's pictures, or None.
    rounds: how often what is compared is timed in turns.
    size: longest side in pixels in 'convergence'.
    pairs, ways: of 'convergence'; none are all.
    keep: writes what a section has found so far, by its name.
  """

  weights: Weights
  precision: str
  quick: bool
  data: Path | None
  rounds: int
  size: int
  pairs: list[str]
  ways: list[str]
  keep: Callable[[str, Any], None]

  @property
  def vgg19(self) -> Weights:
    """VGG19, or one grafted from VGG16, which does the very same work."""
    return graft_vgg19(self.weights) if self.weights.network.name == "vgg16" else self.weights


class Turns(NamedTuple):
  """Seconds of actions that were timed in turns, a list each, one entry a round.

  Attributes:
    seconds: by the clock.
    processor: of all cores together, which other work on the machine changes little.
  """

  seconds: dict[str, list[float]]
  processor: dict[str, list[float]]


def in_turns(actions: Mapping[str, Callable[[], Any]], rounds: int) -> Turns:
  """Times actions A B C A B C ..., after one round that does not count."""
  turns = Turns({name: [] for name in actions}, {name: [] for name in actions})
  for turn in range(rounds + 1):
    for name, action in actions.items():
      start, worked = time.perf_counter(), time.process_time()
      action()
      if turn:
        turns.seconds[name].append(time.perf_counter() - start)
        turns.processor[name].append(time.process_time() - worked)
  return turns


def timed(action: Callable[..., Any], seconds: list[float]) -> Callable[..., Any]:
  """Returns a function that does the same, and notes how long it took."""
  def act(*given: Any) -> Any:
    start = time.perf_counter()
    try:
      return action(*given)
    finally:
      seconds.append(time.perf_counter() - start)

  return act


def medians(seconds: Mapping[str, Sequence[float]]) -> dict[str, float]:
  return {name: float(np.median(each)) for name, each in seconds.items()}


def ratio(seconds: Mapping[str, Sequence[float]], above: str, below: str) -> float:
  """Returns the median over rounds of one action's seconds over another's in the same round."""
  return float(np.median(np.divide(seconds[above], seconds[below])))


def show_table(title: str, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
  """Prints a Markdown table; floats with three digits."""
  print(f"\n**{title}**\n\n| " + " | ".join(head) + " |\n" + "|---" * len(head) + "|", flush=True)
  show_rows(rows)


def show_rows(rows: Iterable[Sequence[Any]]) -> None:
  for row in rows:
    cells = (f"{cell:.3g}" if isinstance(cell, float) else str(cell) for cell in row)
    print("| " + " | ".join(cells) + " |", flush=True)


def sample_pair(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
  """Returns the sample photograph and style at a size, [1, H, W, 3] each."""
  return tuple(images.resize(images.load_picture(SAMPLES / name).rgb, height, width)
               for name in ("photo.jpg", "style.jpg"))  # type: ignore[return-value]


class OneLevel:
  """A problem at one size and a descent, from the content.

  Attributes:
    view: the problem at the content's size: loss, gradient, and what pictures are compared with.
    descent: the loop.
  """

  def __init__(self, weights: Weights, config: Config, content: np.ndarray, style: np.ndarray):
    """Sets them up; `config.precision` and `config.tile_size` are resolved."""
    config = dataclasses.replace(config, image_size="original")
    problem = Problem(Extractors(weights), config, load(Inputs.of(content, style), config))
    self.view, start = problem.at(*content.shape[1:3]), tf.constant(content)
    lbfgs = config.optimizer == "lbfgs"
    parameters = FourierSigmoid(start) if lbfgs else Pixels(start)
    optimizer = LBFGS(parameters.variable, config.lbfgs_memory) if lbfgs else Adam(
        parameters.variable, config.learning_rate, config.learning_rate_decay)
    self.descent = Descent(parameters, optimizer, len(problem.names))
    self.descent.begin(start, config.steps)
    self.descent.evaluate_with(*self.view)

  def step(self) -> None:
    """Takes one step."""
    for _ in self.descent.run(int(self.descent.steps) + 1):
      pass

  def value(self, picture: np.ndarray) -> float:
    """Returns the loss of a picture as 8 bits."""
    return float(self.view.value(images.to_uint8(picture)[None] / np.float32(255)).total)
