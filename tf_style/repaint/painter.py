"""Repaints picture after picture: network, graphs and the style's statistics are made once."""

import copy
import dataclasses
import functools
import gc
import math
from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf
from absl import logging

from tf_style.descent.adam import Adam
from tf_style.descent.lbfgs import LBFGS
from tf_style.descent.loop import PATIENCE, Descent
from tf_style.descent.optimizer import Optimizer
from tf_style.descent.parameters import FourierSigmoid, Frozen, Gray, Parameters, Pixels
from tf_style.descent.step import OnStep
from tf_style.pictures import images
from tf_style.pictures.images import Source
from tf_style.problem import memory
from tf_style.problem.compiled import Traces
from tf_style.problem.evaluators import Evaluator, OnTile
from tf_style.problem.inputs import Anchor, Inputs, Sources
from tf_style.problem.loaded import style_reader
from tf_style.problem.objective import Objective
from tf_style.problem.problem import Found, Graphs, Problem, is_anchored
from tf_style.problem.terms import Wanted
from tf_style.repaint.checkpoints import Saved
from tf_style.repaint.plan import Plan, make_plan
from tf_style.repaint.pyramid import Level
from tf_style.repaint.recorder import TOLERANCE_STEPS, Recorder
from tf_style.repaint.result import Interrupted, Result
from tf_style.settings.config import Config
from tf_style.system import host, machine
from tf_style.system.memory import reserve_memory
from tf_style.vgg.extractor import Extractors

# So many faulty steps in a row end the use of a precision lower than float32.
_LOW_PRECISION_PATIENCE = 2
_KEPT_SIZES = 2  # of results, for which the styles stay loaded

OnPlan = Callable[[Plan], None]


