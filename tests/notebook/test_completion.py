"""What a notebook completes in a call: the parameters of the endpoint, in every form."""

import pytest

shells = pytest.importorskip("IPython.core.interactiveshell")
pytest.importorskip("jedi")


@pytest.fixture(scope="module")
def completed():
    from IPython.core.completer import provisionalcompleter

    shell = shells.InteractiveShell()
    shell.run_cell(
        "from aki_client import Aki, AsyncAki\n"
        "from aki_client.endpoints import flux_dev\n"
        "aki, async_aki = Aki('key'), AsyncAki('key')\n"
        "fast = aki.flux_dev.with_options(timeout=60)"
    )

    def texts(code):
        with provisionalcompleter():
            return [each.text for each in shell.Completer.completions(code, len(code))]

    return texts


@pytest.mark.parametrize("form", ["", ".stream", ".submit"])
@pytest.mark.parametrize("endpoint", ["aki.flux_dev", "async_aki.flux_dev", "flux_dev", "fast"])
def test_every_form_completes_the_endpoints_parameters(completed, endpoint, form):
    assert "width=" in completed(f"{endpoint}{form}(prompt='a robot', wi")
