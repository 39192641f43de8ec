"""Lays out the pages of the reference site in a folder, with the settings that a builder reads: `make docs` runs it.

docs/ is copied, and joined by pages made of the README, the examples, the hub's metadata, the sandbox's answers and
the runtime's names. They are files, so that any builder of MkDocs' kind builds all of them. Nothing is written into
docs/, and nothing is said twice: the first page is the README's beginning, endpoint pages come from
`aki_codegen.export`, the API reference names objects and mkdocstrings describes them.
"""

import argparse
import ast
import json
import os
import re
import shutil
from collections.abc import Collection
from pathlib import Path, PurePosixPath

from aki_codegen.commands.export import offered_endpoints
from aki_codegen.export.pages import endpoint_pages
from aki_codegen.snapshot.snapshot import Snapshot, read
from aki_runtime import public
from site_shown import answers, example_pages

TOP = Path(__file__).parents[1]
PACKAGE = "aki_client"
ENDPOINTS = "endpoints"
HUB_CHANGES = "hub-changes.md"

FIRST_PAGE = (
    "Quickstart",
    "Four examples",
    "Where to read on",
    "What has been tried against what",
)
"""Sections of the README that the first page has, after its beginning."""

GUIDE = {
    "Begin": {
        "index.md": "Quickstart",
        "guide/install.md": "Installing",
        "guide/first-call.md": "The first call",
        "guide/settings.md": "Settings",
        "coming-from-aki-io.md": "Coming from aki-io",
    },
    "Models": {
        "guide/chat.md": "Chat",
        "guide/tools.md": "Tools",
        "guide/pictures.md": "Pictures and vision",
        "guide/speech.md": "Speech and sound",
    },
    "Programs": {
        "guide/jobs.md": "Jobs, cancel, timeout",
        "guide/web-service.md": "Web services",
        "celery.md": "Background jobs",
        "batches.md": "Batches",
        "ray.md": "Ray Data",
        "frameworks.md": "Frameworks",
        "interfaces.md": "Other interfaces",
        "notebooks.md": "Notebooks",
    },
    "Development": {
        "editors.md": "Editors",
        "lint.md": "aki lint",
        "testing.md": "Tests of your own",
    },
    "Operation": {
        "money.md": "Usage, cost, budgets",
        "tracing.md": "Traces",
    },
}
TERMINAL = {
    "aki.md": "The command line",
    "playground.md": "The playground",
    "agents.md": "Agents (MCP)",
}
OWN_HUB = {
    "self-hosted.md": "Servers of your own",
    "publishing.md": "Versions and publishing",
    "command-line.md": "The generator",
    "refresh.md": "Refreshing",
    "changes.md": "How changes are classed",
    HUB_CHANGES: "Changes of this hub",
    "specifications.md": "OpenAPI and JSON Schema",
}
PROMISES = {
    "validation.md": "Validation",
    "errors.md": "Errors",
    "faults.md": "Faults and how they end",
    "waiting.md": "How waiting works",
    "performance.md": "Performance",
    "security.md": "Security",
    "support.md": "Support and versions",
    "dependencies.md": "Dependencies",
}
"""Pages by their place in the menu, with short titles; a page that is not there is left out."""

REFERENCE = {
    "Clients and calls": (
        "client.core client.endpoint options events jobs.sync_job jobs.async_job jobs.showing"
        " http.clients http.tracing hub changes.compare"
    ),
    "Inputs": "fields.base fields.parameters chat.messages chat.tools json_value media.inputs",
    "Results": "media.objects chat.text client.untyped",
    "Errors": "errors",
}
"""Pages of the API reference, with the modules whose public names they hold; the rest goes to the last one."""

_LINK_OR_CODE = re.compile(
    r"(?<!!)\[(?P<text>[^\]]+)\]\((?P<target>[^)\s]+)\)|^ *(?P<fence>`{3,}).*?^ *(?P=fence)`*$|`[^`\n]+`",
    re.MULTILINE | re.DOTALL,
)

_DRAWN = re.compile(r"^```text\n(?=(?:(?!```).*\n)*?(?!```).*[─│└])", re.MULTILINE)
"""The beginning of a block that draws something, whose lines must not be broken."""


