"""How all commands look: one way to make a Typer app. It knows no command."""

from typing import Any

import typer
from typer.core import TyperGroup

CONTEXT: dict[str, Any] = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


def new_app(group: type[TyperGroup] | None = None, **attributes: Any) -> typer.Typer:
    """Return a Typer app with plain help: Rich alone would take longer than all the rest."""
    return typer.Typer(
        cls=group,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings=CONTEXT,
        **attributes,
    )
