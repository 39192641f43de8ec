"""`aki-codegen generate` as people run it, where it goes well or nearly so: what is written, and what is said."""

import importlib
import json
import sys
from contextlib import contextmanager
from pathlib import Path

from aki_sandbox.server import SandboxServer
from aki_sandbox.settings import HubSettings
from support.command import KEY, PACKAGE, PAINTER
from support.metadata import details
from support.stub_hub import Answer

ROOT = Path(__file__).parents[3]


class TestIncomplete:
    """Endpoints that cannot be had are named with status 3, and the others are written."""

    def test_a_listed_endpoint_without_details_is_skipped_and_the_others_are_written(
        self, generate, hub, tmp_path
    ):
        hub.answers["/api/endpoints/singer"] = Answer({"error": "Endpoint disabled!"}, 400)
        status, output, _ = generate("--server", hub.url)
        assert status == 3
        assert "hub_client: 1 endpoint (1 new)" in output
        assert "singer: its details could not be had: Endpoint disabled!" in output
        assert "(skipped); try again later" in output
        assert (
            "| singer | its details could not be had"
            in (generate.package / "REPORT.md").read_text()
        )

    def test_one_that_was_known_before_is_kept(self, generate, hub):
        generate("--server", hub.url)
        before = _package_only(generate)
        hub.answers["/api/endpoints/singer"] = Answer("<html>502</html>", 502)
        status, output, _ = generate("--server", hub.url)
        assert status == 3
        assert "2 endpoints (2 unchanged)" in output
        assert "(kept)" in output
        after = _package_only(generate)
        told = {f"{PACKAGE}/spec/state.json", f"{PACKAGE}/manifest.json"}
        assert {path for path in after if after[path] != before.get(path)} == told

    def test_details_that_are_none_are_skipped(self, generate, hub):
        hub.answers["/api/endpoints/singer"] = ["no", "object"]
        status, output, _ = generate("--server", hub.url)
        assert status == 3
        assert "singer: its details are a list instead of an object (skipped)" in output

    def test_a_name_that_a_terminal_would_obey_is_shown_harmlessly(self, generate, hub):
        hub.answers["/api/endpoints/singer"] = details(
            {"\x1b[2J\ud800": {"type": "tensor"}, "\x1b[2J": {"type": "tensor"}}
        )
        status, output, _ = generate("--server", hub.url)
        assert status == 0
        assert "\x1b" not in output


class TestWriting:
    """The way it goes when all is well."""

    def test_without_any_environment_the_sandbox_is_asked_and_said_so(self, generate):
        status, output, errors = generate()
        assert status == 0
        assert errors.startswith("Asking the sandbox hub at http://127.0.0.1:")
        assert "set AKI_API_KEY to ask https://aki.io" in errors
        assert "endpoints (" in output
        recorded = json.loads((generate.package / "spec" / "hub.json").read_text())
        assert (recorded["server"], recorded["layout"]) == ("https://aki.io", "aki")

    def test_a_second_run_says_unchanged_and_touches_no_file(self, generate, hub):
        assert "2 endpoints (2 new)" in generate("--server", hub.url)[1]
        before = times(generate.out)
        status, output, _ = generate("--server", hub.url)
        assert (status, output) == (
            0,
            f"{generate.package}: 2 endpoints (2 unchanged)\nno change\n",
        )
        assert times(generate.out) == before

    def test_what_changed_is_named(self, generate, hub):
        generate("--server", hub.url)
        hub.answers["/api/endpoints/singer"] = details({"song": {}})
        hub.answers["/api/endpoints/dancer"] = PAINTER
        hub.answers["/api/endpoints"] = {"endpoints": ["painter", "singer", "dancer"]}
        output = generate("--server", hub.url)[1]
        assert (
            "3 endpoints (1 new, 1 changed, 1 unchanged)\n  new: dancer\n  changed: singer"
            in output
        )

    def test_offline_gives_the_same_bytes(self, generate, hub):
        generate("--server", hub.url)
        before = generate.content()
        (generate.package / "client.py").unlink()
        (generate.package / "REPORT.md").unlink()
        status, _, errors = generate("--offline")
        assert (status, generate.content()) == (0, before)
        assert errors == f"Rendering from the snapshot of {hub.url}, nobody is asked.\n"

    def test_the_server_may_come_from_the_environment(self, generate, hub, monkeypatch):
        monkeypatch.setenv("AKI_API_SERVER", f"{hub.url}/api/")
        assert f"Asking {hub.url} (without a key)" in generate()[2]

    def test_the_key_is_sent_and_written_nowhere(self, generate, hub, tmp_path):
        (tmp_path / "key.txt").write_text(f"{KEY}\n")
        assert generate("--server", hub.url, "--api-key-file", str(tmp_path / "key.txt"))[0] == 0
        assert all(f"key={KEY}" in path for path in hub.paths)
        assert not any(KEY.encode() in data for data in generate.content().values())

    def test_the_layout_is_remembered(self, generate, hub):
        generate("--server", hub.url, "--layout", "aime")
        stored = json.loads((generate.package / "spec" / "hub.json").read_text())
        assert (stored["server"], stored["layout"]) == (hub.url, "aime")

    def test_a_package_of_another_name_can_be_imported(self, generate, hub, tmp_path, monkeypatch):
        generate("--server", hub.url, package="another_hub_client")
        with imported("another_hub_client", generate, monkeypatch) as package:
            assert {"painter", "singer"} <= set(dir(package.Aki()))

    def test_a_package_calls_the_hub_that_it_was_generated_from_by_its_routes(
        self, generate, monkeypatch
    ):
        with SandboxServer(settings=HubSettings(job_seconds=0.02)) as sandbox:
            generate("--server", sandbox.url, "--layout", "aime", package="aime_client")
            with (
                imported("aime_client", generate, monkeypatch) as package,
                package.Aki("any") as aki,
            ):
                assert aki.api_server == sandbox.url
                assert aki.xttsv2(text="Hello").audio.format == "wav"
            asked = {request.path for request in sandbox.hub.requests}
        assert {"/xttsv2", "/xttsv2/progress"} <= asked
        assert not any(path.startswith(("/api/call", "/api/progress")) for path in asked)

    def test_the_key_of_a_file_goes_before_that_of_the_environment(
        self, generate, hub, tmp_path, monkeypatch
    ):
        monkeypatch.setenv("AKI_API_KEY", "of-the-environment")
        (tmp_path / "key.txt").write_text(KEY)
        generate("--server", hub.url, "--api-key-file", str(tmp_path / "key.txt"))
        assert all(path.endswith(f"key={KEY}") for path in hub.paths)


@contextmanager
def imported(name, generate, monkeypatch):
    """Import a generated package, and forget it behind the block."""
    monkeypatch.syspath_prepend(generate.out)
    try:
        yield importlib.import_module(name)
    finally:
        for module in [module for module in sys.modules if module.partition(".")[0] == name]:
            del sys.modules[module]


def _package_only(generate):
    return {
        name: data for name, data in generate.content().items() if not name.endswith("REPORT.md")
    }


def times(folder):
    return {path: path.stat().st_mtime_ns for path in [folder, *folder.rglob("*")]}
