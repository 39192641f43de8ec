"""What `celery` of a package offers. Importing it needs Celery."""

from . import engine
from .claims import Claims, Record, RedisClaims, SqliteClaims
from .engine import BackgroundTask
from .errors import TaskError, UncertainError, UncertainSubmitError
from .results import PROGRESS, SUBMITTED, FolderStore, Place, Store
from .task import endpoint_task

engine.module("celery")

__all__ = [
    "PROGRESS",
    "SUBMITTED",
    "BackgroundTask",
    "Claims",
    "FolderStore",
    "Place",
    "Record",
    "RedisClaims",
    "SqliteClaims",
    "Store",
    "TaskError",
    "UncertainError",
    "UncertainSubmitError",
    "endpoint_task",
]
