"""What the commands share: how they look, the options that several have, and what their exit status says."""

from enum import IntEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from ..fetching.target import Target
from ..naming import package_name_fault
from ..snapshot.refresh import refreshed, removal_warning
from ..snapshot.snapshot import Snapshot
from ..terminal import say

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


class ExitStatus(IntEnum):
    """What the exit status of a command says; `STATUSES` puts it into words."""

    OK = 0
    FAILED = 1
    USAGE = 2
    INCOMPLETE = 3
    HARMLESS = 10
    RISKY = 11
    BREAKING = 12


def new_app(**attributes: Any) -> typer.Typer:
    """Return a Typer app with plain help, which needs no Rich."""
    return typer.Typer(
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
        **attributes,
    )


def _package_name(text: str) -> str:
    fault = package_name_fault(text)
    if fault is not None:
        raise typer.BadParameter(
            f"{text!r} {fault}; take a free name of letters, digits and underscores, such as my_hub"
        )
    return text


Out = Annotated[Path, typer.Option("--out", metavar="DIR", help="output folder")]
PackageName = Annotated[
    str, typer.Option("--package", metavar="NAME", callback=_package_name, help="package name")
]
Server = Annotated[
    str | None,
    typer.Option(
        "--server", metavar="URL", help="the hub's address (AKI_API_SERVER, or the package's hub)"
    ),
]
Routes = Annotated[
    Literal["aki", "aime"] | None,
    typer.Option("--layout", help="the hub's routes: AKI.IO's or an AIME API Server's"),
]
KeyFile = Annotated[
    Path | None,
    typer.Option("--api-key-file", metavar="FILE", help="read the key from a file (AKI_API_KEY)"),
]
AllowHttp = Annotated[
    bool,
    typer.Option(
        "--allow-http", help="send the key over plain http to another machine (AKI_ALLOW_HTTP)"
    ),
]


def snapshot_of_hub(target: Target, other: Snapshot | None) -> Snapshot:
    """Ask a hub to compare it with another state: nothing is written, so that a list may remove everything."""
    # Nothing of this run is kept, so that no removal has to be asked about.
    found = refreshed(target, other, lambda done, total: None, force=True)
    say(*removal_warning(target, other, found))
    return found
