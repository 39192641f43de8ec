"""Fields whose meaning is in their name: what the documentation of chat endpoints says beyond the type word."""

from ..ir import ChatTextType, FieldType, JsonType, TextType, ToolCallsType, ToolsType

CHAT_PARAMETERS = frozenset({"chat_context", "chat_output_format", "prompt_input"})
"""Parameters that only a chat endpoint has."""


def input_by_role(wire_name: str, kind: FieldType) -> FieldType:
    """Return the type of a parameter, knowing its name."""
    return ToolsType() if wire_name == "tools" and isinstance(kind, JsonType) else kind


def output_by_role(wire_name: str, kind: FieldType, *, is_chat: bool) -> FieldType:
    """Return the type of an output, knowing its name and whether the endpoint is a chat."""
    if wire_name == "tool_calls" and isinstance(kind, JsonType | TextType):
        return ToolCallsType()
    if wire_name == "text" and is_chat and isinstance(kind, JsonType | TextType):
        return ChatTextType()
    return kind
