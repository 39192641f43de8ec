"""`aki-codegen diff` over hubs that run, in order and out of order."""

import json

from aki_codegen.cli import main
from aki_sandbox.server import SandboxServer
from e2e.diff.states import BREAKING, FIRST, RISKY
from support.command import KEY
from support.stub_hub import Answer, StubHub


class TestLiveHubs:
    """The metadata of a hub that runs."""

    def test_without_arguments_the_snapshot_is_compared_with_the_hub_of_the_environment(
        self, diff, package, monkeypatch
    ):
        with StubHub.offering(BREAKING) as hub:
            monkeypatch.setenv("AKI_API_SERVER", hub.url)
            status, output, errors = diff()
        assert status == 12
        assert "input steps: its range narrows: 1–50 → 1–40" in output
        assert errors.startswith(f"Comparing {package} with {hub.url} (without a key).")

    def test_the_sandbox_is_compared_with_itself(self, diff, out, capsys):
        assert main(["generate", "--out", str(out), "--package", "hub_client"]) == 0
        capsys.readouterr()
        assert diff()[:2] == (0, "no change\n")

    def test_a_sandbox_with_another_catalogue_is_another_hub(self, diff, package, tmp_path):
        catalogue = tmp_path / "catalogue"
        catalogue.mkdir()
        for name, document in RISKY.items():
            (catalogue / f"{name}.json").write_text(json.dumps({"name": name, **document}))
        with SandboxServer(catalogue=catalogue) as hub:
            assert diff(package, hub.url)[0] == 11
            assert diff(hub.url, package)[0] == 11
            assert diff(hub.url, hub.url)[0] == 0

    def test_an_endpoint_that_is_not_described_is_told_and_no_removal(self, diff, package):
        with StubHub.offering(FIRST) as hub:
            hub.answers["/api/endpoints/singer"] = Answer("<html>", 502)
            for states in ((package, hub.url), (hub.url, package)):
                status, output, errors = diff(*states)
                assert (status, output) == (0, "no change\n")
                assert "singer: its details could not be had" in errors

    def test_a_hub_that_offers_nothing_has_removed_everything(self, diff, package):
        with StubHub({"/api/endpoints": {"endpoints": []}}) as hub:
            status, output, _ = diff(package, hub.url)
        assert status == 12
        assert output.endswith("2 changes: 2 breaking\n")

    def test_a_hub_that_does_not_answer_is_a_failure(self, diff, package):
        status, output, errors = diff(package, "http://127.0.0.1:9")
        assert (status, output) == (1, "")
        assert "the endpoint list could not be had" in errors

    def test_a_key_goes_over_plain_http_only_to_this_machine(self, diff, package, tmp_path):
        key = tmp_path / "key"
        key.write_text(KEY)
        status, _, errors = diff(package, "http://hub.example", "--api-key-file", key)
        assert status == 1
        assert "plain http" in errors
