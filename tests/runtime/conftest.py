"""What the tests of the runtime share: chance that is none."""

import pytest


@pytest.fixture
def full_jitter(monkeypatch):
    """Let every jittered pause be its longest, so that pauses can be compared."""
    monkeypatch.setattr("random.random", lambda: 1.0)
