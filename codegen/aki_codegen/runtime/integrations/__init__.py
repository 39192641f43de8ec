"""Endpoints inside of other people's engines: each part needs an extra, and is imported by itself."""
