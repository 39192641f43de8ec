"""The example notebook, executed by a kernel against the sandbox: its outputs hold the rich forms."""

import json
from pathlib import Path
from typing import Any

import pytest
from aki_sandbox.server import SandboxServer
from aki_sandbox.settings import HubSettings

pytest.importorskip("ipykernel", reason="ipykernel is not installed")
nbclient = pytest.importorskip("nbclient", reason="nbclient is not installed")
nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed")

NOTEBOOK = Path(__file__).parents[2] / "examples" / "notebook.ipynb"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The cells by their ids, with their outputs."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("notebook")
        patch.setenv("IPYTHONDIR", str(folder / "ipython"))
        patch.setenv("JUPYTER_PLATFORM_DIRS", "1")
        patch.setenv("AKI_API_KEY", "any-key")
        notebook = nbformat.read(NOTEBOOK, as_version=4)
        with SandboxServer(settings=HubSettings(job_seconds=0.5)) as server:
            patch.setenv("AKI_API_SERVER", server.url)
            nbclient.NotebookClient(
                notebook, timeout=60, resources={"metadata": {"path": str(folder)}}
            ).execute()
    return {cell.id: cell for cell in notebook.cells}


def forms(cell: Any) -> list[dict[str, str]]:
    """Return the forms of each output that is no stream of text."""
    return [output.data for output in cell.outputs if "data" in output]


def test_a_picture_is_a_picture(executed: Any) -> None:
    (shown,) = forms(executed["picture"])
    assert "image/jpeg" in shown or "image/png" in shown


def test_a_result_shows_its_pictures_and_figures(executed: Any) -> None:
    (shown,) = forms(executed["painting"])
    assert "<img " in shown["text/html"]
    assert "seed" in shown["text/html"]


def test_a_sound_has_a_player(executed: Any) -> None:
    (shown,) = forms(executed["sound"])
    assert shown["text/html"].startswith("<audio controls")


@pytest.mark.parametrize("cell", ["stream", "async"])
def test_a_stream_is_one_output_that_ends_as_the_result(executed: Any, cell: str) -> None:
    (shown,) = forms(executed[cell])
    assert "Hello from the sandbox" in shown["text/html"]
    assert "num_generated_tokens" in shown["text/html"]
    assert "queued" not in shown["text/html"]


def test_a_call_has_a_progress_bar(executed: Any) -> None:
    texts = [output.text for output in executed["painting"].outputs if "text" in output]
    assert "Painting: done" in "".join(texts)


def test_the_notebook_is_kept_without_outputs() -> None:
    cells = json.loads(NOTEBOOK.read_text("utf-8"))["cells"]
    assert all(not cell.get("outputs") and not cell.get("execution_count") for cell in cells)
