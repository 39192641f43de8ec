"""One value against the attributes of one parameter, as the sandbox judges it."""

from collections.abc import Mapping
from typing import Any

from aki_sandbox.validation.validate import validate_inputs


def refusals(attributes: Mapping[str, Any], value: object, **options: bool) -> list[str]:
    """Return the sentences that refuse a value of the parameter x."""
    return validate_inputs({"x": attributes}, {"x": value}, **options)[1]


def converted(attributes: Mapping[str, Any], value: object, **options: bool) -> Any:
    """Return what a value of the parameter x becomes; it must be taken."""
    values, refused = validate_inputs({"x": attributes}, {"x": value}, **options)
    assert refused == []
    return values.get("x")
