"""One pair of pictures through all levels: the only place that knows the order."""

import dataclasses
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from tf_style import color, images, losses, machine, network, pyramid, tiles
from tf_style.config import Config
from tf_style.descent import Chunk, Descent
from tf_style.errors import InputError, expected
from tf_style.features import Extractor
from tf_style.gradients import TiledPicture, WholePicture
from tf_style.objective import Objective
from tf_style.optimizers import LBFGS, Adam
from tf_style.parameters import FourierSigmoid, Pixels
from tf_style.records import OnStep, Step
from tf_style.weights import Weights, load_weights


class Plan(NamedTuple):
  """What a run is about to do, with everything resolved that was left to `auto`."""

  config: Config
  levels: list[pyramid.Level]
  device: str
  weights: Weights
  content: images.Picture
  style: images.Picture
  notes: tuple[str, ...]


class Result(NamedTuple):
  """A finished run.

  Attributes:
    picture: [1, H, W, 3] float32 in [0, 1], whole grey levels of 8 bits.
    losses: of that picture, in float32: `total`, and each raw term by its name.
    history: arrays of all steps: `level`, `total`, `step_length`, `gradient_norm` and each raw term.
    plan: what was done, resolved.
    seconds: wall seconds from the first step to the last.
    stopped: whether `on_step` ended the run before its time.
    faults: steps whose loss or gradient was not finite.
  """

  picture: np.ndarray
  losses: dict[str, float]
  history: dict[str, np.ndarray]
  plan: Plan
  seconds: float
  stopped: bool
  faults: int


def stylize(content: Any, style: Any, config: Config | None = None, init_image: Any = None,
            on_plan: Callable[[Plan], None] | None = None, on_step: OnStep | None = None) -> Result:
  """Repaints a picture in the manner of another (Gatys et al. 2016).

  Args:
    content, style: a path, a PIL image or an array ([H, W, 3] uint8 or float in [0, 1]).
    config: how; `Config.of(steps=100, ...)` makes one.
    init_image: the picture to start from where `config.init` is `image`.
    on_plan: called once before the first step.
    on_step: called after every chunk of steps; a true return value ends the run with its best picture.
  Raises:
    InputError: a picture, the weights or an option is wrong; nothing was started.
  """
  plan = make_plan(content, style, config or Config.of())
  start = _start_picture(plan, init_image)
  if on_plan:
    on_plan(plan)
  with tf.device(plan.device):
    return _run(plan, start, on_step)


def make_plan(content: Any, style: Any, config: Config) -> Plan:
  """Reads and checks everything that a run needs, and decides what was left open."""
  longest = None if config.image_size == "original" else int(config.image_size)
  content_picture = images.load_picture(content, longest, config.max_pixels, "--content")
  style_picture = images.load_picture(style, longest, config.max_pixels, "--style")
  device = machine.choose_device(config.device)
  weights = load_weights(config.network, config.weights)
  config = dataclasses.replace(
      config, network=weights.network,
      precision=machine.fast_precision(device) if config.precision == "auto" else config.precision)
  height, width = content_picture.rgb.shape[1:3]
  stride = network.deepest(config.network, config.content_layers + config.style_layers).stride
  if min(height, width, *style_picture.rgb.shape[1:3]) < stride:
    raise InputError("--image_size: " + expected(
        f"sides of at least {stride} pixels for the deepest layer in use",
        f"{width}x{height} and a style of {style_picture.rgb.shape[2]}x{style_picture.rgb.shape[1]}"))
  levels = pyramid.make_levels(height, width, config.steps, config.levels, config.level_steps, 2 * stride)
  notes = [*content_picture.notes, *style_picture.notes, *filter(None, [weights.note])]
  return Plan(config, levels, device, weights, content_picture, style_picture, tuple(notes))


def _start_picture(plan: Plan, init_image: Any) -> np.ndarray:
  """Returns the picture that the coarsest level starts from, [1, H, W, 3], of any size."""
  config, rgb = plan.config, plan.content.rgb
  if config.init == "image":
    if init_image is None:
      raise InputError("--init_image: " + expected("a picture with --init=image", "none"))
    longest = max(rgb.shape[1:3])
    return images.load_picture(init_image, longest, config.max_pixels, "--init_image").rgb
  if config.init == "noise":
    height, width, _ = plan.levels[0]
    return np.random.default_rng(config.seed).uniform(size=(1, height, width, 3)).astype(np.float32)
  if config.init == "recolored":
    return color.match_colors(rgb, plan.style.rgb)
  return plan.style.rgb if config.init == "style" else rgb


def _run(plan: Plan, picture: np.ndarray, on_step: OnStep | None) -> Result:
  config = plan.config
  layers = config.content_layers + config.style_layers
  extractor = Extractor(plan.weights, layers, config.pooling, config.precision)
  targets = _Targets(plan, extractor)
  watch = _Watch(plan, on_step)
  adam: Adam | None = None
  for index, level in enumerate(plan.levels):
    picture = images.resize(picture, level.height, level.width)
    objective = targets.objective(level)
    parameters = (FourierSigmoid if config.optimizer == "lbfgs" else Pixels)(tf.constant(picture))
    optimizer = _make_optimizer(config, parameters.variable, level.steps, adam)
    descent = Descent(_make_evaluator(config, extractor, objective, level), parameters, optimizer)
    for chunk in descent.run(level.steps, watch.stops):
      watch.report(index, chunk, descent, objective)
      if watch.stopped or _settled(watch.level_totals(index), config.tolerance):
        break
    adam = optimizer if isinstance(optimizer, Adam) else None
    picture = descent.best_picture.numpy()
    watch.faults += int(descent.faults)
    if watch.stopped:
      break
  height, width = plan.levels[-1][:2]
  picture = images.to_uint8(images.resize(picture, height, width))[None] / np.float32(255)
  return Result(picture, _final_losses(plan, extractor, picture), watch.history(), plan,
                watch.seconds, watch.stopped, watch.faults)


