"""A run in TensorBoard: scalars, pictures, tables, hparams, graph and profile, by `on_step`."""

import importlib.util
import io
import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import tensorflow as tf
from absl import logging
from PIL import Image
from tensorboard.compat.proto import summary_pb2
from tensorboard.plugins.custom_scalar import layout_pb2
from tensorboard.plugins.custom_scalar import summary as custom_scalar
from tensorboard.plugins.hparams import api_pb2
from tensorboard.plugins.hparams import summary as hparams
from tensorboard.plugins.hparams import summary_v2 as hp
from tensorboard.plugins.image import metadata as image_metadata
from tensorboard.plugins.text.summary_v2 import text_pb
from tensorboard.util import tensor_util

from tf_style.descent.step import Step
from tf_style.errors import one_line
from tf_style.pictures import images, masks
from tf_style.settings.fields import as_text
from tf_style.system import machine, memory
from tf_style.watching.events import EventFile

if TYPE_CHECKING:
  from tf_style.repaint.plan import Plan
  from tf_style.repaint.result import Result

_MOST_STYLES = 8  # that are shown of a large folder
_LONGEST = 1024  # pixels; larger pictures are shown shrunk
# The custom-scalars dashboard: charts by their titles, each with patterns of its scalars.
_CHARTS = {
    "Losses": {
        "Terms, as they add up to the total": ["loss/.*"],
        "Layers, as they add up to the total": ["weighted/.*"],
        "Style layers, raw": ["raw/style/.*"]},
    "Descent": {
        "Step length or learning rate": ["optimizer/step_length"],
        "Gradient norm": ["optimizer/gradient_norm"],
        "Share of pixels at the edge of the gamut": ["optimizer/gamut_edge"]},
    "Run": {
        "Level": ["optimizer/level"],
        "Seconds a step": ["resources/seconds_a_step"],
        "Memory, GB": ["resources/.*memory_gb"]}}
# The columns of the hparams table that are shown first, and the figures beside them.
_TELLING = {"content", "style", "image_size", "steps", "content_weight"}
_RESULTS = {
    "result/total": "loss", "result/content": "content loss", "result/style": "style loss",
    "result/seconds": "seconds", "result/memory_gb": "memory (GB)"}


