"""The widget of each field. What it holds reaches the reader of the form as it is.

Gradio refuses what its own widgets would not take with a message in a corner of the page. Here the endpoint's own rules
decide, and their sentences stand at the field; so a slider and a choice hand on whatever they hold.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import gradio as gr
from gradio.components import Component
from gradio.data_classes import ImageData

from .fields import Field
from .reading import Reading, read_form
from .status import note_html

from gradio.events import Dependency

class PlainSlider(gr.Slider):
    """A slider that hands on a number that was typed beside it, whatever it is."""

    def preprocess(self, payload: float) -> float:
        """Return what the slider holds."""
        return payload

    def get_block_name(self) -> str:
        """Return the name that the browser knows the widget by."""
        return "slider"
    from typing import Callable, Literal, Sequence, Any, TYPE_CHECKING
    from gradio.blocks import Block
    if TYPE_CHECKING:
        from gradio.components import Timer
        from gradio.components.base import Component


class PlainImage(gr.Image):
    """An upload of a picture that hands on the file as it is, not decoded and written anew."""

    def preprocess(self, payload: ImageData | None) -> str | None:
        """Return the path of the upload."""
        return payload.path if payload is not None else None

    def get_block_name(self) -> str:
        """Return the name that the browser knows the widget by."""
        return "image"
    from typing import Callable, Literal, Sequence, Any, TYPE_CHECKING
    from gradio.blocks import Block
    if TYPE_CHECKING:
        from gradio.components import Timer
        from gradio.components.base import Component


class Form:
    """The fields of an endpoint on the page, a note below each.

    Args:
        fields: What to show, in order.
    """

    def __init__(self, fields: Sequence[Field]) -> None:
        self.fields = fields
        self.inputs: list[Component] = []
        self._notes: list[gr.HTML] = []

    def draw(self, *, advanced: bool) -> None:
        """Put the fields, or those that are folded away, where the page is being built."""
        for field in self.fields:
            if field.advanced is advanced:
                with gr.Column(elem_classes="aki-field"):
                    self.inputs.append(_widget(field))
                    self._notes.append(gr.HTML(note_html(field.text), padding=False))

    def read(self, values: Iterable[Any]) -> Reading:
        """Read the values of `inputs`."""
        return read_form(self.fields, values)

    def notes(self, faults: dict[str, str]) -> dict[Component, Any]:
        """Return the updates that say what is wrong at which field."""
        return {
            note: note_html(field.text, faults.get(field.name, ""))
            for field, note in zip(self.fields, self._notes, strict=True)
        }


def _widget(field: Field) -> Component:
    label = f"{field.name} *" if field.parameter.required else field.name
    ident = f"field-{field.name}"
    match field.widget:
        case "slider":
            return PlainSlider(
                field.minimum,
                field.maximum,
                field.initial,
                step=field.step,
                label=label,
                elem_id=ident,
            )
        case "number":
            return gr.Number(field.initial, label=label, elem_id=ident)
        case "choice" | "open_choice":
            return gr.Dropdown(
                list(field.choices),
                value=field.initial,
                allow_custom_value=field.widget == "open_choice",
                label=label,
                elem_id=ident,
            )
        case "checkbox":
            return gr.Checkbox(field.initial, label=label, elem_id=ident)
        case "text":
            return gr.Textbox(
                field.initial, lines=field.lines, max_lines=10, label=label, elem_id=ident
            )
        case "json":
            return gr.Code(
                field.initial,
                language="json",
                lines=field.lines,
                max_lines=12,
                label=f"{label} (JSON)",
                elem_id=ident,
                buttons=[],
            )
        case "image":
            return PlainImage(
                type="filepath",
                sources=["upload", "clipboard"],
                label=label,
                elem_id=ident,
                height=220,
                buttons=[],
            )
        case "audio":
            return gr.Audio(
                type="filepath",
                sources=["upload", "microphone"],
                label=label,
                elem_id=ident,
                buttons=[],
            )
        case "video":
            return gr.Video(sources=["upload"], label=label, elem_id=ident, height=260, buttons=[])