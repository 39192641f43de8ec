"""What the reference site has beside docs/: pages made of the README, the hub's metadata and the runtime's names.

A hook of MkDocs. Nothing is written into docs/, and nothing is said twice: the first page is the README's beginning,
endpoint pages come from `aki_codegen.export`, the API reference names objects and mkdocstrings describes them.
"""

import ast
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from aki_codegen.commands.export import offered_endpoints
from aki_codegen.export.pages import endpoint_pages
from aki_codegen.snapshot.snapshot import read
from aki_runtime import public
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

TOP = Path(__file__).parents[1]
GENERATED = TOP / os.environ.get("SITE_OF", "generated")
PACKAGE = "aki_client"

HUB_CHANGES = "hub-changes.md"
ENDPOINTS = "endpoints/"
"""Pages that hold texts of a hub: this one, and those of this folder."""

FIRST_PAGE = (
    "Quickstart",
    "Four examples",
    "Where to read on",
    "What has been tried against what",
)
"""Sections of the README that the first page has, after its beginning."""

GUIDE = {
    "guide/install.md": "Installing",
    "guide/first-call.md": "The first call",
    "guide/chat.md": "Chat",
    "guide/tools.md": "Tools",
    "guide/pictures.md": "Pictures and vision",
    "guide/speech.md": "Speech and sound",
    "guide/jobs.md": "Jobs, cancel, timeout",
    "guide/settings.md": "Settings",
    "guide/web-service.md": "In a web service",
    "batches.md": "Batches",
    "celery.md": "Background jobs",
    "ray.md": "Ray Data",
    "notebooks.md": "Notebooks",
    "editors.md": "Editors",
    "lint.md": "Mistakes before it runs",
    "validation.md": "Validation",
    "errors.md": "Errors",
    "testing.md": "Testing with the sandbox",
    "security.md": "Security",
    "support.md": "Support and versions",
}
TERMINAL = {
    "aki.md": "The command line",
    "playground.md": "The playground",
    "agents.md": "Agents",
}
HISTORY = {
    HUB_CHANGES: "Of this hub",
    "changes.md": "How changes are classed",
    "refresh.md": "Refreshing",
}
OWN_HUB = {
    "self-hosted.md": "Servers of your own",
    "publishing.md": "Versions and publishing",
    "command-line.md": "The generator",
    "specifications.md": "OpenAPI and JSON Schema",
}
MORE = {
    "coming-from-aki-io.md": "Coming from aki-io",
    "faults.md": "Faults and how they end",
    "waiting.md": "How waiting works",
    "performance.md": "What it costs",
}
"""Pages by their place in the menu, with short titles; a page that is not there is left out."""

REFERENCE = {
    "Clients and calls": (
        "client.core client.endpoint options events jobs.sync_job jobs.async_job jobs.showing"
        " http.clients hub changes.compare"
    ),
    "Inputs": "fields.base fields.parameters chat.messages chat.tools json_value media.inputs",
    "Results": "media.objects chat.text client.untyped",
    "Errors": "errors",
}
"""Pages of the API reference, with the modules whose public names they hold; the rest goes to the last one."""


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Lay out the pages; a page of docs/ that no list names stands under More."""
    docs = TOP / "docs"
    written = {path.relative_to(docs).as_posix() for path in docs.rglob("*.md")}
    menus = (GUIDE, TERMINAL, OWN_HUB, HISTORY, MORE)
    guide, terminal, own, history, more = (_titled(m, {*written, *_changes()}) for m in menus)
    unnamed = sorted(written.difference(*menus))
    config.nav = [
        {"Start": "index.md"},
        {"Guide": guide},
        {"Terminal and page": terminal},
        {"Endpoints": [f"{ENDPOINTS}{path}" for path in _in_order(_endpoint_pages())]},
        {"Reference": [f"reference/{_file_name(title)}" for title in REFERENCE]},
        {"A hub of your own": own},
        {"Changes": history},
        {"More": [*more, *unnamed]},
    ]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are made."""
    for path, text in _made().items():
        files.append(File.generated(config, path, content=text))
    return files


