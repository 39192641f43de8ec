"""Which hub is asked where `--server`, the environment, the package and the key name several, and with which key."""

import json
import shlex
import shutil
import socket
from contextlib import ExitStack
from itertools import product

import pytest
from aki_codegen.cli import main
from support.command import KEY, PACKAGE, Generate, two_endpoints, without_environment

MADE_FROM = ("nothing", "the sandbox", "a hub")
COMMANDS = ("generate", "check", "diff")


@pytest.fixture(scope="module")
def hubs():
    """Three hubs: one for each way to be named."""
    with ExitStack() as opened:
        yield {name: opened.enter_context(two_endpoints()) for name in ("own", "env", "option")}


@pytest.fixture
def asked(hubs, monkeypatch):
    """Return which hubs were asked since the last time; AKI.IO by its name being looked up, and it does not answer."""
    look_up = socket.getaddrinfo
    outside = []

    def noted(host, *arguments, **named):
        name = host.decode() if isinstance(host, bytes) else str(host)
        if name != "127.0.0.1":
            outside.append(name)
            raise socket.gaierror(socket.EAI_NONAME, "not in a test")
        return look_up(host, *arguments, **named)

    monkeypatch.setattr(socket, "getaddrinfo", noted)

    def asked():
        names = {name for name, hub in hubs.items() if hub.paths} | set(outside)
        outside.clear()
        for hub in hubs.values():
            hub.paths.clear()
        return names

    asked()
    return asked


@pytest.fixture(scope="module")
def packages(hubs, tmp_path_factory):
    """The package of each origin, made once."""
    place = tmp_path_factory.mktemp("packages")
    words = ["generate", "--package", PACKAGE, "--out"]
    with pytest.MonkeyPatch.context() as patch:
        without_environment(patch)
        assert main([*words, str(place / "the sandbox")]) == 0
        server = hubs["own"].url
        assert main([*words, str(place / "a hub"), "--server", server, "--layout", "aime"]) == 0
    return place


@pytest.fixture
def run(packages, tmp_path, monkeypatch, capsys):
    """Run a command on a copy of the package of an origin; return its status, output and errors."""
    without_environment(monkeypatch)

    def run(command, made_from, *options):
        out = tmp_path / "out"
        shutil.rmtree(out, ignore_errors=True)
        if made_from != "nothing":
            shutil.copytree(packages / made_from, out)
        live = ["--live"] if command == "check" else []
        words = ["--out", str(out), "--package", PACKAGE, *options]
        status = main([command, *live, *words])
        told = capsys.readouterr()
        assert KEY not in told.out + told.err
        return status, told.out, told.err

    return run


def combinations(command):
    origins = MADE_FROM if command == "generate" else MADE_FROM[1:]
    return product(origins, (False, True), ("option and env", "option", "env", "nobody"))


def expected(made_from, named, *, with_key):
    if named in ("option and env", "option"):
        return {"option"}
    if named == "env":
        return {"env"}
    return {
        ("a hub", True): {"own"},
        ("a hub", False): {"own"},
        ("the sandbox", True): {"aki.io"},
        ("the sandbox", False): set(),
        ("nothing", True): {"aki.io"},
        ("nothing", False): set(),
    }[made_from, with_key]


@pytest.mark.parametrize("command", COMMANDS)
def test_one_hub_is_asked_and_no_other_gets_the_key(run, hubs, asked, monkeypatch, command):
    for made_from, with_key, named in combinations(command):
        options = ["--server", hubs["option"].url] if "option" in named else []
        with monkeypatch.context() as patch:
            if with_key:
                patch.setenv("AKI_API_KEY", KEY)
            if "env" in named:
                patch.setenv("AKI_API_SERVER", hubs["env"].url)
            status, _, errors = run(command, made_from, *options)
        case = (made_from, with_key, named)
        wanted = expected(made_from, named, with_key=with_key)
        for name in wanted & hubs.keys():
            assert all((f"key={KEY}" in path) is with_key for path in hubs[name].paths), case
        assert (case, asked()) == (case, wanted)
        assert ("the sandbox hub" in errors) is (wanted == set()), case
        assert (status == 1) is (wanted == {"aki.io"}), case


