"""A refresh loses nothing by accident: what happens to endpoints that a hub does not list any more."""

import importlib
import shutil
import sys

import pytest
from aki_codegen.rendering import modules
from support.command import PACKAGE, PAINTER, on_day
from support.stub_hub import Answer


@pytest.fixture
def generate(generate, hub):
    assert generate("--server", hub.url)[0] == 0
    return generate


def remove(hub, name):
    hub.answers["/api/endpoints"]["endpoints"].remove(name)
    del hub.answers[f"/api/endpoints/{name}"]


class TestRemoval:
    """An endpoint that the hub does not know any more leaves a tombstone for some days."""

    def test_it_is_told_once_and_its_module_stays_for_ninety_days(self, generate, hub, monkeypatch):
        remove(hub, "singer")
        on_day(monkeypatch, "2026-01-01")
        status, output, _ = generate("--server", hub.url)
        assert status == 0
        assert "1 endpoint (1 unchanged, 1 removed)" in output
        before = generate.content()
        on_day(monkeypatch, "2026-03-31")
        assert "1 endpoint (1 unchanged)" in generate("--server", hub.url)[1]
        assert generate.content() == before
        on_day(monkeypatch, "2026-04-01")
        generate("--server", hub.url)
        assert not (generate.package / "endpoints" / "_singer.py").exists()
        assert not (generate.package / "spec" / "endpoints" / "singer.json").exists()

    def test_the_tombstone_says_so_when_it_is_imported_and_called(self, generate, hub, monkeypatch):
        remove(hub, "singer")
        generate("--server", hub.url)
        monkeypatch.syspath_prepend(generate.out)
        importlib.invalidate_caches()
        try:
            client = importlib.import_module(f"{PACKAGE}.client").Aki()
            with pytest.warns(DeprecationWarning, match="has removed the endpoint singer"):
                singer = client.singer
            errors = importlib.import_module("aki_runtime.errors")
            with pytest.raises(errors.EndpointRemovedError, match="removed the endpoint singer"):
                singer(prompt="la")
        finally:
            for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
                del sys.modules[name]

    def test_one_that_comes_back_has_its_former_name_and_bytes(self, generate, hub, monkeypatch):
        before = generate.content()
        remove(hub, "singer")
        for day in ("2026-01-01", "2026-12-31"):
            on_day(monkeypatch, day)
            generate("--server", hub.url)
        hub.answers["/api/endpoints"]["endpoints"].append("singer")
        hub.answers["/api/endpoints/singer"] = PAINTER
        generate("--server", hub.url)
        after = generate.content()
        history = {f"{PACKAGE}/{n}" for n in ("CHANGES.md", "_version.py", "spec/history.json")}
        left, there = ({p: c[p] for p in c if p not in history} for c in (before, after))
        assert left == there

    def test_a_name_that_was_given_once_is_not_given_to_a_newcomer(self, generate, hub):
        remove(hub, "singer")
        generate("--server", hub.url)
        hub.answers["/api/endpoints"]["endpoints"].append("Singer")
        hub.answers["/api/endpoints/Singer"] = PAINTER
        generate("--server", hub.url)
        assert not (generate.package / "endpoints" / "_Singer.py").exists()
        assert (generate.package / "endpoints" / "_Singer_2.py").exists()


def test_what_was_settled_against_the_metadata_stays_settled(generate, hub, tmp_path, monkeypatch):
    settled = tmp_path / "settled"
    settled.mkdir()
    (settled / "pyproject.toml").write_text("[tool.aki-codegen.endpoints.singer]\nskip = true\n")
    monkeypatch.chdir(settled)
    generate("--server", hub.url)
    (settled / "pyproject.toml").unlink()
    hub.answers["/api/endpoints/painter"] = {**PAINTER, "title": "Painter 2"}
    generate("--server", hub.url)
    names = {path.name for path in (generate.package / "endpoints").iterdir()}
    assert "_painter.py" in names
    assert "_singer.py" not in names


