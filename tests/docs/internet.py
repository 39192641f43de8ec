"""The hosts that pages name: a proxy that answers for them with a hub of this machine, by TLS."""

import asyncio
import ssl
import subprocess
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Self


class Internet:
    """Lets programs reach hosts that do not exist, as if they did.

    Args:
        folder: For the certificate.
        hosts: The ports of this machine that answer for each host. Other hosts are reached as ever.
    """

    def __init__(self, folder: Path, hosts: Mapping[str, int]) -> None:
        self._hosts = hosts
        self._certificate = folder / "certificate.pem"
        key = folder / "key.pem"
        names = ",".join(f"DNS:{host}" for host in hosts)
        kind = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=tests"]
        files = ["-keyout", str(key), "-out", str(self._certificate)]
        subprocess.run(
            ["openssl", "req", *kind, *files, "-addext", f"subjectAltName={names}"],
            check=True,
            capture_output=True,
        )
        self._tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._tls.load_cert_chain(self._certificate, key)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._port = 0

    def __enter__(self) -> Self:
        self._thread.start()
        self._port = asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(30)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def environment(self) -> dict[str, str]:
        """The variables with which programs find those hosts, and trust them."""
        return {
            "HTTPS_PROXY": f"http://127.0.0.1:{self._port}",
            "NO_PROXY": "127.0.0.1,localhost",
            "SSL_CERT_FILE": str(self._certificate),
            "CURL_CA_BUNDLE": str(self._certificate),
        }

    async def _start(self) -> int:
        self._server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    async def _stop(self) -> None:
        self._server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = None
        with suppress(ConnectionError, OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            host, _, port = head.split()[1].decode().partition(":")
            known = self._hosts.get(host)
            address = ("127.0.0.1", known) if known else (host, int(port))
            from_there, there = await asyncio.open_connection(*address)
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await writer.drain()
            if known:
                await writer.start_tls(self._tls)
            await asyncio.gather(_pass_on(reader, there), _pass_on(from_there, writer))
        for end in (writer, there):
            if end is not None:
                end.close()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError, OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()
