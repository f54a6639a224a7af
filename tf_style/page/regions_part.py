"""The part of the tab Paint where regions are painted on the photograph."""

from typing import Any

import gradio as gr
import numpy as np

from tf_style.errors import InputError
from tf_style.page import regions, shown
from tf_style.page.service import Service
from tf_style.pictures import images

_EDITED_PX = 640


class RegionsPart:
  """An editor with a brush of one color a style; what it makes are the flags of masks."""

  def __init__(self, service: Service, photo: gr.State, styles: gr.State, masks: gr.State):
    """Makes the components, inside a column of Gradio's."""
    self._service = service
    colors: list[str | tuple[str, float]] = [
        f"#{color}" for color in (*regions.STYLE_COLORS.values(), regions.KEEP)]
    with gr.Accordion("Regions: paint where each style goes", open=False, elem_id="regions"):
      gr.Markdown(regions.LEGEND)
      self.begin = gr.Button("Paint on the photograph", size="sm", elem_id="regions-begin")
      self.editor = gr.ImageEditor(
          type="numpy", image_mode="RGBA", sources=(), transforms=(), layers=False, height=480,
          brush=gr.Brush(default_size=24, colors=colors[1:] + colors[:1], color_mode="fixed",
                         default_color=colors[-1]),
          label="Regions", elem_id="regions-editor", buttons=[])
      with gr.Row():
        self.use = gr.Button("Use these regions", size="sm", elem_id="regions-use")
        self.drop = gr.Button("No regions", size="sm", elem_id="regions-drop")
      self.problem = gr.HTML(elem_id="regions-problem")
    quiet: dict[str, Any] = {"show_progress": "hidden"}
    self.begin.click(self._begin, photo, [self.editor, self.problem], **quiet)
    self.use.click(self._use, [self.editor, styles], [masks, self.problem], **quiet)
    self.drop.click(lambda: ({}, ""), None, [masks, self.problem], **quiet)

  def _begin(self, photo: str | None) -> tuple[Any, str]:
    if photo is None:
      return gr.skip(), shown.problem("Choose a photograph first.")
    return images.to_uint8(images.load_picture(photo, _EDITED_PX).rgb), ""

  def _use(self, edited: dict[str, Any] | None, styles: list[str]) -> tuple[Any, str]:
    layers: list[np.ndarray] = (edited or {}).get("layers") or []
    try:
      masks = regions.masks_of(layers, max(1, len(styles)), self._service.places)
    except InputError as error:
      return gr.skip(), shown.problem(str(error))
    return masks, "<p class='state' role='status'>The next picture has these regions.</p>"