class Painter:
  """Repaints pictures in the manner of one style (Gatys et al. 2016).

      painter = Painter("painting.jpg", Config.of(image_size=768))
      for photo in photos:
        save_picture(f"{photo.stem}.png", painter(photo).picture)

  The network is loaded and the graphs are traced for the first picture; pictures of any sizes
  follow without either, and the style's statistics are kept for the sizes used last. `close`, or
  the end of a `with` block, frees what TensorFlow keeps of the graphs.
  """

  def __init__(self, style: Sources = None, config: Config | None = None, *,
               style_mask: Sources = None, network: Extractors | None = None,
               chunk_s: float | None = None):
    """Loads nothing yet.

    Args:
      style: a path, a PIL image, an array, or a list of several, blended by `config.style_blend`;
        a folder is all pictures in it. None reconstructs the content from its features.
      config: how; `Config.of(steps=100, ...)` makes one.
      style_mask: regions that pair up by color with those of `content_mask`: one a style.
      network: shared with other painters on one device; None loads the weights that the
        configuration names.
      chunk_s: about how many seconds lie between two calls of `on_step` at all levels but the last;
        None is half a second, as at the last.
    """
    self.config = config or Config.of()
    self._styles = Inputs.of(None, style, style_mask=style_mask)
    read = style_reader(self._styles, self.config)
    self._styles_at = functools.lru_cache(_KEPT_SIZES)(read)
    self._network, self._chunk_s = network, chunk_s
    self._traces = Traces()
    self._graphs: dict[tuple[object, ...], Graphs] = {}
    self._descents: dict[tuple[object, ...], Descent] = {}

  def __enter__(self) -> "Painter":
    return self

  def __exit__(self, *_: object) -> None:
    self.close()

  def close(self) -> None:
    """Frees the graphs; a closed painter can be used again."""
    self._graphs.clear()
    self._descents.clear()
    self._traces.release()
    self._traces = Traces()
    gc.collect()  # graphs and Keras' layers refer to each other in circles

  def with_style(self, style: Sources, *, style_mask: Sources = None,
                 style_scale: tuple[float, ...] | None = None) -> "Painter":
    """Returns a painter of another style that shares graphs, and a loaded network, with this one.

    Args:
      style, style_mask: as for `Painter` itself.
      style_scale: as in the configuration; None is this painter's.
    """
    other = copy.copy(self)
    if style_scale is not None:
      other.config = dataclasses.replace(self.config, style_scale=style_scale)
    other._styles = Inputs.of(None, style, style_mask=style_mask)
    other._styles_at = functools.lru_cache(_KEPT_SIZES)(style_reader(other._styles, other.config))
    return other

  def plan(self, content: Source | None = None, *, content_mask: Source | None = None,
           content_map: Source | None = None, style_scale_map: Source | None = None,
           init_image: Source | None = None, anchor: Anchor | None = None) -> Plan:
    """Returns what would be done; arguments are those of a call.

    Raises:
      InputError: a picture, the weights or an option is wrong.
    """
    machine.prepare()
    inputs = self._styles._replace(content=content, content_mask=content_mask,
                                   content_map=content_map, style_scale_map=style_scale_map,
                                   init_image=init_image, anchor=anchor)
    weights = self._network.weights if self._network else None
    return make_plan(inputs, self.config, weights, self._styles_at, self._network)

  def __call__(self, content: Source | None = None, *, content_mask: Source | None = None,
               content_map: Source | None = None, style_scale_map: Source | None = None,
               init_image: Source | None = None, anchor: Anchor | None = None,
               on_plan: OnPlan | None = None, on_step: OnStep | None = None,
               on_tile: OnTile | None = None, resume: Saved | None = None,
               exact: bool = True) -> Result:
    """Repaints a picture.

    Args:
      content: a path, a PIL image or an array ([H, W, 3] uint8 or float in [0, 1]); None makes a
        texture of the style, of the size `config.output_size`.
      content_mask: regions of the content, which pair up by color with the style masks (see
        `pictures.masks`).
      content_map: a gray picture, what each place of the content counts: white is 1, black is 0.
      style_scale_map: a gray picture, how large the style is seen at each place: white is as large
        as `config.style_scale` says, mid-gray half of that, black a quarter.
      init_image: the picture to start from where `config.init` is `image`.
      anchor: a picture that the result is held to, by `config.coherence`.
      on_plan: called once before the first step.
      on_step: called after every chunk of steps; a true return value ends the run with its best
        picture.
      on_tile: called after every tile of a picture that is looked at by tiles, with the number of
        tiles done and that of the step.
      resume: a checkpoint of a run with these pictures and this configuration, to go on from.
      exact: whether the losses are computed again, in float32, of the picture as 8 bits, which
        takes as long as some steps do; otherwise they are those of the best step.
    Returns:
      The picture, its losses, the history of all steps and what was resolved.
    Raises:
      InputError: a picture, the weights or an option is wrong; nothing was started.
      Interrupted: a KeyboardInterrupt came after the first step; it has the best picture so far.
    """
    machine.prepare()
    host.check_scopes()
    if self.config.deterministic:
      tf.random.set_seed(self.config.seed)
      tf.config.experimental.enable_op_determinism()
    plan = self.plan(content, content_mask=content_mask, content_map=content_map,
                     style_scale_map=style_scale_map, init_image=init_image, anchor=anchor)
    if resume:
      resume.check(plan)
      plan = plan._replace(levels=_levels_as_done(plan.levels, resume))
    if on_plan:
      on_plan(plan)
    if not plan.config.texture:
      return _not_painted(plan)
    if self._network is None:
      self._network = Extractors(plan.weights)
    with tf.device(plan.device):
      return self._paint(plan, on_step, on_tile, resume, exact)

  def _paint(self, plan: Plan, on_step: OnStep | None, on_tile: OnTile | None,
             resume: Saved | None, exact: bool) -> Result:
    first = resume.level if resume else 0
    if "CPU" in plan.device:
      needed = memory.estimate(plan.config, *plan.loaded.size, plan.num_regions)
      reserve_memory(needed - memory.BASE["CPU"])
    problem = self._problem(plan, resume.precision if resume else plan.config.precision, on_tile)
    recorder = Recorder(plan, problem.names, on_step, resume)
    descent, picture, failed = self._descent(plan, len(problem.names)), plan.start, False
    begun = recorder.number
    try:
      for index, level in list(enumerate(plan.levels))[first:]:
        start = tf.constant(plan.begun(index, picture))
        descent.begin(start, level.steps, anew=index == first)
        descent.evaluate_with(*_seen(problem, level))
        if resume and index == first:
          resume.restore(descent.checkpoint())
        problem = self._descend(index, plan, descent, problem, recorder, on_tile)
        picture, failed = descent.best.picture.numpy(), descent.failed
        if recorder.stopped or failed:
          break
    except KeyboardInterrupt as error:
      if recorder.number == begun:
        raise
      best = _enlarged(descent.best.picture.numpy(), plan)
      raise Interrupted(plan.finished(best)) from error
    descent.let_go()  # the last look needs the memory
    picture = _eight_bits(_enlarged(picture, plan))
    try:
      losses = recorder.best_losses() if not exact else self._problem(
          plan, "float32", on_tile, problem.found).value(picture)
    except KeyboardInterrupt as error:
      raise Interrupted(plan.finished(picture)) from error
    return Result(_eight_bits(plan.finished(picture)), picture, losses, recorder.history(), plan,
                  recorder.seconds, recorder.stopped, recorder.faults, failed)

  def _descend(self, index: int, plan: Plan, descent: Descent, problem: Problem,
               recorder: Recorder, on_tile: OnTile | None) -> Problem:
    """Runs a level to its end; returns the problem, in float32 where low precision was given up."""
    level, tolerance = plan.levels[index], plan.config.tolerance
    precision = problem.config.precision
    is_last = index == len(plan.levels) - 1
    for chunk in descent.run(level.steps, recorder.stops, None if is_last else self._chunk_s):
      recorder.take(index, chunk)
      ends = (int(descent.steps) >= level.steps
              or (tolerance > 0 and _settled(recorder.level_totals(index), tolerance))
              or (descent.failed and precision == "float32"))
      weights = problem.graphs.objective.weights(
          problem.pixel_share(level.height, level.width))
      recorder.report(index, chunk, descent, weights=weights, precision=precision, level_ends=ends)
      if ends or recorder.stopped:
        return problem
    if descent.failed and precision != "float32":
      logging.warning("the loss is not finite again and again in %s: on in float32", precision)
      problem = self._problem(plan, "float32", on_tile, problem.found)
      descent.evaluate_with(*_seen(problem, level))
      return self._descend(index, plan, descent, problem, recorder, on_tile)
    return problem

  def _problem(self, plan: Plan, precision: str, on_tile: OnTile | None,
               found: Found | None = None) -> Problem:
    assert self._network is not None, "the plan has loaded it"
    config = dataclasses.replace(plan.config, precision=precision)
    anchored = is_anchored(config, plan.loaded)
    key = config.layers, config.content_layers, config.style_layers, anchored, precision
    if key not in self._graphs:
      self._graphs[key] = Graphs(self._network, config, self._traces, anchored=anchored)
    return Problem(self._network, config, plan.loaded, graphs=self._graphs[key], found=found,
                   on_tile=on_tile)

  def _descent(self, plan: Plan, num_terms: int) -> Descent:
    """Returns the loop for such a plan, whose graphs serve all levels and pictures."""
    config = plan.config
    key = config.lbfgs_memory, plan.keeps is None, plan.gray, num_terms
    if key not in self._descents:
      parameters = _parameters(plan)
      optimizer = _optimizer(config, parameters.variable)
      self._descents[key] = Descent(parameters, optimizer, num_terms, self._traces)
    descent = self._descents[key]
    if isinstance(descent.parameters, Frozen) and plan.keeps:
      descent.parameters.kept_at = plan.keeps
    return descent


