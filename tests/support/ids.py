"""Names of test cases that are the same in every process."""

import re


def plain(value: object) -> str:
    """Show a value in ASCII, without the address that it happens to have."""
    return re.sub(r" at 0x[0-9a-f]+", "", ascii(value))
