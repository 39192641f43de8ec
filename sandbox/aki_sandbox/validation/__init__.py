"""Whether the inputs of a call are what an endpoint declares."""
