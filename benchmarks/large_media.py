"""A picture of 20 MB on its way into a request and out of an answer: time and memory."""

import base64
import json
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median
from typing import Any

import httpx
from aki_client import Aki

from benchmarks.goals import Measured, table

SIZE = 20_000_000
RUNS = 5
_PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(8) + (640).to_bytes(4, "big") * 2 + bytes(SIZE - 24)
_KEY = "a-key-of-the-usual-length"
_URI = "data:image/png;base64," + base64.b64encode(_PICTURE).decode()
_ANSWER = json.dumps(
    {"success": True, "job_state": "done", "job_result": {"success": True, "images": [_URI]}}
).encode()


def measure() -> list[Measured]:
    """Send a picture as bytes and as a file, and read one."""
    with _hub() as url, tempfile.TemporaryDirectory() as folder, httpx.Client() as http:
        path = Path(folder) / "picture.png"
        path.write_bytes(_PICTURE)
        with Aki(_KEY, api_server=url, layout="aki") as aki:
            edit = aki.qwen_image_edit

            def submit(image: Any) -> Any:
                return edit.submit(prompt="a hat", image=image)

            def post(through: Any) -> None:
                uri = "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode()
                through.post(f"{url}/api/call/x", json={"prompt": "a hat", "image": uri}).json()

            def usual() -> None:
                post(httpx)

            def read() -> Any:
                return aki.flux_dev.job("job-1").result()

            submit(_PICTURE)
            times = {
                "usual": _seconds(usual),
                "kept": _seconds(lambda: post(http)),
                "bytes": _seconds(lambda: submit(_PICTURE)),
                "file": _seconds(lambda: submit(path)),
            }
            sent = {
                "bytes": _peak(lambda: submit(_PICTURE)),
                "file": _peak(lambda: submit(path)),
                "usual": _peak(usual),
            }
            received = _peak(read)
            picture = read().images[0]
            saved = _peak(lambda: picture.save(Path(folder) / "out.png"))
    rows = [
        Measured(
            f"extra peak memory of sending a 20 MB picture, from {kind}",
            "its size",
            0.1,
            sent[kind] / SIZE,
            f"{sent[kind] / 1e6:.2f} MB; the usual way takes {sent['usual'] / 1e6:.0f} MB",
        )
        for kind in ("bytes", "file")
    ]
    rows += [
        Measured(
            f"time of sending a 20 MB picture, from {kind}",
            "`httpx.post(json=…)`",
            0.35,
            times[kind] / times["usual"],
            f"{times[kind] * 1e3:.0f} ms, {times['usual'] * 1e3:.0f} ms; "
            f"with an `httpx.Client` that is kept {times['kept'] * 1e3:.0f} ms",
        )
        for kind in ("bytes", "file")
    ]
    return [
        *rows,
        Measured(
            "peak memory of an answer with a 20 MB picture",
            "its size",
            2.7,
            received / SIZE,
            f"{received / 1e6:.1f} MB",
        ),
        Measured(
            "extra peak memory of saving it",
            "its size",
            0.1,
            saved / SIZE,
            f"{saved / 1e6:.2f} MB",
        ),
    ]


def _seconds(work: Callable[[], object]) -> float:
    spent: list[float] = []
    for _ in range(RUNS):
        began = time.perf_counter()
        work()
        spent.append(time.perf_counter() - began)
    return median(spent)


def _peak(work: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        kept = work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        del kept
        tracemalloc.stop()


class _Hub(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # An answer in two pieces would wait 40 ms for the other side to acknowledge the first.
    wbufsize = -1

    def do_POST(self) -> None:
        left, room = int(self.headers["Content-Length"]), bytearray(1 << 16)
        while left:
            left -= self.rfile.readinto(memoryview(room)[: min(left, len(room))])
        submit = "/call/" in self.path
        body = b'{"success":true,"job_id":"job-1"}' if submit else _ANSWER
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def _hub() -> Iterator[str]:
    """Serve in another process: what the hub does is not to wait for what is measured."""
    command = [sys.executable, "-m", "benchmarks.large_media", "serve"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        process.terminate()


def _serve() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Hub) as server:
        print(server.server_port, flush=True)
        server.serve_forever()


if __name__ == "__main__":
    if sys.argv[1:] == ["serve"]:
        _serve()
    else:
        print(table(measure()))
