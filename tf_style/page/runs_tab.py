"""The tab Runs: what the log folder holds, to look at, open again, go on with or put away."""

import html
from typing import Any

import gradio as gr

from tf_style.errors import InputError
from tf_style.page import runs, shown
from tf_style.page.paint_tab import PaintTab, begun
from tf_style.page.picker import as_html, chosen, make_picker
from tf_style.page.service import Service


class RunsTab:
  """Thumbnails of runs, the settings of the one that is chosen, and what to do with it."""

  def __init__(self, service: Service, paint: PaintTab, tabs: gr.Tabs, tab: gr.Tab):
    """Makes the components, inside `tab`."""
    self._service, self._paint = service, paint
    self.names, self.chosen = gr.State([]), gr.State("")
    with gr.Row():
      with gr.Column(scale=3, min_width=300):
        self.refresh = gr.Button("Look again", size="sm", elem_id="runs-refresh")
        self.picker = make_picker("runs")
      with gr.Column(scale=2, min_width=300):
        self.about = gr.HTML(elem_id="run")
        with gr.Row():
          self.open = gr.Button("Open", variant="primary", elem_id="run-open", min_width=80)
          self.go_on = gr.Button("Go on", elem_id="run-go-on", min_width=80)
          self.trash = gr.Button("To the trash", elem_id="run-trash", min_width=80)
        self.board = gr.Button("TensorBoard", size="sm", elem_id="run-board",
                               visible=service.serve_board is not None)
        self.problem = gr.HTML(elem_id="runs-problem")
    quiet: dict[str, Any] = {"show_progress": "hidden"}
    looks = [self.names, self.picker]
    tab.select(self._look, None, looks, **quiet)
    self.refresh.click(self._look, None, looks, **quiet)
    self.picker.click(self._choose, self.names, [self.chosen, self.about], **quiet)
    paint.watch_after(self.open.click(
        self._open, self.chosen, [paint.job_id, tabs, self.problem, *paint.pictures], **quiet))
    paint.watch_after(self.go_on.click(
        self._go_on, [self.chosen, paint.job_id], [paint.job_id, self.problem, tabs], **quiet))
    self.trash.click(self._discard, self.chosen, [self.about, self.problem, *looks], **quiet)
    self.board.click(self._serve_board, self.chosen, self.problem, **quiet)

  def _look(self) -> tuple[list[str], str]:
    found = runs.found(self._service.places, self._service.jobs.runs())
    shown_runs = []
    for run in found:
      loss = "" if run.loss is None else f", loss {run.loss:.4g}"
      jpeg = runs.thumbnail(self._service.places.run(run.name))
      shown_runs.append((jpeg, f"{run.name}: {run.state}{loss}"))
    return [run.name for run in found], as_html(shown_runs)

  def _choose(self, names: list[str], event: gr.EventData) -> tuple[str, str]:
    index = chosen(event, len(names))
    if index is None:
      return "", ""
    name = names[index]
    try:
      folder = self._service.places.run(name)
      rows = runs.settings_table(runs.asked_for(folder))
    except InputError as error:
      return name, shown.problem(self._service.places.shown(str(error)))
    cells = "".join(f"<tr><th scope='row'>{html.escape(key)}</th><td>{html.escape(value)}</td></tr>"
                    for key, value in rows)
    return name, f"<h3>{html.escape(name)}</h3><table class='settings'>{cells}</table>"

  def _open(self, name: str) -> list[Any]:
    try:
      job = self._service.reopen(name)
      return [job.id, gr.Tabs(selected="paint"), "", *self._paint.filled(job.given)]
    except (InputError, OSError) as error:
      line = shown.problem(self._service.places.shown(str(error)))
      return [gr.skip(), gr.skip(), line, *[gr.skip()] * len(self._paint.pictures)]

  def _go_on(self, name: str, job_id: str) -> tuple[Any, ...]:
    before = self._service.jobs.find(job_id)
    id_, problem = begun(lambda: self._service.go_on(name, 0, before))
    return id_, problem, gr.skip() if problem else gr.Tabs(selected="paint")

  def _discard(self, name: str) -> tuple[Any, ...]:
    try:
      if name in self._service.jobs.runs():
        raise InputError("expected a run that has ended, received one that still goes on")
      self._service.places.move_to_trash(name)
      line = f"<p role='status'>{html.escape(name)} is in the trash folder.</p>"
    except (InputError, OSError) as error:
      return gr.skip(), shown.problem(self._service.places.shown(str(error))), *self._look()
    return "", line, *self._look()

  def _serve_board(self, name: str) -> str:
    try:
      address = self._service.board_address()
    except InputError as error:
      return shown.problem(str(error))
    filtered = f"{address}#timeseries&runFilter={name}" if name else address
    return f"<p><a href='{html.escape(filtered)}' target='_blank'>TensorBoard</a></p>"
