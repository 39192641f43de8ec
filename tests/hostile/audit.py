"""What may stand in a generated module: a list of what is allowed, checked on the syntax tree.

It is written by hand and shares nothing with the generator: names of ours, names that were given (which must be
plain), the shapes of statements. Whatever a hub said can then stand in string literals only.
"""

import ast
import io
import keyword
import re
import tokenize
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import lru_cache

_OURS_OF_TEMPLATES = {
    *(
        "Aki",
        "AsyncAki",
        "AsyncClient",
        "HUB",
        "Hub",
        "SyncClient",
        "TYPE_CHECKING",
        "_client",
        "_hub",
    ),
    *("default_async_endpoint", "default_endpoint", "lazy_attributes", "require"),
    *("sorted", "fromkeys", "self", "name"),
    *("__all__", "__call__", "__dir__", "__getattr__", "__name__", "__version__"),
    *("endpoint", "output", "progress", "title", "description", "category", "version"),
    *(
        "removed",
        "alternatives",
        "package",
        "server",
        "layout",
        "endpoints",
        "property",
        "__future__",
        "annotations",
    ),
}
_OURS_OF_TYPES = {
    *(
        "str",
        "list",
        "dict",
        "bool",
        "int",
        "float",
        "Annotated",
        "Any",
        "Field",
        "Literal",
        "Protocol",
    ),
    *(
        "InputModel",
        "OutputModel",
        "ProgressModel",
        "Audio",
        "AudioInput",
        "ChatContext",
        "ChatText",
    ),
    *(
        "Image",
        "ImageInput",
        "Json",
        "JsonOutput",
        "RawJson",
        "Tools",
        "ToolCalls",
        "Video",
        "VideoInput",
    ),
    *("Called", "Streamed", "Submitted", "Generic", "CoroutineType", "Endpoint", "deprecated"),
    *("NotRequired", "TypedDict", "closed"),
    *("Job", "Stream", "AsyncEndpoint", "AsyncJob", "AsyncStream", "self", "stream", "submit"),
    *("alias", "default", "ge", "gt", "le", "lt", "json_schema_extra", "max_length"),
}
OURS = frozenset(_OURS_OF_TEMPLATES | _OURS_OF_TYPES)
"""The identifiers that modules are made of, whatever the hub."""

_CALLED = frozenset(
    {
        *(
            "Aki",
            "AsyncAki",
            "Field",
            "Hub",
            "default_async_endpoint",
            "default_endpoint",
            "deprecated",
        ),
        *("endpoint", "lazy_attributes", "require", "sorted"),
    }
)
_SHAPES = (
    *(
        ast.Module,
        ast.Expr,
        ast.Constant,
        ast.Name,
        ast.Load,
        ast.Store,
        ast.ImportFrom,
        ast.alias,
        ast.If,
    ),
    *(
        ast.ClassDef,
        ast.FunctionDef,
        ast.AsyncFunctionDef,
        ast.arguments,
        ast.arg,
        ast.Return,
        ast.Pass,
    ),
    *(
        ast.Assign,
        ast.AnnAssign,
        ast.Call,
        ast.keyword,
        ast.Attribute,
        ast.Subscript,
        ast.Tuple,
        ast.List,
    ),
    *(ast.Dict, ast.BinOp, ast.BitOr, ast.UnaryOp, ast.USub, ast.Not),
)
_MODULES = re.compile(
    r"types|typing|typing_extensions|collections\.abc|pydantic|(PACKAGE|aki_runtime)(\.[A-Za-z_][A-Za-z0-9_]*)*"
)
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
# Blank letters, fillers and variation selectors, which Python calls printable.
_BLANK = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\uffa0\ufe00-\ufe0f\U000e0000-\U000e0fff]"
)


def faults_of_module(text: str, given: frozenset[str], package: str) -> list[str]:
    """Return what stands in a module that must not.

    Args:
        text: Its source.
        given: The identifiers that endpoints, models and fields have got.
        package: The package's name.
    """
    return [*_in_tree(ast.parse(text), OURS | given | {package}, package), *_in_any_text(text)]


@lru_cache(64)  # a few modules are the same in every package
def _in_any_text(text: str) -> tuple[str, ...]:
    return (*_in_comments(text), *hidden(text))


def faults_of_names(remembered: Mapping[str, Mapping[str, object]]) -> list[str]:
    """Return which names that were given are no plain identifiers."""
    return [
        f"the name {name!r} was given"
        for name in given_identifiers(remembered)
        if not _PLAIN.fullmatch(name.removeprefix("_")) or keyword.iskeyword(name)
    ]


def _function_and_fields(remembered: Mapping[str, Mapping[str, object]]) -> Iterator[str]:
    for told in remembered.values():
        yield str(told["name"])
        sections = told["fields"]
        assert isinstance(sections, dict)
        for names in sections.values():
            yield from names.values()


def given_identifiers(remembered: Mapping[str, Mapping[str, object]]) -> frozenset[str]:
    """Return the identifiers that the names which were given call for."""
    names = set(_function_and_fields(remembered))
    # `_of_` is what the module of the clients calls an endpoint.
    modules = {f"{mark}{told['name']}" for told in remembered.values() for mark in ("_", "_of_")}
    models = {
        f"{mark}{told['models']}{part}"
        for told in remembered.values()
        for mark, part in (
            *(("", part) for part in ("Input", "Output", "Progress", "Params")),
            *((mark, "Endpoint") for mark in ("", "_", "Async")),
        )
    }
    return frozenset(names | modules | models)


