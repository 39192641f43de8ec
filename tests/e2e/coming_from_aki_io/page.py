"""Reads docs/coming-from-aki-io.md: its tables, the names in them, and which tests prove a row."""

import ast
import importlib
import inspect
import keyword
import re
import textwrap
from pathlib import Path

PAGE = Path(__file__).parents[3] / "docs" / "coming-from-aki-io.md"


def tables():
    """The page's tables, each as a list of rows, each a list of cells."""
    text = PAGE.read_text(encoding="utf-8")
    found = re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE)
    return [
        [[cell.strip() for cell in line[1:-1].split(" | ")] for line in table.splitlines()]
        for table in found
    ]


def spans(cell):
    return re.findall(r"`([^`]+)`", cell)


def name_of(span):
    """`do_api_request(params)` is do_api_request, `result["text"]` is text."""
    key = re.fullmatch(r'result\["(\w+)"]', span)
    return key[1] if key else re.sub(r"^(new )?\$?", "", span).partition("(")[0]


def row_id(row):
    return spans(row[0] + row[1])[0]


def words(code):
    """Return the names in a piece of code, without keywords and what stands in quotes."""
    names = re.findall(r"[A-Za-z_]\w*", re.sub(r'"[^"]*"', "", code))
    return set(names) - set(keyword.kwlist)


def words_of_test(test):
    tree = ast.parse(textwrap.dedent(inspect.getsource(test))).body[0]
    tree.decorator_list = []
    return set(re.findall(r"[A-Za-z_]\w*", ast.unparse(tree)))


def coverage_of_rows():
    """Return the tests of this folder that say with `covers` which rows they prove."""
    found = {}
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        if path.stem == "test_page":
            continue
        module = importlib.import_module(f"e2e.coming_from_aki_io.{path.stem}")
        for group in vars(module).values():
            for test in vars(group).values() if inspect.isclass(group) else ():
                for row in getattr(test, "covers", ()):
                    found.setdefault(row, []).append(test)
    return found
