"""Values that fit a JSON Schema: the arguments of a tool, or the answer of a model that was given a schema.

Owns what is made of each keyword. Not looked at: `not`, `if`, `dependentRequired`, and a `pattern` without a default or
example. Must not know what the value is for.
"""

import math

from aki_sandbox.jsontypes import Json, JsonObject, as_list, as_object

_DEEPEST = 6
"""From this depth on, what may be left out is: a schema may hold itself."""

_FAR = 2.0**53
"""In the place of a bound that a number does not have."""

_LONGEST = 10_000
"""Letters of a text, items of an array, and values altogether, that a model would write at most."""

_FORMATS: dict[str, str] = {
    "date": "2026-01-31",
    "date-time": "2026-01-31T12:00:00Z",
    "time": "12:00:00Z",
    "duration": "PT1H",
    "email": "somebody@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/",
    "uuid": "00000000-0000-4000-8000-000000000000",
}
_KEYWORDS_OF_TYPES = {
    "object": ("properties", "required", "additionalProperties"),
    "array": ("items", "prefixItems", "minItems"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
}


def example(schema: Json, text: str) -> Json:
    """Return a value that fits a schema: the required properties, else the first; first choices; numbers near 1.

    Args:
        schema: A JSON Schema; references are looked up in itself.
        text: What strings say, cut or filled to the lengths that are allowed.
    """
    return _Maker(schema, text).value(schema, 0, 0)


class _Maker:
    """Makes values for the parts of one schema."""

    def __init__(self, root: Json, text: str) -> None:
        self._root = root
        self._text = text
        self._left = _LONGEST

    def value(self, schema: Json, depth: int, index: int) -> Json:
        """Return a value for a part.

        Args:
            schema: The part.
            depth: How deep it lies.
            index: Its place among the items of an array, which may have to differ.
        """
        self._left -= 1
        if depth > 3 * _DEEPEST or self._left < 0:
            return None  # no value of a size that can be written fits
        part = self._resolved(schema, 0, ends=depth >= _DEEPEST)
        if "const" in part:
            return part["const"]
        if isinstance(choices := part.get("enum"), list) and choices:
            return choices[index % len(choices)]
        match _type_of(part):
            case "object":
                return self._object(part, depth)
            case "array":
                return self._array(part, depth)
            case "integer":
                return int(_number(part, index, whole=True))
            case "number":
                return _number(part, index, whole=False)
            case "boolean":
                return index % 2 == 0
            case "null":
                return None
            case _:
                return self._string(part, index)

    def _resolved(self, schema: Json, hops: int, *, ends: bool) -> JsonObject:
        """Return a part with what it refers to, all of `allOf`, and the first of `anyOf` that is not null.

        Args:
            schema: The part.
            hops: How many references led to it.
            ends: Whether null comes first.
        """
        if not isinstance(schema, dict) or hops > _DEEPEST:
            return {}
        part = dict(schema)
        others: list[Json] = []
        if isinstance(reference := part.pop("$ref", None), str):
            others.append(self._at(reference))
        for key in ("anyOf", "oneOf"):
            choices = as_list(part.pop(key, None))
            resolved = [self._resolved(choice, hops + 1, ends=ends) for choice in choices]
            # The first that is not null, or is.
            others += sorted(resolved, key=lambda each: (_type_of(each) == "null") is not ends)[:1]
        others += as_list(part.pop("allOf", None))
        for other in (self._resolved(each, hops + 1, ends=ends) for each in others):
            merged: JsonObject = {**other, **part}
            if required := [*as_list(part.get("required")), *as_list(other.get("required"))]:
                merged["required"] = required
            if properties := {
                **as_object(other.get("properties")),
                **as_object(part.get("properties")),
            }:
                merged["properties"] = properties
            part = merged
        return part

    def _at(self, reference: str) -> Json:
        found = self._root
        for name in reference.removeprefix("#").split("/")[1:]:
            found = as_object(found).get(name.replace("~1", "/").replace("~0", "~"))
        return found

    def _object(self, part: JsonObject, depth: int) -> Json:
        properties = as_object(part.get("properties"))
        names = [name for name in as_list(part.get("required")) if isinstance(name, str)]
        if not names and depth < _DEEPEST:
            names = list(properties)[:1]
        return {name: self.value(properties.get(name), depth + 1, 0) for name in names}

    def _array(self, part: JsonObject, depth: int) -> Json:
        first = as_list(part.get("prefixItems"))
        fewest, most = _bound(part, "minItems", 0), _bound(part, "maxItems", _FAR)
        wanted = (
            max(fewest, len(first)) if first or depth >= _DEEPEST else max(fewest, min(1, most))
        )
        rest = [part.get("items")] * int(min(wanted, _LONGEST) - len(first))
        return [self.value(item, depth + 1, index) for index, item in enumerate([*first, *rest])]

    def _string(self, part: JsonObject, index: int) -> Json:
        shown = part.get("default", next(iter(as_list(part.get("examples"))), None))
        if "pattern" in part and isinstance(shown, str):
            return shown
        if isinstance(written := part.get("format"), str) and written in _FORMATS:
            return _FORMATS[written]
        text = f"{index + 1} {self._text}" if index else self._text
        fewest, most = _bound(part, "minLength", 0), _bound(part, "maxLength", _FAR)
        return text[: int(most)].ljust(int(min(fewest, _LONGEST)), ".")


def _type_of(part: JsonObject) -> str:
    word = part.get("type")
    if isinstance(word, list):
        word = next((each for each in word if each != "null"), "null")
    if isinstance(word, str):
        return word
    if "const" in part or "enum" in part:
        return "null" if part.get("const", 0) is None else "string"
    written = (kind for kind, keywords in _KEYWORDS_OF_TYPES.items() if part.keys() & {*keywords})
    return next(written, "string")


def _number(part: JsonObject, index: int, *, whole: bool) -> float:
    """Return the allowed number next to 1, or so many steps behind it as its place in an array says."""
    low, high = _bound(part, "minimum", -_FAR), _bound(part, "maximum", _FAR)
    above, below = _bound(part, "exclusiveMinimum", -_FAR), _bound(part, "exclusiveMaximum", _FAR)
    if whole:
        low, high = max(math.ceil(low), math.floor(above) + 1), min(high, math.ceil(below) - 1)
    else:
        inside = min(1.0, (min(high, below) - max(low, above)) / 4)
        low, high = max(low, above + inside), min(high, below - inside)
    multiple = _bound(part, "multipleOf", 0)
    multiple = multiple if multiple > 1e-9 else 0  # all numbers are multiples of less
    step = multiple or 1
    number = max(1, low)
    if multiple > 0:
        number = math.ceil(round(number / multiple, 9)) * multiple
    number = min(number, high) + index * step
    return math.floor(round(number / multiple, 9)) * multiple if multiple > 0 else number


def _bound(part: JsonObject, name: str, default: float) -> float:
    value = part.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool):
        return default
    # Nothing can be computed with what is larger, or not a number.
    return value if abs(value) <= 1e100 else default
