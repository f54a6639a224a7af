"""Gradio's controls, made from the table of plain ones and from `Config`'s own fields."""

import dataclasses
from typing import Any, NamedTuple

import gradio as gr

from tf_style.page.asking import PLAIN, advanced_fields, controls_of
from tf_style.settings.fields import as_text
from tf_style.settings.kinds import KINDS


class Controls(NamedTuple):
  """The controls of a picture.

  Attributes:
    plain: by the names in `PLAIN`.
    advanced: by the names of fields.
  """

  plain: dict[str, gr.components.Component]
  advanced: dict[str, gr.components.Component]

  @property
  def all(self) -> list[gr.components.Component]:
    return [*self.plain.values(), *self.advanced.values()]

  def values(self, given: tuple[Any, ...]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Returns the values of plain and of advanced controls, in the order of `all`."""
    count = len(self.plain)
    return (dict(zip(self.plain, given[:count], strict=True)),
            dict(zip(self.advanced, given[count:], strict=True)))

  def updates(self, flags: dict[str, Any]) -> list[Any]:
    """Returns updates of `all` that ask for such flags."""
    plain, advanced = controls_of(flags)
    values = [*(plain[name] for name in self.plain),
              *(advanced.get(name, "") for name in self.advanced)]
    return [gr.update(value=value) for value in values]


def make_plain() -> dict[str, gr.components.Component]:
  """Makes the plain controls, each with a button that resets it."""
  made: dict[str, gr.components.Component] = {}
  for name, facts in PLAIN.items():
    if facts.choices:
      with gr.Row(elem_classes="setting"):
        made[name] = gr.Radio(
            list(facts.choices), value=facts.default, label=facts.label, info=facts.sentence,
            elem_id=name, scale=8)
        _reset(made[name], facts.default)
    else:
      made[name] = gr.Slider(
          facts.low, facts.high, value=facts.default, step=facts.step, label=facts.label,
          info=facts.sentence, elem_id=name)
  return made


def make_advanced() -> dict[str, gr.components.Component]:
  """Makes a control for each field of `Config` that no plain one has, by groups."""
  made: dict[str, gr.components.Component] = {}
  for group, fields in advanced_fields().items():
    with gr.Accordion(group, open=False):
      for field in fields:
        with gr.Row(elem_classes="setting"):
          made[field.name] = _control(field)
          _reset(made[field.name], "")
  return made


def _control(field: dataclasses.Field) -> gr.components.Component:
  facts = field.metadata
  about: dict[str, Any] = {
      "label": field.name, "info": facts["help"], "elem_id": field.name, "scale": 8}
  default = as_text(field.default)
  choices = facts.get("choices") or (("true", "false") if facts["kind"] == "bool" else ())
  if choices:
    first = ("usual: " + default.lower(), "")
    return gr.Dropdown([first, *((each, each) for each in choices)], value="", **about)
  return gr.Textbox(value="", placeholder=default or KINDS[facts["kind"]].placeholder,
                    max_length=2000, **about)


def _reset(component: gr.components.Component, default: Any) -> None:
  button = gr.Button("Reset", size="sm", scale=1, min_width=60, elem_classes="reset")
  button.click(lambda: gr.update(value=default), None, component, show_progress="hidden")
