"""Prints what the engine of every editor shows: `PYTHONPATH=tests python -m editors.table [ENGINE …]`.

With `--write` the table goes into docs/editors.md as well; all engines must be there.
"""

import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from support.package import made_package, use_made_package

use_made_package()

from .engines import ENGINES, environment  # noqa: E402
from .forms import FEATURES, Probe, subject  # noqa: E402

PAGE = Path(__file__).parents[2] / "docs" / "editors.md"
BEGIN, END = "<!-- table: engines -->", "<!-- end of table -->"


def asked(engine: str, folder: Path) -> Mapping[str, list[str]]:
    """Return which forms or outputs lack each feature in an engine, asked in an environment of its own."""
    workspace = folder / "workspace"
    workspace.mkdir(parents=True)
    python = environment(folder / "environment", made_package() / "aki_client")
    with ENGINES[engine].running(workspace, python) as server:
        return Probe(server, workspace, subject()).short()


def main() -> None:
    """Print the table of the engines that are named, or of all that are installed, and what is missing."""
    names = [name for name in sys.argv[1:] if name != "--write"]
    names = names or [name for name, engine in ENGINES.items() if engine.program]
    short: dict[str, Mapping[str, list[str]]] = {}
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            short[name] = asked(name, Path(folder))
    lines = "\n".join(table(short))
    print(lines)
    if "--write" in sys.argv:
        text = PAGE.read_text("utf-8")
        before, after = text.partition(BEGIN)[0], text.partition(END)[2]
        PAGE.write_text(f"{before}{BEGIN}\n\n{lines}\n\n{END}{after}", "utf-8")
    about = subject()
    for name, features in short.items():
        for feature, missing in features.items():
            if 0 < len(missing) < len(FEATURES[feature].cases(about)):
                print(f"{name}, {feature}: not {', '.join(missing)}")


def table(short: Mapping[str, Mapping[str, list[str]]]) -> list[str]:
    """Return the lines of a Markdown table: an engine in each column, how many have each feature in each cell."""
    about = subject()
    sizes = {name: len(feature.cases(about)) for name, feature in FEATURES.items()}
    return [
        f"| shown for | of | {' | '.join(short)} |",
        f"|---|--:|{'--:|' * len(short)}",
        *(
            f"| {feature} | {size} | "
            + " | ".join(str(size - len(missing[feature])) for missing in short.values())
            + " |"
            for feature, size in sizes.items()
        ),
    ]


if __name__ == "__main__":
    main()
