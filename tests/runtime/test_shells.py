"""The sync and the async shell say the same: what is decided in one of them is decided in the other.

Each pair is compared as a syntax tree, once `async`, `await` and the names of asynchronous things are put aside.
"""

import ast
import re
from pathlib import Path

import aki_runtime
import pytest

FOLDER = Path(aki_runtime.__file__).parent
NAMES = {
    "AsyncGenerator": "Generator",
    "AsyncIterator": "Iterator",
    "StopAsyncIteration": "StopIteration",
    "__aenter__": "__enter__",
    "__aexit__": "__exit__",
    "__aiter__": "__iter__",
    "aclose": "close",
}
PAIRS = {
    "jobs": ("jobs/sync_job.py:Job", "jobs/async_job.py:AsyncJob"),
    "streams": ("jobs/sync_stream.py:Stream", "jobs/async_stream.py:AsyncStream"),
    "endpoints": ("client/endpoint.py:Endpoint", "client/endpoint.py:AsyncEndpoint"),
    "clients": ("client/sync_client.py:SyncClient", "client/async_client.py:AsyncClient"),
    "runners": ("http/runner.py:SyncRunner", "http/runner.py:AsyncRunner"),
}


class _WithoutAsync(ast.NodeTransformer):
    """Puts aside what makes code asynchronous."""

    def visit_AsyncFunctionDef(self, node):
        return self.generic_visit(
            ast.FunctionDef(
                node.name, node.args, node.body, node.decorator_list, node.returns, lineno=0
            )
        )

    def visit_AsyncFor(self, node):
        return self.generic_visit(ast.For(node.target, node.iter, node.body, node.orelse, lineno=0))

    def visit_AsyncWith(self, node):
        return self.generic_visit(ast.With(node.items, node.body, lineno=0))

    def visit_Await(self, node):
        return self.visit(node.value)

    def visit_Expr(self, node):
        is_text = isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        return ast.Pass() if is_text else self.generic_visit(node)


def spoken(place):
    """Return a class as text, each method on its own, without what makes it asynchronous."""
    path, name = place.split(":")
    tree = ast.parse((FOLDER / path).read_text("utf-8"))
    found = next(n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == name)
    methods = [n for n in ast.walk(found) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    return dict(_method(method) for method in methods)


def _method(node):
    text = ast.unparse(ast.fix_missing_locations(_WithoutAsync().visit(node)))
    for name, plain in NAMES.items():
        text = text.replace(name, plain)
    text = re.sub(r"\b(Async|Sync)(?=[A-Z])|async_", "", text)
    return text.partition("(")[0].rpartition(" ")[2], text


@pytest.mark.parametrize(("sync", "asynchronous"), PAIRS.values(), ids=PAIRS)
def test_both_shells_say_the_same(sync, asynchronous):
    assert spoken(asynchronous) == spoken(sync)


def test_another_word_in_one_of_them_is_seen():
    source = "def result(self):\n    while {} self._state.ended:\n        {}self._advance()\n"
    ours, theirs = (ast.parse(source.format(*words)).body[0] for words in (("not", ""), ("", "")))
    assert _method(ours) != _method(theirs)
