"""Each statement of AGENTS.md, llms.txt and SKILL.md, tried against the sandbox; none is left untried."""

import asyncio
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import metadata
from pathlib import Path
from typing import Any

import aki_client
import httpx
import pytest
from agreement.inputs import media_samples
from aki_client import Aki, AkiError, AsyncAki, InvalidParametersError, models
from aki_sandbox.faults.effects import LoginPage, Reset, Status
from aki_sandbox.server import SandboxServer
from aki_sandbox.settings import HubSettings
from support.package import made_package

from .agent_text import package_texts, read_sections

PACKAGE = made_package() / "aki_client"
TEXTS = package_texts(PACKAGE)
WORDS = {"text": "Hello there"}
TRIED: list[str] = []
"""How the statements begin that a test is about."""


def says(*beginnings: str) -> Callable[[Any], Any]:
    """Mark a test as the proof of statements that begin so."""
    TRIED.extend(beginnings)
    return lambda test: test


def statements(text: str) -> Iterator[str]:
    """Give the paragraphs, items and rows of a file; endpoints.md's own rows have tests of their own."""
    text = re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.DOTALL)
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
    for block in re.split(r"\n\n+|\n(?=- |\| )", prose):
        flat = " ".join(block.split())
        if flat and not re.match(r"#|\| ---|\| error |- \[\w+\]\(\S+#", flat):
            yield flat


@pytest.fixture(scope="module")
def hub() -> Iterator[SandboxServer]:
    with SandboxServer(settings=HubSettings(job_seconds=0.02)) as server:
        yield server


@pytest.fixture
def aki(hub: SandboxServer) -> Iterator[Aki]:
    hub.faults.clear()
    with Aki("test-key", api_server=hub.url) as client:
        yield client


def run(*command: str) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name(command[0])
    return subprocess.run(
        [program, *command[1:]], capture_output=True, encoding="utf-8", check=False
    )


def test_every_statement_is_tried() -> None:
    said = [s for name in ("AGENTS.md", "llms.txt", "SKILL.md") for s in statements(TEXTS[name])]
    assert [s for s in said if not any(map(s.startswith, TRIED))] == []
    assert [t for t in TRIED if not any(s.startswith(t) for s in said)] == []


@says("- [SKILL.md]", "- [AGENTS.md]", "- [endpoints.md]")
def test_every_link_leads_to_what_is_there() -> None:
    folders = {"SKILL.md": next(PACKAGE.glob(".agents/skills/*"))}
    headings = set(read_sections(TEXTS["endpoints.md"]))
    for name, text in TEXTS.items():
        for link in re.findall(r"\]\(([^)]+)\)", text):
            path, _, anchor = link.partition("#")
            assert (folders.get(name, PACKAGE) / path).is_file()
            assert not anchor or anchor in headings
    assert len(re.findall(r"^- \[\w+\]\(\S+#", TEXTS["llms.txt"], re.MULTILINE)) == len(headings)


@says("Without `aki`", "- `aki changes`")
def test_every_command_and_option_is_there() -> None:
    spans = [
        s
        for text in TEXTS.values()
        for s in re.findall(r"(?<!`)`((?:aki|pip|aki-codegen) [^`]+)`", text)
    ]
    blocks = re.findall(r"^```sh\n(.*?)^```$", "\n".join(TEXTS.values()), re.DOTALL | re.MULTILINE)
    commands = {*spans, *(line for block in blocks for line in block.splitlines())}
    extras = metadata("aki-client").get_all("Provides-Extra") or []
    for program, command, *rest in map(shlex.split, sorted(commands)):
        if program in ("aki", "aki-codegen"):
            assert run(program, command, "--help").returncode == 0
        elif program == "pip":
            assert rest[0].removeprefix("aki-client[").removesuffix("]") in extras
        else:
            assert (program, command) == ("python", "-m")


@says("All are imported from", "| `")
def test_every_name_in_code_is_there(aki: Aki) -> None:
    job = aki.xttsv2.submit(**WORDS)
    holders = [aki_client, models, aki.xttsv2(**WORDS).audio, job, InvalidParametersError("x", [])]
    holders += [
        aki_client.ConnectionFailedError(""),
        aki_client.DeadlineExceededError(""),
        AkiError(""),
    ]
    spans = {
        s
        for n in ("AGENTS.md", "SKILL.md")
        for s in re.findall(r"`(?:job\.)?(\w+)(?:\(\))?`", TEXTS[n])
    }
    ours = {"aki", "aki_client", "AKI_API_KEY", "AKI_API_SERVER", "timeout", "ValueError"}
    assert [s for s in sorted(spans - ours) if not any(hasattr(h, s) for h in holders)] == []
    named = [s for s in spans if s.endswith("Error") and s != "ValueError"]
    assert len(named) > 8
    assert all(issubclass(getattr(aki_client, name), AkiError) for name in named)