class _Targets:
  """Makes the objective of a level; its two graphs serve all sizes, so that they are traced once."""

  def __init__(self, plan: Plan, extractor: Extractor):
    self._plan = plan
    any_size = [tf.TensorSpec([1, None, None, 3], tf.float32)]
    config = plan.config
    self._content = tf.function(
        lambda picture: {name: value for name, value in extractor(picture).items()
                         if name in config.content_layers}, input_signature=any_size, autograph=False)
    self._style = tf.function(
        lambda picture: {name: losses.statistics(losses.feature_sums(value))
                         for name, value in extractor(picture).items() if name in config.style_layers},
        input_signature=any_size, autograph=False)

  def objective(self, level: pyramid.Level) -> Objective:
    plan, (height, width, _) = self._plan, level
    scale = max(height, width) / max(plan.levels[-1][:2])
    style_size = [max(1, round(side * scale)) for side in plan.style.rgb.shape[1:3]]
    return Objective(plan.config, plan.config.network, (height, width),
                     self._content(images.resize(plan.content.rgb, height, width)),
                     self._style(images.resize(plan.style.rgb, *style_size)))


def _make_evaluator(config: Config, extractor: Extractor, objective: Objective,
                    level: pyramid.Level) -> WholePicture | TiledPicture:
  """Takes tiles where they are asked for and the level is larger than one."""
  if not 0 < config.tile_size < max(level.height, level.width):
    return WholePicture(extractor, objective)
  windows = tiles.plan_windows(level.height, level.width, config.tile_size, config.network, extractor.layers)
  return TiledPicture(extractor, objective, windows)


def _make_optimizer(config: Config, variable: tf.Variable, steps: int, previous: Adam | None) -> Any:
  if config.optimizer == "lbfgs":
    return LBFGS(variable, config.lbfgs_memory)
  return Adam(variable, steps, config.learning_rate, config.learning_rate_decay, config.adam_epsilon,
              previous)


def _settled(totals: np.ndarray, tolerance: float) -> bool:
  """Whether the lowest loss fell by less than a share `tolerance` in the last 10 steps."""
  if tolerance == 0 or len(totals) < 20:
    return False
  return bool(np.min(totals) > (1 - tolerance) * np.min(totals[:-10]))


def _final_losses(plan: Plan, extractor: Extractor, picture: np.ndarray) -> dict[str, float]:
  """Loss of the finished 8-bit picture, with features in float32 whatever the run's precision."""
  config = plan.config
  if config.precision != "float32":
    extractor = Extractor(plan.weights, extractor.layers, config.pooling, "float32")
  objective = _Targets(plan, extractor).objective(plan.levels[-1])
  terms = tf.function(WholePicture(extractor, objective).value)(tf.constant(picture))
  raw = dict(zip(objective.names, map(float, terms.raw), strict=True))
  return {"total": float(terms.total), **raw}


class _Watch:
  """Turns chunks into `Step` records, keeps the history and the clock."""

  def __init__(self, plan: Plan, on_step: OnStep | None):
    self._plan, self._on_step = plan, on_step
    self._chunks: list[tuple[int, Chunk]] = []
    self._names: tuple[str, ...] = ()
    self._start = time.perf_counter()
    self.number, self.seconds, self.stopped, self.faults = 0, 0.0, False, 0

  def stops(self, done: int) -> int:
    """Steps until the next picture or saving is due."""
    del done
    periods = [p for p in (self._plan.config.image_every, self._plan.config.save_every) if p]
    return min((p - self.number % p for p in periods), default=2**31)

  def report(self, index: int, chunk: Chunk, descent: Descent, objective: Objective) -> None:
    self._chunks.append((index, chunk))
    self._names = objective.names
    self.number += len(chunk.totals)
    self.seconds = time.perf_counter() - self._start
    if self._on_step is None:
      return
    level = self._plan.levels[index]
    self.stopped = bool(self._on_step(Step(
        self.number, sum(entry.steps for entry in self._plan.levels), index, len(self._plan.levels),
        level.height, level.width, objective.names, objective.weights, chunk.totals, chunk.raw,
        chunk.lengths, chunk.norms, float(descent.best_loss), self.seconds,
        chunk.seconds / len(chunk.totals), descent.best_picture.numpy, lambda: descent)))

  def level_totals(self, index: int) -> np.ndarray:
    return np.concatenate([chunk.totals for level, chunk in self._chunks if level == index])

  def history(self) -> dict[str, np.ndarray]:
    joined = lambda part: np.concatenate([getattr(chunk, part) for _, chunk in self._chunks])
    raw = joined("raw")
    return {"level": np.concatenate([np.full(len(c.totals), level) for level, c in self._chunks]),
            "total": joined("totals"), "step_length": joined("lengths"),
            "gradient_norm": joined("norms"),
            **{name: raw[:, i] for i, name in enumerate(self._names)}}
