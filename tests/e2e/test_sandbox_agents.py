"""Agents against the sandbox: the packages openai and anthropic themselves, with tools, schemas, streams and errors."""

import asyncio
import json

import pytest
from aki_client import Aki, AsyncAki
from aki_sandbox.server import SandboxServer
from aki_sandbox.settings import HubSettings
from jsonschema import validate

KEY = "aki-key-of-the-agents-tests-77"
MODEL, THINKER = "llama3-chat-70b", "gpt-oss-120b"
SCHEMA = {
    "type": "object",
    "properties": {
        "city": {"type": "string"},
        "days": {"type": "integer", "minimum": 2, "maximum": 9},
        "unit": {"enum": ["celsius", "fahrenheit"]},
    },
    "required": ["city", "days", "unit"],
}
CUT = "Response finished before tool_call was completed"
ROME = [{"role": "user", "content": "The weather in Rome? [[tool=get_weather]]"}]
HELLO = [{"role": "user", "content": "Hello"}]


@pytest.fixture(scope="module")
def agents_hub():
    with SandboxServer() as server:
        yield server


class TestOpenAI:
    """The OpenAI interface."""

    TOOLS = ({"type": "function", "function": {"name": "get_weather", "parameters": SCHEMA}},)

    @pytest.fixture
    def package(self):
        return pytest.importorskip("openai", reason="needs the package openai")

    @pytest.fixture
    def create(self, package, agents_hub):
        with Aki(KEY, api_server=agents_hub.url) as aki, aki.openai() as openai:
            settings = {"model": MODEL, "messages": HELLO}
            yield lambda **more: openai.chat.completions.create(**{**settings, **more})

    def test_a_tool_is_called_with_arguments_that_its_schema_allows(self, create):
        choice = create(messages=ROME, tools=self.TOOLS).choices[0]
        (call,) = choice.message.tool_calls
        validate(json.loads(call.function.arguments), SCHEMA)
        assert (call.function.name, choice.message.content) == ("get_weather", None)

    def test_a_call_of_a_tool_ends_with_stop_unless_it_is_streamed(self, create):
        assert create(messages=ROME, tools=self.TOOLS).choices[0].finish_reason == "stop"
        *_, last = create(messages=ROME, tools=self.TOOLS, stream=True)
        assert last.choices[0].finish_reason == "tool_calls"

    def test_arguments_can_be_given_with_the_directive(self, create):
        asked = 'Rome? [[tool=get_weather args={"city": "Ro]]me", "days": [[1]]}]]'
        messages = [{"role": "user", "content": asked}]
        (call,) = create(messages=messages, tools=self.TOOLS).choices[0].message.tool_calls
        assert json.loads(call.function.arguments) == {"city": "Ro]]me", "days": [[1]]}

    def test_what_the_tool_returned_is_answered_in_text(self, create):
        asked = create(messages=ROME, tools=self.TOOLS).choices[0].message
        results = [
            {"role": "tool", "tool_call_id": call.id, "content": "sunny, 21 degrees"}
            for call in asked.tool_calls
        ]
        messages = [*ROME, asked.model_dump(exclude_none=True), *results]
        message = create(messages=messages, tools=self.TOOLS).choices[0].message
        assert "get_weather returned sunny, 21 degrees" in message.content
        assert not message.tool_calls

    def test_a_model_that_must_call_a_tool_calls_the_next_one(self, create):
        other = {"type": "function", "function": {"name": "finish"}}
        settings = {"tools": [*self.TOOLS, other], "tool_choice": "required"}
        messages, called = list(HELLO), []
        for _ in range(2):
            message = create(messages=messages, **settings).choices[0].message
            (call,) = message.tool_calls
            called.append(call.function.name)
            messages.append(message.model_dump(exclude_none=True))
            messages.append({"role": "tool", "tool_call_id": call.id, "content": "done"})
        assert called == ["get_weather", "finish"]

    @pytest.mark.parametrize(
        ("choice", "called"),
        [("none", False), ({"type": "function", "function": {"name": "get_weather"}}, True)],
    )
    def test_the_choice_of_tools_is_kept_to(self, create, choice, called):
        messages = HELLO if called else ROME
        message = create(messages=messages, tools=self.TOOLS, tool_choice=choice).choices[0].message
        assert bool(message.tool_calls) is called

    def test_a_stream_builds_up_the_same_call_and_its_usage(self, package, agents_hub):
        with Aki(KEY, api_server=agents_hub.url) as aki, aki.openai() as openai:
            settings = {"model": THINKER, "messages": ROME, "tools": self.TOOLS}
            whole = openai.chat.completions.create(**settings)
            usage = {"include_usage": True}
            with openai.chat.completions.stream(**settings, stream_options=usage) as stream:
                built = stream.get_final_completion()
        calls = [answer.choices[0].message.tool_calls[0].function for answer in (whole, built)]
        assert calls[0].arguments == calls[1].arguments
        assert built.choices[0].message.role == "assistant"
        assert built.usage.completion_tokens == whole.usage.completion_tokens
        assert built.choices[0].message.reasoning == whole.choices[0].message.reasoning

    def test_usage_comes_in_a_stream_only_where_it_is_asked_for(self, create):
        def usages(**more):
            return [chunk.usage for chunk in create(stream=True, **more) if chunk.usage]

        assert usages() == []
        (usage,) = usages(stream_options={"include_usage": True})
        assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens

    def test_thoughts_come_apart_from_the_answer(self, create):
        message = create(model=THINKER).choices[0].message
        assert message.reasoning.startswith("The sandbox has nothing to think about")
        assert message.content.startswith("Hello")
        deltas = [chunk.choices[0].delta for chunk in create(model=THINKER, stream=True)]
        thoughts = "".join(getattr(delta, "reasoning", None) or "" for delta in deltas)
        assert thoughts == message.reasoning
        assert "".join(delta.content or "" for delta in deltas) == message.content

    def test_what_was_read_before_comes_from_the_cache_in_blocks(self, create):
        messages = [{"role": "user", "content": " ".join(f"word-{n}" for n in range(40))}]
        first, second = (create(messages=messages).usage for _ in range(2))
        cached = [usage.prompt_tokens_details.cached_tokens for usage in (first, second)]
        assert cached == [16, 48]
        assert first.prompt_tokens == second.prompt_tokens == 56

    def test_an_answer_fits_the_schema_that_is_given(self, create):
        described = {"name": "forecast", "schema": SCHEMA, "strict": True}
        answer = create(response_format={"type": "json_schema", "json_schema": described})
        validate(json.loads(answer.choices[0].message.content), SCHEMA)

    def test_an_answer_that_may_not_be_longer_is_cut(self, create):
        choice = create(max_tokens=3).choices[0]
        assert (choice.message.content, choice.finish_reason) == ("Hello from the", "length")

    def test_an_answer_ends_at_a_stop_sequence(self, create):
        assert create(stop=["sandbox"]).choices[0].message.content == "Hello from the "[:-1]

    def test_a_json_object_without_a_schema_is_refused(self, create, package):
        with pytest.raises(package.BadRequestError, match="use json_schema"):
            create(response_format={"type": "json_object"})

    @pytest.mark.parametrize("stream", [False, True])
    def test_a_call_that_does_not_fit_into_the_tokens_is_an_overload_that_is_paid(
        self, create, package, agents_hub, stream
    ):
        before = agents_hub.hub.jobs_submitted
        with pytest.raises(package.APIError, match=CUT) as raised:
            list(create(messages=ROME, tools=self.TOOLS, max_tokens=3, stream=stream))
        assert raised.value.type == "overloaded_error"
        assert getattr(raised.value, "status_code", 529) == 529
        assert agents_hub.hub.jobs_submitted - before == 1

    def test_a_route_that_a_hub_lacks_says_that_it_is_not_implemented(self, package, agents_hub):
        with Aki(KEY, api_server=agents_hub.url) as aki, aki.openai() as openai:
            for call in (
                lambda: openai.responses.create(model=MODEL, input="Hi"),
                lambda: openai.embeddings.create(model=MODEL, input="Hi"),
                lambda: openai.images.generate(prompt="Hi"),
                lambda: openai.audio.speech.create(model=MODEL, voice="x", input="Hi"),
            ):
                with pytest.raises(package.InternalServerError) as raised:
                    call()
                assert raised.value.code == "not_implemented"

    def test_an_unknown_model_is_refused_or_replaced_as_the_hub_is_set(self, create, package):
        with pytest.raises(package.NotFoundError, match="There is no model gpt-9"):
            create(model="gpt-9")
        settings = HubSettings(replacement_model=MODEL)
        with (
            SandboxServer(settings=settings) as hub,
            Aki(KEY, api_server=hub.url).openai() as openai,
        ):
            answer = openai.chat.completions.create(model="gpt-9", messages=HELLO)
        assert answer.model == MODEL

    def test_a_job_of_no_seconds_is_done_at_once(self, package):
        settings = HubSettings(job_seconds=60)
        messages = [{"role": "user", "content": "Hi [[dur=0]]"}]
        with (
            SandboxServer(settings=settings) as hub,
            Aki(KEY, api_server=hub.url, timeout=20).openai() as openai,
        ):
            assert openai.chat.completions.create(model=MODEL, messages=messages).choices


