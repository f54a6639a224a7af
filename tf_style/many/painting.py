"""Paints item after item in this process: network, graphs and styles are loaded once."""

import functools
import io
import time

from tf_style.descent.step import OnStep
from tf_style.errors import InputError
from tf_style.learned import painting
from tf_style.learned.record import find, read_record
from tf_style.learned.style import LearnedStyle
from tf_style.many.setup import Setup
from tf_style.many.tasks import Painted, Task
from tf_style.pictures import images
from tf_style.problem.inputs import Inputs
from tf_style.problem.loaded import style_reader
from tf_style.repaint.metadata import picture_metadata
from tf_style.repaint.painter import Painter
from tf_style.vgg.extractor import Extractors
from tf_style.vgg.weights import load_weights


class Stopped(Exception):
  """The item was left, because its `on_step` asked for it."""


class ItemPainter:
  """Paints tasks of one setup, one at a time."""

  def __init__(self, setup: Setup):
    """Loads the network, or the learned style.

    Raises:
      InputError: the weights, the style or the device is wrong.
    """
    self._setup, config = setup, setup.config
    self._learned: LearnedStyle | None = None
    self._painter: Painter | None = None
    if setup.model is not None:
      self._learned = LearnedStyle.load(
          setup.model, precision=config.precision, device=config.device)
    if setup.model is None or setup.polish:
      network = Extractors(load_weights(config.network, config.weights))
      self._painter = Painter(None, config, network=network)
    self._painter_of = functools.lru_cache(max(8, len(setup.styles)))(self._made_painter)
    self._styles_at = functools.lru_cache(2)(
        style_reader(Inputs.of(None, setup.styles[0].pictures), config))

  @property
  def has_steps(self) -> bool:
    """Whether pictures are repainted, perhaps after a learned style."""
    return self._painter is not None

  def close(self) -> None:
    """Frees the graphs."""
    self._painter_of.cache_clear()
    if self._painter is not None:
      self._painter.close()

  def paint(self, task: Task, on_step: OnStep | None = None) -> Painted:
    """Paints an item as a single run does; an item that is wrong gives an error in words.

    Raises:
      Stopped: a true value of `on_step` ended the item.
    """
    start = time.perf_counter()
    try:
      painted = self._paint(task, on_step)
    except InputError as error:
      painted = Painted(error=str(error))
    except Exception as error:
      if not isinstance(error, MemoryError) and type(error).__name__ != "ResourceExhaustedError":
        raise
      painted = Painted(error=f"{task.content_name}: there is not enough memory for it")
    return painted._replace(seconds=time.perf_counter() - start)

  def _paint(self, task: Task, on_step: OnStep | None) -> Painted:
    content, mask = _Named(task.content, task.content_name), None
    if task.mask is not None:
      mask = _Named(task.mask, task.mask_name)
    if self._learned is None:
      return self._repaint(task, content, mask, self._setup.init_image, on_step)
    setup = self._setup
    inputs = Inputs.of(content, setup.styles[0].pictures, content_mask=mask)
    painted = painting.paint(self._learned, inputs, setup.config, styles_at=self._styles_at)
    if setup.polish:
      return self._repaint(task, content, mask, painted.picture, on_step)
    alpha = painted.loaded.content.alpha if painted.loaded.content else None
    about = painting.metadata(painted, setup.config, str(setup.model))
    data = images.encoded(f"result{task.ending}", painted.finished(setup.config), alpha, about)
    return Painted(data, notes=tuple(painted.loaded.notes))

  def _repaint(self, task: Task, content: images.Source, mask: images.Source | None,
               start: images.Source | None, on_step: OnStep | None) -> Painted:
    painter = self._painter_of(task.style, self._scale(task.style, content))
    result = painter(content, content_mask=mask, init_image=start, on_step=on_step)
    if result.stopped:
      raise Stopped
    if result.failed:
      return Painted(error=f"{task.content_name}: the loss was not finite again and again")
    data = images.encoded(f"result{task.ending}", result.picture, result.plan.alpha,
                          picture_metadata(result.plan, result.losses))
    return Painted(data, result.losses, descent_s=result.seconds, notes=result.plan.notes)

  def _made_painter(self, style: int, scale: tuple[float, ...]) -> Painter:
    assert self._painter is not None, "the setup repaints"
    of_style = self._setup.styles[style]
    return self._painter.with_style(of_style.pictures, style_mask=of_style.masks or None,
                                    style_scale=scale)

  def _scale(self, style: int, content: images.Source) -> tuple[float, ...]:
    setup = self._setup
    if not setup.scaled:
      return setup.styles[style].scale
    size = setup.config.image_size
    longest = int(size) if size != "original" else max(
        images.probe_size(content, setup.config.max_pixels))
    return painting.scales(read_record(find(str(setup.model))), longest)


class _Named(io.BytesIO):
  """The bytes of a file, which messages call by its path."""

  def __init__(self, data: bytes, name: str):
    super().__init__(data)
    self.name = name
