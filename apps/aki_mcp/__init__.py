"""An MCP server: the endpoints of a generated package as tools of coding agents, whose paid jobs outlive the agent.

`calls` is the life of a call and knows nothing of the protocol, `tools` says what can be called, `answers` what came of
it, `server` is the protocol, `serving` the two ways to reach it.
"""