def stylize(content: Source | None = None, style: Sources = None, config: Config | None = None, *,
            content_mask: Source | None = None, style_mask: Sources = None,
            content_map: Source | None = None, style_scale_map: Source | None = None,
            init_image: Source | None = None, on_plan: OnPlan | None = None,
            on_step: OnStep | None = None, on_tile: OnTile | None = None,
            resume: Saved | None = None) -> Result:
  """Repaints a picture in the manner of another: a `Painter`, used once.

  Args:
    content, content_mask, content_map, style_scale_map, init_image: as for a call of a `Painter`.
    on_plan, on_step, on_tile, resume: likewise.
    style, config, style_mask: as for `Painter` itself; `resume` brings the configuration along.
  Returns:
    The picture, its losses, the history of all steps and what was resolved.
  Raises:
    InputError: a picture, the weights or an option is wrong; nothing was started.
    Interrupted: a KeyboardInterrupt came after the first step; it has the best picture so far.
  """
  config = config or (resume.config if resume else None)
  with Painter(style, config, style_mask=style_mask) as painter:
    return painter(content, content_mask=content_mask, content_map=content_map,
                   style_scale_map=style_scale_map, init_image=init_image, on_plan=on_plan,
                   on_step=on_step, on_tile=on_tile, resume=resume)


