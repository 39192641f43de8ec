"""The app that the workers of these tests run. All that differs between tests comes from the environment."""

import json
import os

from aki_client.celery import FolderStore, SqliteClaims, endpoint_task
from celery import Celery

claims_file = os.environ.get("TEST_CLAIMS")
broker = os.environ.get("TEST_BROKER", "memory://")
lease = float(os.environ.get("TEST_LEASE", "3"))

app = Celery("background", broker=broker, backend=broker, set_as_current=False)
app.conf.update(
    broker_connection_retry_on_startup=True,
    broker_transport_options=json.loads(os.environ.get("TEST_TRANSPORT", "{}")),
    task_track_started=True,  # writes over the state that a delivery before left
    worker_prefetch_multiplier=1,
)

options = {
    "claims": SqliteClaims(claims_file) if claims_file else None,
    "store": FolderStore(os.environ.get("TEST_MEDIA", "media")),
    "lease": lease,
    "progress_interval": 0.2,
    "timeout": 120.0,
}
paint = endpoint_task(app, "z_image_turbo", **options)
chat = endpoint_task(app, "llama3_8b_chat", **options)
bold_chat = endpoint_task(app, "llama3_8b_chat", name="bold", resubmit_uncertain=True, **options)