@pytest.mark.parametrize("named", ["env", "nobody"])
def test_a_state_to_compare_gets_the_key_only_where_something_else_names_it(
    run, hubs, tmp_path, monkeypatch, asked, named
):
    """What is typed on the command line is no word that the key belongs there; a file with a key is."""
    monkeypatch.setenv("AKI_API_KEY", KEY)
    if named == "env":
        monkeypatch.setenv("AKI_API_SERVER", hubs["env"].url)
    file = tmp_path / "key"
    file.write_text(KEY)
    with_file = ["--api-key-file", str(file)]
    for state, options, with_key in (
        ("own", ["--layout", "aime"], True),
        ("env", [], named == "env"),
        ("option", [], False),
        ("option", with_file, True),
    ):
        _, _, errors = run("diff", "a hub", f"{hubs[state].url}/", *options)
        assert all((f"key={KEY}" in path) is with_key for path in hubs[state].paths), state
        assert asked() == {state}
        assert ("--api-key-file sends one" in errors) is not with_key


def test_a_package_keeps_the_layout_of_its_hub(run, tmp_path):
    assert run("generate", "a hub")[0] == 0
    assert _hub_of(tmp_path / "out")["layout"] == "aime"


@pytest.mark.parametrize("how", ["option", "env"])
def test_a_package_keeps_the_layout_of_its_hub_where_that_is_named(
    run, hubs, tmp_path, monkeypatch, how
):
    if how == "env":
        monkeypatch.setenv("AKI_API_SERVER", f"{hubs['own'].url}/api/")
    options = ["--server", hubs["own"].url] if how == "option" else []
    assert run("generate", "a hub", *options)[0] == 0
    assert _hub_of(tmp_path / "out")["layout"] == "aime"


def test_another_hub_does_not_inherit_the_layout(run, hubs, tmp_path):
    assert run("generate", "a hub", "--server", hubs["option"].url)[0] == 0
    made_from = _hub_of(tmp_path / "out")
    assert made_from["layout"] == "aki"
    assert f"--server {hubs['option'].url} --layout aki" in made_from["command"]


@pytest.mark.parametrize("out", ["clients", "my clients/it's", "generated"])
@pytest.mark.parametrize("package", [PACKAGE, "aki_client"])
@pytest.mark.parametrize("layout", ["aki", "aime"])
def test_the_printed_command_makes_the_package_again(
    hubs, tmp_path, monkeypatch, capsys, out, package, layout
):
    without_environment(monkeypatch)
    monkeypatch.chdir(tmp_path)
    generate = Generate(tmp_path / out, capsys)
    options = ("--server", hubs["own"].url, "--layout", layout)
    assert generate(*options, package=package)[0] == 0
    before = generate.content()
    command = _hub_of(tmp_path / out, package)["command"]
    assert f"`{command}`" in (tmp_path / out / package / "REPORT.md").read_text("utf-8")
    shutil.rmtree(tmp_path / out)
    program, *words = shlex.split(command)
    assert (program, main(words)) == ("aki-codegen", 0)
    assert generate.content() == before


def test_the_history_prints_the_command_too(run, hubs, tmp_path):
    with two_endpoints() as hub:
        hub.answers["/api/endpoints"]["endpoints"].append("dancer")
        hub.answers["/api/endpoints/dancer"] = hub.answers["/api/endpoints/singer"]
        run("generate", "a hub", "--server", hub.url)
    command = _hub_of(tmp_path / "out")["command"]
    assert f"`{command}`" in (tmp_path / "out" / PACKAGE / "CHANGES.md").read_text("utf-8")


def test_a_package_made_from_the_sandbox_prints_no_server(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run("generate", "the sandbox")
    assert _hub_of(tmp_path / "out")["command"] == (
        f"aki-codegen generate --out out --package {PACKAGE}"
    )


def test_check_agrees_with_a_report_from_anywhere(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run("generate", "a hub")
    assert "--out out" in (tmp_path / "out" / PACKAGE / "REPORT.md").read_text("utf-8")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert main(["check", "--out", "../out", "--package", PACKAGE]) == 0


def _hub_of(out, package=PACKAGE):
    return json.loads((out / package / "spec" / "hub.json").read_text("utf-8"))
