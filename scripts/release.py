"""A release, made into a folder: packages/ with wheel and sdist, sbom.cdx.json, and notes.md from CHANGELOG.md.

    python scripts/release.py VERSION [--changelog FILE] [--out FOLDER]

It is run where every extra is installed, since the SBOM lists what is installed. It publishes nothing.
"""

import argparse
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
NAME: str = PROJECT["name"]
SECTION = re.compile(
    r"^## (\S+)(?: \(\d{4}-\d\d-\d\d\))?\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL
)


def notes(changelog: str, version: str) -> str:
    """Return what the changelog says of a version.

    Raises:
        ValueError: It says nothing.
    """
    sections: dict[str, str] = {name: text.strip() for name, text in SECTION.findall(changelog)}
    if not sections.get(version):
        known = ", ".join(sections) or "none"
        raise ValueError(
            f"CHANGELOG.md says nothing of {version} (its sections: {known}); "
            f"call what is unreleased '## {version} (YEAR-MONTH-DAY)'"
        )
    return sections[version] + "\n"


def sbom(extras: Iterable[str]) -> dict[str, Any]:
    """Return the packages that this one needs, as CycloneDX: those of extras count as optional."""
    needed, found = _graph(frozenset()), _graph(frozenset(extras))
    about = _component(NAME) | {"licenses": [{"license": {"id": PROJECT["license"]}}]}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": about},
        "components": [
            _component(name) | {"scope": "required" if name in needed else "optional"}
            for name in sorted(found)
            if name != NAME
        ],
        "dependencies": [
            {"ref": _purl(name), "dependsOn": sorted(map(_purl, found[name]))}
            for name in sorted(found)
        ],
    }


def _graph(extras: frozenset[str]) -> dict[str, set[str]]:
    """Return what needs what; what is not installed here is left out."""
    found: dict[str, set[str]] = {}
    waiting, seen = [(NAME, extras)], set[tuple[str, frozenset[str]]]()
    while waiting:
        name, wanted = place = waiting.pop()
        if place in seen:
            continue
        seen.add(place)
        needs = found.setdefault(name, set())
        for asked in map(Requirement, distribution(name).requires or ()):
            each, marker = canonicalize_name(asked.name), asked.marker
            if marker and not any(marker.evaluate({"extra": extra}) for extra in {"", *wanted}):
                continue  # for another system, or an extra that nobody asked for
            if _is_installed(each):
                needs.add(each)
                waiting.append((each, frozenset(asked.extras)))
    return found


def _is_installed(name: str) -> bool:
    try:
        return bool(distribution(name))
    except PackageNotFoundError:
        return False


def _component(name: str) -> dict[str, Any]:
    version = distribution(name).version
    return {
        "type": "library",
        "name": name,
        "version": version,
        "purl": _purl(name),
        "bom-ref": _purl(name),
    }


def _purl(name: str) -> str:
    return f"pkg:pypi/{name}@{distribution(name).version}"


def main() -> str | None:
    """Make the release; return what is wrong instead."""
    parser = argparse.ArgumentParser()
    parser.add_argument("version")
    parser.add_argument("--changelog", type=Path, default=ROOT / "CHANGELOG.md")
    parser.add_argument("--out", type=Path, default=ROOT / "dist")
    given = parser.parse_args()
    if given.version != PROJECT["version"]:
        return f"{given.version} is asked for, but pyproject.toml says {PROJECT['version']}"
    try:
        text = notes(given.changelog.read_text("utf-8"), given.version)
    except ValueError as error:
        return str(error)
    packages: Path = given.out / "packages"
    if packages.exists() and any(packages.iterdir()):
        return f"{packages} is not empty: remove what an earlier run has built"
    # The wheel is built from the sdist, as whoever builds from source does.
    subprocess.run(  # noqa: S603
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", packages, ROOT],
        check=True,
    )
    (given.out / "notes.md").write_text(text, "utf-8")
    listed = sbom(PROJECT["optional-dependencies"])
    (given.out / "sbom.cdx.json").write_text(json.dumps(listed, indent=2) + "\n", "utf-8")
    return None


if __name__ == "__main__":
    sys.exit(main())
