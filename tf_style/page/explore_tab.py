"""The tab Explore: a sheet of drafts over two settings; a click takes one's settings over."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import gradio as gr

from tf_style.errors import InputError
from tf_style.page import exploring
from tf_style.page.paint_tab import PaintTab, begun
from tf_style.page.picker import as_html, chosen, make_picker
from tf_style.page.service import Service

_LOOK_S = 0.3


class ExploreTab:
  """Two settings with their values, and the sheet."""

  def __init__(self, service: Service, paint: PaintTab, tabs: gr.Tabs):
    """Makes the components, inside a tab of Gradio's."""
    self._service, self._paint = service, paint
    self.job_id = gr.Textbox(visible="hidden", elem_id="sheet-id", show_label=False)
    names = exploring.axes()
    gr.Markdown("Small drafts of the picture of the tab Paint, over the values of one or two "
                "settings. A click on one takes its settings over.")
    with gr.Row():
      self.columns = gr.Dropdown(names, value="content_weight", label="From left to right",
                                 elem_id="columns")
      self.across = gr.Textbox("0.005,0.015,0.045", label="Values", elem_id="across",
                               max_length=500)
      self.rows = gr.Dropdown([("nothing", ""), *((each, each) for each in names)], value="",
                              label="From top to bottom", elem_id="rows")
      self.down = gr.Textbox("", label="Values", elem_id="down", max_length=500,
                             placeholder="0.5,1,2")
    with gr.Row():
      self.make = gr.Button("Make the sheet", variant="primary", elem_id="make-sheet")
      self.stop = gr.Button("Stop", elem_id="stop-sheet")
    self.problem = gr.HTML(elem_id="sheet-problem")
    self.sheet = make_picker("sheet")
    quiet: dict[str, Any] = {"show_progress": "hidden"}
    asked = [self.columns, self.across, self.rows, self.down]
    pictures = [paint.photo, paint.styles, paint.masks]
    self.make.click(
        self._make, [*asked, *pictures, *paint.controls.all], [self.job_id, self.problem],
        **quiet).then(self._watch, self.job_id, self.sheet, concurrency_limit=None, **quiet)
    self.stop.click(self._stop, self.job_id, None, **quiet)
    self.sheet.click(self._take_over, self.job_id, [tabs, *paint.pictures], **quiet)

  def _make(self, columns: str, across: str, rows: str, down: str, photo: str | None,
            styles: list[str], masks: dict[str, Any], *values: Any) -> tuple[Any, str]:
    def begin() -> Any:
      if not photo or not styles:
        raise InputError("Choose a photograph and a style in the tab Paint first.")
      given = self._paint.flags(photo, styles, masks, values)
      return self._service.explore(given, (columns, across), (rows, down))

    return begun(begin)

  def _stop(self, job_id: str) -> None:
    if job := self._service.jobs.find(job_id):
      self._service.jobs.stop(job)

  async def _watch(self, job_id: str) -> AsyncIterator[Any]:
    """Yields the sheet whenever a picture came."""
    job = self._service.jobs.find(job_id)
    seen = -1
    while job is not None:
      ended, report = job.ended, job.report
      if report.step != seen or ended:
        seen = report.step
        columns = len({tuple(flags.items())[:1] for flags, _ in report.cells}) or 1
        yield as_html([
            (jpeg, ", ".join(f"{name}={value}" for name, value in flags.items()))
            for flags, jpeg in report.cells], columns)
      if ended:
        break
      await asyncio.sleep(_LOOK_S)

  def _take_over(self, job_id: str, event: gr.EventData) -> list[Any]:
    job = self._service.jobs.find(job_id)
    cells = job.report.cells if job else ()
    index = chosen(event, len(cells))
    if job is None or index is None:
      return [gr.skip()] * (1 + len(self._paint.pictures))
    flags = {**job.given, **cells[index][0]}
    return [gr.Tabs(selected="paint"), *self._paint.filled(flags)]
