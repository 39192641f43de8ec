"""The pytest plugin, in runs of its own: what a project's tests are offered, and what others pay for it."""

import subprocess
import sys

import pytest

pytest_plugins = ["pytester"]


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch):
    """Run a file of tests, with every warning an error."""
    monkeypatch.delenv("AKI_RECORD", raising=False)
    # Those of this machine take seconds to load; that pytest finds this one by itself is a test of its own.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")

    def run(source: str, *options: str, **outcomes: int) -> pytest.RunResult:
        if source:
            pytester.makepyfile(test_it=source)
        run = pytester.runpytest_subprocess("-W", "error", "-p", "aki_pytest.plugin", *options)
        run.assert_outcomes(**outcomes)
        return run

    return run


class TestHub:
    """`aki_hub` and the clients of it."""

    def test_each_test_has_a_hub_of_its_own(self, run):
        run(
            """
            import pytest

            @pytest.mark.parametrize("n", range(3))
            def test_it(aki_hub, aki_client, n):
                assert "Hello" in aki_client.llama3_chat(prompt_input="Hello").text
                assert aki_hub.jobs == 1
            """,
            passed=3,
        )

    def test_async(self, run):
        run(
            """
            import asyncio

            def test_it(aki_hub, aki_async_client):
                async def ask():
                    return await aki_async_client.llama3_chat(prompt_input="Hello")

                assert "Hello" in asyncio.run(ask()).text
                assert aki_hub.jobs == 1
            """,
            passed=1,
        )

    def test_faults_have_names(self, run):
        run(
            """
            import pytest
            from aki_client import ResultGoneError

            def test_it(aki_hub, aki_client):
                lost = aki_hub.fault("final answer reset")
                with pytest.raises(ResultGoneError):
                    aki_client.llama3_chat(prompt_input="Hello")
                assert lost.hits == 1

            def test_others(aki_hub):
                with pytest.raises(ValueError, match="did you mean 'queue full once'"):
                    aki_hub.fault("queue full")
            """,
            passed=2,
        )

    def test_another_package_is_chosen_by_an_ini_option(self, run, pytester):
        pytester.makeini("[pytest]\naki_package = my_hub")
        pytester.syspathinsert()
        (pytester.path / "my_hub.py").write_text(
            "from aki_client import *\nraise ImportError('broken')"
        )
        done = run("def test_it(aki_client): pass", errors=1)
        done.stdout.fnmatch_lines(["*the generated package 'my_hub' cannot be imported (broken)*"])

    def test_without_the_sandbox_it_says_what_is_missing(self, run, pytester):
        pytester.makeconftest("import sys\nsys.modules['aki_sandbox'] = None")
        done = run("def test_it(aki_client): pass", errors=1)
        done.stdout.fnmatch_lines(
            ["aki_hub needs the extra 'sandbox': pip install 'aki-client?sandbox?'*"]
        )
        done.stdout.no_fnmatch_line("*Traceback*")


MARKED = """
import pytest

@pytest.mark.aki_cassette
@pytest.mark.parametrize("text", ["a/b", "a b"])
def test_it(aki_client, text):
    assert text in aki_client.llama3_chat(prompt_input=text).text

class TestMore:
    @pytest.mark.aki_cassette("shared.json")
    def test_async(self, aki_async_client):
        import asyncio

        async def ask():
            return await aki_async_client.llama3_chat(prompt_input="async")

        assert "async" in asyncio.run(ask()).text

def test_by_name(aki_cassette, aki_client):
    assert "name" in aki_client.llama3_chat(prompt_input="name").text
"""


class TestCassettes:
    """The marker, the fixture and `--aki-record`."""

    @pytest.fixture
    def recorded(self, run, hub, monkeypatch):
        monkeypatch.setenv("AKI_API_KEY", "the-key-of-a-user")
        monkeypatch.setenv("AKI_API_SERVER", hub.url)
        run(MARKED, "--aki-record", passed=4)
        monkeypatch.delenv("AKI_API_KEY")
        monkeypatch.delenv("AKI_API_SERVER")
        return hub.hub.jobs_submitted

    def test_they_are_replayed_without_a_hub_and_a_key(self, recorded, run, hub, pytester):
        run("", passed=4)
        assert hub.hub.jobs_submitted == recorded
        files = sorted(path.name for path in pytester.path.rglob("*.json"))
        assert len(files) == 4
        assert {"shared.json", "test_by_name.json"} < set(files)

    def test_two_processes_of_xdist_replay_them_too(self, recorded, run):
        run("", "-p", "xdist", "-n", "2", passed=4)

    def test_what_is_missing_says_how_it_is_recorded(self, run):
        done = run(MARKED, errors=4)
        done.stdout.fnmatch_lines(["*there is no cassette *shared.json*--aki-record*"])

    @pytest.mark.parametrize("given", ["5", "None", "'a.json', 'b.json'"])
    def test_a_marker_that_names_no_file_is_one_sentence(self, run, given):
        done = run(MARKED.replace('"shared.json"', given), "-k", "test_async", errors=1)
        done.stdout.fnmatch_lines(
            [f"the marker aki_cassette takes the path of a file, not {given}"]
        )
        done.stdout.no_fnmatch_line("*Traceback*")

    def test_a_marker_may_name_its_file_by_keyword(self, run):
        marked = MARKED.replace('"shared.json"', 'path="shared.json"')
        done = run(marked, "-k", "test_async", errors=1)
        done.stdout.fnmatch_lines(["*there is no cassette *shared.json*"])

    def test_a_call_that_does_not_fit_is_reported_once(self, recorded, run, pytester):
        pytester.path.joinpath("test_it.py").write_text(MARKED.replace('"async")', '"other")'))
        done = run("", passed=3, failed=1)
        done.stdout.fnmatch_lines(['*differs:  prompt_input was "async" and is "other"'])

    def test_one_that_the_code_swallows_is_an_error(self, recorded, run, pytester):
        text = (
            MARKED
            + "    try:\n        aki_client.llama3_chat(prompt_input='x')\n    except Exception:\n        pass\n"
        )
        pytester.path.joinpath("test_it.py").write_text(text)
        run("", passed=4, errors=1)

    def test_plain_blocks_are_recorded_by_the_option(self, run, hub, monkeypatch):
        monkeypatch.setenv("AKI_API_SERVER", hub.url)
        source = """
        from aki_client import Aki
        from aki_runtime.testing import cassette

        def test_it(tmp_path_factory):
            with cassette("plain.json"):
                Aki("any").llama3_chat(prompt_input="Hello")
        """
        run(source, "--aki-record", passed=1)
        run("", passed=1)


class TestOthers:
    """Projects that use none of it."""

    def test_they_import_none_of_it(self):
        code = (
            "import sys, aki_pytest.plugin as _; "
            "print(*{m.partition('.')[0] for m in sys.modules} "
            "& {'aki_client', 'aki_runtime', 'aki_sandbox', 'pydantic', 'httpx2'})"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert (done.returncode, done.stdout) == (0, "\n")

    def test_pytest_finds_it_and_its_help_shows_what_there_is(self, pytester):
        done = pytester.runpytest_subprocess("--help")
        done.stdout.fnmatch_lines(["*--aki-record*", "*aki_package (string):*"])
