"""The type of `json` parameters and outputs: any JSON value, sent as a JSON-encoded string.

The hub refuses a raw list or dict in the body of a call; it wants the text of the JSON document.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from pydantic import BeforeValidator, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from .shapes import decoded, encode_json, is_array, is_object


class _JsonEncoded:
    """Pydantic's view of a JSON value: check that it encodes, send the encoded text or the value itself."""

    def __init__(self, *, encoded: bool = True) -> None:
        self._encoded = encoded

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {} if handler.mode == "validation" or not self._encoded else json_text_schema({})

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            _check if self._encoded else check_encodes,
            serialization=core_schema.plain_serializer_function_ser_schema(_encoded)
            if self._encoded
            else None,
        )


_BYTE_ORDER_MARK = "\ufeff"


class JsonText:
    """A value that is sent as JSON text, not encoded yet, because there are media in it.

    Not a dataclass: pydantic would take it apart.
    """

    def __init__(self, value: Any) -> None:
        self.value = value


def json_text_schema(content: dict[str, Any]) -> dict[str, Any]:
    """Return the JSON Schema of JSON text, whose content has a schema of its own."""
    return {"type": "string", "contentMediaType": "application/json", "contentSchema": content}


def check_encodes(value: Any, default: Callable[[Any], Any] | None = None) -> Any:
    """Return a value that has a JSON form; refuse any other in pydantic's way."""
    try:
        encode_json(value, default)
    except (TypeError, ValueError, RecursionError) as error:
        raise PydanticCustomError(
            "json_value", "must be a JSON value: {reason}", {"reason": str(error)}
        ) from None
    return value


def array_or_object(text: str) -> list[Any] | dict[str, Any] | None:
    """Return what a JSON text holds where that is an array or an object; None for any other text."""
    try:
        value: object = json.loads(text.removeprefix(_BYTE_ORDER_MARK))
    except json.JSONDecodeError:
        return None
    except (RecursionError, ValueError) as error:  # too deep, or a number of 5,000 digits
        raise PydanticCustomError(
            "json_value", "must be a JSON value: {reason}", {"reason": str(error)}
        ) from None
    return value if is_array(value) or is_object(value) else None


def _check(value: Any) -> Any:
    if isinstance(value, str):
        check_encodes(
            array_or_object(value)
        )  # in JSON text Python takes NaN, which JSON does not have
        return value
    return check_encodes(value)


def _encoded(value: Any) -> str:
    """Encode a value; text that is the JSON of an array or object is sent as it is, as the hub wants it."""
    is_text = isinstance(value, str) and array_or_object(value) is not None
    return value.removeprefix(_BYTE_ORDER_MARK) if is_text else encode_json(value)


if TYPE_CHECKING:
    # Sequence and Mapping, not list and dict: a variable of type list[dict[str, str]] is accepted too.
    Json: TypeAlias = bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"] | None
    RawJson: TypeAlias = Json
else:
    Json = Annotated[Any, _JsonEncoded()]
    RawJson = Annotated[Any, _JsonEncoded(encoded=False)]

JsonOutput: TypeAlias = Annotated[Any, BeforeValidator(lambda value: decoded(value, value))]
"""A `json` output: any JSON value, decoded where the hub sent it as text."""
