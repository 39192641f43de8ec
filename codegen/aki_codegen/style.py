"""How all commands look. It knows none of them."""

from typing import Any

import typer

STATUSES = """\b
exit status:
  0  every listed endpoint is written
  1  failed, and nothing in the output folder has changed
  2  wrong usage
  3  written, but an endpoint was skipped or kept from an earlier snapshot
of a comparison:
  0   no change
  10  the worst change is harmless
  11  the worst change is risky: calls go on, but may mean something else
  12  a change is breaking"""


def new_app(**attributes: Any) -> typer.Typer:
    """Return a Typer app with plain help, which needs no Rich."""
    return typer.Typer(
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
        **attributes,
    )
