"""The tab Paint: photograph and styles in, the picture comes to be, files out."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import gradio as gr

from tf_style.errors import InputError
from tf_style.page import places, shown, theme
from tf_style.page.asking import flags_of
from tf_style.page.controls import Controls, make_advanced, make_plain
from tf_style.page.jobs import Job
from tf_style.page.picker import chosen, make_picker
from tf_style.page.regions_part import RegionsPart
from tf_style.page.service import Service

_LOOK_S = 0.1  # between two looks at a job
_NONE_YET = "<div class='thumbs'></div>"  # as high as thumbnails: nothing moves when they come


class PaintTab:
  """Its components, which other tabs fill, and what happens at a click.

  Attributes:
    photo: path of the photograph, or None; the server's alone, as are the next two.
    styles: paths.
    masks: texts of the flags of regions.
    controls: of the picture.
    pictures: all that a set of flags fills, in the order of `filled`.
    job_id: of the job that the page shows.
    views: what `watch` fills.
    problem: the line that says what is wrong.
  """

  def __init__(self, service: Service):
    """Makes the components, inside a tab of Gradio's."""
    self._service = service
    self._watched: dict[str, str] = {}  # the job that each page looks at
    self.photo, self.styles, self.masks = gr.State(None), gr.State([]), gr.State({})
    self.job_id = gr.Textbox(visible="hidden", elem_id="job-id", show_label=False)
    with gr.Row():
      with gr.Column(scale=2, min_width=300):
        self._make_pictures()
        plain = make_plain()
        with gr.Accordion("Advanced: every setting", open=False):
          self.controls = Controls(plain, make_advanced())
      with gr.Column(scale=3, min_width=300):
        self._make_easel()
        RegionsPart(service, self.photo, self.styles, self.masks)
    self.pictures = [self.photo, self.photo_view, self.styles, self.styles_view, self.masks,
                     *self.controls.all]
    self.views = [self.easel, self.outcome, self.stop, self.go_on, self.back]
    self._connect()

  def _make_pictures(self) -> None:
    self.drop = gr.File(label="Photograph: drop, paste or choose", file_types=None, height=150,
                        elem_id="photograph-file")
    self.photo_view = gr.HTML(_NONE_YET, elem_id="photograph")
    gr.Markdown("Or a sample photograph:")
    self.samples = make_picker("photographs", self._samples(places.PHOTOGRAPHS))
    self.style_drop = gr.File(label="Styles: drop one or more pictures", file_count="multiple",
                              file_types=None, height=150, elem_id="style-files")
    self.styles_view = gr.HTML(_NONE_YET, elem_id="styles")
    gr.Markdown("Or a style of ours:")
    self.sample_styles = make_picker("sample-styles", self._samples(places.STYLES))
    self.clear = gr.Button("Remove the styles", size="sm", elem_id="clear")

  def _make_easel(self) -> None:
    with gr.Row():
      self.paint = gr.Button("Paint", variant="primary", elem_id="paint", min_width=90)
      self.stop = gr.Button("Stop", interactive=False, elem_id="stop", min_width=80)
      self.go_on = gr.Button("Go on", interactive=False, elem_id="go-on", min_width=80)
      self.back = gr.Button("Back", interactive=False, elem_id="back", min_width=80)
    self.problem = gr.HTML(elem_id="problem")
    self.easel = gr.HTML(shown.easel(None), elem_id="easel")
    self.outcome = gr.HTML(elem_id="outcome")
    self.more = gr.Number(40, label="Steps more", precision=0, minimum=1, elem_id="more",
                          info="For Go on, after a picture is finished.")

  def _connect(self) -> None:
    quiet: dict[str, Any] = {"show_progress": "hidden"}
    one = [self.photo, self.photo_view]
    self.drop.upload(self._take_photo, self.drop, [self.drop, *one], **quiet)
    self.samples.click(self._sample_photo, None, one, **quiet)
    many = [self.styles, self.styles_view]
    self.style_drop.upload(
        self._take_styles, [self.style_drop, self.styles], [self.style_drop, *many], **quiet)
    self.sample_styles.click(self._sample_style, self.styles, many, **quiet)
    self.clear.click(lambda: ([], _NONE_YET), None, many, **quiet)
    begun = [self.job_id, self.problem]
    pictures = [self.photo, self.styles, self.masks]
    self.watch_after(self.paint.click(
        self._paint, [self.job_id, *pictures, *self.controls.all], begun, **quiet))
    self.watch_after(self.go_on.click(self._go_on, [self.job_id, self.more], begun, **quiet))
    self.watch_after(self.back.click(self._back, self.job_id, begun, **quiet))
    self.stop.click(self._stop, self.job_id, self.problem, **quiet)

  def watch_after(self, event: gr.events.Dependency) -> None:
    """Has the page show its job after an event that set `job_id`."""
    event.then(None, self.job_id, None, js=theme.REMEMBER, show_progress="hidden").then(
        self._watch, self.job_id, self.views, show_progress="hidden", concurrency_limit=None)

  def recall_on(self, page: gr.Blocks) -> None:
    """Has a page that is opened again find its job, with its pictures and settings."""
    found = page.load(None, None, self.job_id, js=theme.RECALL, show_progress="hidden")
    filled = found.then(self._recalled, self.job_id, [self.job_id, *self.pictures],
                        show_progress="hidden")
    filled.then(self._watch, self.job_id, self.views, show_progress="hidden",
                concurrency_limit=None)

  def filled(self, flags: dict[str, Any]) -> list[Any]:
    """Returns values of `pictures` that ask for such flags, paths of pictures among them."""
    photo, styles = flags.get("content"), list(flags.get("style", ()))
    masks = {name: flags[name] for name in ("content_mask", "style_mask", "mask_keep")
             if name in flags}
    settings = {name: value for name, value in flags.items() if name in self.controls.advanced
                or name in ("color", "effort", "image_size")}
    return [photo, self._shown([photo] if photo else []), styles, self._shown(styles), masks,
            *self.controls.updates(settings)]

  def flags(self, photo: str | None, styles: list[str], masks: dict[str, Any],
            values: tuple[Any, ...]) -> dict[str, Any]:
    """Returns the flags that the page asks for.

    Raises:
      InputError: a value is wrong.
    """
    given: dict[str, Any] = {"content": photo} if photo else {}
    given |= {"style": styles} if styles else {}
    return {**given, **masks, **flags_of(*self.controls.values(values))}

  def _shown(self, paths: list[str]) -> str:
    return _thumbnails(self._service, paths)

  def _take_photo(self, file: str | None) -> tuple[Any, ...]:
    if file is None:
      return gr.skip(), gr.skip(), gr.skip()
    try:
      path = os.fspath(self._service.take(file, "photograph"))
    except InputError as error:
      return None, gr.skip(), shown.problem(str(error))
    return None, path, self._shown([path])

  def _take_styles(self, given: list[str] | None, styles: list[str]) -> tuple[Any, ...]:
    problems = ""
    for file in given or []:
      try:
        path = os.fspath(self._service.take(file, "style"))
        styles = styles if path in styles else [*styles, path]
      except InputError as error:
        problems += shown.problem(str(error))
    return None, styles, self._shown(styles) + problems

  def _samples(self, pictures: dict[str, Path]) -> list[tuple[bytes, str]]:
    return [(self._service.thumbnail(path), name) for name, path in pictures.items()]

  def _sample_photo(self, event: gr.EventData) -> tuple[str, str]:
    path = os.fspath(list(places.PHOTOGRAPHS.values())[chosen(event, len(places.PHOTOGRAPHS)) or 0])
    return path, self._shown([path])

  def _sample_style(self, styles: list[str], event: gr.EventData) -> tuple[list[str], str]:
    path = os.fspath(list(places.STYLES.values())[chosen(event, len(places.STYLES)) or 0])
    styles = styles if path in styles else [*styles, path]
    return styles, self._shown(styles)

  def _paint(self, job_id: str, photo: str | None, styles: list[str], masks: dict[str, Any],
             *values: Any) -> tuple[Any, str]:
    def begin() -> Job:
      given = self.flags(photo, styles, masks, values)
      if not photo and "output_size" not in given:
        raise InputError("Choose a photograph first: drop one, or click a sample.")
      if not styles:
        raise InputError("Choose a style first: drop a picture, or click one of ours.")
      return self._service.paint(given, self._service.jobs.find(job_id))

    return begun(begin)

  def _go_on(self, job_id: str, more: float | None) -> tuple[Any, str]:
    job = self._service.jobs.find(job_id)
    if job is None:
      return gr.skip(), ""
    steps = 0 if job.report.state == "stopped" else int(more or 1)
    return begun(lambda: self._service.go_on(job.report.run, steps, job))

  def _back(self, job_id: str) -> tuple[Any, str]:
    job = self._service.jobs.find(job_id)
    return (job.before.id if job and job.before else gr.skip()), ""

  def _stop(self, job_id: str) -> str:
    if job := self._service.jobs.find(job_id):
      self._service.jobs.stop(job)
    return ""

  def _recalled(self, job_id: str) -> list[Any]:
    job = self._service.jobs.find(job_id)
    if job is None:
      return ["", *[gr.skip()] * len(self.pictures)]
    return [job_id, *self.filled(job.given)]

  async def _watch(self, job_id: str, request: gr.Request) -> AsyncIterator[list[Any]]:
    """Yields what `views` show whenever the job has news, until it ends or another is shown."""
    page = str(request.session_hash)
    self._watched[page] = job_id
    job = self._service.jobs.find(job_id)
    buttons: list[Any] = []
    seen: tuple[Any, ...] = ()
    try:
      while self._watched.get(page) == job_id:
        place = self._service.jobs.place(job) if job else 0
        ended = job is None or job.ended
        now = (job.version, job.stopping, place, ended) if job else ()
        if now != seen or job is None:
          seen = now
          wanted = _buttons(job)
          fresh = buttons != wanted
          buttons = wanted
          yield [shown.easel(job, place), shown.outcome(job), *(
              [gr.update(interactive=each) for each in wanted] if fresh else [gr.skip()] * 3)]
        if ended:
          break
        await asyncio.sleep(_LOOK_S)
    finally:
      if self._watched.get(page) == job_id:
        del self._watched[page]


def begun(begin: Any) -> tuple[Any, str]:
  """Returns the id of the job that `begin` begins, and no problem; or else what is wrong."""
  try:
    return begin().id, ""
  except InputError as error:
    return gr.skip(), shown.problem(str(error))


def _buttons(job: Job | None) -> list[bool]:
  """Returns which of Stop, Go on and Back can be pressed."""
  if job is None:
    return [False, False, False]
  over = job.ended
  can_go_on = over and job.report.run != "" and job.report.picture is not None
  return [not over and not job.stopping, can_go_on, over and job.before is not None]


def _thumbnails(service: Service, paths: list[str]) -> str:
  if not paths:
    return _NONE_YET
  made = "".join(shown.thumbnail(service.thumbnail(Path(path)), Path(path).stem)
                 for path in paths)
  return f"<div class='thumbs'>{made}</div>"
