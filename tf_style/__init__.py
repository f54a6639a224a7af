"""Neural style transfer in TensorFlow, from a shell or from Python.

It repaints a content picture in the manner of a style picture by changing its pixels until a
pretrained VGG sees the content of the one and the texture of the other (Gatys, Ecker and Bethge,
2016).

    import tf_style

    result = tf_style.stylize("photo.jpg", "painting.jpg")
    tf_style.save_picture("out.png", result.picture)

Settings are the fields of `Config`, which are the flags of the command line too; `Config.of` begins
with a preset and checks every value. Pictures are paths, Pillow images or arrays, and a callback
can watch:

    config = tf_style.Config.of(image_size=768, effort="best", content_weight=0.02)
    result = tf_style.stylize(photo, painting, config, on_step=lambda step: print(step.best_loss))
    result.losses["total"], result.history["total"], result.seconds

A style can be learned once by a small network, which then paints any picture in an instant:

    style = tf_style.learn_style("painting.jpg", "photos")
    tf_style.save_picture("out.png", style("photo.jpg"))

A folder of pictures is a job that goes on where it ended, however it ended:

    for item in tf_style.paint_folder("photos", "painted", "painting.jpg"):
      print(item.output, item.error or item.loss)

Styles may be several, masks say what goes where, and `history` reads back what a run of the command
has written. What you give wrong raises `InputError`, a ValueError of one line.

`tf-style --help` says what every setting means. The pages lie in the package's folder `docs`:
python.md has examples for all of this, settings.md says what to try for which wish, pictures.md
what is read and written, and research.md how to compose the parts by hand.
"""

import importlib
from typing import TYPE_CHECKING, Any

from tf_style.version import __version__ as __version__

if TYPE_CHECKING:
  from tf_style.descent.step import Step
  from tf_style.errors import InputError
  from tf_style.films.painting import PaintedFrame, paint_film
  from tf_style.films.settings import FilmConfig
  from tf_style.learned.learning import learn_style
  from tf_style.learned.settings import LearnConfig
  from tf_style.learned.style import LearnedStyle
  from tf_style.many.folders import paint_folder
  from tf_style.many.job import Finished
  from tf_style.pictures.images import Picture, load_picture, save_picture
  from tf_style.problem.inputs import Inputs
  from tf_style.problem.problem import Problem
  from tf_style.repaint.painter import Painter, stylize
  from tf_style.repaint.result import Interrupted, Result
  from tf_style.settings.config import Config
  from tf_style.watching.events import history

__all__ = ["Config", "FilmConfig", "Finished", "InputError", "Inputs", "Interrupted", "LearnConfig",
           "LearnedStyle", "PaintedFrame", "Painter", "Picture", "Problem", "Result", "Step",
           "history", "learn_style", "load_picture", "paint_film", "paint_folder", "save_picture",
           "stylize"]

_PLACES = {"Config": "settings.config", "FilmConfig": "films.settings", "Finished": "many.job",
           "InputError": "errors", "Inputs": "problem.inputs", "Interrupted": "repaint.result",
           "LearnConfig": "learned.settings", "LearnedStyle": "learned.style",
           "PaintedFrame": "films.painting", "Painter": "repaint.painter",
           "Picture": "pictures.images", "Problem": "problem.problem", "Result": "repaint.result",
           "Step": "descent.step", "history": "watching.events",
           "learn_style": "learned.learning", "load_picture": "pictures.images",
           "paint_film": "films.painting", "paint_folder": "many.folders",
           "save_picture": "pictures.images", "stylize": "repaint.painter"}
_NEED_TENSORFLOW = {"problem.problem", "repaint.painter", "learned.learning", "learned.style",
                    "films.painting"}


def __getattr__(name: str) -> Any:
  """Loads the public names when they are first used (PEP 562): TensorFlow takes seconds."""
  if name not in _PLACES:
    raise AttributeError(f"module 'tf_style' has no attribute '{name}'")
  if _PLACES[name] in _NEED_TENSORFLOW:
    importlib.import_module("tf_style.system.machine").import_tensorflow()
  return getattr(importlib.import_module(f"tf_style.{_PLACES[name]}"), name)


def __dir__() -> list[str]:
  return sorted([*globals(), *__all__])