def main() -> None:
    """Write the pages and the settings."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where the pages go; it is made anew")
    parser.add_argument("--of", type=Path, default=TOP / "generated", help="the package's folder")
    asked = parser.parse_args()
    snapshot = read(asked.of / PACKAGE)
    if snapshot is None:
        raise SystemExit(f"{asked.of / PACKAGE} holds no snapshot; run `make generate` first")
    write_site(asked.folder, asked.of.resolve(), snapshot)


def write_site(folder: Path, of: Path, snapshot: Snapshot) -> None:
    """Write docs/ with what joins it, and mkdocs.yml beside it, into a folder.

    Args:
        folder: Where the pages go; what is in it is removed.
        of: The folder that the generated package is in.
        snapshot: That package's snapshot.
    """
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(TOP / "docs", folder / "docs")
    people = _written_by_people()
    places = {source: page for page, (source, _) in people.items()}
    pages = {page: _linked(text, source, page, places) for page, (source, text) in people.items()}
    pages |= _endpoint_pages(of, snapshot, folder / "docs") | _reference_pages()
    changes = of / PACKAGE / "CHANGES.md"
    if changes.is_file():
        pages[HUB_CHANGES] = changes.read_text("utf-8")
    for path, text in pages.items():
        page = folder / "docs" / path
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(_DRAWN.sub("```{.text .drawn}\n", text), "utf-8")
    # JSON is YAML: what follows the settings that people wrote.
    made = {"docs_dir": "docs", "nav": _menu(pages)}
    settings = (TOP / "mkdocs.yml").read_text("utf-8")
    packages = json.dumps([str(of), str(TOP / "runtime")])
    settings = settings.replace("[generated, runtime]", packages)
    lines = (f"{name}: {json.dumps(value, indent=1)}\n" for name, value in made.items())
    (folder / "mkdocs.yml").write_text(settings + "".join(lines), "utf-8")


def _written_by_people() -> dict[str, tuple[str, str]]:
    """Return pages by their path in the site, with their file in the repository and their text."""
    docs: dict[str, tuple[str, str]] = {}
    for path in sorted((TOP / "docs").rglob("*.md")):
        file, text = path.relative_to(TOP).as_posix(), path.read_text("utf-8")
        docs[file.removeprefix("docs/")] = (file, text)
    readme = (TOP / "README.md").read_text("utf-8")
    first, *others = re.split(r"^## (.+)\n", readme, flags=re.MULTILINE)
    sections = dict(zip(others[::2], others[1::2], strict=True))
    for heading in FIRST_PAGE:
        if heading in sections:
            first += f"\n## {heading}\n{sections[heading]}"
    return {"index.md": ("README.md", first), **example_pages(TOP), **docs}


def _linked(text: str, source: str, page: str, places: dict[str, str]) -> str:
    """Lead links between files of the repository to the pages made of them, or name the file where there is none."""

    def led(match: re.Match[str]) -> str:
        target, _, anchor = (match["target"] or "").partition("#")
        if not target or "://" in target:
            return match[0]
        aim = os.path.normpath(PurePosixPath(source).parent / target)
        if not (TOP / aim).exists():
            raise SystemExit(f"{source}: the link to {target} leads nowhere")
        if aim not in places:
            return match["text"]
        way = os.path.relpath(places[aim], PurePosixPath(page).parent)
        return f"[{match['text']}]({way}{'#' if anchor else ''}{anchor})"

    return _LINK_OR_CODE.sub(led, text)


def _endpoint_pages(of: Path, snapshot: Snapshot, docs: Path) -> dict[str, str]:
    endpoints = offered_endpoints(snapshot)
    pages = endpoint_pages(endpoints, snapshot, PACKAGE)
    shown = answers(of, PACKAGE, endpoints, docs / ENDPOINTS)
    # The last page lists the others.
    return {
        f"{ENDPOINTS}/{path}": f"{text}{end}"
        for (path, text), end in zip(pages.items(), [*shown, ""], strict=True)
    }


def _reference_pages() -> dict[str, str]:
    return {
        f"reference/{title.lower().replace(' ', '-')}.md": "\n".join(
            (f"# {title}\n", *(f"::: {path}\n" for path in names))
        )
        for title, names in _public_names().items()
    }


def _public_names() -> dict[str, list[str]]:
    """Return the public names of each page of the reference, as paths to what they name."""
    pages: dict[str, list[str]] = {title: [] for title in REFERENCE}
    pages["Clients and calls"] += [
        f"{PACKAGE}.client.Aki",
        f"{PACKAGE}.client.AsyncAki",
        "aki_runtime.client.sync_client.SyncClient",
        "aki_runtime.client.async_client.AsyncClient",
    ]
    for node in ast.parse(Path(str(public.__file__)).read_text("utf-8")).body:
        if isinstance(node, ast.ImportFrom):
            titles = [t for t, modules in REFERENCE.items() if node.module in modules.split()]
            names = [f"aki_runtime.{node.module}.{alias.name}" for alias in node.names]
            pages[titles[0] if titles else "Results"] += names
    return pages


def _menu(pages: Collection[str]) -> list[dict[str, object]]:
    """Return the menu of pages, those of a folder in their order; one of docs/ that no list names stands last."""
    there = set(pages)

    def titled(listed: dict[str, str]) -> list[dict[str, str]]:
        return [{title: path} for path, title in listed.items() if path in there]

    def folder(name: str) -> list[str | dict[str, str]]:
        first = f"{name}/index.md"
        return [{"Overview": first}, *(p for p in pages if p.startswith(f"{name}/") and p != first)]

    listed = {*TERMINAL, *OWN_HUB, *PROMISES, *(path for group in GUIDE.values() for path in group)}
    folders = ("examples/", f"{ENDPOINTS}/", "reference/")
    others = sorted(p for p in there - listed if not p.startswith(folders))
    return [
        {"Guide": [{title: titled(group)} for title, group in GUIDE.items()]},
        {"Command line, playground": titled(TERMINAL)},
        {"Examples": folder("examples")},
        # Builders print a page's own title into the head of HTML as it is, and these titles are texts of a hub.
        {"Endpoints": [p if isinstance(p, dict) else {Path(p).stem: p} for p in folder(ENDPOINTS)]},
        {"A hub of your own": titled(OWN_HUB)},
        {"Reference": [p for p in pages if p.startswith("reference/")]},
        {"Promises": [*titled(PROMISES), *others]},
    ]


if __name__ == "__main__":
    main()
