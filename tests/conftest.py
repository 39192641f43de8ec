"""Makes the shared helpers importable (`from support.metadata import details`), and the client that tests use."""

import os
import signal
import sys
import tempfile
from pathlib import Path

_TESTS = str(Path(__file__).parent)
if _TESTS not in sys.path:
    sys.path.append(_TESTS)

# Logfire, which one test needs, would come with every import of pydantic: half a second in each process.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "logfire-plugin")

# What `aki` remembers between its runs is not that of whoever runs the tests.
_STATE = tempfile.TemporaryDirectory(prefix="aki-state-")
os.environ["XDG_STATE_HOME"] = _STATE.name

# A shell that starts the tests in the background has them ignore Ctrl-C, nohup the end of a terminal, and with them
# every process that they start; what is handled here is as usual there.
for _signal in (signal.SIGINT, getattr(signal, "SIGHUP", signal.SIGINT)):
    if signal.getsignal(_signal) is signal.SIG_IGN:
        signal.signal(_signal, lambda *_: None)

import pytest  # noqa: E402
from hypothesis import settings  # noqa: E402
from support.package import use_made_package  # noqa: E402

# The same examples in every run, however slow the machine: a test fails because of what changed.
settings.register_profile("same", derandomize=True, deadline=None)
settings.load_profile("same")
use_made_package()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Return how many processes `-n auto` starts: tests mostly wait, so that three share two cores."""
    cores = os.cpu_count() or 1
    return max(cores, min(cores * 3 // 2, 8))
