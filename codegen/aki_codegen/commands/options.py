"""Options that several commands share."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer
from aki_runtime.hub import Address, Layout

from ..fetching.target import Target, choose_target
from ..naming import package_name_fault


def _package_name(text: str) -> str:
    fault = package_name_fault(text)
    if fault is not None:
        raise typer.BadParameter(
            f"{text!r} {fault}; take a free name of letters, digits and underscores, such as my_hub"
        )
    return text


Out = Annotated[Path, typer.Option("--out", metavar="DIR", help="output folder")]
Package = Annotated[
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


@dataclass(frozen=True)
class HubOptions:
    """What the command line says of the hub to ask.

    Attributes:
        server: Its address; None leaves it to the environment and the package.
        layout: Its routes; None leaves them to the package.
        key_file: The file that holds the key; None leaves it to AKI_API_KEY.
        allow_http: Whether the key may go over plain http.
    """

    server: str | None = None
    layout: Layout | None = None
    key_file: Path | None = None
    allow_http: bool = False

    def __bool__(self) -> bool:
        return bool(self.server or self.layout or self.key_file)

    def target(
        self, own: Address | None, *, is_state: bool = False
    ) -> AbstractContextManager[Target]:
        """Decide which hub to ask, given that of the package; see `choose_target`."""
        return choose_target(
            self.server,
            self.layout,
            self.key_file,
            own,
            allow_http=self.allow_http,
            is_state=is_state,
        )
