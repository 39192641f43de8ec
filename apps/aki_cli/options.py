"""Options and arguments that several commands share."""

import typer

from .catalogue import Catalogue
from .delivery import FORMS, Sink
from .exits import Exit
from .problems import CommandError
from .settings import settings_of


def _forms(incomplete: str) -> list[str]:
    return [form for form in FORMS if form.startswith(incomplete)]


def _names(ctx: typer.Context, incomplete: str) -> list[str]:
    names = Catalogue(settings_of(ctx).package).names.values()
    return [name for name in names if name.startswith(incomplete)]


OUTPUT_HELP = "What goes to stdout (text)."
OUTPUT = typer.Option(
    "--output",
    "-o",
    metavar="text|json|quiet",
    help=OUTPUT_HELP,
    autocompletion=_forms,
    show_default=False,
)
OUTPUT_LETTER = typer.Option(
    "-o", metavar="text|json|quiet", help=OUTPUT_HELP, autocompletion=_forms, show_default=False
)
SAVE_TO_HELP = "Folder or file for pictures and sounds (the current folder)."
SAVE_TO = typer.Option("--save-to", "-s", metavar="PLACE", help=SAVE_TO_HELP, show_default=False)
SAVE_TO_LETTER = typer.Option("-s", metavar="PLACE", help=SAVE_TO_HELP, show_default=False)
ENDPOINT = typer.Argument(
    metavar="NAME", help="An endpoint, by its name in Python or on the hub.", autocompletion=_names
)
JOB_ID = typer.Argument(metavar="ID", help="The job's id.")


def delivery(form: str, save_to: str) -> Sink:
    """Return where results go, checked.

    Raises:
        CommandError: There is no such form, or no such folder.
    """
    known = FORMS.get(form)
    if known is None:
        raise CommandError(f"--output {form!r} is none of {', '.join(FORMS)}", Exit.USAGE)
    made = Sink(known, save_to)
    made.check()
    return made
