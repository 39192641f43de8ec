"""What pytest is offered: fixtures, a marker, an option. It imports nothing else before a test asks for it."""

import hashlib
import importlib
import re
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from aki_pytest.hub import AkiHub

_LONGEST_NAME = 100
_FAILED = pytest.StashKey[bool]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--aki-record` and the ini option `aki_package`."""
    parser.getgroup("aki").addoption(
        "--aki-record",
        action="store_true",
        help="record the cassettes of the tests that run anew, which pays for their jobs",
    )
    parser.addini(
        "aki_package",
        "generated package of aki_hub, aki_client and aki_async_client",
        default="aki_client",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Add the marker, and let cassettes in plain blocks be recorded too."""
    config.addinivalue_line(
        "markers",
        "aki_cassette(path): replay the jobs of a test from a file, by default one below cassettes/",
    )
    if config.getoption("aki_record"):
        environment = pytest.MonkeyPatch()
        environment.setenv("AKI_RECORD", "1")
        config.add_cleanup(environment.undo)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Let the cassette of a marked test be there before its other fixtures, which may call something."""
    if isinstance(item, pytest.Function) and _is_marked(item):
        item.fixturenames[:] = dict.fromkeys(["aki_cassette", *item.fixturenames])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    """Note that a test has failed, so that its cassette does not say so once more."""
    try:
        return (yield)
    except BaseException:
        item.stash[_FAILED] = True
        raise


@pytest.fixture
def aki_hub(pytestconfig: pytest.Config) -> "Generator[AkiHub]":
    """A sandbox hub of this test's own, with the endpoints of the generated package; `fault` lets it misbehave."""
    try:
        from aki_pytest.hub import AkiHub
    except ImportError as error:
        pytest.fail(
            f"aki_hub needs the extra 'sandbox': pip install 'aki-client[sandbox]' ({error})",
            pytrace=False,
        )
    with AkiHub(_package(pytestconfig).__name__) as hub:
        yield hub


@pytest.fixture
def aki_client(request: pytest.FixtureRequest) -> Generator[Any]:
    """An `Aki` of the test's sandbox hub; with a cassette, of the hub that the environment names."""
    with _client(request, "Aki") as client:
        yield client


@pytest.fixture
def aki_async_client(request: pytest.FixtureRequest) -> Any:
    """An `AsyncAki`, as `aki_client`; the end of the event loop closes it."""
    return _client(request, "AsyncAki")


@pytest.fixture
def aki_cassette(request: pytest.FixtureRequest) -> Generator[Path]:
    """Replay the jobs of this test, or record them with `--aki-record`; returns the file."""
    from aki_runtime.testing import CassetteError, cassette

    path = _cassette_of(request.node)
    try:
        with cassette(path):
            yield path
    except CassetteError:
        if not request.node.stash.get(_FAILED, False):
            raise


def _client(request: pytest.FixtureRequest, kind: str) -> Any:
    make = getattr(_package(request.config), kind)
    if "aki_cassette" in request.fixturenames:
        return make()
    return make("any", api_server=request.getfixturevalue("aki_hub").url)


def _package(config: pytest.Config) -> Any:
    name = config.getini("aki_package")
    try:
        return importlib.import_module(name)
    except ImportError as error:
        pytest.fail(
            f"the generated package {name!r} cannot be imported ({error}); "
            "the ini option aki_package names another one",
            pytrace=False,
        )


def _is_marked(item: pytest.Item) -> bool:
    return item.get_closest_marker("aki_cassette") is not None


def _cassette_of(item: pytest.Item) -> Path:
    """Return where the cassette of a test is: what its marker says, or a file named as the test."""
    marker = item.get_closest_marker("aki_cassette")
    given: list[Any] = [*marker.args, *marker.kwargs.values()] if marker is not None else []
    if given:
        try:
            (path,) = given
            return Path(item.path.parent, path)
        except (TypeError, ValueError):
            said = ", ".join(map(repr, given))
        pytest.fail(f"the marker aki_cassette takes the path of a file, not {said}", pytrace=False)
    test = item.nodeid.partition("::")[2].replace("::", ".")
    name = re.sub(r"[^\w.-]+", "_", test)[:_LONGEST_NAME]
    if name != test:  # another test's may look the same
        name += f"-{hashlib.sha256(test.encode()).hexdigest()[:8]}"
    return item.path.parent / "cassettes" / item.path.stem / f"{name}.json"
