"""Learns a style: trains a network on it, and returns the best one."""

from collections.abc import Callable
from typing import NoReturn, Protocol

import keras
import numpy as np
import tensorflow as tf

from tf_style.descent.step import OnStep, Step
from tf_style.errors import WorkerLost
from tf_style.learned import together
from tf_style.learned.checkpoints import SavedTraining
from tf_style.learned.network import Network, Shape
from tf_style.learned.plan import Lesson, make_lesson
from tf_style.learned.record import Record
from tf_style.learned.settings import LearnConfig
from tf_style.learned.style import LearnedStyle
from tf_style.learned.training import Chunk, Trainer
from tf_style.problem.batches import Batches
from tf_style.problem.inputs import Sources
from tf_style.problem.loaded import Loaded
from tf_style.problem.problem import Graphs, Problem
from tf_style.system import devices, host, machine
from tf_style.system.files import safe_name
from tf_style.vgg.extractor import Extractors

OnLesson = Callable[[Lesson], None]


class OnState(Protocol):
  """Is given, after every chunk, the step and what returns all that changes from step to step.

  `at_once` is true where no chunk follows, for another process is gone.
  """

  def __call__(self, number: int, state: Callable[[], dict[str, np.ndarray]],
               at_once: bool = False) -> None: ...


def learn_style(style: Sources, photos: Sources = None, config: LearnConfig | None = None, *,
                on_lesson: OnLesson | None = None, on_step: OnStep | None = None,
                on_state: OnState | None = None,
                resume: SavedTraining | None = None) -> LearnedStyle:
  """Learns one style, or several in one network (Johnson et al. 2016; Dumoulin et al. 2017).

      style = learn_style("painting.jpg", "photos", LearnConfig.of(effort="draft"))
      save_picture("painted.png", style("photo.jpg"))
      style.save("models/painting")

  The loss is that of a repaint, over batches of crops of photographs. Several styles take turns
  from step to step and share all but gains and shifts.

  Args:
    style: a path, a PIL image, an array, or a list of several; a folder is all pictures in it.
    photos: a folder of photographs, or a list; None takes the samples of the package.
    config: how; `LearnConfig.of(steps=100, ...)` makes one.
    on_lesson: called once before the first step.
    on_step: called after every chunk of steps; a true return value ends the training with the
      best network so far.
    on_state: called before `on_step`, for checkpoints.
    resume: a checkpoint of a training with these pictures and this configuration, to go on from.
  Returns:
    The best network, by its loss on photographs that it was not trained on.
  Raises:
    InputError: a picture, the weights or an option is wrong; nothing was started.
    WorkerLost: a process that trained together with this one is gone.
  """
  machine.prepare()
  host.check_scopes()
  config = config or (resume.config if resume else LearnConfig.of())
  if config.deterministic:
    keras.utils.set_random_seed(config.seed)
    tf.config.experimental.enable_op_determinism()
  place = together.place_of(config)
  strategy = together.make_strategy(config, place, devices.choose_device(config.device))
  lesson = make_lesson(style, photos, config, place)
  if resume:
    resume.check(lesson)
  if on_lesson:
    on_lesson(lesson)
  with tf.device(lesson.device):
    with strategy.scope():
      network, batches = _network(lesson), make_batches(lesson)
    trainer = Trainer(network, batches, lesson.crops, lesson.config, strategy)
    _train(trainer, lesson, on_step, on_state, resume)
    return _style(trainer, lesson)


def _network(lesson: Lesson) -> Network:
  config = lesson.config
  return Network(Shape(config.width, config.blocks, len(lesson.styles)), config.precision,
                 config.seed)


def _train(trainer: Trainer, lesson: Lesson, on_step: OnStep | None, on_state: OnState | None,
           resume: SavedTraining | None) -> None:
  if resume:
    resume.restore(trainer)
  seconds = resume.seconds if resume else 0.0
  try:
    for chunk in trainer.run(lesson.held_out):
      seconds += chunk.seconds
      if on_state:
        on_state(trainer.step, trainer.state)
      if on_step and on_step(_step(trainer, lesson, chunk, seconds)):
        break
  except WorkerLost:
    if on_state:
      on_state(trainer.step, trainer.state, at_once=True)
    raise
  finally:
    trainer.close()
  if trainer.losses[-1][0] != trainer.step:
    trainer.look(lesson.held_out)


def make_batches(lesson: Lesson) -> Batches:
  """Returns the loss of a training: a repaint's, one problem a style, with shared graphs."""
  network, objective = Extractors(lesson.weights), lesson.objective
  graphs, size = Graphs(network, objective), lesson.config.image_size
  problems = [Problem(network, objective, Loaded((size, size), None, (style,), (1.0,), None),
                      graphs=graphs) for style in lesson.styles]
  return Batches(problems, lesson.crops.size, lesson.crops.size)


def _step(trainer: Trainer, lesson: Lesson, chunk: Chunk, seconds: float) -> Step:
  """Returns the record for watchers.

  Its picture is the photographs held out, painted, side by side; its best loss is the mean on
  these; its history, the steps of all looks at them and the losses there.
  """
  def no_state() -> NoReturn:
    raise AttributeError("a training has no level of a repaint")

  return Step(
      number=trainer.step, steps=lesson.config.steps, level=0, levels=1, height=lesson.crops.size,
      width=lesson.crops.size, names=trainer.names, weights=trainer.weights, totals=chunk.totals,
      raw=chunk.raw, step_lengths=chunk.rates, gradient_norms=chunk.norms,
      best_loss=trainer.best_loss, seconds=seconds,
      seconds_a_step=chunk.seconds / len(chunk.totals),
      picture=lambda: side_by_side(trainer.paint(lesson.held_out)), state=no_state,
      precision=lesson.config.precision, faults=int(np.sum(np.isnan(chunk.totals))),
      history=lambda: dict(zip(("look", "loss"), np.array(trainer.losses).T, strict=True)))


def side_by_side(pictures: np.ndarray) -> np.ndarray:
  """Returns pictures [n, H, W, 3] in a row, [1, H, n W, 3]."""
  return np.concatenate(list(pictures), axis=1)[None]


def _style(trainer: Trainer, lesson: Lesson) -> LearnedStyle:
  names = tuple(style.name for style in lesson.styles)
  files = tuple(f"style-{number}-{safe_name(name, 60)}.jpg"
                for number, name in enumerate(names, start=1))
  best = min(trainer.losses, key=lambda look: look[1])
  record = Record(
      styles=names, pictures=files, learning=lesson.config, objective=lesson.objective,
      steps=best[0], losses=tuple(trainer.losses),
      photographs=len(lesson.crops.photographs.train), versions=machine.versions())
  network = _network(lesson)  # on one device
  for variable, value in zip(network.variables, trainer.best, strict=True):
    variable.assign(value)
  style = LearnedStyle(record, network, [style.rgb for style in lesson.styles],
                       device=lesson.device)
  first = [1] + [0] * (len(names) - 1)
  shown = lesson.held_out[:2]
  painted = np.concatenate([style(photograph, first) for photograph in shown])
  style.example = np.concatenate(
      [side_by_side(np.float32(shown) / 255), side_by_side(painted)], axis=2)
  return style
