"""One pair of pictures through all levels: the only place that knows the order."""

import dataclasses
import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf
from absl import logging

from tf_style import color, images, machine, memory, network, pyramid
from tf_style.checkpoints import Saved
from tf_style.config import Config
from tf_style.descent import PATIENCE, Descent
from tf_style.errors import InputError, expected
from tf_style.features import Extractor
from tf_style.gradients import TiledPicture, WholePicture
from tf_style.objective import Objective
from tf_style.optimizers import LBFGS, Adam
from tf_style.parameters import FourierSigmoid, Gray, Parameters, Pixels
from tf_style.records import OnStep
from tf_style.targets import Targets
from tf_style.watch import TOLERANCE_STEPS, Watch
from tf_style.weights import Weights, load_weights

# So many faulty steps in a row end the use of a precision lower than float32.
_LOW_PRECISION_PATIENCE = 2


class Plan(NamedTuple):
  """What a run is about to do, with everything resolved that was left to `auto`."""

  config: Config
  levels: list[pyramid.Level]
  device: str
  weights: Weights
  content: images.Picture
  style: images.Picture
  start: np.ndarray  # [1, H, W, 3], of any size
  notes: tuple[str, ...]


class Result(NamedTuple):
  """A finished run.

  Attributes:
    picture: [1, H, W, 3] float32 in [0, 1], whole grey levels of 8 bits.
    losses: of that picture as 8 bits before `color` and `strength`, in float32: `total`, and each raw term
      by its name.
    history: arrays of all steps: `level`, `total`, `step_length`, `gradient_norm` and each raw term.
    plan: what was done, resolved.
    seconds: wall seconds from the first step to the last.
    stopped: whether `on_step` ended the run before its time.
    faults: steps whose loss or gradient was not finite.
    failed: whether it ended before its time because they were so again and again.
  """

  picture: np.ndarray
  losses: dict[str, float]
  history: dict[str, np.ndarray]
  plan: Plan
  seconds: float
  stopped: bool
  faults: int
  failed: bool


def stylize(content: Any, style: Any, config: Config | None = None, init_image: Any = None,
            on_plan: Callable[[Plan], None] | None = None, on_step: OnStep | None = None,
            resume: Saved | None = None, weights: Weights | None = None) -> Result:
  """Repaints a picture in the manner of another (Gatys et al. 2016).

  Args:
    content, style: a path, a PIL image or an array ([H, W, 3] uint8 or float in [0, 1]).
    config: how; `Config.of(steps=100, ...)` makes one.
    init_image: the picture to start from where `config.init` is `image`.
    on_plan: called once before the first step.
    on_step: called after every chunk of steps; a true return value ends the run with its best picture.
    resume: a checkpoint of a run with these pictures and this configuration, to go on from.
    weights: those of the configuration, where they are loaded already.
  Raises:
    InputError: a picture, the weights or an option is wrong; nothing was started.
  """
  config = config or (resume.config if resume else Config.of())
  if config.deterministic:
    keras.utils.set_random_seed(config.seed)
    tf.config.experimental.enable_op_determinism()
  plan = make_plan(content, style, config, init_image, weights)
  if resume:
    resume.check(plan)
    plan = plan._replace(levels=_levels_as_done(plan.levels, resume))
  if on_plan:
    on_plan(plan)
  with tf.device(plan.device):
    return _run(plan, on_step, resume)


def make_plan(content: Any, style: Any, config: Config, init_image: Any = None,
              weights: Weights | None = None) -> Plan:
  """Reads and checks everything that a run needs, and decides what was left open."""
  longest = None if config.image_size == "original" else int(config.image_size)
  content_picture = images.load_picture(content, longest, config.max_pixels, "--content")
  style_picture = images.load_picture(style, longest, config.max_pixels, "--style")
  style_picture = style_picture._replace(
      rgb=color.style_seen(config.color, style_picture.rgb, content_picture.rgb))
  device = machine.choose_device(config.device)
  weights = weights or load_weights(config.network, config.weights)
  config = dataclasses.replace(
      config, network=weights.network,
      precision=machine.fast_precision(device) if config.precision == "auto" else config.precision)
  height, width = content_picture.rgb.shape[1:3]
  stride = network.deepest(config.network, config.content_layers + config.style_layers).stride
  if min(height, width, *style_picture.rgb.shape[1:3]) < stride:
    raise InputError("--image_size: " + expected(
        f"sides of at least {stride} pixels for the deepest layer in use",
        f"{width}x{height} and a style of {style_picture.rgb.shape[2]}x{style_picture.rgb.shape[1]}"))
  asked, config = config, memory.fitted(config, height, width, machine.memory_limit(device))
  levels = pyramid.make_levels(height, width, config.steps, config.levels, config.level_steps, 2 * stride)
  notes = [*content_picture.notes, *style_picture.notes, *filter(None, [weights.note]),
           *_what_fits(asked, config)]
  start = color.seen(config.color, _start_picture(
      config, levels[0], content_picture.rgb, style_picture.rgb, init_image))
  return Plan(config, levels, device, weights, content_picture, style_picture, start, tuple(notes))