def on_page_markdown(markdown: str, page: Any, files: Files, **_: Any) -> str:
    """Turn links to files without a page into their names, where people wrote the page."""
    if page.file.src_uri == HUB_CHANGES or page.file.src_uri.startswith(ENDPOINTS):
        # What looks like a link there is a text of a hub, and its escapes must stay.
        return markdown
    here = PurePosixPath(page.file.src_uri).parent

    def shown(match: re.Match[str]) -> str:
        text, target = match[1], match[2].partition("#")[0]
        known = not target or "://" in target or files.get_file_from_path(_joined(here, target))
        return match[0] if known else text

    return re.sub(r"(?<!!)\[([^\]]+)\]\(([^)\s]+)\)", shown, markdown)


def _titled(pages: dict[str, str], there: set[str]) -> list[dict[str, str]]:
    return [{title: path} for path, title in pages.items() if path in there]


def _made() -> dict[str, str]:
    pages = {f"{ENDPOINTS}{path}": text for path, text in _endpoint_pages().items()}
    sections = dict(_sections((TOP / "README.md").read_text("utf-8")))
    first = sections[""] + "".join(f"\n## {heading}\n{sections[heading]}" for heading in FIRST_PAGE)
    pages["index.md"] = first.replace("](docs/", "](")
    pages |= {
        f"reference/{_file_name(title)}": _reference_page(title, names)
        for title, names in _public_names().items()
    }
    return pages | _changes()


def _endpoint_pages() -> dict[PurePosixPath, str]:
    snapshot = read(GENERATED / PACKAGE)
    if snapshot is None:
        raise SystemExit("generated/aki_client holds no snapshot; run `make generate` first")
    return endpoint_pages(offered_endpoints(snapshot), snapshot, PACKAGE)


def _in_order(paths: Iterable[PurePosixPath]) -> list[str]:
    return sorted(map(str, paths), key=lambda path: (path != "index.md", path))


def _changes() -> dict[str, str]:
    path = GENERATED / PACKAGE / "CHANGES.md"
    return {HUB_CHANGES: path.read_text("utf-8")} if path.is_file() else {}


def _sections(text: str) -> Iterator[tuple[str, str]]:
    """Split a text at its second headings; what is before the first of them is called nothing."""
    headings = list(re.finditer(r"^## (.+)\n", text, re.MULTILINE))
    yield "", text[: headings[0].start()]
    for place, heading in enumerate(headings):
        end = headings[place + 1].start() if place + 1 < len(headings) else len(text)
        yield heading[1], text[heading.end() : end]


def _public_names() -> dict[str, list[str]]:
    """Return the public names of each page of the reference, as paths to what they name."""
    tree = ast.parse(Path(str(public.__file__)).read_text("utf-8"))
    paths = {
        alias.name: (node.module or "", f"aki_runtime.{node.module}.{alias.name}")
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    pages: dict[str, list[str]] = {title: [] for title in REFERENCE}
    pages["Clients and calls"] += [f"{PACKAGE}.client.Aki", f"{PACKAGE}.client.AsyncAki"]
    pages["Clients and calls"] += [
        "aki_runtime.client.sync_client.SyncClient",
        "aki_runtime.client.async_client.AsyncClient",
    ]
    for module, path in paths.values():
        titles = [title for title, modules in REFERENCE.items() if module in modules.split()]
        pages[titles[0] if titles else "Results"].append(path)
    return pages


def _reference_page(title: str, paths: Iterable[str]) -> str:
    return f"# {title}\n\n" + "\n".join(f"::: {path}\n" for path in paths)


def _file_name(title: str) -> str:
    return f"{title.lower().replace(' ', '-')}.md"


def _joined(folder: PurePosixPath, target: str) -> str:
    parts: list[str] = list(folder.parts)
    for part in PurePosixPath(target).parts:
        if part == "..":
            del parts[-1:]
        else:
            parts.append(part)
    return "/".join(parts)
