"""The base classes of generated models: strict with what goes out, lenient with what comes in.

Inputs refuse what the hub would refuse, so that a mistake costs nothing. Outputs never refuse: they hold
what was paid for, however odd it looks, and can be had as plain JSON values.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, Self, TypeVar, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    GetJsonSchemaHandler,
    ModelWrapValidatorHandler,
    PrivateAttr,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    field_validator,
    model_validator,
)
from pydantic_core import CoreSchema, PydanticCustomError

from ..chat.text import ChatText
from ..chat.tools import ToolCall
from ..errors import InvalidParametersError, MissingOutputError
from ..events import Meta
from ..json_value import check_encodes
from ..logs import logger
from ..media.objects import Audio, Image, Media, broken_limit
from ..shapes import (
    integer_or_none,
    is_array,
    is_iterable,
    is_mapping,
    is_multiple,
    is_number,
    is_object,
    number_or_none,
)
from ..usage import Prices, Usage, amount_in_words, submitted_at
from .parameters import UNREADABLE, Parameter, parameters_of, wire_names
from .refusals import number_rule, one_of, problems_of

T = TypeVar("T")

KeepMedium = Callable[[Media, str], str]
"""Stores a medium under a name and returns what stands for it in the outputs."""

_log = logger()
_MISSING: Any = object()
_SURELY_JSON = 1e15  # numbers below it need no closer look
_ENVELOPE = frozenset({"success", "job_id", "ep_version", "total_duration", "compute_duration"})


class InputModel(BaseModel):
    """The parameters of one call, checked before anything is sent.

    A parameter that is absent or None is not sent, so that the hub's own default applies. What is assigned is checked
    as what a call is given: where it is refused, that raises `InvalidParametersError`, and nothing changes.
    """

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        validate_assignment=True,
        # Callers use Python names; another parameter may be called on the hub what this one is in Python.
        validate_by_name=True,
        validate_by_alias=False,
        protected_namespaces=(),
        allow_inf_nan=False,
        arbitrary_types_allowed=True,
        hide_input_in_errors=True,
    )

    def to_wire(self) -> dict[str, Any]:
        """Return the parameters that were given, as the hub wants them, but for media: those stay what they are."""
        return self.model_dump(
            by_alias=True,
            exclude_unset=True,
            exclude_none=True,
            warnings=False,  # a hub that converts takes values of other types than declared
        )

    if not TYPE_CHECKING:
        # Hidden from type checkers: they know what each field takes.

        def __setattr__(self, name: str, value: Any) -> None:
            values, given = vars(self).copy(), self.model_fields_set.copy()
            try:
                super().__setattr__(name, value)
            except ValidationError as error:
                # pydantic keeps a value that only the model as a whole refuses.
                object.__setattr__(self, "__dict__", values)
                object.__setattr__(self, "__pydantic_fields_set__", given)
                problems = problems_of(error, type(self))
                raise InvalidParametersError(type(self).__name__, problems) from None

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Say the hub's rules in the words of JSON Schema, under the names that the model takes."""
        made = handler(schema)
        document = handler.resolve_ref_schema(made)
        fields: dict[str, Any] = document.get("properties", {})
        names = {name: name for name in fields}
        # The fields stand in the model's order; a subclass may have more behind them.
        for parameter, (name, shown) in zip(
            parameters_of(cls).values(), fields.items(), strict=False
        ):
            if handler.mode == "validation":
                names[name] = parameter.name  # pydantic shows an alias, which no input takes
                fields[name] = parameter.json_schema(_without_null(shown))
            else:
                fields[name] = parameter.json_schema(shown)
        document["properties"] = {names[name]: shown for name, shown in fields.items()}
        if "required" in document:
            document["required"] = [names[name] for name in document["required"]]
        return made

    @model_validator(mode="before")
    @classmethod
    def _none_means_absent(cls, given: Any) -> Any:
        if not is_object(given):
            return given
        present = dict(given)
        for name, value in given.items():
            # A misspelt name is refused whatever its value.
            if value is None and name in cls.model_fields:
                del present[name]
        return present

    @model_validator(mode="after")
    def _one_kind_of_context(self) -> Self:
        parameters, kinds = parameters_of(type(self)), dict[str, str]()
        for name in self.model_fields_set:
            kinds[parameters[name].type] = name
        if "prompt" in kinds and "chat" in kinds:
            raise PydanticCustomError(
                "exclusive",
                "{text} and {chat} exclude each other; leave one out",
                {"text": kinds["prompt"], "chat": kinds["chat"]},
            )
        return self

    @field_validator("*", mode="wrap")
    @classmethod
    def _obeys_the_hub(
        cls, value: Any, handler: ValidatorFunctionWrapHandler, info: ValidationInfo
    ) -> Any:
        parameter = parameters_of(cls)[info.field_name or ""]
        if parameter.type == "choice" and isinstance(value, bool | int | float):
            accepted = _chosen(value, parameter)
        else:
            is_whole = isinstance(value, float) and value.is_integer()
            try:
                # In JSON 512 and 512.0 are the same number.
                accepted = handler(
                    int(value) if is_whole and parameter.type == "integer" else value
                )
            except ValidationError:
                if not parameter.converts or not _can_be_converted(value, parameter):
                    raise
                accepted = value
            problem = None if parameter.converts else _broken_rule(accepted, parameter)
            if problem is not None:
                raise PydanticCustomError("rule", "{problem}", {"problem": problem})
        if isinstance(accepted, int | float) and not abs(accepted) < _SURELY_JSON:
            # A hub that converts takes any number, but JSON has neither NaN nor numbers of 5,000 digits.
            check_encodes(accepted)
        return accepted


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Show a parameter that may be None as one that may be left out, which is the same and simpler to read."""
    kinds = [kind for kind in schema.get("anyOf", ()) if kind != {"type": "null"}]
    rest = {n: v for n, v in schema.items() if n != "anyOf" and (n, v) != ("default", None)}
    if not kinds:
        return rest
    return {**kinds[0], **rest} if len(kinds) == 1 else {**rest, "anyOf": kinds}


def _medium_in(annotation: Any) -> type[Media] | None:
    """Return the kind of media that a field holds, alone or in a list; None where it holds none."""
    if isinstance(annotation, type) and issubclass(annotation, Media):
        return annotation
    found = map(_medium_in, get_args(annotation))
    return next((kind for kind in found if kind is not None), None)


def _kept(value: Any, medium: type[Media] | None) -> Any:
    """Keep what a hub sent; but text in place of media, which a call would take for the path of a file, is media."""
    if medium is None:
        return value
    if isinstance(value, str):
        return medium(value)
    if is_array(value):
        return [_kept(item, medium) for item in value]
    return {k: _kept(v, medium) for k, v in value.items()} if is_object(value) else value


def _chosen(value: float, parameter: Parameter) -> Any:
    """Return the choice that a number is: to JSON 1 and 1.0 are the same, and `true` is neither; to Python all are."""
    for choice in parameter.choices:
        if choice == value and isinstance(choice, bool) is isinstance(value, bool):
            return choice
    if parameter.converts:
        return value
    raise PydanticCustomError("rule", "{problem}", {"problem": one_of(value, parameter)})


def _can_be_converted(value: object, parameter: Parameter) -> bool:
    """Whether a hub that converts would take a value of another type than declared."""
    try:
        parameter.as_declared(value)
    except UNREADABLE:
        return False
    return True


def _broken_rule(value: Any, parameter: Parameter) -> str | None:
    """Say which rule of the hub a value of the right type and range breaks; None where it breaks none."""
    if is_number(value):
        is_on_step = parameter.step is None or is_multiple(value, parameter.step)
        return None if is_on_step else number_rule(value, parameter)
    if isinstance(value, Media):
        return broken_limit(value, parameter.media)
    if parameter.type == "chat" and is_array(value):
        return _broken_chat(value, parameter)
    return None


def _broken_chat(messages: list[Any], parameter: Parameter) -> str | None:
    supported = parameter.support
    for place, message in enumerate(messages):
        content = message.get("content") if is_object(message) else None
        for part in content if is_array(content) else ():
            if "text" in part:
                continue
            ((kind, value),) = part.items()
            if kind not in supported:
                taken = ", ".join(("text", *supported))
                return f"message {place} holds {kind}; this endpoint takes {taken}"
            problem = broken_limit(value, supported[kind])
            if problem is not None:
                return f"message {place}: the {kind} {problem}"
    return None


class OutputModel(BaseModel):
    """What an endpoint gives back.

    Declared outputs are typed as declared. One that the hub left out raises `MissingOutputError` when it is
    read; one of another type than declared is kept as it came, and logged once. Fields that the endpoint
    does not declare are in `meta.extras`.
    """

    model_config = ConfigDict(
        extra="allow",
        protected_namespaces=(),
        arbitrary_types_allowed=True,
    )

    _meta: Meta | None = PrivateAttr(default=None)
    _cost: Decimal | None = PrivateAttr(default=None)
    _currency: str = PrivateAttr(default="")
    _is_declared: ClassVar[bool] = True
    """Whether outputs are the fields of the model, and not whatever comes."""
    _odd_fields_logged: ClassVar[set[tuple[str, str]]] = set()

    @property
    def meta(self) -> Meta:
        """The job's id, its durations and everything that the hub sent undeclared."""
        return self._meta or Meta(endpoint="", job_id="")

    @property
    def usage(self) -> Usage:
        """The tokens, seconds and pictures of the call, as far as the hub says and the outputs show."""
        names = wire_names(type(self))
        outputs = {names.get(name, name): value for name, value in came(self).items()}
        meta, media = self.meta, list(media_of(self))
        durations = {name: getattr(meta, name) for name in ("total_duration", "compute_duration")}
        sounds = [medium.seconds for medium in media if isinstance(medium, Audio)]
        return Usage.read(
            {**meta.extras, **durations, **outputs},
            pictures=sum(isinstance(medium, Image) for medium in media) or None,
            sound_seconds=None if None in sounds or not sounds else sum(filter(None, sounds)),
        )

    @property
    def cost(self) -> Decimal | None:
        """What the call costs by the client's `prices`, exactly; None where there are none, or it is not known."""
        return self._cost

    def parse(self, kind: type[T]) -> T:
        """Read the JSON that a model wrote as its text, with or without words and a fence around it.

        Args:
            kind: What it is to be: a pydantic model, a TypedDict, `list[int]`, or anything else that pydantic reads.

        Raises:
            UnexpectedAnswerError: There is no JSON in the text, or JSON of another shape; says where.
            MissingOutputError: There is no text.
        """
        text: Any = self
        return ChatText(text.text).parse(kind)

    @classmethod
    def read(
        cls,
        fields: Mapping[str, Any],
        *,
        endpoint: str = "",
        job_id: str = "",
        prices: Prices | None = None,
        since: datetime | None = None,
    ) -> Self:
        """Make the output of a job from what the hub sent; never refuses.

        Args:
            fields: What the hub sent.
            endpoint: The endpoint's name on the hub.
            job_id: The job.
            prices: What it is priced by.
            since: When the job was submitted, where the hub does not say.
        """
        declared = set(wire_names(cls).values())
        outputs: dict[str, Any] = {}
        extras: dict[str, Any] = {}
        for name, value in fields.items():
            if name in declared:
                outputs[name] = value
            elif name not in _ENVELOPE:
                (extras if cls._is_declared else outputs)[name] = value
        output = cls.model_validate(outputs)
        output._meta = Meta(
            endpoint=endpoint,
            job_id=job_id,
            endpoint_version=integer_or_none(fields.get("ep_version")),
            total_duration=number_or_none(fields.get("total_duration")),
            compute_duration=number_or_none(fields.get("compute_duration")),
            extras=extras,
        )
        if prices is not None:
            at = submitted_at(fields, since)
            output._cost = prices.cost(endpoint, output.usage, at=at)
            output._currency = prices.currency
        return output

    @model_validator(mode="wrap")
    @classmethod
    def _allow_missing(cls, given: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Leave missing outputs unset, so that reading one says what is wrong."""
        if not is_object(given):
            return handler(given)
        marked, missing = dict(given), list[str]()
        for name, wire_name in wire_names(cls).items():
            is_required = cls.model_fields[name].is_required()
            if is_required and name not in given and wire_name not in given:
                marked[wire_name] = _MISSING
                missing.append(name)
        output = handler(marked)
        for name in missing:
            del vars(output)[name]
            output.model_fields_set.discard(name)
        return output

    @field_validator("*", mode="wrap")
    @classmethod
    def _keep_odd_values(
        cls, value: Any, handler: ValidatorFunctionWrapHandler, info: ValidationInfo
    ) -> Any:
        if value is _MISSING:
            return value
        try:
            return handler(value)
        except ValidationError as error:
            seen = (cls.__name__, info.field_name or "")
            if seen not in OutputModel._odd_fields_logged:
                OutputModel._odd_fields_logged.add(seen)
                _log.warning(
                    "%s.%s is not of its declared type (%s); kept as it came",
                    *seen,
                    error.errors(include_input=False, include_url=False)[0]["msg"],
                )
            return _kept(value, _medium_in(cls.model_fields[info.field_name or ""].annotation))

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        from ..media.display import output_bundle  # which notebooks need

        return output_bundle(came(self), repr(self))

    if not TYPE_CHECKING:
        # Hidden from type checkers: to them a name that is not declared is a mistake.

        def __getattr__(self, name: str) -> Any:
            if name in type(self).model_fields:
                self._raise_missing(name)
            return super().__getattr__(name)

    def _raise_missing(self, name: str) -> NoReturn:
        others = ", ".join(self.__dict__) or "none"
        raise MissingOutputError(
            f"{self.meta.endpoint or type(self).__name__}: the hub sent no {name!r} "
            f"in this answer; outputs that came: {others}",
            endpoint=self.meta.endpoint or None,
        )


class ProgressModel(OutputModel):
    """What an endpoint reports of a running job; every field may still be None."""


def came(output: OutputModel) -> dict[str, Any]:
    """Return the outputs that came, by name."""
    values = {**vars(output), **(output.model_extra or {})}
    return {name: value for name, value in values.items() if name in output.model_fields_set}


def whole(value: Any) -> Any:
    """Return the object of which an output is the text; there may be thinking and tool calls in it."""
    return value.data if isinstance(value, ChatText) and value.data is not None else value


def plain_fields(fields: Mapping[str, Any], keep: KeepMedium) -> dict[str, Any]:
    """Return values by name as plain JSON values; those that are None are left out."""
    return {name: _plain(v, name, keep) for name, v in fields.items() if v is not None}


def spent_in_words(output: OutputModel) -> list[str]:
    """Say what a call used and costs as people read it, as in "7 tokens written" and "0.00042 EUR"."""
    words, private = output.usage.in_words(), output.__pydantic_private__ or {}
    if output.cost is None:
        return words
    return [*words, amount_in_words(output.cost, private["_currency"])]


def media_of(output: OutputModel) -> Iterator[Media]:
    """Go through the media of an output, those in lists too."""
    for value in came(output).values():
        for item in value if is_iterable(value) else [value]:
            if isinstance(item, Media):
                yield item


def holds_media(output: OutputModel) -> bool:
    """Whether outputs hold something to see or hear, whose decoding and storing takes a while."""
    return any(True for _ in media_of(output))


def data_uri(medium: Media, name: str) -> str:
    """Keep a medium within the outputs."""
    return medium.as_it_came()


def _plain(value: Any, name: str, keep: KeepMedium) -> Any:
    match value:
        case None | bool() | int():
            return value
        case float():
            return value if math.isfinite(value) else str(value)
        case str():
            return str(value)
        case Media():
            return keep(value, name)
        case BaseModel():
            return _plain(value.model_dump(), name, keep)
        case ToolCall():
            return _plain(asdict(value), name, keep)
        case _ if is_mapping(value):
            return {str(k): _plain(v, f"{name}-{k}", keep) for k, v in value.items()}
        case _ if is_iterable(value):
            return [_plain(item, f"{name}-{n}", keep) for n, item in enumerate(value, 1)]
        case _:
            return str(value)
