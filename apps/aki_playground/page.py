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


# A button that shares with another site has no place here; "New conversation" clears all of one.
CSS = """
.gradio-container { width: 100% !important; max-width: 1240px !important; margin: 0 auto !important; }
.html-container { padding: 0 !important; }
.block:has(> .html-container > .prose:empty) { display: none; }
.aki-head h2 { margin: 0 0 .25rem; font-size: 1.35rem; font-weight: 650; letter-spacing: -.01em; }
.aki-head p { margin: .15rem 0 0; color: var(--body-text-color-subdued); }
.aki-head .aki-name { display: flex; gap: .6rem; align-items: baseline; font-size: .85rem; }
.aki-head .aki-name span { padding: .05rem .45rem; border: 1px solid var(--border-color-primary);
  border-radius: 4px; font-size: .75rem; }
#result-images .grid-wrap { max-height: none !important; height: auto !important; }
#result-images .thumbnail-item { aspect-ratio: auto; height: auto; }
#result-images .thumbnail-item img { max-height: 480px; object-fit: contain; }
#chat button[aria-label="Clear"], #chat button[aria-label="Share"] { display: none; }
#files td:has(> button[aria-label="Remove this file"]) { display: none; }
input[type="range"]::-webkit-slider-thumb { border: 2px solid var(--primary-500) !important; }
input[type="range"]::-moz-range-thumb { border: 2px solid var(--primary-500) !important; }
.dark input[type="range"] { --neutral-200: var(--neutral-700); }
.aki-note { padding: 0 .75rem; font-size: .82rem; line-height: 1.45; }
.aki-note p { margin: 0; overflow-wrap: anywhere; }
.aki-note .aki-help { color: var(--body-text-color-subdued); }
.aki-note .aki-fault { color: #b91c1c; font-weight: 600; margin-bottom: .15rem; }
.dark .aki-note .aki-fault { color: #fca5a5; }
.aki-status { padding: .6rem .8rem; border: 1px solid var(--border-color-primary);
  border-radius: 6px; background: var(--block-background-fill); font-variant-numeric: tabular-nums;
  overflow-wrap: anywhere; }
.aki-status.aki-quiet { border-left: 3px solid var(--neutral-400); }
.aki-status.aki-busy { border-left: 3px solid var(--primary-500); }
.aki-status.aki-good { border-left: 3px solid #16a34a; }
.aki-status.aki-bad { border-left: 3px solid #dc2626; }
.aki-bar { height: 4px; margin-top: .5rem; border-radius: 2px; background: var(--border-color-primary); }
.aki-bar div { height: 100%; border-radius: 2px; background: var(--primary-500); transition: width .2s; }
.aki-facts { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; margin: 0;
  font-size: .85rem; }
.aki-facts dt { color: var(--body-text-color-subdued); }
.aki-facts dd { margin: 0; overflow-wrap: anywhere; white-space: pre-wrap; }
.aki-brand { display: flex; gap: .75rem; align-items: baseline; flex-wrap: wrap; }
.aki-brand h1 { margin: 0; font-size: 1.05rem; font-weight: 650; }
.aki-brand span { color: var(--body-text-color-subdued); font-size: .85rem; overflow-wrap: anywhere; }
.aki-field { gap: .4rem !important; }
.aki-buttons { gap: .6rem !important; }
.aki-buttons button { flex: 0 1 auto !important; min-width: 7rem !important; }
"""
