"""What pages of the site show of programs: the examples with what they print, and the sandbox's answers to calls."""

import ast
import json
import re
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from aki_codegen import ir
from aki_codegen.export.pages import File, arguments
from aki_codegen.markup import code_block
from aki_runtime.errors import AkiError
from aki_runtime.media.objects import Image
from aki_runtime.shapes import is_array
from aki_sandbox.server import SandboxServer
from aki_sandbox.settings import HubSettings
from aki_sandbox.workers.media import paint, speak


def example_pages(top: Path) -> dict[str, tuple[str, str]]:
    """Return the pages of examples/ by their path in the site, with their file in the repository and their text.

    Args:
        top: The repository.
    """
    readme = (top / "examples" / "README.md").read_text("utf-8")
    pages = {"examples/index.md": ("examples/README.md", readme)}
    # In the order of the README, which links to each.
    for target in re.findall(r"\]\((\w[^)]*)\)", readme):
        path = top / "examples" / target
        name = path.parent.name if path.name == "README.md" else path.stem
        text = _PAGES[path.suffix](path)
        pages[f"examples/{name}.md"] = (path.relative_to(top).as_posix(), text)
    return pages


def _script_page(path: Path) -> str:
    source = path.read_text("utf-8")
    said = ast.get_docstring(ast.parse(source)) or ""
    printed = path.parent / "printed" / f"{path.stem}.txt"
    parts = [f"# {_title(path.stem)}", said, _file(path), "Against the sandbox it prints:"]
    return "\n\n".join([*parts, code_block("text", printed.read_text("utf-8").rstrip()), ""])


def _application_page(readme: Path) -> str:
    files = [*sorted(readme.parent.glob("*.py")), readme.parent / "static" / "page.js"]
    return "\n\n".join([readme.read_text("utf-8"), "## The files", *map(_file, files), ""])


def _notebook_page(path: Path) -> str:
    cells = json.loads(path.read_text("utf-8"))["cells"]
    texts = (("".join(cell["source"]), cell["cell_type"] == "code") for cell in cells)
    return "\n\n".join(code_block("python", t) if is_code else t for t, is_code in texts)


_PAGES = {".py": _script_page, ".md": _application_page, ".ipynb": _notebook_page}


def _file(path: Path) -> str:
    language = {".py": "python", ".js": "javascript"}[path.suffix]
    return code_block(f'{language} title="{path.name}"', path.read_text("utf-8").rstrip())


def _title(stem: str) -> str:
    return stem.replace("_", " ").capitalize()


def answers(
    of: Path, package: str, endpoints: Sequence[ir.NamedEndpoint], pictures: Path
) -> list[str]:
    """Return what the sandbox answers to the call that each endpoint's page shows, as the end of that page.

    The end is empty where an endpoint of another hub takes what none of the samples here is.

    Args:
        of: The folder that the generated package is in.
        package: What the package is imported as.
        endpoints: The endpoints that have a page.
        pictures: The folder for pictures that come with answers.
    """
    pictures.mkdir(parents=True)
    sys.path.insert(0, str(of))
    module = import_module(package)
    settings = HubSettings(gated=frozenset())
    shown: list[str] = []
    with SandboxServer(settings=settings, catalogue=of / package / "spec" / "endpoints") as hub:
        for endpoint in endpoints:
            given = {str(p.name): _sample(v) for p, v in arguments(endpoint)}
            with module.Aki("any-key", api_server=hub.url) as aki:
                try:
                    result = getattr(aki, str(endpoint.name))(**given)
                except AkiError:
                    shown.append("")
                else:
                    shown.append(_answer(result, str(endpoint.name), pictures))
    return shown


def _answer(result: Any, name: str, pictures: Path) -> str:
    fields = "".join(f"    {field}={value!r},\n" for field, value in result.__repr_args__())
    text = f"{type(result).__name__}(\n{fields})"
    parts = ["\n## An answer", "In Python, the sandbox hub answers with:", code_block("text", text)]
    for picture in _pictures(result)[:1]:
        file = picture.save(pictures / name)
        parts.append(f"![What the sandbox paints]({file.name})")
    return "\n\n".join([*parts, ""])


def _pictures(result: Any) -> list[Image]:
    values = (value for _, value in result.__repr_args__())
    listed = (value if is_array(value) else [value] for value in values)
    return [item for items in listed for item in items if isinstance(item, Image)]


_MEDIA = {
    "image": paint("A picture", (256, 256), 1, {"format": "PNG"}),
    "audio": speak("A few words"),
    # The sandbox looks at the first bytes of a video alone.
    "video": b"\x00\x00\x00\x18ftypisom" + bytes(40),
}


def _sample(value: Any) -> Any:
    """Put a medium in place of each file."""
    if is_array(value):
        return [_sample(item) for item in value]
    return _MEDIA[value.kind] if isinstance(value, File) else value
