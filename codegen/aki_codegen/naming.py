"""Names: the only maker of Python identifiers from what a hub calls things.

The rules, which are public API:
- A name that is an ASCII identifier stays as it is; in any other, each run of other characters becomes one
  underscore, and accents are dropped. Leading and trailing underscores go.
- A name that begins with a digit, or has nothing left, gets `endpoint_`, `param_` or `field_` before it.
- A name that Python, pydantic or the client needs itself gets an underscore behind it.
- So does an endpoint's that ends in `Endpoint`, as the classes of endpoints do: to type checkers, `flux_dev` is a
  `FluxDevEndpoint` or `AsyncFluxDevEndpoint`. Its models are `FluxDevInput`, `…Output`, `…Progress` and `…Params`.
- Names that would be equal, capitals apart, get `_2`, `_3`, … in the order of the hub's names; those that stay
  as they are come first, so that no other name is ever called as they are.
- A name once given stays: the snapshot remembers it, and a newcomer never takes it.
"""

import keyword
import re
import sys
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Literal


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


DEFAULT_PACKAGE = "aki_client"
"""What a package is imported as where nothing else is asked for."""

DEFAULT_OUT = "generated"
"""Where a package goes unless `--out` says otherwise."""

MAX_NAME = 80
"""Characters of a name at most; longer ones are cut."""

CLIENT_NAMES = _words("""
    aclose aio anthropic api_key api_server batch call cancel celery chat check client close endpoint
    endpoint_details endpoints job jobs layout load_endpoint models mro openai options parameters parts
    preload protocols ray sandbox session stream submit validate_key version with_options
""")
"""What a client can be asked itself, now or later: an endpoint of such a name gets an underscore."""

MODEL_NAMES = _words("""
    construct copy cost declared dict from_orm json meta mro model_computed_fields model_config model_construct
    model_copy model_dump model_dump_json model_extra model_fields model_fields_set
    model_json_schema model_parametrized_name model_post_init model_rebuild model_validate
    model_validate_json model_validate_strings parse parse_file parse_obj parse_raw read register schema
    schema_json to_wire update_forward_refs usage validate
""")
"""What pydantic, the runtime and metaclasses need on a model."""

TYPE_NAMES = _words("""
    Aki Annotated Any AsyncAki AsyncClient AsyncEndpoint AsyncJob AsyncStream Audio AudioInput Called
    ChatContext ChatText CoroutineType Endpoint Field Generic HUB Image ImageInput InputModel Job Json
    JsonOutput Literal NotRequired OutputModel ProgressModel RawJson Stream Streamed Submitted SyncClient
    TYPE_CHECKING ToolCalls Tools TypedDict Video VideoInput bool deprecated dict endpoint float int list str
""")
"""What generated modules are made of: a field or endpoint of such a name would shadow it."""

DEVICE_NAMES = _words("""
    aux com0 com1 com2 com3 com4 com5 com6 com7 com8 com9 con lpt0 lpt1 lpt2 lpt3 lpt4 lpt5 lpt6
    lpt7 lpt8 lpt9 nul prn
""")
"""What Windows takes for a device, whatever the suffix: an endpoint has a file of its name in `spec/`."""

TAKEN_PACKAGES = _words("""
    IPython PIL aiohttp aki_cli aki_codegen aki_lint aki_mcp aki_playground annotated_types anthropic anyio celery
    certifi h11 httpcore httpcore2 httpx httpx2 httpx_aiohttp idna mcp mcp_types openai pyarrow pybase64 pydantic
    pydantic_core ray redis sniffio truststore typing_extensions typing_inspection
""")
"""Packages that a generated one can need, or that made it: one of such a name would hide it."""

RUNTIME_MODEL_BEGINNINGS = _words("Audio Image Json Video")
"""With `Input` or `Output` behind them these are types of the runtime, which an endpoint's models would shadow."""

PROTOCOL_NAMES = _words("""
    Annotated Any AudioInput ChatContext ChatText False ImageInput JsonOutput Literal None Protocol RawJson
    ToolCalls Tools True VideoInput
""")
"""What the module of protocols is made of: a family of such a name would shadow it."""

Role = Literal["endpoint", "param", "field"]


class Identifier(str):
    """An ASCII Python identifier that collides with nothing; made here only."""

    __slots__ = ()


_identifier = cache(Identifier)  # the fields of endpoints have mostly the same names


class ClassName(str):
    """The beginning of the names of an endpoint's models; made here only."""

    __slots__ = ()


def identifiers(
    wire_names: Iterable[str],
    role: Role,
    remembered: Mapping[str, str],
    taken_here: frozenset[str] = frozenset(),
) -> dict[str, Identifier]:
    """Give every name of one scope an identifier of its own.

    Args:
        wire_names: The hub's names; their order does not matter.
        role: What is named.
        remembered: Identifiers given before, by the hub's name; those that are not valid are given anew.
        taken_here: Names that the code of this scope needs itself.
    """
    safe = {w: n for w, n in remembered.items() if is_safe(n, role) and n not in taken_here}
    known = _each_once(safe)
    # Names given before are taken first: a newcomer never gets one of them.
    taken = _Taken([*known.values(), *taken_here])
    suggested = {w: _suggest(w, role) for w in sorted(set(wire_names)) if w not in known}
    given = {wire: name for wire, name in suggested.items() if wire == name and taken.claim(name)}
    given |= {wire: taken.free(name) for wire, name in suggested.items() if wire not in given}
    return {wire: _identifier(known.get(wire) or given[wire]) for wire in sorted(set(wire_names))}


