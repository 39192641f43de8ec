"""Where options come from: as they are written, from variables, from `[tool.aki]` in pyproject.toml, in this order."""

from pathlib import Path

import pytest
from aki_cli.exits import Exit
from aki_sandbox.server import SandboxServer

from .conftest import KEY, Command


def project(text: str, folder: str = ".") -> None:
    Path(folder, "pyproject.toml").write_text(f"[tool.aki]\n{text}\n")


def test_the_file_names_the_hub(
    aki: Command, odd_hub: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AKI_API_SERVER")
    project(f'server = "{odd_hub.url}"')
    assert aki("key").out == f"The key is good for {odd_hub.url}.\n"


def test_a_variable_goes_before_the_file_and_an_option_before_both(
    aki: Command, hub: SandboxServer, odd_hub: SandboxServer
) -> None:
    project('server = "http://127.0.0.1:9"')
    assert hub.url in aki("key").out
    assert odd_hub.url in aki("--server", odd_hub.url, "key").out


def test_the_nearest_file_with_the_table_is_read(
    aki: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    project('package = "no_such"')
    Path("below", "further").mkdir(parents=True)
    Path("below", "pyproject.toml").write_text("[project]\n")
    monkeypatch.chdir("below/further")
    assert "'no_such' is not a generated package" in aki("endpoints").err
    Path("../.git").mkdir()
    assert aki("endpoints").status == 0, "what lies above a repository is not read"


def test_what_the_table_holds_for_aki_lint_is_left_to_it(aki: Command) -> None:
    project('ignore = ["AKI302"]\npackages = ["generated/aki_client"]')
    assert aki("endpoints").status == 0


@pytest.mark.parametrize(
    ("variable", "value", "words", "said"),
    [
        ("AKI_PACKAGE", "no_such", ["endpoints"], "'no_such' is not a generated package"),
        ("AKI_LAYOUT", "odd", ["key"], "layout 'odd' is unknown"),
        ("AKI_TIMEOUT", "0.2", ["call", "flux_dev", "x [[dur=60]]"], "the deadline passed"),
        ("AKI_API_KEY_FILE", "none.txt", ["key"], "the key file none.txt cannot be read"),
    ],
)
def test_each_option_has_a_variable(
    aki: Command,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    value: str,
    words: list[str],
    said: str,
) -> None:
    monkeypatch.setenv(variable, value)
    assert said in aki(*words).err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('servr = "x"', "unknown option 'servr' in [tool.aki]; did you mean server?"),
        ('timeout = "soon"', "timeout='soon' must be a number of seconds"),
        ("package = 5", "package=5 must be text"),
        ('api-key-file = "../key"', "must lie in this file's folder"),
        ("server = ", "is not TOML"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(aki: Command, text: str, said: str) -> None:
    project(text)
    ran = aki("endpoints")
    assert ran.status == Exit.CONFIGURATION
    assert ran.err.startswith(f"aki: {Path.cwd() / 'pyproject.toml'}")
    assert said in ran.err
    assert len(ran.err.splitlines()) == 1


def test_a_file_without_the_table_may_be_as_it_likes(aki: Command) -> None:
    Path("pyproject.toml").write_text("[project\n")
    assert aki("endpoints").status == 0


def test_the_key_does_not_go_to_a_hub_that_only_a_file_names(
    aki: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AKI_API_SERVER")
    project('server = "https://hub.example"')
    for words in (["key"], ["call", "flux_dev", "x"], ["endpoints", "--live"]):
        ran = aki(*words)
        assert ran.status == Exit.CONFIGURATION
        assert "the key in AKI_API_KEY does not go to https://hub.example" in ran.err
        assert "export AKI_API_SERVER=https://hub.example" in ran.err


def test_the_line_that_trusts_a_hub_runs_nothing_that_the_file_says(
    aki: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AKI_API_SERVER")
    project('server = "https://hub.example/$(touch pwned)"')
    ran = aki("key")
    assert ran.err.endswith(
        "trust it: export 'AKI_API_SERVER=https://hub.example/$(touch pwned)'\n"
    )


def test_a_key_file_beside_the_file_is_for_its_hub(
    aki: Command, hub: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AKI_API_SERVER")
    monkeypatch.setenv("AKI_API_KEY", "bad-key")
    Path("secret.txt").write_text(KEY)
    project(f'server = "{hub.url}"\napi-key-file = "secret.txt"')
    assert aki("key").status == 0


def test_a_link_does_not_lead_a_key_file_out_of_its_folder(aki: Command, tmp_path: Path) -> None:
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    outside.write_text("another secret")
    Path("key").symlink_to(outside)
    project('api-key-file = "key"')
    assert "must lie in this file's folder" in aki("key").err


def test_a_timeout_that_is_not_written_is_not_for_the_rows_of_a_batch(
    aki: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AKI_TIMEOUT", "5")
    Path("rows.csv").write_text("prompt\na lake\n")
    assert aki("batch", "flux_dev", "rows.csv", "--dry-run").status == 0
