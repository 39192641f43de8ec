"""What an endpoint is, and how the arguments of one call become what the hub wants. It sends nothing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Generic

from pydantic import ValidationError

from ..errors import EndpointRemovedError, InvalidParametersError
from ..fields.base import InputModel
from ..fields.parameters import Parameter, parameters_of
from ..fields.refusals import problems_of
from ..jobs.ref import Origin
from ..protocol.view import Out, Prog, Reading


@dataclass(frozen=True)
class EndpointInfo(Generic[Prog, Out]):
    """What an endpoint is, apart from its parameters.

    Attributes:
        name: Its name on the hub.
        title: What people call it.
        description: What the hub says about it.
        category: The hub's word for its kind, such as "chat"; None where the hub gives none.
        version: The endpoint's version when this package was generated.
        reading: How its answers are read.
        origin: Which generated function it comes from.
        input: The model of its parameters; None where nothing is known of them.
        check: Makes of arguments what the hub wants, or refuses them; the second argument is `allow_paths`.
        removed: What to say where the hub has removed the endpoint; empty where it is there.
    """

    name: str
    title: str
    description: str
    category: str | None
    version: int | None
    reading: Reading[Prog, Out] = field(repr=False)
    origin: Origin = field(repr=False)
    input: type[InputModel] | None = field(repr=False)
    check: Callable[[dict[str, Any], bool], Mapping[str, Any]] = field(repr=False)
    removed: str = field(default="", repr=False)

    @property
    def parameters(self) -> Mapping[str, Parameter]:
        """What each parameter takes, by its Python name."""
        return parameters_of(self.input) if self.input is not None else {}

    def inputs(
        self, args: tuple[Any, ...], kwargs: dict[str, Any], *, allow_paths: bool = True
    ) -> Mapping[str, Any]:
        """Check the arguments of one call and return them as the hub wants them.

        Args:
            args: None is taken.
            kwargs: The parameters.
            allow_paths: Whether media may be paths, which are opened; `Options` says more.

        Raises:
            InvalidParametersError: With every problem of the call at once.
            EndpointRemovedError: The hub has no such endpoint any more.
        """
        if self.removed:
            raise EndpointRemovedError(self.removed, endpoint=self.name)
        if args:
            raise TypeError(f"{self.name} takes keyword arguments only, as in name=value")
        return self.check(kwargs, allow_paths)


def removal_notice(endpoint: str, alternatives: Sequence[str]) -> str:
    """Say that an endpoint is gone, and what can stand in for it."""
    instead = f"; {', '.join(alternatives)} can stand in for it" if alternatives else ""
    return f"the hub has removed the endpoint {endpoint}{instead}; the next refresh leaves it out"


def check_with_model(
    endpoint: str, model: type[InputModel]
) -> Callable[[dict[str, Any], bool], Mapping[str, Any]]:
    """Return the check of a generated endpoint: its input model, every problem at once."""
    return partial(_check, endpoint, model)  # which can be pickled


def _check(
    endpoint: str, model: type[InputModel], given: dict[str, Any], allow_paths: bool = True
) -> Mapping[str, Any]:
    try:
        return model.model_validate(given, context={"allow_paths": allow_paths}).to_wire()
    except ValidationError as error:
        problems = problems_of(error, model)
    raise InvalidParametersError(endpoint, problems)
