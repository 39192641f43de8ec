"""The widget of each field. What it holds reaches the reader of the form as it is.

Gradio refuses what its own widgets would not take with a message in a corner of the page. Here the endpoint's own rules
decide, and their sentences stand at the field; so a slider and an image hand on whatever they hold.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import gradio as gr
from gradio.components import Component
from gradio.data_classes import ImageData

from .form import FormArguments, FormField, read_form
from .status import note_html


class Form:
    """The fields of an endpoint on the page, a note below each.

    Args:
        fields: What to show, in order.
        values: What some of them hold already, by parameter.
    """

    def __init__(self, fields: Sequence[FormField], values: Mapping[str, Any]) -> None:
        self.fields = fields
        self.first = [values.get(field.name, field.initial) for field in fields]
        self.inputs: list[Component] = []
        self._notes: list[gr.HTML] = []

    def draw(self, *, advanced: bool) -> None:
        """Put the fields, or those that are folded away, where the page is being built."""
        for field, value in zip(self.fields, self.first, strict=True):
            if field.advanced is advanced:
                with gr.Column(elem_classes="aki-field"):
                    self.inputs.append(_widget(field, value))
                    self._notes.append(gr.HTML(note_html(field.text), padding=False))

    def read(self, values: Iterable[Any]) -> FormArguments:
        """Read the values of `inputs`."""
        return read_form(self.fields, values)

    def by_name(self, values: Iterable[Any]) -> dict[str, Any]:
        """Return the values of `inputs` by parameter, as a form is filled in with them."""
        return {field.name: value for field, value in zip(self.fields, values, strict=True)}

    def notes(self, problems: dict[str, str]) -> dict[Component, Any]:
        """Return the updates that say what is wrong at which field."""
        return {
            note: note_html(field.text, problems.get(field.name, ""))
            for field, note in zip(self.fields, self._notes, strict=True)
        }


def _widget(field: FormField, value: Any) -> Component:
    common: dict[str, Any] = {
        "label": field.label,
        "elem_id": f"field-{field.name}",
        "interactive": True,
    }
    match field.widget:
        case "slider":
            low, high = field.minimum, field.maximum
            slider = gr.Slider(low, high, value, step=field.step, **common)
            return _hand_on(slider, _number)
        case "number":
            return gr.Number(value, **common)
        case "choice" | "open_choice":
            is_open = field.widget == "open_choice"
            choices = list(field.choices)
            return gr.Dropdown(choices, value=value, allow_custom_value=is_open, **common)
        case "checkbox":
            return gr.Checkbox(value, **common)
        case "text":
            return gr.Textbox(value, lines=field.lines, max_lines=10, **common)
        case "json":
            common["label"] += " (JSON)"
            lines = field.lines
            return gr.Code(value, language="json", lines=lines, max_lines=12, buttons=[], **common)
        case "image":
            common |= {"sources": ["upload", "clipboard"], "height": 220, "buttons": []}
            return _hand_on(gr.Image(value, type="filepath", **common), _path)
        case "audio":
            common |= {"sources": ["upload", "microphone"], "buttons": []}
            return gr.Audio(value, type="filepath", **common)
        case "video":
            return gr.Video(value, sources=["upload"], height=260, buttons=[], **common)


def _hand_on(widget: Component, read: Callable[[Any], Any]) -> Component:
    """Have a widget hand on what it holds, unchecked."""
    # Not a subclass: Gradio writes a stub beside the source of each.
    vars(widget)["preprocess"] = read
    return widget


def _number(payload: float | None) -> float | None:
    return payload


def _path(payload: ImageData | None) -> str | None:
    return payload.path if payload is not None else None
