"""What importing costs, whole processes: nothing used, a client with an endpoint ready to call, one endpoint more.

    python -m benchmarks.imports

Byte code is written before anything is measured, as an installation does.
"""

import compileall
import json
import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from aki_codegen.generation.generate import generate
from aki_codegen.snapshot.snapshot import Snapshot, canonical

from .goals import Measured
from .hubs import make_documents
from .processes import Cost, cost_of, environment, medians

PACKAGE = "aki_client"
LIBRARIES = "import httpx, pydantic"
READY = """
import aki_client
aki = aki_client.Aki(api_key="none", api_server="http://127.0.0.1:9")
aki.{first}
"""
OTHERS = {
    "`import httpx2, pydantic; httpx2.Client()`": "import httpx2, pydantic; httpx2.Client()",
    "`import aiohttp`": "import aiohttp",
    "`import openai; openai.OpenAI(…)`": "import openai; openai.OpenAI(api_key='none').chat.completions",
    "`import anthropic; anthropic.Anthropic(…)`": (
        "import anthropic; anthropic.Anthropic(api_key='none').messages"
    ),
    "`import fal_client; fal_client.SyncClient(…)`": (
        "import fal_client; fal_client.SyncClient(key='none')"
    ),
    "`import stripe; stripe.StripeClient(…)`": (
        "import stripe; stripe.StripeClient('none').v1.customers"
    ),
}
"""What else starts in a program that calls something, with what makes its first call."""

LATER = """
import json, sys, time
before = set(sys.modules)
started = time.perf_counter()
aki.{second}
seconds = time.perf_counter() - started
print(json.dumps([seconds, sorted(set(sys.modules) - before)]))
"""


@dataclass(frozen=True)
class Imports:
    """Costs of whole processes, the interpreter's own start included.

    Attributes:
        interpreter: An interpreter that does nothing.
        libraries: `import httpx, pydantic`.
        libraries_and_client: The same with an `httpx.Client()`.
        official: `import aki_io`.
        nothing_used: `import aki_client`.
        ready_small: An endpoint ready to call, in a package of 20 endpoints.
        ready_large: The same of 1,000.
        others: Other libraries, by what is run.
    """

    interpreter: Cost
    libraries: Cost
    libraries_and_client: Cost
    official: Cost
    nothing_used: Cost
    ready_small: Cost
    ready_large: Cost
    others: Mapping[str, Cost]


@dataclass(frozen=True)
class LaterUse:
    """The first use of one more endpoint.

    Attributes:
        seconds: What it takes.
        modules: What it imports.
    """

    seconds: float
    modules: tuple[str, ...]


def imports(small: int = 20, large: int = 1000, runs: int = 15) -> Imports:
    """Measure imports of packages of two sizes against those of the libraries and of the official client."""
    with package(small) as few, package(large) as many:
        found = medians(
            runs,
            {
                "interpreter": partial(_python, "pass"),
                "libraries": partial(_python, LIBRARIES),
                "libraries_and_client": partial(_python, f"{LIBRARIES}; httpx.Client()"),
                "official": partial(_python, "import aki_io"),
                "nothing_used": partial(_python, f"import {PACKAGE}", few),
                "ready_small": partial(_python, READY.format(first=names(few)[0]), few),
                "ready_large": partial(_python, READY.format(first=names(many)[0]), many),
                **{name: partial(_python, program) for name, program in OTHERS.items()},
            },
        )
    others = {name: found.pop(name) for name in OTHERS}
    return Imports(**found, others=others)


def later_use(endpoints: int = 1000, runs: int = 15) -> LaterUse:
    """Measure the first use of an endpoint when another one has been used."""
    seconds: list[float] = []
    modules: list[str] = []
    with package(endpoints) as folder:
        # Two of one kind: what the first needs of the runtime the second needs too.
        first, second = names(folder)[:2]
        program = READY.format(first=first) + LATER.format(second=second)
        for _ in range(runs):
            told = subprocess.run(
                [sys.executable, "-c", program],
                env=environment(PYTHONPATH=str(folder)),
                capture_output=True,
                check=True,
            ).stdout
            took, modules = json.loads(told)
            seconds.append(took)
    return LaterUse(statistics.median(seconds), tuple(modules))


