"""The rendering of protocols: one module that names what the endpoints of a family have in common."""

import re
from collections.abc import Sequence

from ..literals import Code, docstring, name
from ..naming import ClassName
from .describe import wrapped
from .families import Family
from .models import ModelField
from .render import common_values, field_values
from .schema import RUNTIME_TYPES
from .templates import fill

MAX_SHOWN_MEMBERS = 12


def render_protocols(families: Sequence[Family], package: str) -> str:
    """Return the module of the protocols."""
    return fill(
        "protocols.py.jinja",
        **common_values(package),
        imports=_imports(families, package),
        families=[_family(family) for family in families],
    )


def _family(family: Family) -> dict[str, object]:
    shown = ", ".join(f"`{member.name}`" for member in family.members[:MAX_SHOWN_MEMBERS])
    more = len(family.members) - MAX_SHOWN_MEMBERS
    members = shown + (f" and {more} more" if more > 0 else "")
    return {
        "name": name(family.name),
        "result_doc": _doc(f"What any `{family.name}` gives.", members),
        "outputs": [field_values(field) for field in family.outputs],
        "parameters": [field_values(field) for field in family.parameters],
        "forms": [
            {
                "name": name(family.name),
                "keyword": Code("def"),
                "doc": _doc(f"Any `{family.name}` endpoint of a sync client.", members),
            },
            {
                "name": name(ClassName(f"Async{family.name}")),
                "keyword": Code("async def"),
                "doc": _doc(f"Any `{family.name}` endpoint of an async client.", members),
            },
        ],
    }


def _doc(summary: str, members: str) -> Code:
    return docstring([summary, "", *wrapped(f"These fit: {members}.")], indent=4)


def _imports(families: Sequence[Family], package: str) -> list[Code]:
    if not families:
        return []
    fields: list[ModelField] = [
        f for family in families for f in (*family.parameters, *family.outputs)
    ]
    words = {word for field in fields for word in re.findall(r"[A-Za-z_]+", str(field.annotation))}
    from_typing = ", ".join(sorted({"Protocol", *(words & {"Any", "Literal"})}))
    return [Code(f"from typing import {from_typing}\n")] + [
        Code(f"from aki_runtime.{module} import {type_name}")
        for type_name, module in sorted(RUNTIME_TYPES.items())
        if type_name in words
    ]
