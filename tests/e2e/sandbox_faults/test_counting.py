"""What tests can count, and the end of a server that is in the midst of misbehaving."""

import json
import socket
import subprocess
import sys
import threading

import httpx
from aki_sandbox.faults.effects import Delay
from aki_sandbox.server import SandboxServer
from e2e.sandbox_faults.caller import ENDPOINT, LONG, Caller
from support.holding import Held
from support.patience import until

# Callers who wait, who have gone, who do not read, and who have sent half of their request.
STOPPED_AMID_FAULTS = r"""
import socket, time
from aki_sandbox.faults.effects import Cut, Delay, Oversized, Reset, Stall
from aki_sandbox.server import SandboxServer

GET = b"GET /api/endpoints HTTP/1.1\r\nhost: x\r\n\r\n"
HALF = b"POST /api/progress/kimi_k2 HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{"

def connected(request):
    connection = socket.create_connection(("127.0.0.1", server.port))
    connection.sendall(request)
    time.sleep(0.02)
    return connection

server = SandboxServer().start()
left = []
for effect in (Delay(30), Stall(30), Oversized(20_000_000), Cut(), Reset()):
    server.faults.add(effect)
    left.append(connected(GET))
    server.faults.add(effect)
    connected(GET).close()
    server.faults.clear()
left += [connected(HALF), connected(GET[:9]), connected(b"")]
connected(HALF).close()
time.sleep(0.05)
began = time.monotonic()
server.stop()
print(time.monotonic() - began)
for connection in left:
    connection.close()
"""


class TestWhatTestsCanCount:
    """Connections and polls."""

    def test_one_connection_serves_one_caller(self, server):
        made, opened = server.connections.made, server.connections.open
        with Caller(server) as caller:
            for _ in range(5):
                caller.list()
            assert server.connections.made == made + 1
            assert server.connections.open == opened + 1
        until(lambda: server.connections.open == opened, "it is closed")

    def test_polls_are_counted_for_each_job(self, caller, server):
        first, second = caller.running_job(), caller.running_job()
        for job_id in (first, second, first):
            caller.poll(job_id)
        assert (server.hub.polls.by_job[first], server.hub.polls.by_job[second]) == (2, 1)

    def test_polls_of_one_job_that_overlap_are_recorded(self):
        with SandboxServer() as server, Caller(server) as first, Caller(server) as second:
            held = Held()
            server.faults.add(held, on="poll")
            job_id = first.job(LONG)
            late = threading.Thread(target=first.poll, args=(job_id,))
            late.start()
            until(lambda: server.hub.polls.by_job[job_id] == 1, "it was asked for")
            second.poll(job_id)
            held.go.set()
            late.join()
            assert server.hub.polls.overlapping == [job_id]
            assert server.hub.polls.most_at_once == 2

    def test_a_poll_that_was_given_up_overlaps_with_nothing(self):
        with SandboxServer() as server, Caller(server) as caller:
            server.faults.add(Delay(30), on="poll")
            job_id = caller.job(LONG)
            body = json.dumps({"key": "any", "job_id": job_id}).encode()
            head = (
                f"POST /api/progress/{ENDPOINT} HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}"
            )
            with socket.create_connection(("127.0.0.1", server.port)) as other:
                other.sendall(head.encode() + b"\r\n\r\n" + body)
                until(lambda: server.hub.polls.by_job[job_id] == 1, "it was asked for")
            until(lambda: server.connections.open == 1, "its caller has gone")
            caller.poll(job_id)
            assert server.hub.polls.overlapping == []
            assert server.hub.polls.most_at_once == 1


class TestStopping:
    """The end of a server that is in the midst of misbehaving."""

    def test_it_is_quick_and_quiet_whatever_goes_on(self):
        done = subprocess.run(
            [sys.executable, "-W", "error", "-X", "dev", "-c", STOPPED_AMID_FAULTS],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert float(done.stdout) < 10

    def test_it_can_start_again_at_the_same_place(self):
        server = SandboxServer()
        with server:
            url = server.url
        with server:
            assert server.url == url
            assert httpx.get(f"{url}/api/endpoints").status_code == 200
