"""The command line: arguments in, sentences and an exit status out. The work is done elsewhere."""

import argparse
import atexit
import gc
import io
import sys
from collections.abc import Sequence
from pathlib import Path

from . import __version__
from .exits import Exit
from .naming import DEFAULT_OUT, DEFAULT_PACKAGE, package_name_fault
from .problems import GenerationError
from .terminal import say, say_fault

EXIT_TABLE = """exit status:
  0  every listed endpoint is written
  1  failed, and nothing in the output folder has changed
  2  wrong usage
  3  written, but an endpoint was skipped or kept from an earlier snapshot
of a comparison:
  0   no change
  10  the worst change is harmless
  11  the worst change is risky: calls go on, but may mean something else
  12  a change is breaking"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that lacks a letter of a name shows its number; it does not stop the run.
            stream.reconfigure(errors="backslashreplace")
    options = _parser().parse_args(arguments)
    # When the process ends its memory ends with it: nothing is gained by looking for cycles once more.
    atexit.unregister(gc.freeze)
    atexit.register(gc.freeze)
    try:
        return int(options.run(options))
    except GenerationError as error:
        say(f"aki-codegen: {error.message}", *error.reasons)
        return Exit.FAILED
    except KeyboardInterrupt:
        say("aki-codegen: interrupted; nothing was changed")
        return Exit.FAILED
    except Exception as error:
        # Python would print the message as it is, and a hub's text can be in it.
        say_fault(error)
        return Exit.FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="aki-codegen",
        description="Generate a typed Python client from the endpoint metadata of a model hub.",
        epilog=EXIT_TABLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"aki-codegen {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    generate = commands.add_parser(
        "generate",
        help="ask a hub for its endpoints and write a typed client",
        description="Ask a hub for its endpoints and write a typed client. The hub is that of --server or "
        "AKI_API_SERVER; else the one that the package was made from; else https://aki.io where there is a "
        "key, and the sandbox hub where there is none.",
        epilog=EXIT_TABLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _configure_generate(generate)
    diff = commands.add_parser(
        "diff",
        help="compare two states of a hub's metadata",
        description="Compare two states of a hub's metadata and class each change for those who call it. A state is "
        "a folder (package, spec or output folder), a git revision (git:REV where a folder is called the same) or the "
        "URL of a live hub. Without NEW, the package's snapshot; with neither, the snapshot and the live hub. "
        "Nothing is written.",
        epilog=EXIT_TABLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _configure_diff(diff)
    check = commands.add_parser(
        "check",
        help="tell whether a package is what its snapshot makes; nothing is written",
        description="Tell whether a package is what its snapshot makes of it, or, with --live, how the snapshot "
        "stands to the hub. Nothing is written.",
        epilog=EXIT_TABLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _configure_check(check)
    export = commands.add_parser(
        "export",
        help="describe a package's hub: OpenAPI, JSON Schema, or a page per endpoint; nobody is asked",
    )
    _configure_export(export)
    sandbox = commands.add_parser("sandbox", help="run a stand-in hub on this machine")
    _configure_sandbox(sandbox)
    return parser


def _configure_generate(command: argparse.ArgumentParser) -> None:
    _add_server(command)
    _add_hub(command)
    _add_package(command)
    add = command.add_argument
    add(
        "--offline", action="store_true", help="render from the snapshot in the package, ask nobody"
    )
    add(
        "--strict",
        action="store_true",
        help="fail on any problem, loosely typed parameters included",
    )
    add("--project", action="store_true", help="write a pyproject.toml beside the package, once")
    add(
        "--force",
        action="store_true",
        help="take an empty list, or one that removes more than half, for what it says",
    )
    command.set_defaults(run=_generate, usage_error=command.error)


def _configure_check(command: argparse.ArgumentParser) -> None:
    _add_package(command)
    command.add_argument("--live", action="store_true", help="compare the snapshot with the hub")
    _add_server(command)
    _add_hub(command)
    command.set_defaults(run=_check, usage_error=command.error)


def _configure_export(command: argparse.ArgumentParser) -> None:
    command.add_argument("what", choices=("openapi", "jsonschema", "docs"))
    _add_package(command)
    command.add_argument(
        "--output",
        default="-",
        metavar="PATH",
        help="a file for openapi, a folder for jsonschema and docs; - is the standard output",
    )
    command.set_defaults(run=_export)


def _configure_diff(command: argparse.ArgumentParser) -> None:
    add = command.add_argument
    add("old", nargs="?", metavar="OLD", help="the state before (the package's snapshot)")
    add("new", nargs="?", metavar="NEW", help="the state after (the live hub)")
    _add_package(command)
    add(
        "--format",
        choices=("text", "json", "markdown"),
        default="text",
        help="how the changes are shown (%(default)s)",
    )
    _add_server(command)
    _add_hub(command)
    command.set_defaults(run=_diff, usage_error=command.error)


def _add_server(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--server", metavar="URL", help="the hub's address (AKI_API_SERVER, or the package's hub)"
    )


def _add_hub(command: argparse.ArgumentParser) -> None:
    add = command.add_argument
    add(
        "--layout",
        choices=("aki", "aime"),
        help="the hub's routes: AKI.IO's or an AIME API Server's",
    )
    add("--api-key-file", type=Path, metavar="FILE", help="read the key from a file (AKI_API_KEY)")
    add(
        "--allow-http",
        action="store_true",
        help="send the key over plain http to another machine (AKI_ALLOW_HTTP)",
    )


def _add_package(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--out",
        type=Path,
        default=Path(DEFAULT_OUT),
        metavar="DIR",
        help="output folder (generated)",
    )
    command.add_argument(
        "--package",
        type=_package_name,
        default=DEFAULT_PACKAGE,
        metavar="NAME",
        help="package name (%(default)s)",
    )


def _configure_sandbox(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--port",
        type=_port,
        default=8321,
        help="port on 127.0.0.1; 0 takes a free one (%(default)s)",
    )
    command.add_argument(
        "--catalogue", type=Path, metavar="DIR", help="folder of details documents to serve"
    )
    command.set_defaults(run=_sandbox)


def _package_name(text: str) -> str:
    fault = package_name_fault(text)
    if fault is not None:
        raise argparse.ArgumentTypeError(
            f"{text!r} {fault}; take a free name of letters, digits and underscores, such as my_hub"
        )
    return text


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) < 2**16):
        raise argparse.ArgumentTypeError(f"{text!r} is no port; take a number from 0 to 65535")
    return int(text)


def _generate(options: argparse.Namespace) -> Exit:
    if options.offline and _names_a_hub(options):
        options.usage_error(
            "--offline asks nobody; leave out --server, --layout and --api-key-file"
        )
    from .commands.generate import run

    return run(options)


def _names_a_hub(options: argparse.Namespace) -> bool:
    return bool(options.server or options.layout or options.api_key_file)


def _check(options: argparse.Namespace) -> Exit:
    if not options.live and _names_a_hub(options):
        options.usage_error(
            "without --live nobody is asked; leave out --server, --layout and --api-key-file"
        )
    from .commands.check import run

    return run(options)


def _export(options: argparse.Namespace) -> Exit:
    from .commands.export import run

    return run(options)


def _diff(options: argparse.Namespace) -> Exit:
    if options.server and options.old is not None:
        options.usage_error("--server names the hub where no states are named; leave one out")
    from .commands.diff import run

    return run(options)


def _sandbox(options: argparse.Namespace) -> Exit:
    try:
        from aki_sandbox.catalogue import CatalogueError
        from aki_sandbox.server import PortTakenError, run
    except ImportError as error:
        raise GenerationError(
            f"the sandbox hub needs the extra 'sandbox': pip install 'aki-client[sandbox]' ({error})"
        ) from None
    try:
        run(options.port, options.catalogue)
    except (CatalogueError, PortTakenError) as error:
        raise GenerationError(str(error)) from None
    return Exit.OK
