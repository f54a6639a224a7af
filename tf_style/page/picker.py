"""Small pictures to choose from: buttons, each with its picture and its name."""

import html
from collections.abc import Sequence
from typing import Any

import gradio as gr

from tf_style.page.previews import data_uri

_ON_LOAD = """
element.addEventListener('click', event => {
  const chosen = event.target.closest('button[data-index]');
  if (!chosen) return;
  for (const each of element.querySelectorAll('button[data-index]'))
    each.setAttribute('aria-pressed', each === chosen);
  trigger('click', {index: Number(chosen.dataset.index)});
});
"""


def make_picker(elem_id: str, choices: Sequence[tuple[bytes, str]] = ()) -> gr.HTML:
  """Makes the component; its event is `click`, and `chosen` reads which one it was."""
  return gr.HTML(as_html(choices), elem_id=elem_id, js_on_load=_ON_LOAD)


def as_html(choices: Sequence[tuple[bytes, str]], columns: int = 0) -> str:
  """Returns the value of the component.

  Args:
    choices: a small JPEG, or nothing yet, and a name of each.
    columns: 0 takes as many as fit.
  """
  buttons = []
  for index, (jpeg, name) in enumerate(choices):
    text = html.escape(name, quote=True)
    picture = f"<img alt='' src='{data_uri(jpeg)}'>" if jpeg else "<span class='blank'></span>"
    buttons.append(f"<button type='button' data-index='{index}' aria-pressed='false' "
                   f"aria-label='{text}'>{picture}<span class='name'>{text}</span></button>")
  style = f" style='grid-template-columns: repeat({columns}, 1fr)'" if columns else ""
  return f"<div class='picker'{style}>{''.join(buttons)}</div>" if buttons else ""


def chosen(event: gr.EventData, count: int) -> int | None:
  """Returns which of so many choices was clicked; None where a request names no such one."""
  data: Any = event._data
  index = data.get("index") if isinstance(data, dict) else None
  return index if isinstance(index, int) and 0 <= index < count else None
