"""Chat: messages and tools on the way out, text and tool calls on the way in."""
