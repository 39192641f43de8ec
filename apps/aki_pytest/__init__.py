"""The pytest plugin: a sandbox hub for each test, clients of it, and cassettes by a marker."""
