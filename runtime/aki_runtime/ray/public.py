"""What `ray` of a package offers. Importing it needs Ray."""

from .caller import EndpointCaller, call_endpoint
from .journal import RowJournal, import_ray
from .options import CallOptions

import_ray("ray.data")

__all__ = ["CallOptions", "EndpointCaller", "RowJournal", "call_endpoint"]
