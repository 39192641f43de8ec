"""The page: an endpoint is chosen, and its form or its conversation appears below; and how all of it looks."""

from functools import partial
from html import escape
from typing import Any

import gradio as gr
from aki_runtime.errors import AkiError
from gradio.components import Component
from gradio.themes import Base, colors, sizes

from .bench import Bench
from .callview import CallView
from .chatview import ChatView
from .frame import ALL, Frame, Opened, SeenRun, values_of
from .view import OPENING, QUIET, leaving

_CACHE_SECONDS = (600, 24 * 3600)
"""How often copies of files are looked through, and how old they may be; all go when the program ends."""
_SANS = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "sans-serif")
_MONO = ("ui-monospace", "SFMono-Regular", "Cascadia Code", "DejaVu Sans Mono", "monospace")

_NAME_IN_ADDRESS = """(name) => {
    const here = new URL(location), before = here.searchParams.get("endpoint");
    if (before === name) return [];
    here.searchParams.set("endpoint", name);
    history[before ? "pushState" : "replaceState"](null, "", here);
    return [];
}"""


def build(bench: Bench) -> gr.Blocks:
    """Build the page.

    Args:
        bench: What every part of the page works with.
    """
    page = gr.Blocks(title="Playground", fill_width=True, delete_cache=_CACHE_SECONDS)
    with page:
        brand = gr.HTML(_brand(bench), padding=False)
        notice, button = _notice(bench)
        frame = Frame(bench.package.cards.values())
        _wire_choice(page, bench, frame)

        async def pretend(name: str, forms: Any) -> dict[Component | gr.Column, Any]:
            try:
                await bench.use_sandbox()
            except AkiError as error:
                raise gr.Error(error.message) from None
            return {
                brand: _brand(bench),
                notice: gr.update(visible=False),
                frame.opened: Opened(name, values_of(forms, name)),
            }

        given = [frame.endpoint, frame.forms]
        button.click(pretend, given, [brand, notice, frame.opened], **OPENING)

        def show(opened: Opened | None) -> None:
            if opened is not None:
                card = bench.package.cards[opened.name]
                (ChatView if card.chat_parameter else CallView)(bench, card, frame, opened)

        gr.render(frame.opened, [frame.opened.change], show_progress="hidden")(show)
        # Outside what is rendered anew, so that it stays open.
        with gr.Accordion("Runs of this session", open=False, elem_id="runs"):
            gr.render(frame.runs, show_progress="hidden")(partial(_runs, frame))
    return page


def _wire_choice(page: gr.Blocks, bench: Bench, frame: Frame) -> None:
    def start(request: gr.Request, forms: Any) -> dict[Component, Any]:
        asked = str(request.query_params.get("endpoint"))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]  # Gradio types it in part
        name = asked if asked in bench.package.cards else frame.choices(ALL)[0][1]
        return {frame.endpoint: name, frame.opened: Opened(name, values_of(forms, name))}

    def choose(name: str, forms: Any, opened: Opened | None) -> Opened:
        # A list says twice what was chosen, and a page that is built twice misses what is typed in between.
        if opened is not None and opened.name == name:
            return opened
        return Opened(name, values_of(forms, name))

    def narrow(chosen: str, forms: Any, opened: Opened | None) -> dict[Component, Any]:
        found = frame.choices(chosen)
        name = found[0][1]
        return {
            frame.endpoint: gr.update(choices=found, value=name),
            frame.opened: choose(name, forms, opened),
        }

    known: list[Component] = [frame.forms, frame.opened]
    both: list[Component] = [frame.endpoint, frame.opened]
    page.load(start, frame.forms, both, **OPENING)
    frame.category.input(narrow, [frame.category, *known], both, **OPENING)
    frame.endpoint.input(choose, [frame.endpoint, *known], frame.opened, **OPENING)
    frame.endpoint.change(None, frame.endpoint, None, js=_NAME_IN_ADDRESS, **QUIET)
    frame.opened.change(leaving(bench), **QUIET)
    page.unload(leaving(bench))


def _runs(frame: Frame, runs: list[SeenRun]) -> None:
    """Put the runs of this session, each a button that opens it again."""
    if not runs:
        gr.HTML("Nothing has been run yet. Each run will stand here, to be opened again.")
    for past in runs:
        button = gr.Button(past.words, size="md", elem_classes="aki-past")

        def again(forms: Any, past: SeenRun = past) -> dict[Component, Any]:
            return frame.open(forms, past.card.name, past.call.held, past)

        button.click(again, frame.forms, frame.opening, **OPENING)


def _notice(bench: Bench) -> tuple[gr.Column, gr.Button]:
    """Put what says that no key is set, and offers the sandbox."""
    server = escape(bench.client.api_server)
    with gr.Column(
        visible=bench.client.api_key is None, elem_id="no-key", elem_classes="aki-notice"
    ) as notice:
        gr.HTML(
            f"<p>No key is set (AKI_API_KEY), so {server} may refuse every call. "
            "The sandbox is a hub on this machine that pretends: it costs nothing and needs no key.</p>"
        )
        button = gr.Button("Use the sandbox", variant="primary", size="md", elem_id="sandbox")
    return notice, button


def _brand(bench: Bench) -> str:
    hub = "the sandbox, which pretends" if bench.is_sandbox else bench.client.api_server
    where = f"{bench.package.name} at {hub}"
    return f'<div class="aki-brand"><h1>Playground</h1><span>{escape(where)}</span></div>'


def theme() -> Base:
    """Return the theme. Its fonts are names only: none is fetched."""
    base = Base(
        primary_hue=colors.blue,
        neutral_hue=colors.slate,
        spacing_size=sizes.spacing_md,
        radius_size=sizes.radius_md,
        font=list(_SANS),
        font_mono=list(_MONO),
    )
    return base.set(  # pyright: ignore[reportUnknownMemberType]  # Gradio types it in part
        body_background_fill="*neutral_50",
        body_background_fill_dark="*neutral_950",
        body_text_color_subdued="*neutral_500",
        body_text_color_subdued_dark="*neutral_400",
        block_title_text_color="*neutral_800",
        block_title_text_weight="500",
        block_label_text_weight="500",
        button_primary_background_fill="*primary_600",
        button_primary_background_fill_hover="*primary_700",
        button_primary_background_fill_hover_dark="*primary_500",
    )