def _what_fits(asked: Config, fitted: Config) -> Iterator[str]:
  """Says what the memory that there is did not allow."""
  if asked.tile_size == "auto" and fitted.tile_size:
    yield f"the whole picture does not fit into memory: tiles of {fitted.tile_size} pixels"
  if fitted.lbfgs_memory < asked.lbfgs_memory:
    yield f"not {asked.lbfgs_memory} pairs fit into memory: L-BFGS remembers {fitted.lbfgs_memory}"


def _start_picture(config: Config, coarsest: pyramid.Level, rgb: np.ndarray, style: np.ndarray,
                   init_image: Any) -> np.ndarray:
  """Returns the picture that the coarsest level starts from, [1, H, W, 3], of any size."""
  if config.init == "image":
    if init_image is None:
      raise InputError("--init_image: " + expected("a picture with --init=image", "none"))
    longest = max(rgb.shape[1:3])
    return images.load_picture(init_image, longest, config.max_pixels, "--init_image").rgb
  if config.init == "noise":
    size = 1, coarsest.height, coarsest.width, 3
    return np.random.default_rng(config.seed).uniform(size=size).astype(np.float32)
  if config.init == "recolored":
    return color.match_colors(rgb, style)
  return style if config.init == "style" else rgb


def _levels_as_done(levels: list[pyramid.Level], saved: Saved) -> list[pyramid.Level]:
  """Gives levels that came to their ends the steps that they took."""
  done = saved.level
  if saved.level_ends and levels[done].steps <= saved.levels[done][2]:
    done += 1
  return [level._replace(steps=saved.steps_done(index)) if index < done else level
          for index, level in enumerate(levels)]


def _run(plan: Plan, on_step: OnStep | None, resume: Saved | None) -> Result:
  config, picture = plan.config, plan.start
  watch = Watch(plan, on_step, resume)
  judge = _Judge(plan, resume.precision if resume else config.precision)
  adam: Adam | None = None
  for index in range(resume.level if resume else 0, len(plan.levels)):
    level = plan.levels[index]
    picture = images.resize(picture, level.height, level.width)
    parameters = _make_parameters(config, picture)
    optimizer = _make_optimizer(config, parameters.variable, level.steps, adam)
    adam = optimizer if isinstance(optimizer, Adam) else None
    objective = judge.objective(level)
    descent = Descent(judge.evaluator(level, objective), parameters, optimizer, len(objective.names),
                      judge.patience)
    if resume and index == resume.level:
      resume.restore(descent.checkpoint())
    judge = _descend(index, descent, judge, objective, watch)
    picture, failed = descent.best_picture.numpy(), descent.failed
    del descent, objective, parameters, optimizer  # what comes next needs the memory
    if watch.stopped or failed:
      break
  height, width = plan.levels[-1][:2]
  picture = images.to_uint8(images.resize(picture, height, width))[None] / np.float32(255)
  losses = _final_losses(judge, picture)
  picture = color.finished(config.color, config.strength, picture, plan.content.rgb)
  return Result(images.to_uint8(picture)[None] / np.float32(255), losses, watch.history(), plan,
                watch.seconds, watch.stopped, watch.faults, failed)


