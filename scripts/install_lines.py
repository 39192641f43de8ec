"""How the package is installed today, in the one place that says so; run it to have the README and docs/ say the same.

    python scripts/install_lines.py [--check]

On the day the package is on an index, PACKAGE becomes "aki-client". A new version asks for another run.
"""

import re
import sys
import tomllib
from pathlib import Path

PACKAGE = "./aki_client-{version}-py3-none-any.whl"

ROOT = Path(__file__).parents[1]
_LINE = re.compile(
    r'(pip install ")(?:\./aki_client-[\w.]+-py3-none-any\.whl|aki-client)(?=(?:\[[a-z,]+\])?")'
)


def as_installed_today(text: str) -> str:
    """Return a page whose lines that install the package are those of today."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    return _LINE.sub(lambda found: found[1] + PACKAGE.format(version=version), text)


def main() -> str | None:
    """Write the pages that say something else; with --check name them."""
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    texts = {page: page.read_text("utf-8") for page in pages}
    old = [page for page, text in texts.items() if as_installed_today(text) != text]
    if "--check" in sys.argv[1:]:
        named = ", ".join(page.relative_to(ROOT).as_posix() for page in old)
        return f"run scripts/install_lines.py: {named} install it otherwise" if old else None
    for page in old:
        page.write_text(as_installed_today(texts[page]), "utf-8")
    return None


if __name__ == "__main__":
    sys.exit(main())
