"""`aki batch` as a process of its own: `python tests/batch/command.py [--server URL] batch ENDPOINT INPUT -o OUTPUT`.

Owns the global options that the command reads and the way in which failures become a sentence and a status.
"""

import sys
from typing import Annotated

import typer
from aki_cli.commands import batch
from aki_client import AkiError
from aki_client.batch import InvalidRowsError, UnreadableInputError

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.callback()
def options(
    server: Annotated[str | None, typer.Option()] = None,
    key_file: Annotated[str | None, typer.Option("--api-key-file")] = None,
) -> None:
    """Take the options that stand before the command."""


app.command("batch")(batch.batch)


def main(arguments: list[str]) -> int:
    """Run the command and return its exit status."""
    command = typer.main.get_command(app)
    try:
        return int(command.main(arguments, "aki", standalone_mode=False) or 0)
    except (InvalidRowsError, UnreadableInputError) as error:
        print(f"aki: {error}", file=sys.stderr)
        return 2
    except AkiError as error:
        print(f"aki: {error}", file=sys.stderr)
        return 1
    except Exception as error:
        format_message = getattr(error, "format_message", None)
        if format_message is None:
            raise
        print(f"aki: {format_message()}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
