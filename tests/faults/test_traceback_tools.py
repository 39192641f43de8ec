"""What tools make of a traceback, with every local that they show, holds neither the key nor a worker's credentials."""

import importlib
import io
import traceback

import httpx
import pytest
from aki_client import AkiError
from aki_sandbox.faults.effects import Cut, LoginPage, Status
from faults.leaks import secrets_in
from faults.modes import KEY
from faults.table.case import LONG


def by_the_standard_library(error):
    report = traceback.TracebackException.from_exception(error, capture_locals=True)
    return "".join(report.format())


def by_rich(error):
    console = pytest.importorskip("rich.console", reason="needs the extra `cli`")
    shown = importlib.import_module("rich.traceback").Traceback.from_exception(
        *of(error), show_locals=True, locals_max_length=100, locals_max_string=10_000
    )
    file = io.StringIO()
    console.Console(file=file, width=250).print(shown)
    return file.getvalue()


def by_ipython(error):
    tools = pytest.importorskip("IPython.core.ultratb", reason="needs IPython: make full")
    return tools.VerboseTB().text(*of(error))


def of(error):
    return type(error), error, error.__traceback__


pytestmark = pytest.mark.slow

TOOLS = [by_the_standard_library, by_rich, by_ipython]
FAULTS = {
    "a server that fails": (Status(500), "list"),
    "a cut submit": (Cut(), "submit"),
    "a poll that is no JSON": (LoginPage(), "poll"),
    "a poll that is refused": (Status(404), "poll"),
}


@pytest.mark.parametrize("show", TOOLS)
@pytest.mark.parametrize(("effect", "on"), FAULTS.values(), ids=FAULTS)
def test_a_failure_shows_no_secret(mode, hub, effect, on, show):
    hub.faults.add(effect, on=on, times=None)
    with mode.client(hub.url, max_retries=0, timeout=2.0) as aki:
        with pytest.raises(AkiError) as caught:
            mode.wait(aki.endpoints() if on == "list" else aki.llama3_8b_chat(prompt_input=LONG))
        shown = show(caught.value)
    assert type(caught.value).__name__ in shown
    assert "endpoints" in shown
    assert secrets_in(shown) == []


@pytest.mark.parametrize("show", TOOLS)
def test_the_failure_of_an_own_client_shows_no_secret(mode, hub, show):
    def refuse(request):
        assert KEY in str(request.url)
        raise httpx.ConnectError(f"no way to {request.url}", request=request)

    make = httpx.AsyncClient if mode.is_async else httpx.Client
    with (
        mode.using(make(transport=httpx.MockTransport(refuse))) as http,
        mode.client(hub.url, http_client=http, max_retries=0) as aki,
    ):
        with pytest.raises(AkiError, match=r"\?key=\*\*\*") as caught:
            mode.wait(aki.endpoints())
        shown = show(caught.value)
    assert secrets_in(shown) == []
