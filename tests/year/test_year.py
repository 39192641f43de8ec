"""A year of a hub: thirty revisions through the real command, over HTTP, each reverted and repeated."""

import json

import pytest
from aki_codegen.commands.changes import as_markdown
from aki_codegen.commands.options import ExitStatus
from aki_runtime.changes.compare import Change, worst
from aki_runtime.changes.rules import RULES
from year.play import PACKAGE, without_history
from year.second_half import YEAR
from year.start import new_year

CLASSES = {
    None: ExitStatus.OK,
    "harmless": ExitStatus.HARMLESS,
    "risky": ExitStatus.RISKY,
    "breaking": ExitStatus.BREAKING,
}


@pytest.fixture(params=YEAR, ids=lambda revision: revision.name)
def revision(request):
    return request.param


@pytest.fixture
def season(seasons, revision):
    return seasons[revision.name]


def changes_of(season):
    """Return the changes that `diff --format json` tells."""
    if season.diff.status == ExitStatus.FAILED:
        return ()
    return tuple(Change(**change) for change in json.loads(season.diff.output)["changes"])


def test_the_year_has_thirty_revisions():
    assert len(YEAR) == 30
    assert len({revision.name for revision in YEAR}) == 30


class TestReport:
    """What is told of a revision, and what is done."""

    def test_it_names_exactly_what_changed(self, season, revision):
        told = {(c.endpoint, c.where, c.kind): c for c in changes_of(season)}
        expected = {(told.endpoint, told.where, told.kind): told for told in revision.tells}
        assert told.keys() == expected.keys()
        for place, change in told.items():
            assert expected[place].words in change.message
            assert change.severity == RULES[change.kind].severity

    def test_the_refresh_ends_with_that_report(self, season, revision):
        if revision.refused:
            assert season.made.output == ""
            return
        assert season.made.output.endswith(season.text.output)
        for told in revision.tells:
            assert told.words in season.text.output

    def test_the_status_says_whether_all_was_written(self, season, revision):
        assert season.made.status == revision.status, season.made.errors
        assert revision.refused in season.made.errors
        said = {line.strip() for line in season.made.output.splitlines() if "; " in line}
        for endpoint, words in revision.problems.items():
            assert any(line.startswith(f"{endpoint}: ") and words in line for line in said)
        assert len(revision.problems) <= len(said)
        assert bool(revision.problems) == (revision.status == ExitStatus.INCOMPLETE)

    def test_a_comparison_exits_with_the_class_of_the_change(self, season, revision):
        expected = CLASSES[worst(changes_of(season))]
        if revision.refused and not season.diff.output:
            expected = ExitStatus.FAILED
        statuses = {season.diff.status, season.text.status, season.live.status}
        assert statuses == {expected}

    def test_comparing_writes_nothing(self, season):
        assert season.looked == season.before

    def test_the_history_has_it_on_top(self, season, revision):
        before, after = (
            c.get(f"{PACKAGE}/CHANGES.md", b"").decode() for c in (season.before, season.after)
        )
        changes = changes_of(season)
        if revision.refused or not changes:
            assert after == before
            return
        head, _, rest = after.partition("\n## ")
        body = as_markdown(changes).partition("\n")[2]
        assert rest.partition("\n")[2].startswith(body)
        assert after.endswith(before.removeprefix(f"{head}\n"))


class TestPackage:
    """What is there after a refresh, and whether it works."""

    def test_it_has_the_endpoints_of_the_hub(self, season, seasons, revision):
        offered = set(new_year().documents)
        for past in YEAR[: YEAR.index(revision) + 1]:
            offered = (offered | past.comes) - past.goes
        assert season.offered == offered
        assert season.gone == revision.goes

    def test_it_is_what_its_snapshot_makes(self, season):
        assert season.check.status == 0, season.check.errors

    def test_every_endpoint_can_be_called(self, season):
        assert season.visit is not None, season.cry
        gave = season.visit["gave"]
        assert gave.keys() == season.served
        assert all(gave.values()), gave

    def test_what_is_gone_says_so_and_names_what_can_stand_in(self, season, revision):
        assert season.visit["gone"].keys() == revision.goes
        for endpoint, (looked_up, called) in season.visit["gone"].items():
            assert f"has removed the endpoint {endpoint}" in looked_up
            assert called.startswith("EndpointRemovedError: ")
            for other in revision.instead.get(endpoint, ()):
                assert other in looked_up
                assert other in called

    def test_the_client_does_not_take_itself_for_stale(self, season, revision):
        assert {endpoint for endpoint, _ in season.visit["stale"]} == revision.goes

    def test_what_is_refused_leaves_every_byte(self, season, revision):
        if revision.refused:
            assert season.after == season.before

    def test_reverting_gives_back_the_former_bytes(self, season):
        assert without_history(season.reverted) == without_history(season.before)

    def test_repeating_gives_the_same_bytes(self, season):
        assert without_history(season.again) == without_history(season.after)

    def test_a_second_refresh_changes_nothing_but_tombstones(self, season, revision):
        if not revision.goes:
            assert season.settled == season.again
        assert f"{PACKAGE}/spec/hub.json" in season.settled


def test_an_endpoint_that_flaps_has_its_former_bytes(seasons):
    away, back = (seasons[f"june: the composer flaps {way}"] for way in ("away", "back"))
    assert without_history(back.after) == without_history(away.before)
