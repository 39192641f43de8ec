"""Functions that a chat model calls, JSON that it writes, and endpoints as tools of other models."""

import asyncio
import inspect
import json
import math
import re
import threading
import warnings
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Annotated

import pytest
from aki_client import (
    Aki,
    AkiError,
    AsyncAki,
    ConfigurationError,
    Image,
    InvalidParametersError,
    MissingOutputError,
    UnexpectedAnswerError,
)
from aki_client.models import Llama3ChatOutput, ZImageTurboOutput
from pydantic import BaseModel, Field, TypeAdapter, ValidationError
from typing_extensions import TypedDict


def asking(tool):
    return [{"role": "user", "content": f"What does an espresso cost? [[tool={tool}]]"}]


def look_up(query: str, currency: str = "euro") -> dict[str, object]:
    """Look up what something on the menu costs.

    Args:
        query: What is wanted.
        currency: Whose money.
    """
    return {"price": 2.2, "currency": currency, "query": query}


class Recipe(BaseModel):
    """What a model is asked for."""

    title: str
    minutes: Annotated[int, Field(ge=1)]


HOLDS_ITSELF: list[object] = []
HOLDS_ITSELF.append(HOLDS_ITSELF)


def takes_a_function(query: Callable[[], int]) -> None:
    """Never run."""


def takes_whatever(query) -> None:
    """Never run."""


