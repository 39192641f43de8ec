"""Generates a typed Python client from the endpoint metadata of AKI.IO or an AIME API Server.

Data flows one way, and so do the imports: each folder knows itself and those before it.

    naming, literals, markup   the makers of code and of Markdown
    problems, ir               what is wrong with metadata, and what it means, as values
    output, terminal           folders, written whole or not at all; and what people see of a run
    parsing/      metadata, which the runtime reads → names and overrides → IR
    fetching/     a hub's list and details, over the network
    snapshot/     the metadata a package is made from, and how a refresh makes the next one
    rendering/    IR → schemas and templates → source text, looked at once more
    export/       IR → OpenAPI, JSON Schemas, pages, and what agents read
    generation/   a whole package, from snapshot to files
    commands/     the command line, and how it shows what has changed

Generated packages import `aki_runtime`; `aki_sandbox` is a hub to try things against.
"""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("aki-client")
except PackageNotFoundError:  # a source tree that is not installed
    __version__ = "0.0.0"