_WORDS = r"(?:[^\[\]<>`*|\\&]|&#\d+;)*"
"""What a hub says, without anything that Markdown makes more of."""
_CALL = r"(`+) ?aki\.\w+\(.*\) ?\1"
_FOR_AGENTS = {
    "endpoints.md": (
        r"## \w+|\d+ endpoints? of `\S+`\. Titles, meanings and choices .*instruction\.",
        rf"- On the hub: {_WORDS}|- First call: {_CALL}",
        rf"- Result: (nothing|`\w+` {_WORDS}(, `\w+` {_WORDS})*)|- All choices of `\w+`: {_WORDS}",
        rf"\| parameter \|.*|\| --- \|.*|\| `\w+` \|(?: {_WORDS} \|){{3}}",
    ),
    "llms.txt": (
        r"## (Docs|Endpoints)|> A typed Python client of `\S+` with .*|- \[[\w.]+\]\([\w./-]+\): [a-zA-Z, ]+",
        rf"- \[\w+\]\(\.agents/skills/[\w-]+/references/endpoints\.md#\w+\): {_WORDS}",
    ),
}
"""The lines of files for agents in which a hub's words stand."""


def faults_for_agents(path: str, text: str, usual: str) -> list[str]:
    """Return what stands in a file for agents that looks like more than words of the hub.

    Args:
        path: The file.
        text: What is in it.
        usual: What is in it of a hub that is not hostile.
    """
    shapes = _FOR_AGENTS.get(path.rpartition("/")[2])
    if shapes is None:
        # In the others a hub's words are within a line, so that headings, fences and front matter are the same ones.
        marks = [re.findall(r"^(?:#.*|```.*|---.*|[->|] )", t, re.MULTILINE) for t in (text, usual)]
        return [] if marks[0] == marks[1] else ["it is built in another way"]
    first, *lines = filter(None, text.split("\n"))
    assert first == usual.partition("\n")[0]
    return [
        f"the line {line!r}" for line in lines if not any(re.fullmatch(s, line) for s in shapes)
    ]


def hidden(text: str) -> list[str]:
    """Return what stands in a text that an editor or terminal does not show, or obeys."""
    found = {char for char in text if not (char.isprintable() or char == "\n")}
    found |= set(_BLANK.findall(text))
    return [f"the text holds U+{ord(char):04X}" for char in sorted(found)]


def _in_tree(tree: ast.Module, allowed: frozenset[str], package: str) -> Iterator[str]:
    yield from _twice(tree)
    yield from _questions(tree)
    families = {n.name for n in tree.body if isinstance(n, ast.ClassDef) and _is_protocol(n)}
    known = allowed | families
    for node in ast.walk(tree):
        if not isinstance(node, _SHAPES):
            yield f"line {getattr(node, 'lineno', 0)}: a {type(node).__name__}"
        for name in _names_in(node):
            if name.removesuffix("_aliased") not in known:
                yield f"the identifier {name}"
        match node:
            case ast.ImportFrom(module=module, level=level):
                if level or not _MODULES.fullmatch((module or "").replace(package, "PACKAGE", 1)):
                    yield f"an import from {module}"
            case ast.Call(func=ast.Name(id=called)):
                if called not in _CALLED and not called.endswith("Input"):
                    yield f"a call of {called}"
            case ast.Call(func=ast.Attribute(value=ast.Name(id="dict"), attr="fromkeys")):
                pass
            case ast.Call():
                yield "a call of something that is no name"
            case (
                ast.Attribute(value=ast.Name(id="dict"), attr="fromkeys")
                | ast.Attribute(value=ast.Name(id="_client"))
                | ast.Attribute(value=ast.Name(id="HUB"), attr="endpoints")
            ):
                pass
            case ast.Attribute():
                yield f"the attribute {node.attr}"
            case _:
                pass


def _questions(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.UnaryOp(op=ast.Not(), operand=ast.Name(id="TYPE_CHECKING")):
                pass
            case ast.UnaryOp(op=ast.Not()):
                yield "a question of its own"
            case _:
                pass


def _twice(tree: ast.Module) -> Iterator[str]:
    imported = [
        a.asname or a.name for n in tree.body if isinstance(n, ast.ImportFrom) for a in n.names
    ]
    defined = [n.name for n in tree.body if isinstance(n, ast.ClassDef)]
    for name, count in Counter([*imported, *defined]).items():
        if count > 1:
            yield f"{name} is defined twice"


def _is_protocol(node: ast.ClassDef) -> bool:
    return [ast.unparse(base) for base in node.bases] == ["Protocol"] and bool(
        _PLAIN.fullmatch(node.name)
    )


def _names_in(node: ast.AST) -> list[str]:
    match node:
        case ast.Name(id=name) | ast.arg(arg=name) | ast.Attribute(attr=name):
            return [name]
        case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            return [name]
        case ast.keyword(arg=str(name)):
            return [name]
        case ast.alias(name=name, asname=other):
            return [each for each in (name, other) if each not in (None, "*")]
        case _:
            return []


def _in_comments(text: str) -> Iterator[str]:
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT and not _OUR_COMMENT.match(token.string):
            yield f"the comment {token.string!r}"


_OUR_COMMENT = re.compile(
    r"# (Generated by aki-codegen|generator, then run|Nothing heavy is imported)"
)