def measure() -> list[Measured]:
    """Measure imports, as rows of the report."""
    found, later = imports(), later_use()
    ready = "import, client made, first endpoint ready to call"
    small, large = found.ready_small, found.ready_large
    return [
        _times(
            "`import aki_client`, nothing used",
            "`import httpx, pydantic`",
            0.2,
            found.nothing_used,
            found.libraries,
        ),
        _times(
            ready,
            "`import httpx, pydantic; httpx.Client()`",
            1.2,
            small,
            found.libraries_and_client,
        ),
        _times(ready, "`import aki_io`", 0.9, small, found.official),
        *(_times(ready, name, None, small, other) for name, other in found.others.items()),
        _times(f"{ready}, of 1,000", "of 20", 1.05, large, small),
        Measured(
            f"memory of {ready}, of 1,000",
            "of 20",
            1.05,
            large.megabytes / small.megabytes,
            f"{large.megabytes:.1f} MB, {small.megabytes:.1f} MB",
        ),
        Measured(
            f"first use of one more endpoint (imports {', '.join(later.modules)})",
            "5 ms",
            1.0,
            later.seconds / 0.005,
            f"{later.seconds * 1e3:.1f} ms",
        ),
    ]


def _times(what: str, against: str, goal: float | None, ours: Cost, other: Cost) -> Measured:
    figures = f"{ours.seconds * 1e3:.0f} ms, {other.seconds * 1e3:.0f} ms"
    return Measured(what, against, goal, ours.seconds / other.seconds, figures)


@contextmanager
def package(endpoints: int) -> Iterator[Path]:
    """Generate a package of so many endpoints, and give the folder that it is in."""
    documents = make_documents(endpoints)
    snapshot = Snapshot(
        "http://127.0.0.1:9",
        "aki",
        {name: canonical(name, document) for name, document in documents.items()},
    )
    with TemporaryDirectory(prefix="aki-bench-") as folder:
        generate(snapshot, Path(folder), PACKAGE)
        shutil.rmtree(Path(folder) / PACKAGE / "__pycache__", ignore_errors=True)
        compileall.compile_dir(folder, quiet=2)
        yield Path(folder)


def names(folder: Path) -> list[str]:
    """Return the names of the endpoints of the package in a folder."""
    modules = (folder / PACKAGE / "endpoints").glob("_*.py")
    return sorted(path.stem[1:] for path in modules if path.stem != "__init__")


def _python(program: str, folder: Path | None = None) -> Cost:
    variables = environment() if folder is None else environment(PYTHONPATH=str(folder))
    return cost_of([sys.executable, "-c", program], variables=variables)


def main() -> None:
    """Print what was measured."""
    found = imports()
    for name, cost in {**vars(found), **found.others}.items():
        if not isinstance(cost, Cost):
            continue
        print(
            f"{name:>21}: {cost.seconds * 1000:4.0f} ms, {cost.cpu_seconds * 1000:4.0f} ms of processor, "
            f"{cost.megabytes:.1f} MB"
        )
    ratios = {
        "nothing used / libraries": (found.nothing_used, found.libraries),
        "ready / libraries and client": (found.ready_small, found.libraries_and_client),
        "ready / official client": (found.ready_small, found.official),
        "ready with 1,000 / with 20": (found.ready_large, found.ready_small),
    }
    for name, (one, other) in ratios.items():
        print(
            f"{name}: {one.seconds / other.seconds:.2f} in time, {one.cpu_seconds / other.cpu_seconds:.2f} in time of "
            f"the processor, {one.megabytes / other.megabytes:.2f} in memory"
        )
    later = later_use()
    print(f"one endpoint more: {later.seconds * 1000:.1f} ms, imports {', '.join(later.modules)}")


if __name__ == "__main__":
    main()
