"""The tab Learned styles: what a network paints, at once, and learning a new one."""

import os
from typing import Any

import gradio as gr

from tf_style.errors import InputError
from tf_style.page import learning, shown
from tf_style.page.paint_tab import PaintTab, begun
from tf_style.page.previews import data_uri
from tf_style.page.service import Service

_MOST_STYLES = 4  # that have a slider
_SHOWN_PX = 1024


class LearnedTab:
  """A learned style, its sliders and its picture; below, a form for learning."""

  def __init__(self, service: Service, paint: PaintTab, tabs: gr.Tabs, tab: gr.Tab):
    """Makes the components, inside `tab`."""
    self._service, self._paint = service, paint
    names = list(service.places.model_names())
    with gr.Row():
      with gr.Column(scale=2, min_width=300):
        self.model = gr.Dropdown(names, value=names[0] if names else None, label="Learned style",
                                 elem_id="model", info="The photograph is that of the tab Paint.")
        self.strength = gr.Slider(0, 1, 1, step=0.01, label="Strength", elem_id="learned-strength",
                                  info="How much of the painted picture shows.")
        self.color = gr.Radio(
            [("of the style", "style"), ("of the photograph", "content"),
             ("lightness alone", "luminance")], value="style", label="Colors",
            elem_id="learned-color")
        self.size = gr.Slider(64, 2048, 512, step=32, label="Size", elem_id="learned-size")
        self.blend = [gr.Slider(0, 1, 1, step=0.05, label=f"Style {number}", visible=False,
                                elem_id=f"blend-{number}")
                      for number in range(1, _MOST_STYLES + 1)]
        with gr.Row():
          self.polish = gr.Button("Polish", variant="primary", elem_id="polish", min_width=80)
          self.steps = gr.Number(20, label="Steps", precision=0, minimum=1, elem_id="polish-steps")
      with gr.Column(scale=3, min_width=300):
        self.picture = gr.HTML(elem_id="learned")
        self.problem = gr.HTML(elem_id="learned-problem")
    self._make_form()
    wanted = [self.model, paint.photo, self.strength, self.color, self.size, *self.blend]
    quiet: dict[str, Any] = {"show_progress": "hidden"}
    live: dict[str, Any] = {**quiet, "trigger_mode": "always_last"}
    tab.select(self._begin, self.model, [self.model, *self.blend], **quiet).then(
        self._show, wanted, self.picture, **quiet)
    self.model.change(self._sliders, self.model, self.blend, **quiet).then(
        self._show, wanted, self.picture, **quiet)
    controls: list[Any] = [self.strength, self.color, self.size, *self.blend]
    for control in controls:
      control.input(self._show, wanted, self.picture, **live)
    paint.watch_after(self.polish.click(
        self._polish, [paint.job_id, self.steps, *wanted],
        [paint.job_id, self.problem, tabs], **quiet))
    paint.watch_after(self.learn.click(
        self._learn, [paint.job_id, self.name, self.effort, self.photos, paint.styles],
        [paint.job_id, self.problem, tabs], **quiet))

  def _make_form(self) -> None:
    with gr.Accordion("Learn a new one from the styles of the tab Paint", open=False):
      with gr.Row():
        self.name = gr.Textbox(label="Name", placeholder="my-style", max_length=60,
                               elem_id="learn-name")
        self.effort = gr.Radio(["draft", "standard", "best"], value="draft", label="Effort",
                               info="A draft takes minutes on a GPU, an hour without.",
                               elem_id="learn-effort")
      self.photos = gr.File(label="A folder of photographs (none: the samples)", height=150,
                            file_count="directory", elem_id="learn-photos")
      self.learn = gr.Button("Learn", elem_id="learn")

  def _begin(self, model: str | None) -> list[Any]:
    names = list(self._service.places.model_names())
    chosen = model if model in names else (names[0] if names else None)
    return [gr.update(choices=names, value=chosen), *self._sliders(chosen)]

  def _sliders(self, model: str | None) -> list[Any]:
    try:
      styles = learning.styles_of(self._service.places.model(model))
    except InputError:
      styles = ()
    seen = styles[:_MOST_STYLES] if 1 < len(styles) <= _MOST_STYLES else ()
    return [gr.update(visible=index < len(seen), value=1,
                      label=seen[index] if index < len(seen) else "")
            for index in range(_MOST_STYLES)]

  def _show(self, model: str | None, photo: str | None, strength: float, mode: str, size: float,
            *blend: float) -> str:
    if photo is None:
      return shown.problem("Choose a photograph in the tab Paint first.")
    try:
      folder = self._service.places.model(model)
      count = len(learning.styles_of(folder))
      picture = self._service.shown.picture(
          os.fspath(folder), photo, size=int(size), mode=mode, strength=strength,
          blend=blend[:count] if 1 < count <= _MOST_STYLES else ())
    except InputError as error:
      return shown.problem(self._service.places.shown(str(error)))
    jpeg = learning.as_jpeg(picture, _SHOWN_PX)
    return (f"<div class='easel'><img class='learned' alt='The photograph, painted by {model}' "
            f"src='{data_uri(jpeg)}'></div>")

  def _polish(self, job_id: str, steps: float | None, model: str | None, photo: str | None,
              strength: float, mode: str, size: float, *blend: float) -> tuple[Any, ...]:
    def begin() -> Any:
      if photo is None:
        raise InputError("Choose a photograph in the tab Paint first.")
      folder = self._service.places.model(model)
      given = {"content": photo, "model": os.fspath(folder), "polish": str(int(steps or 1)),
               "image_size": str(int(size)), "color": mode, "strength": f"{strength:g}"}
      count = len(learning.styles_of(folder))
      if 1 < count <= _MOST_STYLES:
        given["style_blend"] = ",".join(f"{each:g}" for each in blend[:count])
      return self._service.paint(given, self._service.jobs.find(job_id))

    return _to_paint(begin)

  def _learn(self, job_id: str, name: str, effort: str, photos: list[str] | None,
             styles: list[str]) -> tuple[Any, ...]:
    def begin() -> Any:
      if not styles:
        raise InputError("Choose a style in the tab Paint first.")
      return self._service.learn(name, {"style": styles, "effort": effort}, photos or ())

    return _to_paint(begin)


def _to_paint(begin: Any) -> tuple[Any, ...]:
  """Begins a job and shows it in the tab Paint, or says what is wrong."""
  id_, problem = begun(begin)
  return id_, problem, gr.skip() if problem else gr.Tabs(selected="paint")
