"""Standard streams that a process was started without: `>&-`, and what some services and schedulers do."""

import os
import sys


def reopen_closed() -> None:
    """Reopen stdin, stdout and stderr where they are closed, before anything else opens a file.

    What would go to a closed stdout goes to stderr, because a result is paid for and comes once; else nowhere.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if not _is_open(number):
            if number == 1 and _is_open(2):
                os.dup2(2, 1)
            else:
                # It gets the lowest free number, which is this one; a file opened later would be printed into.
                os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
        if getattr(sys, name) is None:
            mode = "w" if number else "r"
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True
