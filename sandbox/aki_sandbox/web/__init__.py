"""The hub over HTTP: its routes in both layouts, and its OpenAI and Anthropic interfaces."""
