"""The page: an endpoint is chosen, and its form or its conversation appears below."""

from html import escape

import gradio as gr

from .bench import Bench
from .callview import CallView
from .chatview import ChatView

_ALL = "all"
_CACHE_SECONDS = (600, 24 * 3600)
"""How often copies of files are looked through, and how old they may be; all go when the program ends."""


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

        category.input(
            narrow,
            category,
            endpoint,
            show_progress="hidden",
            queue=False,
            api_visibility="private",
        )
        endpoint.change(leave, show_progress="hidden", queue=False, api_visibility="private")
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
