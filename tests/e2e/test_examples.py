"""Every example, run as a newcomer runs it: a process of its own, in a folder of its own."""

import os
import re
import shlex
import stat
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from aki_sandbox.server import SandboxServer
from aki_sandbox.settings import HubSettings
from docs.reader import matches

EXAMPLES = Path(__file__).parents[2] / "examples"
GREETING = "Hello from the sandbox"


@pytest.fixture(scope="module")
def server():
    with SandboxServer() as running:
        yield running


def start(folder, hub, name, *arguments, key="any"):
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AKI_")}
    return subprocess.run(
        [sys.executable, "-W", "error", EXAMPLES / name, *arguments],
        cwd=folder,
        env={**inherited, "AKI_API_KEY": key, "AKI_API_SERVER": hub.url},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )


def run_in(folder, hub, name, *arguments):
    done = start(folder, hub, name, *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.fixture
def run(server, tmp_path):
    return partial(run_in, tmp_path, server)


def picture_size(path):
    image = pytest.importorskip("PIL.Image")
    with image.open(path) as picture:
        return picture.size


class TestChat:
    """Text in, text out."""

    def test_simple_chat_prints_the_answer_and_its_figures(self, run):
        printed = run("simple_chat.py")
        assert printed.startswith(GREETING)
        assert "cats" in printed
        assert re.search(r"\[\d+ tokens from sandbox-llama3_chat]\n$", printed)

    def test_simple_chat_ends_with_a_sentence_where_the_key_is_bad(self, server, tmp_path):
        done = start(tmp_path, server, "simple_chat.py", key="bad-key")
        assert done.returncode == 1
        assert done.stderr.startswith("No answer: llama3_chat: Key not valid")
        assert len(done.stderr.splitlines()) == 1

    def test_streaming_chat_prints_each_answer_once(self, run, server):
        before = server.hub.jobs_submitted
        printed = run("streaming_chat.py")
        assert server.hub.jobs_submitted == before + 2
        assert printed.count("> ") == printed.count(GREETING) == 2
        first, second = (part.strip() for part in printed.split("> ")[1:])
        assert "octopus" in first
        assert "hearts" in second
        assert all(re.search(r"by one\.\n\[\d+ tokens]$", part) for part in (first, second))

    def test_async_chat_answers_every_question(self, run, server):
        before = server.hub.jobs_submitted
        printed = run("async_chat.py")
        assert server.hub.jobs_submitted == before + 3
        assert printed.count("answered: ") == 3
        answers = re.findall(r'> (.+)\nHello .* You wrote: "(.+?)"', printed)
        assert [question for question, _ in answers] == [quoted for _, quoted in answers]
        assert len(answers) == 3

    def test_chat_with_tools_calls_the_function_and_tells_the_model(self, run, server):
        before = server.hub.jobs_submitted
        printed = run("chat_with_tools.py", "What is an espresso? [[tool=find_prices]]")
        assert "the model called find_prices, which returned {'espresso': 2.2}\n" in printed
        assert 'You wrote: "find_prices returned {"espresso": 2.2}"' in printed
        assert server.hub.jobs_submitted == before + 2

    def test_chat_with_tools_prints_the_answer_of_a_model_that_calls_nothing(self, run, server):
        before = server.hub.jobs_submitted
        assert run("chat_with_tools.py").startswith(GREETING)
        assert server.hub.jobs_submitted == before + 1


class TestMedia:
    """Pictures and sound."""

    def test_image_generation_shows_progress_and_saves_the_picture(self, run, tmp_path):
        with SandboxServer(settings=HubSettings(job_seconds=0.4)) as slow:
            printed = run_in(tmp_path, slow, "image_generation.py")
        assert re.search(r"^painting, \d+ % step \d/8$", printed, re.MULTILINE)
        assert re.search(r"^saved image-1\.jpg \(image/jpeg, [\d,]+ bytes\)", printed, re.MULTILINE)
        assert picture_size(tmp_path / "image-1.jpg") == (768, 512)

        # A second run leaves the first picture alone.
        first = (tmp_path / "image-1.jpg").read_bytes()
        assert "saved image-2.jpg" in run("image_generation.py")
        assert (tmp_path / "image-1.jpg").read_bytes() == first

    def test_image_edit_paints_the_picture_it_changes(self, run, server, tmp_path):
        before = server.hub.jobs_by_endpoint.copy()
        printed = run("image_edit.py")
        assert printed.splitlines()[1:] == ["before: image-1.jpg", "after:  image-2.jpg"]
        assert (tmp_path / "image-1.jpg").read_bytes() != (tmp_path / "image-2.jpg").read_bytes()
        made = server.hub.jobs_by_endpoint - before
        assert made == {"z_image_turbo": 1, "qwen_image_edit": 1}

    def test_image_edit_changes_a_given_picture(self, run, server, tmp_path):
        image = pytest.importorskip("PIL.Image")
        image.new("RGB", (64, 64), "red").save(tmp_path / "photo.png")
        before = server.hub.jobs_by_endpoint.copy()
        printed = run("image_edit.py", "photo.png", "Make it blue")
        assert printed == "after:  image-1.jpg\n"
        assert picture_size(tmp_path / "image-1.jpg")
        assert server.hub.jobs_by_endpoint - before == {"qwen_image_edit": 1}

    def test_speech_saves_the_sound_with_its_suffix(self, run, tmp_path):
        assert run("speech.py", "Good morning").startswith("saved speech.wav (audio/wav, ")
        sound = (tmp_path / "speech.wav").read_bytes()
        assert (sound[:4], sound[8:12]) == (b"RIFF", b"WAVE")


class TestJobs:
    """A job that outlives its process."""

    def test_another_process_picks_the_job_up(self, run, server, tmp_path):
        before = server.hub.jobs_submitted
        assert "submitted" in run("jobs_and_resume.py")
        note = tmp_path / "job_id.txt"
        if os.name == "posix":
            assert stat.S_IMODE(note.stat().st_mode) == 0o600
        printed = run("jobs_and_resume.py")
        assert printed.startswith(GREETING)
        assert "lazy dragon" in printed
        assert not note.exists()
        assert server.hub.jobs_submitted == before + 1

    def test_another_process_cancels_the_job(self, tmp_path):
        with SandboxServer(settings=HubSettings(job_seconds=20)) as slow:
            run_in(tmp_path, slow, "jobs_and_resume.py")
            printed = run_in(tmp_path, slow, "jobs_and_resume.py", "cancel")
        assert printed.startswith("llama3_chat: the job was canceled")
        assert not (tmp_path / "job_id.txt").exists()


PRINTED = sorted((EXAMPLES / "printed").glob("*.txt"))


@pytest.mark.parametrize("path", PRINTED, ids=lambda path: path.stem)
def test_an_example_prints_what_its_page_shows(path, tmp_path):
    shown = re.split(r"^\$ python (.+)\n", path.read_text("utf-8"), flags=re.MULTILINE)[1:]
    with SandboxServer(settings=HubSettings(job_seconds=0.4)) as hub:
        for command, expected in zip(shown[::2], shown[1::2], strict=True):
            printed = run_in(tmp_path, hub, *shlex.split(command))
            # How often a job is looked at depends on the machine.
            once = [
                re.sub(r"(painting, \d.*\n(…\n)?)+", "painting\n", t) for t in (expected, printed)
            ]
            assert matches(*once), printed


class TestFolder:
    """The table in the folder's README."""

    def test_every_example_shows_what_it_prints(self):
        assert [p.stem for p in PRINTED] == sorted(p.stem for p in EXAMPLES.glob("*.py"))

    def test_the_table_names_every_example(self):
        table = re.findall(r"^\| \[(.+?)]\((.+?)\) \|", (EXAMPLES / "README.md").read_text(), re.M)
        assert all(name == target for name, target in table)
        assert {name for name, _ in table} == {
            path.name for path in EXAMPLES.iterdir() if path.suffix in (".py", ".ipynb")
        }

    def test_every_example_is_run_here(self):
        tests = Path(__file__).read_text()
        assert [path.name for path in EXAMPLES.glob("*.py") if f'"{path.name}"' not in tests] == []
