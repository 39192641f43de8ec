"""The reference site, built once for all tests of a session, and a server for it on this machine."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from support.package import made_package

TOP = Path(__file__).parents[2]


@cache
def built_site() -> Path:
    """The site of the tests' own client."""
    return build_site(made_package())


def build_site(of: Path) -> Path:
    """Build the site as `make docs` does, of the package in a folder, into a folder of its own."""
    folder = Path(mkdtemp(prefix="site-"))
    programs = Path(sys.executable).parent
    for command in (
        [sys.executable, "scripts/site_pages.py", folder, "--of", of],
        [programs / "zensical", "build", "--strict", "--config-file", folder / "mkdocs.yml"],
    ):
        done = subprocess.run(
            command,
            cwd=TOP,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stdout
    return folder / "site"


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder; gives its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - the base class's name
        pass
