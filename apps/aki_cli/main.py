"""Where the console script `aki` starts: every failure becomes one sentence on stderr and an exit status."""

import os
import sys
from collections.abc import Sequence
from importlib.util import find_spec

from aki_runtime.terminal import prepare_streams

from .exits import Exit, signals_as_exceptions
from .terminal import forget_stdout

COMPLETE = "_AKI_COMPLETE"
"""The variable in which a shell's completion script says which shell it is."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status."""
    prepare_streams()
    if find_spec("typer") is None:
        print(
            "aki: the command line needs an extra: pip install 'aki-client[cli]'", file=sys.stderr
        )
        return Exit.CONFIGURATION
    words = list(sys.argv[1:] if arguments is None else arguments)
    shell = os.environ.get(COMPLETE)
    if shell:
        from .commands.completion import print_candidates

        return print_candidates(shell, words)
    return _run(words or ["--help"])


def _run(words: list[str]) -> int:
    import typer

    from .root import app
    from .settings import project_options

    context = None
    try:
        # Not Typer's own `main`, which would end the process and has other statuses.
        command = typer.main.get_command(app)
        with (
            signals_as_exceptions(),
            command.make_context("aki", words, default_map=project_options()) as context,
        ):
            status = int(command.invoke(context) or Exit.OK)
            return Exit.FAILED if sys.stdout is sys.stderr and not status else status
    except typer.Exit as end:
        return end.exit_code
    except BrokenPipeError:
        forget_stdout()
        return Exit.PIPE
    except KeyboardInterrupt as reason:
        # No job was made yet; a command that has one says more.
        print(f"aki: {Exit.after(reason).name.lower()}", file=sys.stderr)
        return Exit.after(reason)
    except Exception as error:
        from .failures import report

        return report(error, context)
