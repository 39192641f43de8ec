"""The widgets that only a conversation has."""

from collections.abc import Sequence

import gradio as gr


def chatbot() -> gr.Chatbot:
    """Put an empty conversation where the page is being built."""
    # What it shows is neutral Markdown already; the sanitiser and the page's policy stand behind that.
    return gr.Chatbot(
        show_label=False,
        placeholder="The conversation appears here.",
        height=460,
        sanitize_html=True,
        allow_tags=False,
        latex_delimiters=[],
        buttons=["copy"],
        feedback_options=None,
        elem_id="chat",
    )


def draft_box(taken: Sequence[str]) -> gr.Textbox | gr.MultimodalTextbox:
    """Put the box for a message where the page is being built, with attachments of the kinds that are taken."""
    if not taken:
        return gr.Textbox(
            show_label=False,
            placeholder="Write a message",
            lines=1,
            max_lines=8,
            elem_id="draft",
            interactive=True,
        )
    return gr.MultimodalTextbox(
        show_label=False,
        placeholder="Write a message, attach " + ", ".join(taken),
        file_types=list(taken),
        file_count="multiple",
        sources=["upload"],
        submit_btn=False,
        lines=1,
        max_lines=8,
        elem_id="draft",
        interactive=True,
    )