def _not_painted(plan: Plan) -> Result:
  """Returns the result of a run without steps, whose losses nobody knows."""
  picture, names = _eight_bits(plan.start), Objective(plan.config).names
  history = {name: np.zeros(0, np.float32) for name in (
      "level", "total", "step_length", "gradient_norm", *names)}
  return Result(_eight_bits(plan.finished(picture)), picture,
                dict.fromkeys(("total", *names), math.nan), history, plan, 0.0, False, 0, False)


def _seen(problem: Problem, level: Level) -> tuple[Evaluator, Wanted, int]:
  """Returns what a descent evaluates a level with."""
  low = problem.config.precision != "float32"
  return *problem.at(level.height, level.width), _LOW_PRECISION_PATIENCE if low else PATIENCE


def _levels_as_done(levels: Sequence[Level], saved: Saved) -> list[Level]:
  """Gives levels that came to their ends the steps that they took."""
  done = saved.level
  if saved.level_ends and levels[done].steps <= saved.levels[done][2]:
    done += 1
  return [level._replace(steps=saved.steps_done(index)) if index < done else level
          for index, level in enumerate(levels)]


def _parameters(plan: Plan) -> Parameters:
  """Returns the optimizer's map, which keeps of the content what masks and --color say."""
  start = tf.constant(images.resize(plan.start, *plan.levels[0][:2]))
  made: Parameters = (FourierSigmoid if plan.config.optimizer == "lbfgs" else Pixels)(start)
  made = Gray(made) if plan.gray else made
  return made if plan.keeps is None else Frozen(made, start, plan.keeps)


def _optimizer(config: Config, variable: tf.Variable) -> Optimizer:
  if config.optimizer == "lbfgs":
    return LBFGS(variable, config.lbfgs_memory)
  return Adam(variable, config.learning_rate, config.learning_rate_decay, config.adam_epsilon)


def _enlarged(picture: np.ndarray, plan: Plan) -> np.ndarray:
  """Returns a picture at the result's size; where it was enlarged, what is kept is sharp again."""
  if picture.shape[1:3] == plan.loaded.size:
    return picture
  picture = images.resize(picture, *plan.loaded.size)
  if plan.keeps is not None:
    picture = Frozen(Pixels(tf.constant(picture)), picture, plan.keeps).picture().numpy()
  return picture


def _eight_bits(picture: np.ndarray) -> np.ndarray:
  levels: np.ndarray = images.to_uint8(picture)[None] / np.float32(255)
  return levels


def _settled(totals: np.ndarray, tolerance: float) -> bool:
  """Whether the lowest loss fell by less than a share `tolerance` in the last 10 steps.

  That is looked at every 10 steps of a level, wherever chunks happen to end.
  """
  if len(totals) < 2 * TOLERANCE_STEPS or len(totals) % TOLERANCE_STEPS:
    return False
  before = np.fmin.reduce(totals[:-TOLERANCE_STEPS])
  return bool(np.fmin.reduce(totals) > (1 - tolerance) * before)
