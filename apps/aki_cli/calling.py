"""One call from its input to its result: what is given, what is shown, and who is told when it is broken off."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

from .catalogue import Described
from .delivery import Sink
from .exits import Exit
from .interruption import TerminatedError
from .problems import CommandError, StoppedError
from .settings import CliSettings
from .terminal import write
from .values import read_value, read_whole_input
from .watching import Watch

if TYPE_CHECKING:
    from aki_client import Aki, AnyOutput, AnyProgress, Endpoint


def input_of(found: Described, json_file: str | None, written: Mapping[str, Any]) -> dict[str, Any]:
    """Return the input of a call: the JSON document, overridden by what was written as options.

    Args:
        found: The endpoint.
        json_file: A file, `-` for stdin; None for none.
        written: What was written for each parameter.

    Raises:
        CommandError: Something cannot be read; a line for each.
    """
    given: dict[str, Any] = {}
    if json_file is not None:
        given = read_whole_input(json_file, found.fields.get("input", {}))
    facts = found.section("input")
    problems: list[str] = []
    for name, text in written.items():
        if not isinstance(text, str):
            given[name] = text
            continue
        try:
            given[name] = read_value(name, text, facts[name], found.choices(name, facts[name]))
        except ValueError as error:
            problems.append(str(error))
    if problems:
        raise CommandError("\n  - ".join([f"{found.name}:", *problems]), Exit.USAGE)
    return given


def bound(client: "Aki", found: Described) -> "Endpoint[..., AnyOutput, AnyProgress]":
    """Return an endpoint of a client: the generated one with its checks, or the hub's by name."""
    if found.attribute:
        return cast("Endpoint[..., AnyOutput, AnyProgress]", getattr(client, found.attribute))
    return client.endpoint(found.name)


def call(settings: CliSettings, target: Sink, found: Described, given: Mapping[str, Any]) -> None:
    """Call an endpoint, show what happens, and deliver the result.

    Raises:
        AkiError: The client's own.
        StoppedError: Somebody stopped it; the hub was asked to cancel the job.
    """
    with settings.client() as client:
        endpoint = bound(client, found)
        watch = Watch(text=target.form == "text", bar=target.form != "quiet")
        with cancelling(found), endpoint.stream(**given) as stream:
            watch.follow(stream)
            result = stream.result()
    target.deliver(result, streamed=watch.streamed)


def detach(settings: CliSettings, found: Described, given: Mapping[str, Any]) -> None:
    """Submit a job and print its id."""
    with settings.client() as client, cancelling(found):
        job = bound(client, found).submit(**given)
    write(f"{job.id}\n")


@contextmanager
def cancelling(found: Described) -> Generator[None, None, None]:
    """Say that a job was cancelled where Ctrl-C or SIGTERM ended the waiting; the stream has told the hub by then.

    Raises:
        StoppedError: In place of the interruption.
    """
    try:
        yield
    except KeyboardInterrupt as reason:
        is_terminated = isinstance(reason, TerminatedError)
        raise StoppedError(
            f"{'terminated' if is_terminated else 'interrupted'}; "
            f"the hub was asked to cancel the job of {found.name}",
            Exit.TERMINATED if is_terminated else Exit.INTERRUPTED,
        ) from None