def _descend(index: int, descent: Descent, judge: "_Judge", objective: Objective,
             watch: Watch) -> "_Judge":
  """Runs a level to its end; returns the judge, another one where a low precision was given up."""
  level, tolerance = judge.plan.levels[index], judge.plan.config.tolerance
  for chunk in descent.run(level.steps, watch.stops):
    watch.take(index, chunk)
    ends = (int(descent.steps) >= level.steps
            or (tolerance > 0 and _settled(watch.level_totals(index), tolerance))
            or (descent.failed and judge.precision == "float32"))
    watch.report(index, chunk, descent, objective, judge.precision, ends)
    if ends or watch.stopped:
      return judge
  if descent.failed and judge.precision != "float32":
    logging.warning("the loss is not finite again and again in %s: on in float32", judge.precision)
    judge = _Judge(judge.plan, "float32")
    objective = judge.objective(level)
    descent.evaluate_with(judge.evaluator(level, objective), judge.patience)
    return _descend(index, descent, judge, objective, watch)
  return judge


class _Judge:
  """The network in one precision, and what it says of pictures; two graphs make the targets of all levels.

  Attributes:
    patience: so many faulty steps in a row show that this precision does not do.
  """

  def __init__(self, plan: Plan, precision: str):
    self.plan, self.precision = plan, precision
    self.patience = PATIENCE if precision == "float32" else _LOW_PRECISION_PATIENCE
    config = plan.config
    self._extractor = Extractor(
        plan.weights, config.content_layers + config.style_layers, config.pooling, precision,
        config.padding)
    self._targets = Targets(self._extractor, config)

  def objective(self, level: pyramid.Level) -> Objective:
    plan, (height, width, _) = self.plan, level
    content = color.seen(plan.config.color, images.resize(plan.content.rgb, height, width))
    scale = max(height, width) / max(plan.levels[-1][:2])
    style_size = [max(1, round(side * scale)) for side in plan.style.rgb.shape[1:3]]
    return Objective(plan.config, plan.config.network, (height, width),
                     self._targets.content(content),
                     self._targets.style(images.resize(plan.style.rgb, *style_size)))

  def evaluator(self, level: pyramid.Level, objective: Objective) -> WholePicture | TiledPicture:
    """Takes tiles where the level is larger than one."""
    windows = self._targets.windows(level.height, level.width)
    if len(windows) == 1:
      return WholePicture(self._extractor, objective)
    return TiledPicture(self._extractor, objective, windows)

  def value(self, picture: np.ndarray) -> dict[str, float]:
    """Returns the losses of a picture of the final size: `total`, and each raw term by its name."""
    level = self.plan.levels[-1]
    objective = self.objective(level)
    evaluator = self.evaluator(level, objective)
    try:
      terms = (tf.function(evaluator.value) if evaluator.in_graph else evaluator.value)(tf.constant(picture))
    except tf.errors.InvalidArgumentError:  # of a root that does not exist
      return dict.fromkeys(["total", *objective.names], math.nan)
    raw = dict(zip(objective.names, map(float, terms.raw), strict=True))
    return {"total": float(terms.total), **raw}


def _make_parameters(config: Config, picture: np.ndarray) -> Parameters:
  made = (FourierSigmoid if config.optimizer == "lbfgs" else Pixels)(tf.constant(picture))
  return Gray(made) if config.color == "luminance" else made


def _make_optimizer(config: Config, variable: tf.Variable, steps: int, previous: Adam | None) -> Any:
  if config.optimizer == "lbfgs":
    return LBFGS(variable, config.lbfgs_memory)
  return Adam(variable, steps, config.learning_rate, config.learning_rate_decay, config.adam_epsilon,
              previous)


def _settled(totals: np.ndarray, tolerance: float) -> bool:
  """Whether the lowest loss fell by less than a share `tolerance` in the last 10 steps.

  That is looked at every 10 steps of a level, wherever chunks happen to end.
  """
  if len(totals) < 2 * TOLERANCE_STEPS or len(totals) % TOLERANCE_STEPS:
    return False
  before = np.fmin.reduce(totals[:-TOLERANCE_STEPS])
  return bool(np.fmin.reduce(totals) > (1 - tolerance) * before)


def _final_losses(judge: _Judge, picture: np.ndarray) -> dict[str, float]:
  """Loss of the finished 8-bit picture, with features in float32 whatever the run's precision."""
  return (judge if judge.precision == "float32" else _Judge(judge.plan, "float32")).value(picture)
