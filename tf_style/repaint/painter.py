"""One pair of pictures through all levels: the only place that knows the order."""

import functools
import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf
from absl import logging

from tf_style.descent.loop import PATIENCE, Descent
from tf_style.descent.optimizers import LBFGS, Adam
from tf_style.descent.parameters import FourierSigmoid, Frozen, Gray, Parameters, Pixels
from tf_style.descent.step import OnStep
from tf_style.losses.statistics import Statistics
from tf_style.pictures import color, images
from tf_style.problem import guides, memory
from tf_style.problem.gradients import TiledPicture, WholePicture
from tf_style.problem.inputs import Inputs, size_at
from tf_style.problem.objective import Objective, Wanted
from tf_style.problem.targets import Targets
from tf_style.repaint import pyramid
from tf_style.repaint.checkpoints import Saved
from tf_style.repaint.plan import Plan, make_plan
from tf_style.repaint.watch import TOLERANCE_STEPS, Watch
from tf_style.settings.config import Config
from tf_style.system import host, machine
from tf_style.vgg import network
from tf_style.vgg.extractor import Extractors

# So many faulty steps in a row end the use of a precision lower than float32.
_LOW_PRECISION_PATIENCE = 2


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


def stylize(content: Any = None, style: Any = None, config: Config | None = None, init_image: Any = None,
            on_plan: Callable[[Plan], None] | None = None, on_step: OnStep | None = None,
            resume: Saved | None = None, content_mask: Any = None, style_mask: Any = None,
            on_tile: Callable[[int, int], None] | None = None,
            extractors: Extractors | None = None) -> Result:
  """Repaints a picture in the manner of another (Gatys et al. 2016).

  Args:
    content: a path, a PIL image or an array ([H, W, 3] uint8 or float in [0, 1]); None makes a texture of
      the style, of the size `config.output_size`.
    style: likewise, or a list of several, blended by `config.style_blend`; a folder is all pictures in it.
      None reconstructs the content from its features.
    config: how; `Config.of(steps=100, ...)` makes one.
    init_image: the picture to start from where `config.init` is `image`.
    on_plan: called once before the first step.
    on_step: called after every chunk of steps; a true return value ends the run with its best picture.
    resume: a checkpoint of a run with these pictures and this configuration, to go on from.
    content_mask, style_mask: regions that pair up by color (see `masks`): one of the content, one a style.
    on_tile: called after every tile of a picture that is looked at by tiles, with the number of tiles done
      and that of the step.
    extractors: for several runs of one network on one device; None loads the weights that the configuration
      names.
  Returns:
    The picture, its losses, the history of all steps and what was resolved.
  Raises:
    InputError: a picture, the weights or an option is wrong; nothing was started.
  """
  machine.prepare()
  host.check_scopes()
  config = config or (resume.config if resume else Config.of())
  if config.deterministic:
    keras.utils.set_random_seed(config.seed)
    tf.config.experimental.enable_op_determinism()
  inputs = Inputs.of(content, style, content_mask=content_mask, style_mask=style_mask, init_image=init_image)
  plan = make_plan(inputs, config, extractors.weights if extractors else None)
  if resume:
    resume.check(plan)
    plan = plan._replace(levels=_levels_as_done(plan.levels, resume))
  if on_plan:
    on_plan(plan)
  with tf.device(plan.device):
    return _run(plan, extractors or Extractors(plan.weights), on_step, resume, on_tile)


def _levels_as_done(levels: list[pyramid.Level], saved: Saved) -> list[pyramid.Level]:
  """Gives levels that came to their ends the steps that they took."""
  done = saved.level
  if saved.level_ends and levels[done].steps <= saved.levels[done][2]:
    done += 1
  return [level._replace(steps=saved.steps_done(index)) if index < done else level
          for index, level in enumerate(levels)]


