"""A hub of one's own, from `init` to the wheel that callers upgrade: real commands, a real index and environment."""

import os
import subprocess
import sys
import sysconfig
import threading
import venv
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from support.command import PAINTER, two_endpoints
from support.metadata import details

pytestmark = pytest.mark.slow

CALLER = """
import acme_hub, inspect
client = acme_hub.Aki(api_server="http://127.0.0.1:9")
print(acme_hub.__version__, *sorted(client.painter.parameters))
try:
    print(client.singer)
except AttributeError as error:
    print(error)
"""


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves a folder as an index."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Company:
    """A repository with a package, the index that it is published to, and the environment of a caller."""

    def __init__(self, folder: Path, index: str) -> None:
        self.repository, self.published = folder / "repository", folder / "index" / "acme-hub"
        self.repository.mkdir()
        self._index = index
        self._python = folder / "caller" / "bin" / "python"
        venv.create(folder / "caller", with_pip=False, symlinks=True)
        (packages,) = folder.glob("caller/lib/python*/site-packages")
        # What the wheel needs is there already, so that nothing is asked of another index.
        needed = f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})"
        (packages / "needed.pth").write_text(needed)
        self._environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("AKI_", "PYTHON", "PIP_"))
        }

    def shell(self, *command: str | Path, folder: Path | None = None, **environment: str) -> str:
        done = subprocess.run(
            command,
            cwd=folder or self.repository,
            env={**self._environment, "GIT_CONFIG_GLOBAL": os.devnull, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def codegen(self, *words: str, folder: Path | None = None, **environment: str) -> str:
        command = (sys.executable, "-m", "aki_codegen", *words)
        return self.shell(*command, folder=folder, **environment)

    def commit(self) -> None:
        author = ("-c", "user.name=a", "-c", "user.email=a@b")
        self.shell("git", "add", "--all")
        self.shell("git", *author, "commit", "--quiet", "--message", "refresh")

    def publish(self) -> None:
        build = (sys.executable, "-m", "build", "--wheel", "--no-isolation")
        self.shell(*build, "--outdir", self.published)

    def upgrade(self) -> list[str]:
        """Install the newest version where the caller works; return what a program of theirs prints."""
        pip = (sys.executable, "-m", "pip", "--python", self._python, "install", "--quiet", "-U")
        self.shell(*pip, "--index-url", self._index, "acme-hub")
        return self.shell(self._python, "-c", CALLER, folder=self._python.parent).splitlines()

    def changes(self) -> str:
        """Let the caller compare what is installed with the hub; return what they read."""
        program = "import sys; from aki_cli.main import main; sys.exit(main())"
        done = subprocess.run(
            [self._python, "-c", program, "--package", "acme_hub", "changes"],
            cwd=self._python.parent,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout + done.stderr


@pytest.fixture
def company(tmp_path):
    (tmp_path / "index").mkdir()
    handler = partial(QuietHandler, directory=str(tmp_path / "index"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield Company(tmp_path, f"http://127.0.0.1:{server.server_port}")
        finally:
            server.shutdown()
            thread.join()


def test_a_refresh_reaches_callers_by_an_upgrade(company):
    with two_endpoints() as hub:
        company.shell("git", "init", "--quiet")
        company.codegen("init", "--server", hub.url, "--package", "acme_hub")
        company.codegen("generate")
        company.commit()
        company.publish()
        version, singer = company.upgrade()
        assert version == "0.1.0 prompt"
        assert "singer" in singer
        assert "no endpoint" not in singer

        wider = {"prompt": {"required": True}, "size": {"type": "integer"}}
        hub.answers["/api/endpoints/painter"] = details(wider, {"text": {}})
        assert "`pip install -U acme-hub` brings the package up to date" in company.changes()
        company.codegen("generate", folder=company.repository / "src" / "acme_hub")
        assert "no change" in company.codegen("check", "--live")
        company.commit()
        company.publish()
        assert company.upgrade()[0] == "0.1.1 prompt size"

        hub.answers["/api/endpoints/painter"] = PAINTER
        hub.answers["/api/endpoints"]["endpoints"].remove("singer")
        del hub.answers["/api/endpoints/singer"]
        for day in ("1767225600", "1798761600"):  # the first of 2026 and of 2027
            company.codegen("generate", SOURCE_DATE_EPOCH=day)
        company.codegen("check", folder=company.repository / "src")
        company.commit()
        company.publish()
        version, singer = company.upgrade()
    assert version == "0.2.1 prompt"
    assert (
        "no endpoint 'singer' in acme_hub; the hub has removed it (found on 2026-01-01)" in singer
    )
    assert company.shell("git", "status", "--porcelain") == ""
