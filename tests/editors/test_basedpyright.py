"""What an editor shows while a call is typed, asked of basedpyright's language server.

All forms stand in one document, so that the server reads the package once.
"""

import inspect
import json
import shutil
import sys
from itertools import product
from pathlib import Path

import pytest
from aki_client.endpoints._flux_dev import flux_dev
from support.lsp import Document, language_server
from support.package import made_package

ENDPOINTS = ("aki.flux_dev", "aio.flux_dev", "flux_dev", "awaitable_flux_dev")
CALLS = tuple(map("".join, product(ENDPOINTS, ("", ".stream", ".submit"))))
ELSEWHERE = """\
from aki_client import Aki, AsyncAki
from aki_client.endpoints import flux_dev
from aki_client.endpoints.aio import flux_dev as awaitable_flux_dev
from aki_client.models import FluxDevInput

aki = Aki()
aio = AsyncAki()
aki.fl
aki.whisper_transcribe(language="")
aki.flux_dev.with_options(timeout=5).stream(seed=1)
FluxDevInput()
FluxDevInput(provide_progress_images="")

async def paint() -> None:
    from aki_client.endpoints.aio import flux_dev
"""

PARAMETERS = {
    "prompt=",
    "width=",
    "height=",
    "seed=",
    "steps=",
    "provide_progress_images=",
    "num_samples=",
    "guidance=",
    "image2image_strength=",
    "image=",
}
CHOICES = {"none", "decoded"}
WIDTH = "Whole number, 128–2048 in multiples of 32"


@pytest.fixture(scope="module")
def document(tmp_path_factory):
    server = shutil.which("basedpyright-langserver", path=Path(sys.executable).parent)
    assert server, "basedpyright is not installed beside this Python"
    workspace = tmp_path_factory.mktemp("workspace")
    project = {"typeCheckingMode": "strict", "extraPaths": [str(made_package())]}
    (workspace / "pyrightconfig.json").write_text(json.dumps(project))
    settings = {"python": {"pythonPath": sys.executable}}
    lines = [line for call in CALLS for line in forms_of(call)]
    with language_server([server, "--stdio"], workspace, settings) as running:
        yield Document(running, workspace / "robot.py", "\n".join([ELSEWHERE, *lines, ""]))


def forms_of(call):
    return [
        f"{call}()",
        f"{call}(provide_progress_images=)",
        f'{call}(provide_progress_images="")',
        f'{call}(prompt="a robot", width=512)',
    ]


def within(dotted, place):
    """Put the cursor into one of the names of a dotted text."""
    names = dotted.split(".")
    names[place] = f"{names[place][0]}|{names[place][1:]}"
    return ".".join(names)


def assert_offers(offered, wanted):
    """Check that completions hold the wanted ones, however they are quoted."""
    missing = wanted - {label.strip("'\"") for label in offered}
    assert not missing, f"{sorted(missing)} are not offered; these come first: {offered[:12]}"


def assert_explains(shown):
    """Check that the whole docstring is shown, whatever Markdown makes of its underscores and indents."""
    plain = shown.replace("\\", "").replace("&nbsp;", "")
    lines = map(str.strip, inspect.cleandoc(flux_dev.__doc__).splitlines())
    missing = [line for line in lines if line not in plain]
    assert not missing, "not shown: {}\n\nshown:\n{}".format("\n".join(missing), shown)


def assert_summarises(shown):
    """Check that an attribute's own docstring is shown; what each parameter takes is in the signature's."""
    assert inspect.cleandoc(flux_dev.__doc__).splitlines()[0] in shown.replace("\\", "")


def test_the_docstring_gives_the_ranges():
    assert f"width: Width in pixels. {WIDTH}" in flux_dev.__doc__


@pytest.mark.parametrize("call", CALLS)
class TestCall:
    """Call, stream and submit, of both clients and of the functions on a default client."""

    def test_parameter_names_are_completed(self, document, call):
        assert_offers(document.completions(f"\n{call}(|)\n"), PARAMETERS)

    def test_choices_are_completed(self, document, call):
        assert_offers(document.completions(f"\n{call}(provide_progress_images=|)"), CHOICES)

    def test_nothing_but_choices_is_completed_in_quotes(self, document, call):
        offered = document.completions(f'\n{call}(provide_progress_images="|")')
        assert {label.strip('"') for label in offered} == CHOICES

    def test_hovering_shows_the_docstring(self, document, call):
        shown = document.hover(f'\n{within(call, -1)}(prompt="a robot", width=512)')
        is_attribute = call in ("aki.flux_dev", "aio.flux_dev")
        (assert_summarises if is_attribute else assert_explains)(shown)

    def test_the_signature_shows_parameters_and_docstring(self, document, call):
        signature = document.signature(f'\n{call}(prompt="a robot", width=|512)')
        assert "width: int | None = 1024" in signature["label"]
        assert "provide_progress_images: Literal['none', 'decoded']" in signature["label"]
        assert_explains(signature["documentation"]["value"])

    def test_the_signature_explains_the_parameter_that_is_typed(self, document, call):
        signature = document.signature(f'\n{call}(prompt="a robot", width=|512)')
        typed = signature["parameters"][signature["activeParameter"]]
        assert (typed["label"], WIDTH in typed["documentation"]["value"]) == (
            "width: int | None = 1024",
            True,
        )


@pytest.mark.parametrize("call", [call for call in CALLS if call.endswith(("stream", "submit"))])
def test_hovering_over_the_endpoint_of_a_method_shows_the_docstring(document, call):
    assert_summarises(document.hover(f'\n{within(call, -2)}(prompt="a robot", width=512)'))


@pytest.mark.parametrize(
    "module", ["\nfrom aki_client.endpoints", "    from aki_client.endpoints.aio"]
)
def test_hovering_over_an_import_shows_the_docstring(document, module):
    assert_explains(document.hover(f"{module} import flux_|dev\n"))


def test_a_begun_endpoint_is_completed_with_its_docstring(document):
    assert_summarises(document.completion_text("\naki.fl|\n", "flux_dev"))


def test_options_leave_the_parameters_as_they_are(document):
    place = "aki.flux_dev.with_options(timeout=5).stream(|seed=1)"
    assert_offers(document.completions(place), PARAMETERS - {"seed="})


def test_a_selection_that_takes_other_text_too_completes_its_choices(document):
    assert_offers(document.completions('whisper_transcribe(language="|")'), {"auto", "en", "de"})


class TestInputModel:
    """The constructor of an input model."""

    def test_parameter_names_are_completed(self, document):
        assert_offers(document.completions("\nFluxDevInput(|)"), PARAMETERS)

    def test_choices_are_completed(self, document):
        place = '\nFluxDevInput(provide_progress_images="|")'
        assert_offers(document.completions(place), CHOICES)
