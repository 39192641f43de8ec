"""Judges calls of generated endpoints in source files by what is written there: nothing is imported or run.

`packages` finds generated packages by their snapshots, `scopes` what a file binds. `names` tells what a name stands
for, `values` what an expression is, `calls` what is given to an endpoint, `judging` what the hub refuses of it, in the
runtime's own sentences. `lint` makes findings of a file; `files`, `formats`, `server`, `flake8_plugin` and
`mypy_plugin` are the ways to run it.
"""
