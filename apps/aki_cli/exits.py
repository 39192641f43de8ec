"""What the exit status of `aki` says; 0 to 2 and 10 to 12 mean what they mean for `aki-codegen`."""

from enum import IntEnum


class Exit(IntEnum):
    """Exit statuses."""

    OK = 0
    """It worked."""
    FAILED = 1
    """It failed for a reason that has no status of its own."""
    USAGE = 2
    """The command line or the rows of a file are wrong, or the endpoint refuses the parameters; nothing was paid."""
    INCOMPLETE = 3
    """`batch`: some rows have no result."""
    CONFIGURATION = 4
    """No key, an address that is none, a package or an extra that is not installed."""
    KEY = 5
    """The key is not good, or not good for this endpoint."""
    NO_ENDPOINT = 6
    """There is no such endpoint, or the hub has removed it."""
    BUSY = 7
    """The queue is full or there were too many requests; a later try is safe."""
    HUB = 8
    """The hub could not be reached, failed, or answered what nobody understands."""
    TIMEOUT = 9
    """The time allowed has passed."""
    HARMLESS = 10
    """`changes`: the worst change leaves every call as it was."""
    RISKY = 11
    """`changes`: the worst change leaves calls right, but may alter what they mean or what comes back."""
    BREAKING = 12
    """`changes`: a change makes calls fail that were right, or code that reads their results."""
    JOB = 13
    """The job ended without a result."""
    INTERRUPTED = 130
    """Ctrl-C; the hub was asked to cancel the job."""
    PIPE = 141
    """Whoever read the output went away; the hub was asked to cancel the job."""
    TERMINATED = 143
    """SIGTERM; the hub was asked to cancel the job."""
