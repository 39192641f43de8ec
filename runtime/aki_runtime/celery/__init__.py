"""An endpoint as a Celery task: what `celery` of a package offers. Importing it needs Celery.

engine      what is used of Celery; what must be noted is noted though Redis is away for a while
claims      which delivery holds a task and how far it has come: records, leases, SQLite, Redis
results     outputs, progress and failures as JSON
delivery    one delivery of a task, from the message to the outcome
task        `endpoint_task`
"""

from .claims import Claims, Record, RedisClaims, SqliteClaims
from .engine import BackgroundTask
from .results import (
    PROGRESS,
    SUBMITTED,
    FolderStore,
    Place,
    Store,
    TaskError,
    UncertainError,
    UncertainSubmitError,
)
from .task import endpoint_task

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
