"""What `celery` of a package offers. Importing it needs Celery."""

from . import engine
from .claims import Claims, Record
from .engine import BackgroundTask
from .failures import TaskError, UncertainSubmitError
from .redis_claims import RedisClaims
from .reports import PROGRESS, SUBMITTED
from .results import FolderStore, Place, Store
from .sqlite_claims import SqliteClaims
from .tasks import endpoint_task

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
    "UncertainSubmitError",
    "endpoint_task",
]
