"""What is exported for other tools: valid, in agreement with the client, and of use to the tools themselves."""
