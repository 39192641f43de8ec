"""Where `python -m aki_codegen` and the console script begin: without the extra, one sentence names it."""

import sys
from importlib.util import find_spec

from aki_runtime.terminal import prepare_streams

ALWAYS = ("markupsafe", "typer")
"""What every command needs, `sandbox` included."""

NEEDED = ("datamodel_code_generator", "filelock", "jinja2", "ruff", *ALWAYS)
"""What the extra `codegen` brings."""


def main() -> int:
    """Run a command and return its exit status."""
    prepare_streams()
    is_sandbox = sys.argv[1:2] == ["sandbox"]
    if any(find_spec(module) is None for module in (ALWAYS if is_sandbox else NEEDED)):
        needs = "the generator needs extras: pip install 'aki-client[codegen,sandbox]'"
        if is_sandbox:
            needs = "the sandbox hub needs the extra 'sandbox': pip install 'aki-client[sandbox]'"
        print(f"aki-codegen: {needs}", file=sys.stderr)
        return 1
    from .cli import main as run

    return run()


if __name__ == "__main__":
    sys.exit(main())