class TestChat:
    """`aki.chat`: the rounds between a model and functions."""

    def test_the_functions_that_a_model_asks_for_are_run_and_the_answer_is_returned(self, aki):
        messages = asking("look_up")
        answer = aki.chat(aki.llama3_chat, messages, tools=[look_up])
        assert isinstance(answer, Llama3ChatOutput)
        assert not answer.tool_calls
        assert [message["role"] for message in messages] == [
            "user",
            "assistant",
            "user",
            "assistant",
        ]
        assert messages[2]["content"].startswith('look_up returned {"price":2.2')
        assert messages[3]["content"] == answer.text

    def test_a_conversation_can_be_kept_as_json_and_gone_on_with(self, aki):
        messages = asking("look_up")
        aki.chat(aki.llama3_chat, messages, tools=[look_up])
        kept = json.loads(json.dumps(messages))
        kept.append({"role": "user", "content": "And a cappuccino?"})
        assert aki.chat(aki.llama3_chat, kept, tools=[look_up]).text

    def test_functions_of_async_code_are_awaited_and_others_run_in_a_thread(self, hub):
        threads = []

        async def ask_somebody(query: str) -> str:
            """Ask."""
            await asyncio.sleep(0)
            return "they do not know"

        def think(query: str) -> str:
            """Think."""
            threads.append(threading.current_thread())
            return "much"

        async def run(tool, functions):
            async with AsyncAki("test-key", api_server=hub.url) as aki:
                messages = asking(tool)
                await aki.chat(aki.llama3_chat, messages, tools=functions)
                return messages[2]["content"]

        assert asyncio.run(run("ask_somebody", [ask_somebody])) == (
            'ask_somebody returned "they do not know"'
        )
        assert asyncio.run(run("think", [think])) == 'think returned "much"'
        assert threads != [threading.main_thread()]

    def test_arguments_that_do_not_fit_are_told_to_the_model_and_nothing_is_run(self, aki):
        ran = []

        def find(number: Annotated[int, Field(ge=1)]) -> None:
            """Find."""
            ran.append(number)

        messages = asking("find args={}")
        aki.chat(aki.llama3_chat, messages, tools=[find])
        assert "number: Field required" in messages[2]["content"]
        assert ran == []

    def test_what_an_endpoint_refuses_is_told_to_the_model_as_a_call_says_it(self, aki):
        messages = asking('z_image_turbo args={"prompt": "a fox", "width": 1000}')
        aki.chat(aki.llama3_chat, messages, tools=[aki.z_image_turbo.tool()])
        assert messages[2]["content"] == (
            'z_image_turbo returned "width=1000 must be a multiple of 32 (nearest allowed: 992, 1024)"'
        )

    def test_a_tool_that_there_is_not_is_told_to_the_model(self, aki):
        messages = asking("other")
        aki.chat(aki.llama3_chat, messages, tools=[look_up])
        assert messages[2]["content"] == 'other returned "there is no such tool; there are look_up"'

    def test_a_model_that_never_stops_asking_is_stopped(self, aki, hub):
        messages = asking("look_up")
        made = len(hub.hub.jobs._jobs)
        with pytest.raises(AkiError, match=r"1 rounds.*max_rounds="):
            aki.chat(aki.llama3_chat, messages, tools=[look_up], max_rounds=1)
        assert len(hub.hub.jobs._jobs) - made == 1
        assert "returned" in messages[-1]["content"]

    def test_what_a_function_raises_reaches_the_caller_and_the_conversation_is_kept(self, aki):
        def look_up(query: str) -> None:
            """Fail."""
            raise ZeroDivisionError("by design")

        messages = asking("look_up")
        with pytest.raises(ZeroDivisionError, match="by design"):
            aki.chat(aki.llama3_chat, messages, tools=[look_up])
        assert messages[-1]["role"] == "assistant"

    def test_a_function_that_runs_out_of_values_is_no_end_of_the_conversation(self, aki):
        def look_up(query: str) -> str:
            """Look for what is not there."""
            return next(iter([]))

        with pytest.raises(StopIteration):
            aki.chat(aki.llama3_chat, asking("look_up"), tools=[look_up])

    @pytest.mark.parametrize(
        ("result", "written"),
        [
            (Recipe(title="Tea", minutes=5), '{"title":"Tea","minutes":5}'),
            ([Recipe(title="Tea", minutes=5)], '[{"title":"Tea","minutes":5}]'),
            ({date(2026, 1, 2): {1}, (1, 2): Decimal("2.20")}, '{"2026-01-02":[1],"1,2":"2.20"}'),
            (math.inf, '"Infinity"'),
            (b"\xff", '"_w=="'),
            ("\ud800", "\"'\\\\ud800'\""),
            (HOLDS_ITSELF, '"[[...]]"'),
            (Image(b"GIF89a"), '"<Image of unknown format, about 6 bytes>"'),
        ],
    )
    def test_whatever_a_function_returns_is_written_for_the_model_as_json(
        self, aki, result, written
    ):
        def look_up(query: str) -> object:
            """Look."""
            return result

        messages = asking("look_up")
        aki.chat(aki.llama3_chat, messages, tools=[look_up])
        assert messages[2]["content"] == f"look_up returned {written}"

    def test_pictures_of_an_endpoint_are_a_few_words_to_the_model(self, aki):
        messages = asking('z_image_turbo args={"prompt": "a fox", "width": 128, "height": 128}')
        aki.chat(aki.llama3_chat, messages, tools=[aki.z_image_turbo.tool()])
        assert '"images":["<Image jpeg, about ' in messages[2]["content"]
        assert len(messages[2]["content"]) < 200

    def test_arguments_may_have_any_name_that_python_takes(self, aki):
        def look_up(model_config: str, _x: int, json: str = "") -> str:
            """Look."""
            return f"{model_config} {_x} {json}"

        messages = asking('look_up args={"model_config": "a", "_x": 1, "json": "b"}')
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            aki.chat(aki.llama3_chat, messages, tools=[look_up])
        assert messages[2]["content"] == 'look_up returned "a 1 b"'

    @pytest.mark.parametrize("arguments", ['"{"', "5"])
    def test_a_call_whose_arguments_cannot_be_read_is_not_run_with_none(self, aki, arguments):
        ran = []

        def delete(path: str = "everything") -> None:
            """Delete."""
            ran.append(path)

        messages = asking(f"delete args={arguments}")
        aki.chat(aki.llama3_chat, messages, tools=[delete])
        assert messages[2]["content"] == ('delete returned "its arguments must be one JSON object"')
        assert ran == []

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ({"messages": ({"role": "user", "content": "Hi"},)}, "messages must be a list"),
            ({"messages": "Hi"}, "messages must be a list"),
            ({"max_rounds": 0}, "max_rounds=0 must be"),
            ({"max_rounds": "3"}, "max_rounds='3' must be"),
            ({"tools": look_up}, "tools must be a list"),
            ({"chat_context": []}, "chat_context"),
            ({"endpoint": "llama3_chat"}, "chat takes an endpoint of Aki"),
            ({"endpoint": AsyncAki("test-key").llama3_chat}, "chat takes an endpoint of Aki"),
        ],
    )
    def test_what_no_round_can_be_made_of_is_refused_before_anything_is_paid(
        self, aki, hub, given, said
    ):
        asked = hub.hub.request_count
        with pytest.raises(ConfigurationError, match=said):
            aki.chat(**{"endpoint": aki.llama3_chat, "messages": asking("x"), **given})
        assert hub.hub.request_count == asked

    def test_an_async_client_refuses_the_same_before_anything_is_paid(self, aki, hub):
        async def run(endpoint, messages):
            async with AsyncAki("test-key", api_server=hub.url) as client:
                await client.chat(endpoint or client.llama3_chat, messages)

        asked = hub.hub.request_count
        with pytest.raises(ConfigurationError, match="chat takes an endpoint of AsyncAki"):
            asyncio.run(run(aki.llama3_chat, asking("x")))
        with pytest.raises(ConfigurationError, match="messages must be a list"):
            asyncio.run(run(None, tuple(asking("x"))))
        assert hub.hub.request_count == asked

    def test_an_async_function_is_refused_where_nobody_awaits_it(self, aki, hub):
        async def look_up(query: str) -> None:
            """Never run."""

        asked = hub.hub.request_count
        with pytest.raises(ConfigurationError, match="look_up is async"):
            aki.chat(aki.llama3_chat, asking("look_up"), tools=[look_up])
        assert hub.hub.request_count == asked

    @pytest.mark.parametrize(
        ("functions", "said"),
        [
            ([lambda query: None], "must have a name"),
            ([look_up, look_up], "name of one function"),
            ([math.hypot], "hypot cannot be described"),
            ([takes_a_function], "takes_a_function cannot be described"),
            ([takes_whatever], "takes_whatever cannot be described: it must take 'query' by name"),
        ],
    )
    def test_a_function_that_cannot_be_described_is_refused_before_anything_is_sent(
        self, aki, hub, functions, said
    ):
        asked = hub.hub.request_count
        with pytest.raises(ConfigurationError, match=said):
            aki.chat(aki.llama3_chat, asking("x"), tools=functions)
        assert hub.hub.request_count == asked

    def test_an_endpoint_without_tools_says_so(self, aki):
        with pytest.raises(InvalidParametersError, match="tools"):
            aki.chat(aki.z_image_turbo, asking("look_up"), tools=[look_up])