@says(
    "Each endpoint of",
    "> A typed Python client",
    "A typed client of",
    "- `InvalidParametersError` lists",
)
@pytest.mark.parametrize("name", sorted(read_sections(TEXTS["endpoints.md"])))
def test_a_refused_call_sends_nothing(name: str, aki: Aki, hub: SandboxServer) -> None:
    before = hub.hub.jobs_submitted
    for said in read_sections(TEXTS["endpoints.md"])[name].parameters:
        for value in said.refused():
            with pytest.raises(InvalidParametersError) as refused:
                getattr(aki, name)(**{said.name: value})
            assert said.name in {problem.parameter for problem in refused.value.problems}
            assert not refused.value.by_hub
    assert hub.hub.jobs_submitted == before


@says("- `InvalidParametersError` lists")
def test_what_is_refused_is_named_with_what_is_allowed(aki: Aki) -> None:
    with pytest.raises(InvalidParametersError) as refused:
        aki.z_image_turbo(promt="a fox", width=1000)  # type: ignore[call-arg]
    problems = "\n".join(refused.value.problems)
    assert "width=1000 must be a multiple of 32 (nearest allowed: 992, 1024)" in problems
    assert "did you mean 'prompt'?" in problems


@says("- The key is read from", "- Name every argument")
def test_key_and_hub_come_from_variables_and_only_what_is_named_is_sent(
    hub: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AKI_API_KEY", "test-key")
    monkeypatch.setenv("AKI_API_SERVER", hub.url)
    sent: list[bytes] = []
    with httpx.Client(event_hooks={"request": [lambda r: sent.append(r.read())]}) as http:
        aki = Aki(http_client=http)
        aki.xttsv2(**WORDS)
    assert b'"text"' in sent[0]
    assert b"voice" not in sent[0]
    with pytest.raises(TypeError):
        aki.xttsv2("Hello there")  # type: ignore[misc]


@says('- Where a range ends in "the hub fits other values"')
def test_the_hub_fits_values_where_the_words_say_so(aki: Aki) -> None:
    (width,) = (
        s for s in read_sections(TEXTS["endpoints.md"])["flux_dev"].parameters if s.name == "width"
    )
    assert width.takes.endswith("; the hub fits other values")
    assert aki.flux_dev(prompt="a fox", width=100_000).images[0].open().width == 2048


@says("- Media are given as")
def test_media_go_in_in_every_form_and_come_out_as_objects(aki: Aki, tmp_path: Path) -> None:
    data = media_samples()["image_fine_png"]
    path = tmp_path / "in.png"
    path.write_bytes(data)
    with path.open("rb") as file:
        for given in (data, path, str(path), file):
            made = aki.image_upscale(image=given).image
    made = aki.image_upscale(image=made).image
    assert len(made.bytes) > 100
    assert made.mime.startswith("image/")
    assert made.save(tmp_path / "out").is_file()


@says("- `Xttsv2Input` of")
def test_the_input_model_checks_without_sending(hub: SandboxServer) -> None:
    before = hub.hub.jobs_submitted
    assert models.Xttsv2Input(text="Hello there").text == "Hello there"
    with pytest.raises(ValueError, match="voice"):
        models.Xttsv2Input(text="Hello there", voice="nobody")  # type: ignore[arg-type]
    assert hub.hub.jobs_submitted == before


@says("- `AsyncAki` has")
def test_async_clients_have_the_same_endpoints(hub: SandboxServer) -> None:
    async def call() -> int:
        async with AsyncAki("test-key", api_server=hub.url) as aki:
            return len((await aki.xttsv2(**WORDS)).audio.bytes)

    assert asyncio.run(call()) > 100


@says("- Save `job.id` first", "| `ResultGoneError`")
def test_a_result_is_fetched_by_the_id_once(aki: Aki, hub: SandboxServer) -> None:
    saved = aki.xttsv2.submit(**WORDS).id
    with Aki("test-key", api_server=hub.url) as another:
        assert another.xttsv2.job(saved).result(timeout=60).audio
        with pytest.raises(aki_client.ResultGoneError):
            another.xttsv2.job(saved).result(timeout=60)
    assert HubSettings().job_timeout == 6 * 60


@says("- Failures that certainly", "| `ConnectionFailedError`", "Do not catch")
@pytest.mark.parametrize(
    ("effect", "error"),
    [
        (Reset(), aki_client.ConnectionFailedError),
        (Status(500), aki_client.ServerError),
        (LoginPage(), aki_client.UnexpectedAnswerError),
    ],
)
def test_what_may_have_made_a_job_is_not_repeated(
    aki: Aki, hub: SandboxServer, effect: Any, error: type[AkiError]
) -> None:
    before = hub.hub.jobs_submitted
    hub.faults.add(effect, on="submit", times=None)
    with pytest.raises(error) as failed:
        aki.xttsv2(**WORDS)
    assert getattr(failed.value, "sent", True)
    assert hub.hub.jobs_submitted <= before + 1


@says("- Failures that certainly", "| `QueueFullError`, `RateLimitedError`")
def test_what_certainly_made_no_job_is_repeated(aki: Aki, hub: SandboxServer) -> None:
    hub.faults.add(Status(429), on="submit", times=1)
    assert aki.xttsv2(**WORDS).audio
    hub.faults.add(Status(429), on="submit", times=None)
    before = hub.hub.jobs_submitted
    with pytest.raises(aki_client.RateLimitedError):
        aki.xttsv2(**WORDS)
    assert hub.hub.jobs_submitted == before
    unreachable = Aki("key", api_server="http://127.0.0.1:9", max_retries=0)
    with unreachable, pytest.raises(aki_client.ConnectionFailedError) as failed:
        unreachable.xttsv2(**WORDS)
    assert failed.value.sent is False


@says("- `aki.xttsv2.with_options(timeout=60)`", "| `DeadlineExceededError`")
def test_a_time_limit_cancels_the_job(aki: Aki) -> None:
    limited = aki.xttsv2.with_options(timeout=0.5)
    with pytest.raises(aki_client.DeadlineExceededError) as over:
        limited(text="Hello there [[dur=30 steps=10]]")
    assert over.value.job_id
    with pytest.raises(aki_client.JobCanceledError):
        aki.xttsv2.job(over.value.job_id).result(timeout=10)


@says("- `result.usage` says", "| `BudgetExceededError`")
def test_a_budget_refuses_what_could_cost_more_than_is_left(
    aki: Aki, hub: SandboxServer, tmp_path: Path
) -> None:
    file = tmp_path / "prices.toml"
    price = "valid_from = 2026-01-01\nper_second_of_compute = 0.001\nmax_per_call = 0.3\n"
    file.write_text(f'format = 1\ncurrency = "EUR"\n[[endpoint."*"]]\n{price}')
    limited = aki.with_options(prices=aki_client.Prices.load(file), budget="0.3")
    result = limited.xttsv2(**WORDS)
    assert result.usage.compute_seconds
    assert result.cost
    before = hub.hub.jobs_submitted
    with pytest.raises(aki_client.BudgetExceededError):
        limited.xttsv2(**WORDS)
    assert hub.hub.jobs_submitted == before


@says("| `MissingKeyError`, `AuthenticationError`, `NotEntitledError`")
def test_errors_about_the_key_have_these_names(hub: SandboxServer) -> None:
    with Aki(api_server="https://aki.io") as aki, pytest.raises(aki_client.MissingKeyError):
        aki.xttsv2(**WORDS)
    with Aki("bad-key", api_server=hub.url) as aki, pytest.raises(aki_client.AuthenticationError):
        aki.xttsv2(**WORDS)
    with Aki("key", api_server=hub.url) as aki, pytest.raises(aki_client.NotEntitledError):
        aki.minimax_m3(prompt_input="Hello")


@says("| `JobFailedError`, `JobLapsedError`")
def test_a_job_that_failed_keeps_what_had_come(aki: Aki) -> None:
    with pytest.raises(aki_client.JobFailedError) as failed:
        aki.llama3_chat(prompt_input="Tell me a story [[errkeep=truncated]]")
    assert failed.value.partial
    assert issubclass(aki_client.JobLapsedError, aki_client.JobError)


@says("- It answers on this machine", "The sandbox stands in")
def test_the_sandbox_answers_for_every_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AKI_API_KEY", raising=False)
    with Aki.sandbox() as aki:
        assert set(aki.endpoints()) == {
            aki.load_endpoint(name).info.name for name in read_sections(TEXTS["endpoints.md"])
        }
        assert aki.xttsv2(**WORDS).audio


@says("- Read an endpoint's section", "- Type checkers see", "- Check calls before they run")
def test_mistakes_are_found_before_the_program_runs(tmp_path: Path) -> None:
    file = tmp_path / "calls.py"
    file.write_text("from aki_client import Aki\n\nAki().xttsv2(text='Hi', voice='nobody')\n")
    found = run("aki", "lint", str(file))
    assert (found.returncode, "voice='nobody' must be one of" in found.stdout) == (1, True)
    assert (PACKAGE / "py.typed").is_file()
    assert "--voice" in run("aki", "show", "xttsv2").stdout


@says("- Never edit a file of this package")
def test_an_edited_file_is_named(tmp_path: Path) -> None:
    edited = tmp_path / "aki_client"
    for path in PACKAGE.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            (edited / path.relative_to(PACKAGE)).parent.mkdir(parents=True, exist_ok=True)
            (edited / path.relative_to(PACKAGE)).write_bytes(path.read_bytes())
    (edited / "AGENTS.md").write_text("Mine")
    assert "AGENTS.md is not what" in run("aki-codegen", "check", "--out", str(tmp_path)).stderr
