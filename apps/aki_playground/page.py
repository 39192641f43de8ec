"""The page: an endpoint is chosen, and its form or its conversation appears below; and how all of it looks."""

from html import escape

import gradio as gr
from gradio.themes import Base, colors, sizes

from .bench import Bench
from .callview import CallView
from .chatview import ChatView
from .view import QUIET

_ALL = "all"
_CACHE_SECONDS = (600, 24 * 3600)
"""How often copies of files are looked through, and how old they may be; all go when the program ends."""
_SANS = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "sans-serif")
_MONO = ("ui-monospace", "SFMono-Regular", "Cascadia Code", "DejaVu Sans Mono", "monospace")


def build(bench: Bench) -> gr.Blocks:
    """Build the page.

    Args:
        bench: What every part of the page works with.
    """
    cards = bench.package.cards
    categories = sorted({card.category for card in cards.values()})
    choices = _choices(bench, _ALL)
    page = gr.Blocks(
        title="Playground", analytics_enabled=False, fill_width=True, delete_cache=_CACHE_SECONDS
    )
    with page:
        gr.HTML(_brand(bench), padding=False)
        with gr.Row():
            category = gr.Dropdown(
                [_ALL, *categories],
                value=_ALL,
                label="category",
                scale=1,
                min_width=180,
                elem_id="category",
                interactive=True,
            )
            endpoint = gr.Dropdown(
                choices,
                value=choices[0][1],
                label="endpoint",
                scale=3,
                min_width=320,
                elem_id="endpoint",
                interactive=True,
            )

        async def leave(request: gr.Request) -> None:
            await bench.runs.cancel(request.session_hash or "")

        def narrow(chosen: str) -> object:
            found = _choices(bench, chosen)
            return gr.update(choices=found, value=found[0][1])

        category.input(narrow, category, endpoint, **QUIET)
        endpoint.change(leave, **QUIET)
        page.unload(leave)

        def show(name: str) -> None:
            card = cards[name]
            if card.chat_parameter is not None:
                ChatView(bench, card, card.chat_parameter)
            else:
                CallView(bench, card)

        gr.render(inputs=endpoint, show_progress="hidden")(show)
    return page


def _choices(bench: Bench, category: str) -> list[tuple[str, str]]:
    cards = sorted(bench.package.cards.values(), key=lambda card: card.title.casefold())
    return [
        (f"{card.title} · {card.info.name}", card.name)
        for card in cards
        if category in (_ALL, card.category)
    ]


def _brand(bench: Bench) -> str:
    where = f"{bench.package.name} at {bench.client.api_server}"
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
        block_title_text_color_dark="*neutral_200",
        block_title_text_weight="500",
        block_label_text_weight="500",
        block_border_width="1px",
        block_shadow="none",
        button_primary_shadow="none",
        button_secondary_shadow="none",
        button_primary_background_fill="*primary_600",
        button_primary_background_fill_hover="*primary_700",
        button_primary_background_fill_dark="*primary_600",
        button_primary_background_fill_hover_dark="*primary_500",
        button_primary_text_color="white",
    )
