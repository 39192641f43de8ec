"""The year is played once for all tests that look at it."""

import pytest
from support.command import without_environment
from year.hub import YearHub
from year.play import Player, Season
from year.second_half import YEAR
from year.start import new_year


@pytest.fixture(scope="session")
def seasons(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Season]:
    """What came of each revision, by its name."""
    folder = tmp_path_factory.mktemp("year")
    with pytest.MonkeyPatch.context() as patch, YearHub() as hub:
        without_environment(patch)
        patch.chdir(folder)
        player = Player(hub, folder, new_year())
        assert player.first.status == 0, player.first.errors
        return {revision.name: player.play(revision) for revision in YEAR}
