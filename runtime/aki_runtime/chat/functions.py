"""Python functions as tools of a chat model: what the model is given of them, and the call that it asks for, checked.

The rounds of such a conversation are written once here, for sync and async clients; whoever drives them runs what is
yielded. A model's arguments are anybody's text: they are checked against the function's annotations before it is run.
"""

import inspect
import json
from collections.abc import Callable, Generator, Mapping, MutableSequence, Sequence
from functools import partial
from typing import Any, cast, get_type_hints

from pydantic import BaseModel, ConfigDict, ValidationError, create_model
from pydantic_core import ErrorDetails

from ..errors import AkiError, ConfigurationError
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

    Raises:
        ConfigurationError: One cannot be described or run, or two have one name.
    """

    def __init__(self, functions: Sequence[Function], *, are_awaited: bool) -> None:
        self._functions: dict[str, tuple[Function, type[BaseModel]]] = {}
        for function in functions:
            name = getattr(function, "__name__", "")
            if not name.isidentifier() or name in self._functions:
                raise ConfigurationError(f"tools: {name!r} must be the name of one function")
            if inspect.iscoroutinefunction(function) and not are_awaited:
                raise ConfigurationError(f"tools: {name} is async, which AsyncAki awaits")
            self._functions[name] = function, _model_of(function)

    @property
    def tools(self) -> list[Tool]:
        """The functions as OpenAI words tools."""
        return [
            {
                "type": "function",
                "function": {
                    "name": name,
                    "description": inspect.getdoc(function) or "",
                    "parameters": model.model_json_schema(),
                },
            }
            for name, (function, model) in self._functions.items()
        ]

    def step(self, call: ToolCall) -> Step | str:
        """Return what runs the function that a model asks for, or what to answer the model in its place."""
        if call.name not in self._functions:
            return f"there is no such tool; there are {', '.join(self._functions)}"
        function, model = self._functions[call.name]
        try:
            read = model.model_validate(dict(call.arguments))
        except ValidationError as error:
            faults = error.errors(include_input=False, include_url=False)
            return "; ".join(map(_in_words, faults))
        return partial(function, **{name: getattr(read, name) for name in read.model_fields_set})


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
    """
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
            returned = json.dumps(result, ensure_ascii=False, default=str)
            messages.append({"role": "user", "content": f"{call.name} returned {returned}"})
    raise AkiError(
        f"the model still asks for calls after {most} rounds, each of them a job; the messages hold what was said, "
        "and max_rounds= allows more"
    )


def _in_words(fault: ErrorDetails) -> str:
    # What an endpoint's parameter says of itself begins with its name.
    is_named = fault["type"] == "parameter"
    return fault["msg"] if is_named else f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}"


def _model_of(function: Function) -> type[BaseModel]:
    """Return a model of a function's arguments."""
    fields: dict[str, Any] = {}
    try:
        hints = get_type_hints(function, include_extras=True)
        signature = inspect.signature(function)
    except (NameError, TypeError, ValueError) as error:
        raise ConfigurationError(f"tools: {function!r} cannot be described: {error}") from None
    for name, parameter in signature.parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        if parameter.kind is parameter.POSITIONAL_ONLY or name not in hints:
            raise ConfigurationError(
                f"tools: {function.__name__} must take {name!r} by name, with an annotation"
            )
        default = ... if parameter.default is parameter.empty else parameter.default
        fields[name] = hints[name], default
    made: Any = create_model(
        function.__name__,
        __config__=ConfigDict(extra="forbid", arbitrary_types_allowed=True),
        **fields,
    )
    return cast("type[BaseModel]", made)