def class_names(
    names: Mapping[str, Identifier], remembered: Mapping[str, str]
) -> dict[str, ClassName]:
    """Give every endpoint a beginning for its models' names, as in `FluxDev` for `flux_dev`."""
    known = _each_once(
        {
            wire: name
            for wire, name in remembered.items()
            if _CLASS.fullmatch(name) and _begins_models(name)
        }
    )
    taken = _Taken(known.values(), separator="")
    return {
        wire: ClassName(known.get(wire) or taken.free(_camel(name)))
        for wire, name in sorted(names.items())
    }


def file_names(names: Mapping[str, Identifier], taken: Iterable[str]) -> dict[str, str]:
    """Return the names of endpoints' files in a folder where others are taken, capitals apart, by the hub's names."""
    chosen = _Taken(taken)
    free = {wire: name for wire, name in sorted(names.items()) if chosen.claim(name)}
    return {wire: free.get(wire) or chosen.free(f"{name}_") for wire, name in sorted(names.items())}


def category_name(category: str) -> ClassName | None:
    """Return the name of a family of endpoints, as in `SpeechToText` for "speech_to_text".

    None where it is not a name, or the module of protocols needs it itself: `AsyncChat` belongs to `Chat`.
    """
    name = _camel(Identifier(_suggest(category, "endpoint")))
    belongs_to_another = name.startswith("Async") or name.endswith("Result")
    if belongs_to_another or name in PROTOCOL_NAMES or not _CLASS.fullmatch(name):
        return None
    return ClassName(name)


def is_safe(name: str, role: Role) -> bool:
    """Whether a name may stand in generated code for this role."""
    return (
        bool(_IDENTIFIER.fullmatch(name))
        and len(name) <= MAX_NAME + 8
        and not name.startswith("_")
        and not _is_reserved(name, role)
    )


def package_name_fault(name: str) -> str | None:
    """Say in one clause why a text cannot be the name of a generated package; None where it can."""
    if not _IDENTIFIER.fullmatch(name) or name.startswith("_"):
        return "is not a name for a Python package"
    if keyword.iskeyword(name):
        return "is a keyword of Python"
    if name in sys.stdlib_module_names or name in TAKEN_PACKAGES:
        return "is the name of a package that the client needs or Python brings"
    return "is a device on Windows" if name.casefold() in DEVICE_NAMES else None


_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_CLASS = re.compile(r"[A-Z][A-Za-z0-9]{0,100}")
_OTHER = re.compile(r"[^A-Za-z0-9_]+")
_ALWAYS = frozenset({*keyword.kwlist, "self", "cls", "None", *TYPE_NAMES})


def _is_reserved(name: str, role: Role) -> bool:
    if role == "endpoint":
        is_class = name.endswith("Endpoint")
        return is_class or name in _ALWAYS | CLIENT_NAMES or name.casefold() in DEVICE_NAMES
    return name in _ALWAYS or name in MODEL_NAMES


def _suggest(wire: str, role: Role) -> str:
    # What has no ASCII form at all still separates words: "a→b" is a_b, not ab.
    plain = "".join(map(_ascii_or_gap, wire[: MAX_NAME * 4]))
    name = _OTHER.sub("_", plain).strip("_")[:MAX_NAME].rstrip("_")
    if not name or name[0].isdigit():
        name = f"{role}_{name}".rstrip("_")
    return f"{name}_" if _is_reserved(name, role) else name


def _ascii_or_gap(char: str) -> str:
    return unicodedata.normalize("NFKD", char).encode("ascii", "ignore").decode() or "_"


def _each_once(remembered: Mapping[str, str]) -> dict[str, str]:
    # A merge of two branches can leave one name with two of the hub's names: the first of them keeps it.
    owners: dict[str, str] = {}
    for wire, name in sorted(remembered.items()):
        owners.setdefault(name.casefold(), wire)
    return {wire: name for wire, name in remembered.items() if owners[name.casefold()] == wire}


class _Taken:
    """The names of one scope. It remembers the last number of each, or thousands of equal names would take hours."""

    def __init__(self, names: Iterable[str], separator: str = "_") -> None:
        self._names = {name.casefold() for name in names}
        self._separator = separator
        self._numbers: dict[str, int] = {}

    def claim(self, name: str) -> bool:
        """Take a name, where it is free."""
        is_free = name.casefold() not in self._names
        self._names.add(name.casefold())
        return is_free

    def free(self, name: str) -> str:
        """Take a name, with a number behind it where it is taken, and return it."""
        stem, key, candidate = name.rstrip("_"), name.casefold(), name
        while not self.claim(candidate):
            self._numbers[key] = self._numbers.get(key, 1) + 1
            candidate = f"{stem}{self._separator}{self._numbers[key]}"
        return candidate


def _camel(name: Identifier) -> str:
    words = [word for word in name.split("_") if word]
    camel = "".join(word[0].upper() + word[1:] for word in words)
    usable = camel and camel[0].isalpha() and _begins_models(camel)
    return camel if usable else f"Endpoint{camel}"


def _begins_models(name: str) -> bool:
    # `AsyncFluxDevEndpoint` is the async form of `FluxDev`.
    return name not in RUNTIME_MODEL_BEGINNINGS and not name.startswith("Async")
