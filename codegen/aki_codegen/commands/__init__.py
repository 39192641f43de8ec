"""The commands of `aki-codegen`, a module each: this table is all that `aki-codegen --help` reads.

A module of this folder has an attribute `app` with one command, which returns its exit status. It is imported when its
command is asked for; what goes wrong is a `GenerationError`, of which `cli.main` makes a sentence and a status.
"""

COMMANDS = {
    "init": "make this folder the project of a hub's package: settings, workflow, packaging",
    "generate": "ask a hub for its endpoints and write a typed client",
    "diff": "compare two states of a hub's metadata",
    "check": "tell whether a package is what its snapshot makes; nothing is written",
    "export": "describe a package's hub: OpenAPI, JSON Schema, pages, a skill for agents; nobody is asked",
    "sandbox": "run a stand-in hub on this machine",
}
"""One line of help, by the name of the command and its module."""
