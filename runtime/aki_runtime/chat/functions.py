"""Python functions as tools of a chat model: what the model is given of them, and the call that it asks for, checked.

The rounds of such a conversation are written once here, for sync and async clients; whoever drives them runs what is
yielded. A model's arguments are anybody's text: they are checked against the function's annotations before it is run.
"""

import inspect
import json
from collections.abc import Callable, Generator, Mapping, MutableSequence, Sequence
from functools import partial
from typing import Annotated, Any, cast, get_type_hints

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PydanticUserError,
    ValidationError,
    create_model,
)
from pydantic_core import ErrorDetails, to_json

from ..errors import AkiError, ConfigurationError
from ..media.objects import IN_WORDS
from ..shapes import is_iterable
from .text import ChatText
from .tools import Tool, ToolCall

Function = Callable[..., Any]
Step = partial[Any]
"""What is to be run next: a call of the endpoint, or of a function."""


class Functions:
    """Functions that a model may call.

    Args:
        functions: Functions with annotations; their docstrings are what the model reads.
        are_awaited: Whether they may be async.

    Attributes:
        tools: The functions as OpenAI words tools.

    Raises:
        ConfigurationError: One cannot be described or run, or two have one name.
    """

    def __init__(self, functions: Sequence[Function], *, are_awaited: bool) -> None:
        if not is_iterable(functions):
            raise ConfigurationError(f"tools must be a list of functions, not {functions!r}")
        self.tools: list[Tool] = []
        self._functions: dict[str, tuple[Function, type[BaseModel]]] = {}
        for function in functions:
            name = getattr(function, "__name__", "")
            if not name.isidentifier():
                raise ConfigurationError(
                    f"tools: {function!r} must have a name, as what `def` makes has"
                )
            if name in self._functions:
                raise ConfigurationError(f"tools: {name!r} must be the name of one function")
            if inspect.iscoroutinefunction(function) and not are_awaited:
                raise ConfigurationError(f"tools: {name} is async, which AsyncAki awaits")
            model, schema = _described(function)
            self._functions[name] = function, model
            description = inspect.getdoc(function) or ""
            self.tools.append(
                {
                    "type": "function",
                    "function": {"name": name, "description": description, "parameters": schema},
                }
            )

    def step(self, call: ToolCall) -> Step | str:
        """Return what runs the function that a model asks for, or what to answer the model in its place."""
        if call.name not in self._functions:
            return f"there is no such tool; there are {', '.join(self._functions)}"
        function, model = self._functions[call.name]
        if not call.is_readable:
            return "its arguments must be one JSON object"
        try:
            read = model.model_validate(dict(call.arguments))
        except ValidationError as error:
            faults = error.errors(include_input=False, include_url=False)
            return "; ".join(map(_in_words, faults))
        fields = model.model_fields
        return partial(
            function, **{str(fields[f].alias): getattr(read, f) for f in read.model_fields_set}
        )


def tool_rounds(
    endpoint: Function,
    messages: MutableSequence[Any],
    functions: Functions,
    most: int,
    parameters: Mapping[str, Any],
) -> Generator[Step, Any, Any]:
    """Ask a model until it asks for no more calls; each step is yielded, and its value sent back.

    Args:
        endpoint: What is called.
        messages: The conversation, which grows by what the model and the functions say.
        functions: What the model may call.
        most: How often the endpoint is called at most; each call is a paid job.
        parameters: Further arguments of each call.

    Returns:
        The model's last answer.

    Raises:
        AkiError: The model asks for calls in its last answer still.
        ConfigurationError: There is no conversation to add to, or no round to be made.
    """
    _check_rounds(messages, most, parameters)
    given = {**parameters, "tools": functions.tools} if functions.tools else parameters
    for _ in range(most):
        answer = yield partial(endpoint, chat_context=messages, **given)
        text = getattr(answer, "text", None)
        calls: list[ToolCall] = getattr(answer, "tool_calls", None) or getattr(
            text, "tool_calls", []
        )
        said = text.content if isinstance(text, ChatText) else text
        if not calls:
            messages.append({"role": "assistant", "content": said or ""})
            return answer
        asked = [dict(call.raw) for call in calls]
        messages.append({"role": "assistant", "content": said or "", "tool_calls": asked})
        for call in calls:
            step = functions.step(call)
            result = step if isinstance(step, str) else (yield step)
            returned = _for_the_model(result)
            messages.append({"role": "user", "content": f"{call.name} returned {returned}"})
    raise AkiError(
        f"the model still asks for calls after {most} rounds, each of them a job; the messages hold what was said, "
        "and max_rounds= allows more"
    )


def _check_rounds(messages: object, most: object, parameters: Mapping[str, Any]) -> None:
    if not isinstance(messages, MutableSequence):
        raise ConfigurationError(
            "messages must be a list such as [{'role': 'user', 'content': 'Hello'}]; what is said is added to it"
        )
    if not isinstance(most, int) or most < 1:
        raise ConfigurationError(f"max_rounds={most!r} must be a whole number of at least 1")
    if "chat_context" in parameters:
        raise ConfigurationError("chat_context is what `messages` is sent as; give it only once")


def _in_words(fault: ErrorDetails) -> str:
    # What an endpoint's parameter says of itself begins with its name.
    is_named = fault["type"] == "parameter"
    return fault["msg"] if is_named else f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}"


def _for_the_model(result: object) -> str:
    """Return the JSON of what a function returned, which a model reads; media are a few words each."""
    try:
        return to_json(
            result, fallback=str, bytes_mode="base64", inf_nan_mode="strings", context=IN_WORDS
        ).decode()
    except ValueError:  # it holds itself, say; the function has run all the same
        return json.dumps(repr(result), ensure_ascii=False)


def _described(function: Function) -> tuple[type[BaseModel], dict[str, Any]]:
    """Return a model of a function's arguments, and its JSON Schema."""
    fields: dict[str, Any] = {}
    try:
        hints = get_type_hints(function, include_extras=True)
        for name, parameter in inspect.signature(function).parameters.items():
            if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
                continue
            if parameter.kind is parameter.POSITIONAL_ONLY or name not in hints:
                raise TypeError(f"it must take {name!r} by name, with an annotation")
            default = ... if parameter.default is parameter.empty else parameter.default
            # Fields may not have every name that an argument has, such as `model_config` and `_x`.
            fields[f"argument_{len(fields)}"] = Annotated[hints[name], Field(alias=name)], default
        config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)
        made: Any = create_model(function.__name__, __config__=config, **fields)
        return cast("type[BaseModel]", made), made.model_json_schema()
    except (NameError, TypeError, ValueError, PydanticUserError) as error:
        words = str(error).partition("\n")[0]
        raise ConfigurationError(
            f"tools: {function.__name__} cannot be described: {words}"
        ) from None