class TestAnthropic:
    """The Anthropic interface."""

    TOOLS = ({"name": "get_weather", "description": "Look.", "input_schema": SCHEMA},)

    @pytest.fixture
    def package(self):
        return pytest.importorskip("anthropic", reason="needs the package anthropic")

    @pytest.fixture
    def create(self, package, agents_hub):
        with Aki(KEY, api_server=agents_hub.url) as aki, aki.anthropic() as anthropic:
            settings = {"model": MODEL, "max_tokens": 500, "messages": HELLO}
            yield lambda **more: anthropic.messages.create(**{**settings, **more})

    @pytest.fixture
    def stream(self, package, agents_hub):
        with Aki(KEY, api_server=agents_hub.url) as aki, aki.anthropic() as anthropic:
            settings = {"model": MODEL, "max_tokens": 500, "messages": HELLO}
            yield lambda **more: anthropic.messages.stream(**{**settings, **more})

    def test_an_answer_says_what_it_used_and_why_it_ended(self, create):
        answer = create()
        assert answer.content[0].text.startswith("Hello from the sandbox")
        assert (answer.stop_reason, answer.model, answer.role) == ("end_turn", MODEL, "assistant")
        assert answer.usage.output_tokens == len(answer.content[0].text.split())

    def test_the_input_of_a_tool_is_json_text(self, create):
        answer = create(messages=ROME, tools=self.TOOLS)
        (block,) = answer.content
        assert (block.type, block.name, answer.stop_reason) == (
            "tool_use",
            "get_weather",
            "tool_use",
        )
        assert isinstance(block.input, str)
        validate(json.loads(block.input), SCHEMA)

    def test_input_tokens_include_those_from_the_cache(self, create):
        messages = [{"role": "user", "content": " ".join(f"term-{n}" for n in range(40))}]
        first, second = (create(messages=messages).usage for _ in range(2))
        assert (first.input_tokens, first.cache_read_input_tokens) == (56, 16)
        assert (second.input_tokens, second.cache_read_input_tokens) == (56, 48)

    @pytest.mark.parametrize("form", ["text", "object"])
    def test_what_the_tool_returned_is_answered_in_text(self, create, form):
        (block,) = create(messages=ROME, tools=self.TOOLS).content
        used = {
            "type": "tool_use",
            "id": block.id,
            "name": block.name,
            "input": block.input if form == "text" else json.loads(block.input),
        }
        parts = [{"type": "text", "text": "sunny, 21 degrees"}]
        result = {"type": "tool_result", "tool_use_id": block.id, "content": parts}
        messages = [
            *ROME,
            {"role": "assistant", "content": [used]},
            {"role": "user", "content": [result]},
        ]
        answer = create(messages=messages, tools=self.TOOLS)
        assert "get_weather returned sunny, 21 degrees" in answer.content[0].text

    def test_the_system_prompt_is_read_in_either_form(self, create):
        plain = create().usage.input_tokens
        for system in ("Be kind today", [{"type": "text", "text": "Be kind today"}]):
            assert create(system=system).usage.input_tokens == plain + 3

    def test_a_stream_builds_up_text_and_calls(self, stream, create):
        with stream() as events:
            assert "".join(events.text_stream) == create().content[0].text
        with stream(model=THINKER, messages=ROME, tools=self.TOOLS) as events:
            message = events.get_final_message()
        (block,) = message.content
        validate(block.input, SCHEMA)
        assert message.stop_reason == "tool_use"
        assert message.usage.output_tokens > 1

    def test_thoughts_come_where_they_are_asked_for(self, create, stream):
        thinking = {"type": "enabled", "budget_tokens": 1024}
        assert [block.type for block in create(model=THINKER).content] == ["text"]
        asked = {"model": THINKER, "max_tokens": 2000, "thinking": thinking}
        whole = create(**asked).content
        with stream(**asked) as events:
            built = events.get_final_message().content
        assert [block.type for block in whole] == ["thinking", "text"]
        assert [block.thinking for block in (whole[0], built[0])] == [whole[0].thinking] * 2

    def test_an_answer_ends_where_it_must(self, create):
        cut = create(max_tokens=3)
        assert (cut.content[0].text, cut.stop_reason) == ("Hello from the", "max_tokens")
        stopped = create(stop_sequences=["sandbox"])
        assert (stopped.stop_reason, stopped.stop_sequence) == ("stop_sequence", "sandbox")

    @pytest.mark.parametrize(
        ("choice", "called"),
        [({"type": "none"}, False), ({"type": "any"}, True), ({"type": "tool"}, True)],
        ids=str,
    )
    def test_the_choice_of_tools_is_kept_to(self, create, choice, called):
        if choice["type"] == "tool":
            choice = {**choice, "name": "get_weather"}
        messages = HELLO if called else ROME
        answer = create(messages=messages, tools=self.TOOLS, tool_choice=choice)
        assert (answer.stop_reason == "tool_use") is called

    def test_a_call_that_does_not_fit_into_the_tokens_is_an_overload(self, create, stream, package):
        with pytest.raises(package.APIStatusError, match=CUT) as raised:
            create(messages=ROME, tools=self.TOOLS, max_tokens=3)
        assert raised.value.status_code == 529
        assert raised.value.body["error"]["type"] == "overloaded_error"
        with (
            pytest.raises(package.APIStatusError, match=CUT),
            stream(messages=ROME, tools=self.TOOLS, max_tokens=3) as events,
        ):
            events.until_done()

    def test_what_cannot_be_taken_is_refused_with_a_reason(self, create, package):
        with pytest.raises(package.NotFoundError, match="There is no model claude"):
            create(model="claude")
        with pytest.raises(package.BadRequestError, match="temperature"):
            create(extra_body={"temperature": 2})
        document = {"type": "document", "source": {"type": "text", "data": "x"}}
        with pytest.raises(package.BadRequestError, match="document is not supported"):
            create(messages=[{"role": "user", "content": [document]}])

    def test_tokens_are_not_counted(self, package, agents_hub):
        with (
            Aki(KEY, api_server=agents_hub.url) as aki,
            aki.anthropic() as anthropic,
            pytest.raises(package.NotFoundError, match="not implemented"),
        ):
            anthropic.messages.count_tokens(model=MODEL, messages=HELLO)

    def test_async_code_is_answered_too(self, package, agents_hub):
        async def run():
            async with (
                AsyncAki(KEY, api_server=agents_hub.url) as aki,
                aki.anthropic() as anthropic,
            ):
                settings = {"model": MODEL, "max_tokens": 500, "messages": HELLO}
                async with anthropic.messages.stream(**settings) as stream:
                    streamed = await stream.get_final_text()
                return streamed, (await anthropic.messages.create(**settings)).content[0].text

        streamed, whole = asyncio.run(run())
        assert streamed == whole
