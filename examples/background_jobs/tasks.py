"""The Celery app and its one task: `paint`, the endpoint z_image_turbo. Worker and web server both import it.

BROKER_URL names a Redis; without it the messages, the results and the claims are files in JOBS_FOLDER, which is
enough for trying it on one machine. The key is AKI_API_KEY, and only the worker needs it.
"""

import os
from pathlib import Path

from aki_client.celery import FolderStore, SqliteClaims, endpoint_task
from celery import Celery

FOLDER = Path(os.environ.get("JOBS_FOLDER", "background-jobs")).absolute()
PICTURES = FOLDER / "pictures"
BROKER = os.environ.get("BROKER_URL", "filesystem://")
EMBEDDED = BROKER.startswith("filesystem:")

for folder in ("pictures", "messages", "control", "results"):
    (FOLDER / folder).mkdir(parents=True, exist_ok=True)

app = Celery(
    "background_jobs", broker=BROKER, backend=f"file://{FOLDER}/results" if EMBEDDED else BROKER
)
app.conf.update(
    broker_connection_retry_on_startup=True,
    result_expires=24 * 3600,
    # A worker takes no more than it works at, so that the others have something to do.
    worker_prefetch_multiplier=1,
    broker_transport_options={
        "data_folder_in": str(FOLDER / "messages"),
        "data_folder_out": str(FOLDER / "messages"),
        "control_folder": str(FOLDER / "control"),
    }
    if EMBEDDED
    # After so many seconds the tasks of a worker that died are delivered to another one.
    else {"visibility_timeout": 300},
)

paint = endpoint_task(
    app,
    "z_image_turbo",
    name="paint",
    store=FolderStore(PICTURES),
    claims=SqliteClaims(FOLDER / "claims.sqlite3") if EMBEDDED else None,
    progress_interval=0.3,
    timeout=600,
)
