"""`aki key` and `aki changes`: whether the hub takes the key, and how it differs from the package."""

from dataclasses import asdict
from itertools import groupby
from typing import TYPE_CHECKING, Annotated

import typer
from aki_runtime.packages import renewal_of
from aki_runtime.terminal import one_line

from ..catalogue import Catalogue
from ..exits import CommandError, Exit
from ..settings import no_key, settings_of
from ..showing import Listing
from ..terminal import write, write_json

if TYPE_CHECKING:
    from aki_client import Change

_EXITS = {None: Exit.OK, "harmless": Exit.HARMLESS, "risky": Exit.RISKY, "breaking": Exit.BREAKING}
_WORST_FIRST = ("breaking", "risky", "harmless")


def key(ctx: typer.Context) -> None:
    """Ask the hub whether the key is good."""
    with settings_of(ctx).client() as client:
        if client.api_key is None:
            raise CommandError(no_key(), Exit.CONFIGURATION)
        check = client.validate_key()
        if not check:
            raise CommandError(
                f"{client.api_server} does not take the key: {check.message}", Exit.KEY
            )
        write(f"The key is good for {client.api_server}.\n")


def changes(
    ctx: typer.Context,
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="One endpoint; all of them without.")
    ] = None,
    output: Listing = "text",
) -> int:
    """Compare the package with the hub of today. Exit status 10, 11 or 12 says how bad the worst change is."""
    settings = settings_of(ctx)
    if name is not None:
        Catalogue(settings.package).require(name)
    with settings.client() as client:
        found = client.check(name)
    worst = next((word for word in _WORST_FIRST if any(c.severity == word for c in found)), None)
    if output == "json":
        document = {"severity": worst, "changes": [asdict(change) for change in found]}
        write_json(document)
    else:
        write(_as_text(found, settings.package))
    return _EXITS[worst]


def _as_text(found: "tuple[Change, ...]", package: str) -> str:
    if not found:
        return "The hub is as it was when the package was generated.\n"
    lines: list[str] = []
    for severity in _WORST_FIRST:
        of_class = sorted(change for change in found if change.severity == severity)
        lines += [f"{severity}:"] if of_class else []
        for endpoint, of_endpoint in groupby(of_class, key=lambda change: change.endpoint):
            lines.append(f"  {one_line(endpoint)}")
            for change in of_endpoint:
                where = f"{change.where}: " if change.where else ""
                lines.append(f"    {one_line(where + change.message)}")
    return "\n".join([*lines, f"`{renewal_of(package)}` brings the package up to date."]) + "\n"
