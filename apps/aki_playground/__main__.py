"""`python -m aki_playground`: the playground, without the command line `aki`."""

import argparse
import sys
from pathlib import Path

from aki_cli.exits import CommandError
from aki_runtime.errors import ConfigurationError
from aki_runtime.options import read_key_file
from aki_runtime.terminal import prepare_streams

from .app import launch


def main() -> int:
    """Serve the playground and return an exit status."""
    prepare_streams()
    parser = argparse.ArgumentParser(
        prog="python -m aki_playground",
        description="A local page on which each endpoint of a hub can be tried.",
        epilog="The key is read from AKI_API_KEY, or from the file that --api-key-file names.",
    )
    parser.add_argument("--package", default="aki_client", help="generated package (%(default)s)")
    parser.add_argument("--server", help="the hub's address; defaults to AKI_API_SERVER")
    parser.add_argument("--port", type=int, help="where to listen on 127.0.0.1; any free port")
    parser.add_argument(
        "--no-browser", action="store_false", dest="open_browser", help="do not open the page"
    )
    parser.add_argument("--api-key-file", type=Path, metavar="FILE", help="file that holds the key")
    options = vars(parser.parse_args())
    key_file = options.pop("api_key_file")
    try:
        launch(**options, api_key=read_key_file(key_file) if key_file else None)
    except (CommandError, ConfigurationError) as error:
        sys.stderr.write(f"{parser.prog}: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
