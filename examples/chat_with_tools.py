"""Let a chat model call a function of yours, and answer with what it returned."""

import json
import sys

from aki_client import Aki, ChatMessage, Tool

MENU = {"espresso": 2.20, "cappuccino": 3.40, "apple pie": 4.10}
TOOLS: list[Tool] = [
    {
        "type": "function",
        "function": {
            "name": "find_prices",
            "description": "Find what something on the menu costs, in euros.",
            "parameters": {"type": "object", "properties": {"query": {"type": "string"}}},
        },
    }
]


def find_prices(query: str) -> dict[str, float]:
    """Return the prices of what the query mentions."""
    return {name: price for name, price in MENU.items() if name in query.lower()}


question = sys.argv[1] if len(sys.argv) > 1 else "What do an espresso and an apple pie cost?"
messages: list[ChatMessage] = [{"role": "user", "content": question}]

with Aki() as aki:
    chat = aki.llama3_chat  # or any other endpoint that takes tools
    answer = chat(chat_context=messages, tools=TOOLS)
    for call in answer.tool_calls:
        found = find_prices(str(call.arguments.get("query", "")))
        print(f"the model called {call.name}, which returned {found}")
        messages.append({"role": "assistant", "content": f"I call {call.name}."})
        messages.append({"role": "user", "content": f"{call.name} returned {json.dumps(found)}"})
    if len(messages) > 1:
        answer = chat(chat_context=messages)

print(answer.text.content)