class Summaries:
  """Writes the events of one run into its folder; what a call has written survives a crash."""

  def __init__(self, folder: str | os.PathLike, plan: "Plan", command_line: str):
    """Writes what is known before the first step.

    Args:
      folder: of the run.
      plan: a `Plan`.
      command_line: as one would type it in a shell.
    """
    self._folder, self._plan, self._config = Path(folder), plan, plan.config
    self._number = 0
    self._weights: dict[str, float] = {}
    self._graph_due, self._profile_due = plan.config.trace_graph, plan.config.profile
    self._profiling = False
    self._events = EventFile(folder)
    self._events.summary(0, custom_scalar.pb(_layout()))
    self._events.summary(0, hparams.experiment_pb(
        [api_pb2.HParamInfo(name=name, differs=name in _TELLING) for name in _hparams(plan)],
        [api_pb2.MetricInfo(name=api_pb2.MetricName(tag=tag), display_name=title)
         for tag, title in _RESULTS.items()]))
    self._events.summary(0, hp.hparams_pb(_hparams(plan), trial_id=one_line(self._folder.name)))
    for name, text in _texts(plan, command_line).items():
      self._events.summary(0, text_pb(f"run/{name}", text))
    for name, picture in _inputs(plan).items():
      self._events.summary(0, image_pb(f"picture/{name}", picture))
    self._events.flush()

  def on_step(self, step: Step) -> None:
    """Writes the steps of a chunk, and the picture, graph and profile that are due."""
    self._number = step.number
    self._weights = dict(zip(step.names, map(float, step.weights), strict=True))
    self._write_scalars(step)
    every = self._config.image_every
    if every and step.number % every == 0 and step.number < step.steps:
      self._write_picture(step.picture())
    if self._graph_due:
      self._write_graph(step)
    self._events.flush()
    self._profile()

  def close(self, result: "Result | None") -> None:
    """Writes the outcome and closes the files.

    Args:
      result: a `Result`; None where the run has failed.
    """
    self._stop_profile()
    if result is not None:
      self._number = self._number or len(result.history["total"])
      self._write_picture(result.picture)
      if self._plan.content:
        content = images.resize(self._plan.content.rgb, *result.picture.shape[1:3])
        self._events.summary(self._number, image_pb(
            "picture/difference", (1 + result.picture - content) / 2,
            "picture less content, around gray"))
      self._events.scalars(self._number, _outcome(result, self._weights))
      self._events.summary(self._number, hparams.session_end_pb(api_pb2.STATUS_SUCCESS))
    self._events.close()

  def _write_scalars(self, step: Step) -> None:
    every = self._config.summary_every
    first = step.number - len(step.totals) + 1
    due = [row for row in range(len(step.totals)) if every and (first + row) % every == 0]
    for row in due:
      self._events.scalars(first + row, step_scalars(step, row))
    if due:
      self._events.scalars(first + due[-1], _chunk_scalars(step, self._plan.device))

  def _write_picture(self, picture: np.ndarray) -> None:
    self._events.summary(self._number, image_pb("picture/picture", picture))
    self._events.scalars(self._number, {"optimizer/gamut_edge": gamut_edge(picture)})

  def _write_graph(self, step: Step) -> None:
    self._graph_due = False
    graph = step.state().step_graph()
    if graph is None:
      logging.warning("--trace_graph: a step in tiles is no single graph; none is written")
    else:
      self._events.graph(graph)

  def _profile(self) -> None:
    """Profiles the chunk after the first, which compiles."""
    if self._profiling:
      self._stop_profile()
    elif self._profile_due:
      self._profile_due = False
      try:
        tf.profiler.experimental.start(os.fspath(self._folder))
        self._profiling = True
      except tf.errors.OpError as error:
        logging.warning("--profile: the profiler does not start: %s", error.message)

  def _stop_profile(self) -> None:
    if self._profiling:
      self._profiling = False
      tf.profiler.experimental.stop()
      if importlib.util.find_spec("xprof") is None:
        logging.warning("--profile: the profile is written; to see it in TensorBoard, "
                        "pip install 'tf_style[profile]'")


def step_scalars(step: Step, row: int) -> dict[str, float]:
  """Returns the scalars of a step of a chunk: losses by term and layer, the optimizer's figures."""
  raw = dict(zip(step.names, map(float, step.raw[row]), strict=True))
  weighted = {name: raw[name] * float(weight)
              for name, weight in zip(step.names, step.weights, strict=True)}
  return {
      "loss/total": step.totals[row],
      **{f"loss/{term}": value for term, value in _by_term(weighted).items()},
      **{f"raw/{name}": value for name, value in raw.items()},
      **{f"weighted/{name}": value for name, value in weighted.items()},
      "optimizer/step_length": step.step_lengths[row],
      "optimizer/gradient_norm": step.gradient_norms[row],
      "optimizer/level": step.level}


def gamut_edge(picture: np.ndarray) -> float:
  """Returns the share of pixels of [1, H, W, 3] with a channel that is 0 or 255 in 8 bits."""
  return float(np.mean(np.any(np.abs(picture - 0.5) > 0.5 - 0.5 / 255, axis=-1)))


def markdown_table(rows: Mapping[str, object]) -> str:
  """Returns a Markdown table of names and values, which cannot break out of their cells."""
  lines = ["| name | value |", "|---|---|"]
  for name, value in rows.items():
    items = value if isinstance(value, (list, tuple)) else [value]
    text = ", ".join(f"{item:.6g}" if isinstance(item, float) else str(item) for item in items)
    text = one_line(text).replace("`", "'").replace("|", "\\|")
    lines.append(f"| {name} | {f'`{text}`' if text else ''} |")
  return "\n".join(lines)