def _run(plan: Plan, extractors: Extractors, on_step: OnStep | None, resume: Saved | None,
         on_tile: Callable[[int, int], None] | None) -> Result:
  config, picture, first = plan.config, plan.start, resume.level if resume else 0
  largest = plan.levels[-1]
  if "CPU" in plan.device:
    machine.reserve_memory(memory.estimate(config, *largest[:2], plan.num_regions) - memory.BASE["CPU"])
  watch = Watch(plan, on_step, resume)
  judge = _Judge(plan, extractors, resume.precision if resume else config.precision, on_tile)
  start = lambda level: tf.constant(images.resize(picture, level.height, level.width))
  parameters = _parameters(plan, start(plan.levels[first]))
  optimizer = _make_optimizer(config, parameters.variable, plan.levels[first].steps)
  descent = Descent(parameters, optimizer, len(judge.objective.names))
  for index, level in list(enumerate(plan.levels))[first:]:
    if index > first:
      descent.begin(start(level), level.steps)
    descent.evaluate_with(*judge.view(level))
    if resume and index == first:
      resume.restore(descent.checkpoint())
    judge = _descend(index, descent, judge, watch)
    picture, failed = descent.best_picture.numpy(), descent.failed
    if watch.stopped or failed:
      break
  del descent, parameters, optimizer  # the last look needs the memory
  if picture.shape[1:3] != largest[:2]:
    picture = images.resize(picture, *largest[:2])
    if plan.keeps is not None:
      picture = Frozen(Pixels(tf.constant(picture)), picture, plan.keeps).picture().numpy()
  picture = images.to_uint8(picture)[None] / np.float32(255)
  losses = judge.in_float32().value(picture)
  picture = images.to_uint8(plan.finished(picture))[None] / np.float32(255)
  return Result(picture, losses, watch.history(), plan,
                watch.seconds, watch.stopped, watch.faults, failed)


def _descend(index: int, descent: Descent, judge: "_Judge", watch: Watch) -> "_Judge":
  """Runs a level to its end; returns the judge, another one where a low precision was given up."""
  level, tolerance = judge.plan.levels[index], judge.plan.config.tolerance
  for chunk in descent.run(level.steps, watch.stops):
    watch.take(index, chunk)
    ends = (int(descent.steps) >= level.steps
            or (tolerance > 0 and _settled(watch.level_totals(index), tolerance))
            or (descent.failed and judge.precision == "float32"))
    watch.report(index, chunk, descent, judge.objective, judge.precision, ends)
    if ends or watch.stopped:
      return judge
  if descent.failed and judge.precision != "float32":
    logging.warning("the loss is not finite again and again in %s: on in float32", judge.precision)
    judge = judge.in_float32()
    descent.evaluate_with(*judge.view(level))
    return _descend(index, descent, judge, watch)
  return judge


