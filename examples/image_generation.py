"""Paint a picture, show how far it is, and save it."""

from typing import Any

from aki_client import Aki, Event, Queued


def show(event: Event[Any]) -> None:
    """Print one line for each observation of the job."""
    if isinstance(event, Queued):
        print(f"waiting, place {event.position} in the queue")
    else:
        print(f"painting, {event.progress:.0f} % {event.data.progress_message or ''}")


with Aki() as aki:
    paint = aki.z_image_turbo  # or any other image endpoint of your hub
    # Options of a call stand apart from what the endpoint takes.
    result = paint.with_options(on_progress=show, timeout=300)(
        prompt="An astronaut on Mars at sunset, riding a giant yellow rubber duck",
        width=768,
        height=512,
    )

for image in result.images:
    path = image.save(".")  # a free name in this folder, with the right suffix
    print(f"saved {path} ({image.mime}, {len(image.bytes):,} bytes); seed {result.seed} repeats it")