class Step(TypedDict):
    """A part of it."""

    text: str


WRITTEN = [
    '{"title": "Tea", "minutes": 5}',
    'Here you are:\n```json\n{"title": "Tea", "minutes": 5}\n```\nEnjoy!',
    '<think>{"title": "No"}</think>{"title": "Tea", "minutes": 5}',
    'A set like {water, tea}, then: {"title": "Tea", "minutes": 5}',
    'As in [1] and {"title": "Milk"}: {"title": "Tea", "minutes": 5}',
]


class TestParse:
    """`answer.parse`: the JSON that a model wrote."""

    @pytest.mark.parametrize("text", WRITTEN)
    def test_json_is_read_with_or_without_words_around_it(self, text):
        answer = Llama3ChatOutput.read({"text": text})
        assert answer.parse(Recipe) == Recipe(title="Tea", minutes=5)

    def test_any_type_that_pydantic_reads_will_do(self):
        assert Llama3ChatOutput.read({"text": "[1, 2]"}).parse(list[int]) == [1, 2]
        assert Llama3ChatOutput.read({"text": '{"text": "Boil"}'}).parse(Step) == {"text": "Boil"}

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ('{"title": "Tea", "minutes": 0}', "Recipe: minutes: .* greater than or equal to 1"),
            ('{"title": "Tea"}', "Recipe: minutes: Field required"),
            ("I would rather not.", "Recipe: the answer: "),
            ("", "Recipe: the answer: "),
            ("[" * 500_000, "Recipe: the answer: "),
            ('["a' * 100_000, "Recipe: the answer: "),
            ('{"title": "\ud800"}', "Recipe: "),
        ],
    )
    def test_another_shape_is_a_sentence_that_says_where(self, text, said):
        answer = Llama3ChatOutput.read({"text": text})
        with pytest.raises(UnexpectedAnswerError, match=said):
            answer.parse(Recipe)
        assert answer.text == text

    def test_an_answer_without_text_says_so(self):
        with pytest.raises(MissingOutputError, match="text"):
            Llama3ChatOutput.read({}).parse(Recipe)


