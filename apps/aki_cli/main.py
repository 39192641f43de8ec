"""Where the console script `aki` begins."""

import sys


def main() -> int:
    """Run the command line and return its exit status."""
    sys.stderr.write("aki: there are no commands yet\n")
    return 2
