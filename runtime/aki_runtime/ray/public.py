"""What `ray` of a package offers. Importing it needs Ray."""

from . import engine
from .caller import EndpointCaller, call_endpoint
from .journal import RowJournal
from .options import CallOptions

engine.module("ray.data")

__all__ = ["CallOptions", "EndpointCaller", "RowJournal", "call_endpoint"]
