"""The way of somebody at a terminal: from the wheel to results, one command after the other, as they type them."""

import re
import shlex
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from aki_sandbox.server import SandboxServer
from support.wheel import built_wheel

from .conftest import ESCAPES, KEY, Terminal

pytestmark = pytest.mark.slow

PROMPT = "the-prompt> "
INSTALL_SECONDS = 400


class Shell:
    """A shell of a newcomer, in an empty folder, with nothing but the wheel."""

    def __init__(self, terminal: Terminal) -> None:
        terminal.columns = 120
        # Neither this checkout nor what it has installed.
        python = str(Path(sys.base_prefix) / "bin")
        terminal.environment |= {"PS1": PROMPT, "PATH": f"{python}:/usr/bin:/bin"}
        terminal.environment["VIRTUAL_ENV_DISABLE_PROMPT"] = "1"
        del terminal.environment["PYTHONPATH"]
        self._child: Any = terminal.start("bash", "--norc", "--noprofile", "-i")
        self._child.expect_exact(PROMPT)

    def __call__(self, line: str, *, status: int = 0, timeout: float = 60) -> str:
        """Type a line, and return what it shows; its exit status must be as wanted."""
        self._child.sendline(line)
        self._child.expect_exact(PROMPT, timeout=timeout)
        _, _, shown = ESCAPES.sub("", self._child.before).replace("\r", "").partition("\n")
        self._child.sendline("echo status $?")
        self._child.expect(r"status (\d+)\r?\n")
        left = int(self._child.match[1])
        self._child.expect_exact(PROMPT)
        assert left == status, f"{line}\n{shown}"
        return shown


def test_each_step_from_installing_to_a_batch(terminal: Terminal, hub: SandboxServer) -> None:
    wheel = shutil.copy(built_wheel(), terminal.folder)
    shell = Shell(terminal)
    shell("python3 -m venv .venv && source .venv/bin/activate")
    install = f"pip install --quiet --disable-pip-version-check './{Path(wheel).name}[cli]'"
    shell(install, timeout=INSTALL_SECONDS)

    told = shell("aki doctor")
    assert f"server   {hub.url} (AKI_API_SERVER)" in told
    assert "key      the hub takes it" in told
    assert "WRONG" not in told

    assert re.search(r"^z_image_turbo +image +Z-Image Turbo", shell("aki endpoints"), re.M)

    assert 'You wrote: "Tell me a joke"' in joined(shell("aki call llama3_chat 'Tell me a joke'"))
    assert joined(shell("echo 'Good day' | aki call llama3_chat")).count("Good day") == 1
    assert shell("aki call z_image_turbo 'A lake' --width 256 -s lake").startswith("lake.jpg\n")
    assert (terminal.folder / "lake.jpg").stat().st_size > 0
    shell("aki call z_image_turbo 'A lake' --width wide", status=2)

    assert 'You wrote: "Hello"' in joined(shell("aki chat llama3_chat 'Hello'"))

    *_, job_id, said, line = shell("aki call -d flux_dev 'A hill'").splitlines()
    assert "lapses about 6 minutes after the job's end; this fetches it" in said
    assert line.strip() == f"aki job flux_dev {shlex.quote(job_id)}"
    assert line in shell("aki jobs")
    assert "image-1.jpg\n" in shell(line.strip())
    assert "no job is left to be fetched" in shell("aki jobs")

    shell(r"printf 'prompt\nA lake\n[[error=out_of_memory]]\n' > rows.csv")
    told = shell("aki batch flux_dev rows.csv -o out.jsonl", status=3)
    assert "2 rows: 1 done, 1 failed" in told
    assert "  1 row: flux-dev: the job failed: out of memory (row 2)" in told
    assert (terminal.folder / "out.jsonl").read_text().count("\n") == 2
    transcript = terminal.children[0].logfile_read.getvalue()
    assert KEY not in transcript
    (terminal.folder / "transcript.txt").write_text(transcript)


def joined(shown: str) -> str:
    """Return what a terminal has broken into lines as one."""
    return shown.replace("\n", "")
