"""No parameter, whatever a hub calls it, changes what an option of the command line means, or hides behind one."""

import json

from aki_sandbox.server import SandboxServer
from support.jobs import last_job

from .conftest import Command


def test_behind_the_name_every_word_with_two_dashes_is_the_endpoints(
    odd: Command, odd_hub: SandboxServer
) -> None:
    words = ["--help", "h", "--output", "o", "--json", "j", "--save-to", "s", "--server", "u"]
    ran = odd("call", "odd", "--prompt", "p", *words, "--no-detach")
    assert ran.status == 0, ran.err
    sent = last_job(odd_hub).work.inputs
    given = {name: sent[name] for name in ("help", "output", "json", "save_to", "server")}
    assert given == {"help": "h", "output": "o", "json": "j", "save_to": "s", "server": "u"}
    assert sent["detach"] is False


def test_before_the_name_and_as_letters_they_are_the_commands_own(odd: Command) -> None:
    before = odd("call", "--output", "json", "odd", "--prompt", "p", "--output", "o")
    behind = odd("call", "odd", "--prompt", "p", "--output", "o", "-o", "json")
    assert "p" in before.document["outputs"]["text"]
    assert "p" in behind.document["outputs"]["text"]


def test_one_dash_and_h_is_help_whatever_the_endpoint_takes(odd: Command) -> None:
    assert odd("call", "odd", "-h").out.startswith("Usage: aki call odd")


def test_a_name_that_can_be_no_option_is_given_as_json(
    odd: Command, odd_hub: SandboxServer
) -> None:
    assert "Only in --json: a b." in " ".join(odd("call", "odd", "-h").out.split())
    whole = json.dumps({"prompt": "p", "a b": "c"})
    assert odd("call", "odd", "-j", "-", stdin=whole).status == 0
    assert last_job(odd_hub).work.inputs["a b"] == "c"


def test_an_option_at_the_wrong_place_is_told_where_it_belongs(aki: Command) -> None:
    ran = aki("call", "flux_dev", "--save-to", "x", "--prompt", "p")
    assert ran.status == 2
    assert "it stands before `flux_dev`: aki call --save-to … flux_dev" in ran.err
    assert "aki --server … endpoints" in aki("endpoints", "--server", "x").err
