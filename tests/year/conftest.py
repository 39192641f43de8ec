"""The year is played once for all tests that look at it."""

from collections.abc import Callable
from typing import TypeVar

import pytest
from aki_codegen.rendering import models, modules
from support.command import without_environment
from year.hub import YearHub
from year.play import Player, Season
from year.second_half import YEAR
from year.start import new_year

Made = TypeVar("Made")


def once(make: Callable[..., Made]) -> Callable[..., Made]:
    """Return what makes the same of the same, and makes it once however often the hub goes back and forth."""
    made: dict[str, Made] = {}

    def look_up(*given: object) -> Made:
        key = repr(given)
        if key not in made:
            made[key] = make(*given)
        return made[key]

    return look_up


@pytest.fixture(scope="session")
def seasons(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Season]:
    """What came of each revision, by its name."""
    folder = tmp_path_factory.mktemp("year")
    with pytest.MonkeyPatch.context() as patch, YearHub() as hub:
        without_environment(patch)
        patch.chdir(folder)
        # The refresh after the one that finds a removal is to take its tombstone away.
        (folder / "pyproject.toml").write_text("[tool.aki-codegen]\ntombstone-days = 0\n")
        # They take most of the time; that their output is always the same, tests/golden shows.
        patch.setattr(models, "_generate", once(models._generate))
        patch.setattr(modules, "formatted", once(modules.formatted))
        player = Player(hub, folder, new_year())
        assert player.first.status == 0, player.first.errors
        return {revision.name: player.play(revision) for revision in YEAR}
