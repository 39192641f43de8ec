"""The wheel as `make build` makes it, of the tests' own client, built once for a session."""

import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from support.package import TOP, made_package

_NOT_COPIED = shutil.ignore_patterns(".*", "__pycache__", "dist", "site", "tests", "benchmarks")


@cache
def checkout() -> Path:
    """Return a folder like a checkout, whose client is that of the tests."""
    folder = Path(mkdtemp(prefix="checkout-")) / "aki-client"
    shutil.copytree(TOP, folder, ignore=_NOT_COPIED)
    shutil.rmtree(folder / "generated" / "aki_client")
    shutil.copytree(made_package() / "aki_client", folder / "generated" / "aki_client")
    return folder


@cache
def built_wheel() -> Path:
    """Return the file."""
    folder = checkout().parent / "dist"
    build = ["build", "--wheel", "--no-isolation", "--outdir", folder, checkout()]
    subprocess.run([sys.executable, "-m", *build], check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built