class TestEndpointAsTool:
    """`tool` and `tool_schema`: what frameworks and other models are given."""

    def test_it_is_a_function_with_the_endpoints_name_signature_and_docstring(self, aki):
        tool = aki.z_image_turbo.tool()
        assert inspect.isfunction(tool)
        assert tool.__name__ == "z_image_turbo"
        assert tool.__doc__ == inspect.getdoc(aki.z_image_turbo)
        assert list(inspect.signature(tool).parameters) == list(aki.z_image_turbo.parameters)
        assert inspect.signature(tool).return_annotation is ZImageTurboOutput
        assert tool(prompt="a fox", width=128, height=128).images

    def test_pydantic_sees_the_hubs_ranges_in_it(self, aki):
        width = TypeAdapter(aki.z_image_turbo.tool().__annotations__["width"]).json_schema()
        assert (width["minimum"], width["maximum"], width["multipleOf"]) == (128, 2048, 32)

    @pytest.mark.parametrize(
        ("name", "value", "said"),
        [
            ("width", 1000, "width=1000 must be a multiple of 32 (nearest allowed: 992, 1024)"),
            ("provide_progress_images", "all", "must be one of 'none', 'decoded'"),
            ("prompt", None, "prompt=None must be text"),
        ],
    )
    def test_pydantic_refuses_in_it_what_a_call_refuses_and_says_the_same(
        self, aki, name, value, said
    ):
        tool = aki.z_image_turbo.tool()
        with pytest.raises(ValidationError, match=re.escape(said)):
            TypeAdapter(tool.__annotations__[name]).validate_python(value)
        with pytest.raises(InvalidParametersError):
            tool(**{"prompt": "a fox", name: value})

    def test_pydantic_takes_in_it_what_a_call_takes(self, aki):
        hints = aki.z_image_turbo.tool().__annotations__
        for name, value in {"width": 512, "height": None, "prompt": "a fox"}.items():
            assert TypeAdapter(hints[name]).validate_python(value) == value

    def test_of_an_async_client_it_is_an_async_function(self, hub):
        async def run():
            async with AsyncAki("test-key", api_server=hub.url) as aki:
                tool = aki.z_image_turbo.tool()
                assert inspect.iscoroutinefunction(tool)
                return await tool(prompt="a fox", width=128, height=128)

        assert asyncio.run(run()).images

    def test_its_schema_is_in_the_words_of_openai_or_of_anthropic(self):
        endpoint = Aki("test-key").z_image_turbo
        openai, anthropic = endpoint.tool_schema(), endpoint.tool_schema("anthropic")
        schema = endpoint.info.input.model_json_schema()
        assert openai["type"] == "function"
        assert openai["function"]["name"] == anthropic["name"] == "z_image_turbo"
        assert openai["function"]["parameters"] == anthropic["input_schema"] == schema
        assert openai["function"]["description"].startswith("Z-Image Turbo")
        assert json.dumps([openai, anthropic])

    def test_words_of_anybody_else_are_refused(self):
        with pytest.raises(ConfigurationError, match="'gemini' must be 'openai' or 'anthropic'"):
            Aki("test-key").z_image_turbo.tool_schema("gemini")

    def test_the_hub_takes_it_as_a_tool_of_a_chat(self, aki):
        answer = aki.llama3_chat(
            prompt_input="Paint a fox [[tool=z_image_turbo]]",
            tools=[aki.z_image_turbo.tool_schema()],
        )
        assert answer.tool_calls[0].name == "z_image_turbo"