class _Judge:
  """The network in one precision, and what it says of pictures; two graphs make the targets of all levels.

  Attributes:
    objective: the loss.
    patience: so many faulty steps in a row show that this precision does not do.
  """

  def __init__(self, plan: Plan, extractors: Extractors, precision: str,
               on_tile: Callable[[int, int], None] | None = None):
    self.plan, self.precision, self._extractors, self._on_tile = plan, precision, extractors, on_tile
    self.patience = PATIENCE if precision == "float32" else _LOW_PRECISION_PATIENCE
    config = plan.config
    self._extractor = extractors.get(
        config.content_layers + config.style_layers, config.pooling, precision, config.padding)
    self._targets = Targets(
        self._extractor, config, len(plan.regions.colors) if plan.regions else 0)
    self.objective = Objective(config)
    self._whole = WholePicture(self._extractor, self.objective)
    self._viewed: dict[pyramid.Level, tuple] = {}

  def in_float32(self) -> "_Judge":
    return self if self.precision == "float32" else _Judge(
        self.plan, self._extractors, "float32", self._on_tile)

  def view(self, level: pyramid.Level) -> tuple[WholePicture | TiledPicture, Wanted, int]:
    """Returns what judges the pictures of a level, what they are judged against, and the patience.

    There are tiles where the level is larger than one. The last level asked for is kept.
    """
    if level not in self._viewed:
      self._viewed.clear()
      windows = self._targets.windows(level.height, level.width)
      evaluator = self._whole if len(windows) == 1 else (
          TiledPicture(self._extractor, self.objective, windows, self._on_tile))
      self._viewed[level] = evaluator, self._wanted(level), self.patience
    return self._viewed[level]

  def _wanted(self, level: pyramid.Level) -> Wanted:
    plan, (height, width, _) = self.plan, level
    style = self._style(level) if plan.styles else {}
    of_erosion = functools.cache(  # mostly both are of no erosion
        lambda erosion: plan.regions and self._guides(plan.regions.content, height, width, erosion))
    content = {} if plan.content is None else self._targets.content(
        color.seen(plan.config.color, images.resize(plan.content.rgb, height, width)), style, of_erosion(0.0))
    return self.objective.wanted(
        (height, width), content, style, of_erosion(plan.config.mask_erosion), plan.pixel_share(level))

  def _style(self, level: pyramid.Level) -> Mapping[str, list[Statistics]]:
    """Returns the statistics of all styles, each scaled as the level is."""
    plan, largest = self.plan, max(level[:2])
    scale = largest / max(plan.levels[-1][:2])
    least = 2 * network.deepest(plan.config.network, self._targets.layers).stride
    sizes = [size_at(style.rgb.shape[1:3], scale, least) for style in plan.styles]
    planes = plan.regions.styles if plan.regions else [None] * len(sizes)
    pictures = [images.resize(style.rgb, *size) for style, size in zip(plan.styles, sizes, strict=True)]
    planes_of = [None if plane is None else self._guides(plane, *size, plan.config.mask_erosion)
              for plane, size in zip(planes, sizes, strict=True)]
    return self._targets.blend(pictures, plan.shares, planes_of, largest)

  def _guides(self, weights: np.ndarray, height: int, width: int,
              erosion: float) -> Mapping[str, np.ndarray]:
    table = network.layers(self.plan.config.network)
    return guides.guides(weights, height, width, [table[name] for name in self._targets.layers], erosion)

  def value(self, picture: np.ndarray) -> dict[str, float]:
    """Returns the losses of a picture of the final size: `total`, and each raw term by its name."""
    evaluator, wanted, _ = self.view(self.plan.levels[-1])
    value = tf.function(evaluator.value, autograph=False) if evaluator.in_graph else evaluator.value
    names = self.objective.names
    try:
      terms = value(tf.constant(picture), wanted)
    except tf.errors.InvalidArgumentError:  # of a root that does not exist
      return dict.fromkeys(["total", *names], math.nan)
    raw = dict(zip(names, map(float, terms.raw), strict=True))
    return {"total": float(terms.total), **raw}


def _parameters(plan: Plan, start: tf.Tensor) -> Parameters:
  """Returns the optimizer's map, which keeps of the content what the masks and --color say."""
  made: Parameters = (FourierSigmoid if plan.config.optimizer == "lbfgs" else Pixels)(start)
  made = Gray(made) if plan.config.color == "luminance" else made
  return made if plan.keeps is None else Frozen(made, start, plan.keeps)


def _make_optimizer(config: Config, variable: tf.Variable, steps: int) -> Any:
  if config.optimizer == "lbfgs":
    return LBFGS(variable, config.lbfgs_memory)
  return Adam(variable, steps, config.learning_rate, config.learning_rate_decay, config.adam_epsilon)


def _settled(totals: np.ndarray, tolerance: float) -> bool:
  """Whether the lowest loss fell by less than a share `tolerance` in the last 10 steps.

  That is looked at every 10 steps of a level, wherever chunks happen to end.
  """
  if len(totals) < 2 * TOLERANCE_STEPS or len(totals) % TOLERANCE_STEPS:
    return False
  before = np.fmin.reduce(totals[:-TOLERANCE_STEPS])
  return bool(np.fmin.reduce(totals) > (1 - tolerance) * before)
