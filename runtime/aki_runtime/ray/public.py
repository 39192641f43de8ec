"""What `ray` of a package offers. Importing it needs Ray."""

from .caller import EndpointCaller, call_endpoint
from .journal import RowJournal, ray
from .options import CallOptions

ray("ray.data")

__all__ = ["CallOptions", "EndpointCaller", "RowJournal", "call_endpoint"]