def _chunk_scalars(step: Step, device: str) -> dict[str, float]:
  found = {"resources/seconds_a_step": step.seconds_a_step,
           "resources/steps_a_second": 1 / step.seconds_a_step,
           "resources/memory_gb": memory.peak_memory() / 1e9}
  if "GPU" in device:
    info = tf.config.experimental.get_memory_info(device.strip("/"))
    found["resources/gpu_memory_gb"] = info["peak"] / 1e9
  return found


def _outcome(result: "Result", weights: Mapping[str, float]) -> dict[str, float]:
  """Returns the figures by which runs are compared; the losses are those of the 8-bit picture."""
  weighted = {name: weight * result.losses[name] for name, weight in weights.items()}
  return {"result/total": result.losses["total"],
          **{f"result/{term}": value for term, value in _by_term(weighted).items()},
          "result/seconds": result.seconds, "result/memory_gb": memory.peak_memory() / 1e9}


def _by_term(weighted: Mapping[str, float]) -> dict[str, float]:
  """Adds losses of layers, such as `style/block1_conv1`, to those of terms, such as `style`."""
  terms: dict[str, float] = {}
  for name, value in weighted.items():
    term = name.partition("/")[0]
    terms[term] = terms.get(term, 0.0) + value
  return terms


def image_pb(tag: str, picture: np.ndarray, description: str = "") -> summary_pb2.Summary:
  """Returns the summary of a picture [1, H, W, 3] in [0, 1], shrunk to what a screen shows."""
  height, width = picture.shape[1:3]
  if max(height, width) > _LONGEST:
    picture = images.resize(picture, *images.fitted_size(height, width, _LONGEST))
  pixels, png = images.to_uint8(picture), io.BytesIO()
  Image.fromarray(pixels).save(png, "PNG", compress_level=1)
  size = [str(side).encode() for side in pixels.shape[1::-1]]
  return summary_pb2.Summary(value=[summary_pb2.Summary.Value(
      tag=tag, tensor=tensor_util.make_tensor_proto([*size, png.getvalue()]),
      metadata=image_metadata.create_summary_metadata(None, description))])


def _inputs(plan: "Plan") -> dict[str, np.ndarray]:
  """Returns the pictures that a run is given, [1, H, W, 3] each, by name."""
  pictures = {"content": plan.content.rgb} if plan.content else {}
  for number, style in enumerate(plan.styles[:_MOST_STYLES], start=1):
    pictures["style" if len(plan.styles) == 1 else f"style_{number}"] = style.rgb
  regions = plan.regions
  return pictures | ({"regions": masks.shown(regions.colors, regions.content)} if regions else {})


def _texts(plan: "Plan", command_line: str) -> dict[str, str]:
  """Returns tables of command line, configuration, machine and weights, in Markdown."""
  sizes = ", ".join(f"{level.width}x{level.height}" for level in plan.levels)
  words, weights = shlex.split(one_line(command_line)), plan.weights
  return {
      "command_line": " \\\n".join(f"    {shlex.quote(word)}" for word in words),
      "configuration": markdown_table(plan.config.as_dict()),
      "machine": markdown_table(
          {"device": plan.device.strip("/"), "levels": sizes, **machine.versions()}),
      "weights": markdown_table({
          "network": weights.network.name, "source": weights.source, "checksum": weights.checksum,
          "licence": weights.licence})}


def _hparams(plan: "Plan") -> dict[str, bool | int | float | str]:
  """Returns the configuration in the types that TensorBoard knows, and the pictures' names."""
  plain = {name: value if isinstance(value, (bool, int, float)) else one_line(as_text(value))
           for name, value in plan.config.as_dict().items()}
  styles = ", ".join(style.name for style in plan.styles[:_MOST_STYLES])
  return {"content": plan.content.name if plan.content else "", "style": styles, **plain}


def _layout() -> layout_pb2.Layout:
  """Returns the charts of the custom-scalars dashboard."""
  charts = lambda titles: [
      layout_pb2.Chart(title=title, multiline=layout_pb2.MultilineChartContent(tag=tags))
      for title, tags in titles.items()]
  return layout_pb2.Layout(category=[
      layout_pb2.Category(title=title, chart=charts(titles)) for title, titles in _CHARTS.items()])
