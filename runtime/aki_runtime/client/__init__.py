"""The clients, and the endpoints on them: one signature for every way of calling."""
