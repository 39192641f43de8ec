"""Generates a typed Python client from the endpoint metadata of AKI.IO or an AIME API Server.

Data flows one way: hub → source → wire → parse → IR → schema and templates → verify → write.
"""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("aki-client")
except PackageNotFoundError:  # a source tree that is not installed
    __version__ = "0.0.0"
