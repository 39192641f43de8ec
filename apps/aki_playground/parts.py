"""Parts that both kinds of endpoint's pages have: the code box, and how their widgets are wired."""

from collections.abc import Callable, Sequence
from typing import Any

import gradio as gr
from gradio.components import Component

from .bench import Bench
from .status import status_html


def code_box(code: str) -> gr.Code:
    """Put the code of a call where the page is being built."""
    return gr.Code(
        code,
        language="python",
        label="Python code of this call",
        interactive=False,
        buttons=["copy"],
        show_line_numbers=False,
        wrap_lines=True,
        elem_id="code",
    )


def watch(
    sources: Sequence[Any], handler: Any, inputs: list[Component], outputs: list[Component]
) -> None:
    """Have a handler told of every change of some widgets."""
    gr.on(  # pyright: ignore[reportUnknownMemberType]  # Gradio types it in part
        [component.change for component in sources],
        handler,
        inputs,
        outputs,
        show_progress="hidden",
        queue=False,
        trigger_mode="always_last",
        api_visibility="private",
    )


def wire_run(
    triggers: Sequence[Any],
    check: Callable[..., object],
    given: Sequence[Component],
    checked: Sequence[Component],
    run: Callable[..., object],
    call: gr.State,
    seen: Sequence[Component],
) -> None:
    """Have a call checked, and then run.

    These are two events, because each update of a run must hold all that the run shows: where updates come quickly,
    the browser keeps only the last. What people type meanwhile is therefore none of the run's business.

    Args:
        triggers: The events that ask for a run.
        check: Reads and checks what was filled in; what it makes of it goes into `call`, None where nothing is to run.
        given: What `check` reads.
        checked: What `check` updates, `call` among it.
        run: Carries the call out.
        call: The call that was checked.
        seen: What `run` updates.
    """
    checking = gr.on(  # pyright: ignore[reportUnknownMemberType]  # Gradio types it in part
        triggers,
        check,
        given,
        checked,
        show_progress="hidden",
        concurrency_limit=None,
        api_visibility="private",
    )
    checking.then(
        run,
        call,
        seen,
        show_progress="hidden",
        concurrency_limit=None,
        api_visibility="private",
    )


def wire_cancel(bench: Bench, button: gr.Button) -> None:
    """Have a button end the runs of its tab; each run says itself that it was ended."""

    async def cancel(request: gr.Request) -> None:
        await bench.runs.cancel(request.session_hash or "")

    button.click(cancel, show_progress="hidden", queue=False, api_visibility="private")


def refusal_html(faults: dict[str, str], others: list[str]) -> str:
    """Say that nothing was sent, and why."""
    words = [f"look at {', '.join(faults)}"] if faults else []
    return status_html("Nothing was sent: " + "; ".join([*words, *others]) + ".", "bad")