class TestSandbox:
    """The sandbox hub stands in for a hub, and is none."""

    def test_a_real_one_replaces_it_without_a_word_of_loss(self, generate, hub):
        shutil.rmtree(generate.out)
        assert generate()[0] == 0
        hub.answers["/api/endpoints/painter"] = Answer("<html>", 503)
        status, output, _ = generate("--server", hub.url)
        assert status == 3
        assert ": 1 endpoint (" in output
        assert "painter: its details could not be had" in output
        assert "(skipped)" in output


class TestDoubt:
    """Where it is not certain that an endpoint is gone, it is kept as it was."""

    def test_a_removal_is_said_to_be_what_the_key_sees(self, generate, hub):
        remove(hub, "singer")
        said = "neither lists nor describes singer without a key; one with more rights may see more"
        assert said in generate("--server", hub.url)[2]

    @pytest.mark.parametrize("sections", [{}, {"input": None, "output": {}}, {"input": {}}])
    def test_details_that_have_lost_a_section_are_nonsense(self, generate, hub, sections):
        before = (generate.package / "endpoints" / "_painter.py").read_bytes()
        hub.answers["/api/endpoints/painter"] = {"parameter_description": sections}
        status, output, _ = generate("--server", hub.url)
        assert status == 3
        assert "painter: its details have lost the section" in output
        assert output.endswith("no change\n")
        assert (generate.package / "endpoints" / "_painter.py").read_bytes() == before

    def test_one_that_the_generator_can_not_make_any_more_is_kept(self, generate, hub, monkeypatch):
        before = (generate.package / "endpoints" / "_painter.py").read_bytes()
        verify = modules.verify_endpoint

        def refuse(path, source, endpoint):
            if "Painter 2" in source:
                raise modules.RenderedWrongError("it is wrong")
            verify(path, source, endpoint)

        monkeypatch.setattr(modules, "verify_endpoint", refuse)
        hub.answers["/api/endpoints/painter"] = {**PAINTER, "title": "Painter 2"}
        status, output, _ = generate("--server", hub.url)
        assert status == 3
        assert "painter: it is wrong (kept)" in output
        assert (generate.package / "endpoints" / "_painter.py").read_bytes() == before

    def test_one_that_the_hub_still_describes_is_kept(self, generate, hub):
        hub.answers["/api/endpoints"] = {"endpoints": ["painter"]}
        status, output, _ = generate("--server", hub.url)
        assert status == 3
        assert "singer: it is not on the list, but the hub still describes it" in output
        assert "fewer rights" in output

    @pytest.mark.parametrize("refusal", [400, 401, 402, 403, 429, 502])
    def test_one_of_which_the_hub_can_not_be_asked_is_kept(self, generate, hub, refusal):
        hub.answers["/api/endpoints"] = {"endpoints": ["painter"]}
        hub.answers["/api/endpoints/singer"] = Answer({"error": "no"}, refusal)
        status, output, _ = generate("--server", hub.url)
        assert status == 3
        assert "whether it is gone could not be seen" in output

    def test_nothing_is_removed_by_a_list_that_is_not_sound(self, generate, hub):
        remove(hub, "singer")
        hub.answers["/api/endpoints"]["endpoints"].append(3)
        status, output, _ = generate("--server", hub.url)
        assert status == 3
        assert "the list itself is not sound" in output

    def test_a_list_that_removes_more_than_half_is_refused(self, generate, hub):
        before = generate.content()
        hub.answers["/api/endpoints"] = {"endpoints": ["newcomer"]}
        hub.answers["/api/endpoints/newcomer"] = PAINTER
        for name in ("painter", "singer"):
            del hub.answers[f"/api/endpoints/{name}"]
        status, _, errors = generate("--server", hub.url)
        assert status == 1
        assert "would remove 2 of 2 endpoints" in errors
        assert generate.content() == before
        assert generate("--server", hub.url, "--force")[0] == 0

    def test_an_empty_list_is_refused(self, generate, hub):
        before = generate.content()
        hub.answers = {"/api/endpoints": {"endpoints": []}}
        status, _, errors = generate("--server", hub.url)
        assert status == 1
        assert "lists no endpoints" in errors
        assert generate.content() == before
        assert generate("--server", hub.url, "--force")[0] == 0
