"""Runs a command against a hub with none of the sandbox's endpoints: `python -m support.other_hub make generate`."""

import os
import subprocess
import sys
from pathlib import Path

from aki_sandbox.catalogue import HubEndpoint, load_catalogue
from aki_sandbox.server import SandboxServer

GOLDEN = Path(__file__).parents[1] / "golden"
CASES = ("awkward_names", "every_type")


def catalogue() -> dict[str, HubEndpoint]:
    """Return the endpoints of that hub."""
    folders = [GOLDEN / case / "spec" for case in CASES]
    offered = {name: e for folder in folders for name, e in load_catalogue(folder).items()}
    found = {name: e for name, e in offered.items() if "/" not in name}  # no route leads there
    assert not found.keys() & load_catalogue().keys()
    return found


def main() -> int:
    """Run the command and return its status."""
    with SandboxServer(catalogue=catalogue()) as hub:
        environment = {**os.environ, "AKI_API_KEY": "any-key", "AKI_API_SERVER": hub.url}
        return subprocess.run(sys.argv[1:], env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
